//! Where a request comes from, as a person recognises it.

use std::{convert::Infallible, net::IpAddr};

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
pub use http_kit::neighbourhood;
use http_kit::{App, ClientIp};

use crate::cookie;

/// The browser or program, and its address.
#[derive(Debug, Clone)]
pub struct Client {
    pub address: IpAddr,
    pub agent: String,
    pub(crate) carries: Carries,
}

/// What the browser has kept from before.
#[derive(Clone, Default)]
pub(crate) struct Carries {
    /// The hash of its session's cookie.
    pub(crate) session: Option<[u8; 32]>,
    /// The people who have signed in on it ([`crate::known_device`]).
    pub(crate) device: Option<String>,
}

/// Whoever holds these is somebody, so they stay out of logs.
impl std::fmt::Debug for Carries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Carries(…)")
    }
}

impl Client {
    /// A program or an operator: what no browser has sent.
    pub fn new(address: IpAddr, agent: &str) -> Self {
        Self { address, agent: agent.to_owned(), carries: Carries::default() }
    }

    /// What throttles count by.
    pub fn neighbourhood(&self) -> IpAddr {
        neighbourhood(self.address)
    }

    /// "Firefox on Linux": enough to recognise one's own device by, too little to follow anybody.
    pub fn device(&self) -> String {
        device(&self.agent)
    }
}

/// The device behind a `User-Agent`. See [`Client::device`].
pub fn device(agent: &str) -> String {
    // In this order: later ones claim to be earlier ones, and most claim to be Safari.
    let programs = [
        ("Edg/", "Edge"),
        ("EdgiOS/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let of = |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (of(&programs), of(&systems)) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "a program".to_owned(),
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let ClientIp(address) = ClientIp::from_request_parts(parts, app).await?;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let carries = Carries {
            session: cookie::presented(&parts.headers, &app.config),
            device: cookie::presented_device(&parts.headers, &app.config),
        };
        Ok(Self { address, agent: agent.chars().take(300).collect(), carries })
    }
}
