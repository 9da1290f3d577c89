use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;

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

/// The address at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct ClientIp(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())))
    }
}
