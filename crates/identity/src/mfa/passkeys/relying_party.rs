use http_kit::{Config, Problem};
use url::Host;
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// Why there are no passkeys here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// Passkeys are bound to a name (WebAuthn, section 5.1.2), and `PUBLIC_URL` is a number.
    Address,
    /// Browsers offer them over TLS only, except on this machine.
    Insecure,
}

impl Unavailable {
    /// For whoever looks for them.
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Self::Address => {
                "Passkeys are bound to a host name, and this server is reached by a bare address. Whoever runs it can set PUBLIC_URL to a name; on one's own machine, http://localhost works."
            }
            Self::Insecure => "Browsers offer passkeys over HTTPS only. Whoever runs this server can set PUBLIC_URL to an https address.",
        }
    }
}

/// Us, as passkeys know us: by the host of `PUBLIC_URL`. Changing that host orphans every passkey.
pub(crate) fn relying_party(config: &Config) -> Result<Webauthn, Unavailable> {
    let url = &config.public_url;
    let Some(Host::Domain(host)) = url.host() else { return Err(Unavailable::Address) };
    if !config.is_https() && host != "localhost" && !host.ends_with(".localhost") {
        return Err(Unavailable::Insecure);
    }
    let builder = WebauthnBuilder::new(host, url).map_err(|_| Unavailable::Address)?;
    builder.rp_name("Leadline").build().map_err(|_| Unavailable::Address)
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        Self::new(http_kit::ProblemKind::Unavailable, unavailable.why())
    }
}
