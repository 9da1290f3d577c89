use std::{
    error::Error as _,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use reqwest::{
    Client, RequestBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use serde::de::DeserializeOwned;
use url::{Host, Url};

use crate::Reach;

/// For the whole exchange.
const TIMEOUT: Duration = Duration::from_secs(10);
/// No document that we ask for is longer.
const MOST_BYTES: usize = 512 * 1024;

/// Makes requests within a [`Reach`]. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbound {
    reach: Reach,
    by_tls: Client,
    plain: Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why nothing came back. The texts are for whoever typed the address.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("is not an address such as https://login.example.com")]
    Address,
    #[error("must begin with https://")]
    Plain,
    #[error("leads into a private or reserved network, where this server does not go")]
    Forbidden,
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    #[error("did not answer within {} seconds", TIMEOUT.as_secs())]
    Slow,
    #[error("answered with more than {} KB", MOST_BYTES / 1024)]
    Large,
    #[error("answered with status {0}")]
    Status(u16),
    #[error("answered with something that is not the JSON it should be: {0}")]
    Json(String),
}

impl Outbound {
    /// A client for addresses within `reach`.
    ///
    /// # Errors
    /// When TLS cannot be set up, which is the machine's fault.
    pub fn new(reach: Reach) -> Result<Self, OutboundError> {
        Ok(Self { reach, by_tls: client(reach, true)?, plain: client(reach, false)? })
    }

    /// Whether requests may go to `address`, as far as can be told without asking the name service.
    pub fn check(&self, address: &str) -> Result<Url, OutboundError> {
        let url = Url::parse(address).map_err(|_| OutboundError::Address)?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(OutboundError::Address),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundError::Address);
        }
        // Names are judged when they are resolved; a number never is.
        let number = match url.host().ok_or(OutboundError::Address)? {
            Host::Domain(_) if !tls && self.reach == Reach::Public => return Err(OutboundError::Plain),
            Host::Domain(_) => None,
            Host::Ipv4(number) => Some(IpAddr::V4(number)),
            Host::Ipv6(number) => Some(IpAddr::V6(number)),
        };
        match number {
            Some(number) if !self.reach.allows(number, true) => Err(OutboundError::Forbidden),
            Some(number) if !self.reach.allows(number, tls) => Err(OutboundError::Plain),
            _ => Ok(url),
        }
    }

    /// A request to ask with [`Outbound::send`].
    pub fn get(&self, address: &str) -> Result<RequestBuilder, OutboundError> {
        let url = self.check(address)?;
        Ok(self.client(&url).get(url))
    }

    /// The same, to send something.
    pub fn post(&self, address: &str) -> Result<RequestBuilder, OutboundError> {
        let url = self.check(address)?;
        Ok(self.client(&url).post(url))
    }

    /// Asks, and reads the whole answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, OutboundError> {
        let mut response = request.send().await.map_err(explain)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(explain)? {
            if body.len() + piece.len() > MOST_BYTES {
                return Err(OutboundError::Large);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, headers, body: body.freeze() })
    }

    /// The JSON document at an address.
    pub async fn json<T: DeserializeOwned>(&self, address: &str) -> Result<T, OutboundError> {
        let answer = self.send(self.get(address)?.header(http::header::ACCEPT, "application/json")).await?;
        if answer.status != StatusCode::OK {
            return Err(OutboundError::Status(answer.status.as_u16()));
        }
        answer.json()
    }

    fn client(&self, url: &Url) -> &Client {
        if url.scheme() == "https" { &self.by_tls } else { &self.plain }
    }
}

impl Answer {
    /// The body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, OutboundError> {
        serde_json::from_slice(&self.body).map_err(|error| OutboundError::Json(error.to_string()))
    }
}

fn client(reach: Reach, tls: bool) -> Result<Client, OutboundError> {
    let builder = Client::builder()
        .user_agent(concat!("leadline/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(TIMEOUT)
        .timeout(TIMEOUT)
        // A redirect would be followed to an address that nobody has looked at.
        .redirect(Policy::none());
    let builder = if reach == Reach::Anywhere {
        builder
    } else {
        // A proxy would resolve the name itself, out of our sight.
        builder.no_proxy().dns_resolver(Arc::new(Guard { reach, tls }))
    };
    builder.build().map_err(|error| OutboundError::Unreachable(error.to_string()))
}

/// Resolves names to the addresses that may be reached, and to no others.
struct Guard {
    reach: Reach,
    tls: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("forbidden by the outbound guard")]
struct Refused;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, tls) = (self.reach, self.tls);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip(), tls)).collect();
            if allowed.is_empty() { Err(Refused.into()) } else { Ok(Box::new(allowed.into_iter()) as Addrs) }
        })
    }
}

fn explain(error: reqwest::Error) -> OutboundError {
    if error.is_timeout() {
        return OutboundError::Slow;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    let mut last = error.to_string();
    while let Some(inner) = cause {
        if inner.is::<Refused>() {
            return OutboundError::Forbidden;
        }
        last = inner.to_string();
        cause = inner.source();
    }
    OutboundError::Unreachable(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbound(reach: Reach) -> Outbound {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Outbound::new(reach).unwrap()
    }

    #[tokio::test]
    async fn what_leads_inside_is_refused_by_number_and_by_name() {
        let guarded = outbound(Reach::Public);
        for address in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://169.254.169.254/latest",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert!(matches!(guarded.check(address), Err(OutboundError::Forbidden)), "{address}");
        }
        assert!(matches!(guarded.check("http://login.example.com"), Err(OutboundError::Plain)));
        assert!(matches!(guarded.check("http://1.1.1.1"), Err(OutboundError::Plain)));
        for address in ["ftp://x.example", "file:///etc/passwd", "https://user@x.example", "login.example.com", ""] {
            assert!(matches!(guarded.check(address), Err(OutboundError::Address)), "{address}");
        }
        // The name is fine; where it leads is not.
        let error = guarded.json::<serde_json::Value>("https://localhost:1/").await.unwrap_err();
        assert!(matches!(error, OutboundError::Forbidden), "{error}");
    }

    #[tokio::test]
    async fn private_networks_are_reached_where_that_is_wanted() {
        let home = outbound(Reach::PublicAndPrivate);
        assert!(home.check("http://127.0.0.1:9000").is_ok());
        assert!(matches!(home.check("http://169.254.169.254/"), Err(OutboundError::Forbidden)));
        let error = home.json::<serde_json::Value>("http://localhost:1/").await.unwrap_err();
        assert!(matches!(error, OutboundError::Unreachable(_)), "{error}");
    }
}
