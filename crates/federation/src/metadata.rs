//! OpenID Connect Discovery 1.0: a provider's endpoints, found by its issuer.

use outbound::{Outbound, OutboundError};
use serde::Deserialize;

/// What we need of a provider's document.
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// It names itself in every answer (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// Why a provider cannot be used. The texts continue "The issuer …" for whoever typed it.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    #[error(transparent)]
    Issuer(OutboundError),
    #[error("has no discovery document: {address} {error}")]
    Document { address: String, error: OutboundError },
    #[error("calls itself {0:?}: enter it exactly so")]
    OtherName(String),
    #[error("names a {what} that {error}")]
    Endpoint { what: &'static str, error: OutboundError },
    #[error("publishes no key that could have signed anything")]
    NoKeys,
}

impl Metadata {
    /// Fetches and checks the document of `issuer`.
    pub async fn discover(outbound: &Outbound, issuer: &str) -> Result<Self, MetadataError> {
        outbound.check(issuer).map_err(MetadataError::Issuer)?;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let found: Self = outbound.json(&address).await.map_err(|error| match error {
            OutboundError::Forbidden | OutboundError::Plain | OutboundError::Unreachable(_) | OutboundError::Slow => {
                MetadataError::Issuer(error)
            }
            error => MetadataError::Document { address, error },
        })?;
        // A slash at the end is how people type it; anything else is somebody else's document (section 4.3).
        if found.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
            return Err(MetadataError::OtherName(found.issuer));
        }
        let endpoints = [
            ("authorization_endpoint", Some(&found.authorization_endpoint)),
            ("token_endpoint", Some(&found.token_endpoint)),
            ("jwks_uri", Some(&found.jwks_uri)),
            ("userinfo_endpoint", found.userinfo_endpoint.as_ref()),
        ];
        for (what, endpoint) in endpoints {
            if let Some(endpoint) = endpoint {
                outbound.check(endpoint).map_err(|error| MetadataError::Endpoint { what, error })?;
            }
        }
        Ok(found)
    }

    /// Whether our secret goes into the body; the default is HTTP Basic.
    pub(crate) fn secret_in_body(&self) -> bool {
        self.token_endpoint_auth_methods_supported.as_ref().is_some_and(|methods| {
            !methods.iter().any(|method| method == "client_secret_basic") && methods.iter().any(|method| method == "client_secret_post")
        })
    }
}
