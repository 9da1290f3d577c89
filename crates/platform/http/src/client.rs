use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;

use crate::App;

/// Whether htmx asks, and for what.
#[derive(Debug, Clone)]
pub struct Hx {
    pub request: bool,
    pub target: Option<String>,
}

impl Hx {
    /// An htmx request for a part of the page, not a boosted visit to a whole one.
    pub fn is_fragment(&self) -> bool {
        self.request && self.target.as_deref().is_some_and(|target| !target.contains("body"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Hx {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Self { request: header("hx-request") == Some("true"), target: header("hx-target").map(str::to_owned) })
    }
}

/// The visitor's address: the other end of the connection, or, where that is a proxy we trust, the
/// nearest address in `X-Forwarded-For` that is not one.
#[derive(Debug, Clone, Copy)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    /// What throttles count by.
    pub fn neighbourhood(self) -> IpAddr {
        neighbourhood(self.0)
    }
}

impl FromRequestParts<App> for ClientIp {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
        Ok(Self(nearest_untrusted(peer, &hops, &app.config.trusted_proxies)))
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

/// Walks from us towards the visitor: each address is believed only if the one before it is trusted.
fn nearest_untrusted(peer: IpAddr, hops: &[&str], trusted: &[IpAddr]) -> IpAddr {
    let mut at = peer.to_canonical();
    for hop in hops.iter().rev() {
        if !trusted.contains(&at) {
            break;
        }
        let Ok(next) = hop.trim().parse::<IpAddr>() else { break };
        at = next.to_canonical();
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_says_is_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        assert_eq!(nearest_untrusted(ip("203.0.113.9"), &["198.51.100.1"], &proxies), ip("203.0.113.9"));
        assert_eq!(nearest_untrusted(ip("10.0.0.1"), &["198.51.100.1"], &proxies), ip("198.51.100.1"));
        assert_eq!(nearest_untrusted(ip("10.0.0.1"), &["6.6.6.6", " 198.51.100.1", "10.0.0.2"], &proxies), ip("198.51.100.1"));
        assert_eq!(nearest_untrusted(ip("10.0.0.1"), &["nonsense"], &proxies), ip("10.0.0.1"));
        assert_eq!(nearest_untrusted(ip("10.0.0.1"), &["198.51.100.1"], &[]), ip("10.0.0.1"));
    }

    #[test]
    fn a_network_of_addresses_is_one_visitor() {
        let of = |text: &str| neighbourhood(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2:ffff::"), of("2001:db8:1:2:3:4:5:6"));
        assert_eq!((of("192.0.2.7"), of("::ffff:192.0.2.7")), ("192.0.2.7".to_owned(), "192.0.2.7".to_owned()));
    }
}
