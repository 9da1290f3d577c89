use std::{fmt, net::IpAddr, path::PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::Url;

use crate::AuthConfig;

/// Where this process runs; production refuses unsafe defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Development,
    Staging,
    Production,
}

impl Environment {
    /// Whether conveniences that would be dangerous elsewhere are allowed.
    pub fn is_development(self) -> bool {
        self == Self::Development
    }
}

impl std::str::FromStr for Environment {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "development" => Ok(Self::Development),
            "staging" => Ok(Self::Staging),
            "production" => Ok(Self::Production),
            other => Err(format!("LEADLINE_ENV: {other:?} is none of development, staging, production")),
        }
    }
}

/// Who may create an organisation in the browser; `leadline admin create-owner` always can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// Everybody.
    Open,
    /// Nobody, once there is one.
    First,
    /// Nobody.
    Closed,
}

impl std::str::FromStr for SignUp {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "open" => Ok(Self::Open),
            "first" => Ok(Self::First),
            "closed" => Ok(Self::Closed),
            other => Err(format!("LEADLINE_SIGNUP: {other:?} is none of open, first, closed")),
        }
    }
}

/// What the web application was told, checked before the port opens.
#[derive(Debug, Clone)]
pub struct Config {
    pub environment: Environment,
    /// How the world reaches us, without a trailing slash: links in e-mails begin with it.
    pub public_url: Url,
    pub data_dir: PathBuf,
    pub secret: SecretKey,
    /// Who may create an organisation in the browser.
    pub signup: SignUp,
    /// Balancers and proxies before us, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// `whsec_…`, from Resend's dashboard; without it the webhook answers 503.
    pub resend_webhook_secret: Option<String>,
    /// What one person or API key may ask of the API; one address may ask twice as much.
    pub requests_per_minute: u32,
    /// How people and programs sign in.
    pub auth: AuthConfig,
}

impl Config {
    /// An absolute link to a path of ours.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }

    /// An address to which somebody may be sent after signing in, if it is on our own origin or in
    /// `LEADLINE_REDIRECT_URLS`. Send them to the returned address: it is what was checked.
    pub fn may_redirect_to(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok().filter(|url| url.username().is_empty() && url.password().is_none())?;
        // An opaque origin (of `data:` and the like) equals nothing, not even itself.
        (url.origin() == self.public_url.origin() || self.auth.lists(&url)).then_some(url)
    }

    /// Whether browsers reach us by TLS, so that cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// 32 random bytes from which every other key is derived, each for one purpose.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// The vault's root ([`vault::Vault::root`]), which outlives every change of `LEADLINE_SECRET_KEY`.
    pub const fn new(root: [u8; 32]) -> Self {
        Self(root)
    }

    /// HMAC-SHA256 (RFC 2104) under a key of its own for `purpose`.
    pub fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let key = hmac(&self.0, purpose.as_bytes());
        hmac(&key, message)
    }
}

fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC pads a shorter key with zeros to the hash's block; done here, no length can be refused.
    let mut block = [0_u8; 64];
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sent_to_our_own_origin_and_to_listed_addresses_only() {
        let config = Config {
            environment: Environment::Production,
            public_url: "https://sales.example.com/".parse().unwrap(),
            data_dir: PathBuf::new(),
            secret: SecretKey::new([0; 32]),
            signup: SignUp::Open,
            trusted_proxies: Vec::new(),
            resend_webhook_secret: None,
            requests_per_minute: 600,
            auth: AuthConfig { redirect_allow: vec!["https://app.example/**".to_owned()], ..AuthConfig::default() },
        };
        for allowed in ["https://sales.example.com", "https://sales.example.com/leads?a=b#c", "https://app.example/x"] {
            assert!(config.may_redirect_to(allowed).is_some(), "{allowed}");
        }
        let refused = [
            "http://sales.example.com/",
            "https://sales.example.com:8443/",
            "https://sales.example.com@evil.example/",
            "https://me:pw@sales.example.com/",
            "https://sales.example.com.evil.example/",
            "https://evil.example\\@sales.example.com/",
            "//sales.example.com/",
            "/leads",
            "javascript:alert(1)//https://sales.example.com/",
            "data:text/html,x",
            "",
        ];
        for address in refused {
            assert!(config.may_redirect_to(address).is_none(), "{address}");
        }
    }
}
