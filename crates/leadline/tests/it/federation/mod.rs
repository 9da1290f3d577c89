//! Signing in with an account that somebody has elsewhere, against a provider that does right and wrong on demand.

mod external;
mod prepared_account;
mod provider;
mod signing_in;
mod single_sign_on;

use http_kit::{AuthConfig, ProviderName};
use serde_json::{Value, json};

use self::provider::Provider;
use crate::support::{Answer, TestApp, TestOptions, Visitor};

/// An application whose `oidc` provider is ours.
async fn with_provider() -> (TestApp, Provider) {
    with_provider_as(ProviderName::Oidc).await
}

async fn with_provider_as(name: ProviderName) -> (TestApp, Provider) {
    let options = TestOptions::default();
    let provider = Provider::start(&options.clock).await;
    let auth = AuthConfig {
        providers: vec![provider.config(name)],
        redirect_allow: vec!["https://app.example/**".to_owned()],
        ..AuthConfig::default()
    };
    (TestApp::start_with(TestOptions { auth, ..options }).await, provider)
}

/// Claims of somebody whose address the provider has verified.
fn verified(subject: &str, email: &str) -> Value {
    json!({ "sub": subject, "email": email, "email_verified": true, "name": "Ida Identity" })
}

/// There and back: leaves by `door`, agrees as `claims`, and comes back.
async fn visit(provider: &Provider, visitor: &Visitor, door: &str, claims: &Value) -> Answer {
    let left = visitor.get(door).await.expect(302);
    visitor.get(&provider.agree(left.location(), claims)).await
}

/// Who the visitor is to the API; empty for nobody.
async fn address(visitor: &Visitor) -> String {
    let me = visitor.get("/api/v1/me").await;
    if me.status == 200 { me.json()["email"].as_str().unwrap().to_owned() } else { String::new() }
}

/// Whether the visitor has a session at all, with or without an organisation.
async fn is_somebody(visitor: &Visitor) -> bool {
    visitor.get("/api/v1/me").await.status != 401
}
