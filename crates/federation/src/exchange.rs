//! The code for the tokens (OpenID Connect Core 1.0, section 3.1.3).

use base64::{Engine, prelude::BASE64_STANDARD};
use http::header;
use outbound::{Outbound, OutboundError};
use serde::Deserialize;

use crate::{metadata::Metadata, provider::Provider};

/// What the provider hands out.
#[derive(Clone, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) id_token: String,
    pub(crate) access_token: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    #[error("the token endpoint {0}")]
    Outbound(#[from] OutboundError),
    /// `invalid_grant`: the code is not one of this visit; `invalid_client`: our secret is wrong.
    #[error("the token endpoint refused: {0}")]
    Refused(String),
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Exchanges `code`; `verifier` shows that we are who began the visit.
pub(crate) async fn exchange(
    outbound: &Outbound,
    provider: &Provider,
    metadata: &Metadata,
    code: &str,
    verifier: &str,
    callback: &str,
) -> Result<Tokens, ExchangeError> {
    let mut form = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", callback), ("code_verifier", verifier)];
    let mut request = outbound.post(&metadata.token_endpoint)?.header(header::ACCEPT, "application/json");
    if metadata.secret_in_body() {
        form.extend([("client_id", provider.client_id.as_str()), ("client_secret", provider.client_secret.as_str())]);
    } else {
        // Encoded before they are joined: either may hold a colon (RFC 6749, section 2.3.1).
        let [id, secret] = [&provider.client_id, &provider.client_secret]
            .map(|text| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
        request = request.header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}"))));
    }
    let answer = outbound.send(request.form(&form)).await?;
    if !answer.status.is_success() {
        let told = answer.json::<Refusal>().map_or_else(|_| format!("status {}", answer.status.as_u16()), |refusal| refusal.error);
        return Err(ExchangeError::Refused(told.chars().filter(|c| !c.is_control()).take(100).collect()));
    }
    Ok(answer.json()?)
}
