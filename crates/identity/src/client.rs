//! Where a request comes from, as a person recognises it.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
};

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use http_kit::{App, ClientIp};

/// The browser or program, and its address.
#[derive(Debug, Clone)]
pub struct Client {
    pub address: IpAddr,
    pub agent: String,
}

impl Client {
    /// What throttles count by.
    pub fn neighbourhood(&self) -> IpAddr {
        neighbourhood(self.address)
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let ClientIp(address) = ClientIp::from_request_parts(parts, app).await?;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Ok(Self { address, agent: agent.chars().take(300).collect() })
    }
}

/// What one visitor can be told by: an IPv4 address, or the network of an IPv6 one, since everybody has
/// 2^64 of those (RFC 6177).
pub fn neighbourhood(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::neighbourhood;

    #[test]
    fn a_network_of_addresses_is_one_visitor() {
        let of = |text: &str| neighbourhood(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2:ffff::"), of("2001:db8:1:2:3:4:5:6"));
        assert_eq!((of("192.0.2.7"), of("::ffff:192.0.2.7")), ("192.0.2.7".to_owned(), "192.0.2.7".to_owned()));
    }
}
