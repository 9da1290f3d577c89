//! Who came, as the provider tells it: the id token's claims, and the userinfo endpoint's where those leave something out.

use http::header;
use identity::external::tidy;
use kernel::EmailAddress;
use outbound::Outbound;
use serde_json::{Map, Value, json};

use crate::{exchange::Tokens, id_token::IdToken, metadata::Metadata};

/// Somebody, in the words of their provider.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) subject: String,
    pub(crate) email: Option<EmailAddress>,
    /// The provider has made sure that the address is theirs.
    pub(crate) email_verified: bool,
    /// It says that it has not, which is more than saying nothing.
    pub(crate) email_is_denied: bool,
    pub(crate) name: String,
    picture: Option<String>,
    issuer: String,
}

impl Profile {
    /// Reads the claims; asks the userinfo endpoint when address or name is not among them (LinkedIn).
    pub(crate) async fn read(outbound: &Outbound, metadata: &Metadata, token: IdToken, tokens: &Tokens) -> Self {
        let mut claims = token.claims;
        if !["email", "email_verified", "name"].iter().all(|claim| claims.contains_key(*claim))
            && let (Some(endpoint), Some(access)) = (&metadata.userinfo_endpoint, &tokens.access_token)
        {
            match userinfo(outbound, endpoint, access).await {
                // Of somebody else: the access token was swapped (section 5.3.2).
                Some(more) if more.get("sub").and_then(Value::as_str) != Some(&token.sub) => {
                    tracing::warn!(issuer = metadata.issuer, "the userinfo endpoint speaks of somebody else; not believed");
                }
                // Address and its standing come from one source, or a verified mark could end on another address.
                Some(mut more) => {
                    if !claims.contains_key("email") {
                        claims.remove("email_verified");
                    } else if claims.get("email") != more.get("email") {
                        more.remove("email_verified");
                    }
                    more.into_iter().for_each(|(claim, value)| {
                        claims.entry(claim).or_insert(value);
                    });
                }
                None => {}
            }
        }
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str).map(tidy).filter(|text| !text.is_empty());
        let email = text("email").and_then(|email| EmailAddress::parse(&email).ok());
        let full = || Some(tidy(&format!("{} {}", text("given_name")?, text("family_name")?)));
        let local = || email.as_ref().and_then(|email| email.as_str().split('@').next()).unwrap_or_default().to_owned();
        let name = text("name").or_else(full).unwrap_or_else(local);
        // Some write the boolean as a text.
        let email_verified = claims.get("email_verified").is_some_and(|verified| *verified == Value::Bool(true) || verified == "true");
        let email_is_denied = claims.contains_key("email_verified") && !email_verified;
        let picture = text("picture").filter(|picture| picture.starts_with("https://"));
        Self { subject: token.sub, email, email_verified, email_is_denied, name, picture, issuer: metadata.issuer.clone() }
    }

    /// As `identities` keeps it, in the words of Supabase Auth.
    pub(crate) fn identity_data(&self) -> Value {
        let mut data = json!({
            "iss": self.issuer, "sub": self.subject, "provider_id": self.subject, "email": self.email, "email_verified": self.email_verified,
            "name": self.name, "full_name": self.name, "phone_verified": false,
        });
        if let (Some(object), Some(picture)) = (data.as_object_mut(), &self.picture) {
            object.insert("picture".to_owned(), json!(picture));
            object.insert("avatar_url".to_owned(), json!(picture));
        }
        data
    }
}

async fn userinfo(outbound: &Outbound, endpoint: &str, access: &str) -> Option<Map<String, Value>> {
    let asked = async {
        let request = outbound.get(endpoint)?.header(header::ACCEPT, "application/json").bearer_auth(access);
        outbound.send(request).await?.json()
    };
    asked.await.inspect_err(|error| tracing::info!(%error, "the userinfo endpoint told nothing")).ok()
}
