//! External mode: a hosted Supabase Auth says who somebody is, and its access tokens open Leadline.
//!
//! The algorithm decides which key is looked at, never the other way round: HS256 only against
//! `SUPABASE_JWT_SECRET`, everything else only against the project's published keys. A person is made at
//! first sight. What their `app_metadata` says of organisation and role becomes their membership; the newest
//! token wins. `user_metadata` is written by the people themselves, so nothing in it is believed.

use std::{sync::Arc, time::Duration};

use axum::response::Response;
use http_kit::{App, AuthConfig, Problem};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use kernel::{EmailAddress, OrgId, SessionId, UserId, Uuid};
use moka::sync::Cache;
use outbound::{Outbound, Reach};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Client, Engine, Role,
    actions::log_in,
    cookie,
    jwks::KeySets,
    session::{Method, NewSession},
    store::external::{self as store, Provisioned, Sighting},
    token::{AUDIENCE, Amr, TokenError, is_past},
};

/// How such a person is known in `identities`.
pub const PROVIDER: &str = "supabase";

/// Verifies access tokens of a hosted Supabase Auth.
pub struct External {
    /// `{SUPABASE_URL}/auth/v1`. Unknown where only the secret is: then the secret alone says who signed.
    issuer: Option<String>,
    secret: Option<DecodingKey>,
    outbound: Outbound,
    keys: KeySets,
    /// Tokens that were seen, by their hashes: the session each opens, and its end.
    seen: Cache<[u8; 32], (SessionId, i64)>,
}

/// What is read of a foreign token.
#[derive(Debug, Clone, Deserialize)]
pub struct ExternalClaims {
    pub sub: Uuid,
    pub exp: i64,
    #[serde(default)]
    pub iat: i64,
    #[serde(default)]
    pub email: String,
    /// Added by a hook of the project; the plain token does not say it.
    #[serde(default)]
    pub email_verified: bool,
    #[serde(default)]
    pub role: String,
    #[serde(default)]
    pub app_metadata: Value,
    #[serde(default)]
    pub user_metadata: Value,
    #[serde(default)]
    pub aal: String,
    #[serde(default)]
    pub amr: Vec<Amr>,
    pub session_id: Option<Uuid>,
    #[serde(default)]
    pub is_anonymous: bool,
}

impl External {
    /// The verifier, if the settings ask for one.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &AuthConfig) -> Result<Option<Self>, outbound::OutboundError> {
        if !config.is_external() {
            return Ok(None);
        }
        Ok(Some(Self {
            issuer: config.supabase_url.as_ref().map(|url| format!("{}/auth/v1", url.as_str().trim_end_matches('/'))),
            secret: config.supabase_jwt_secret.as_ref().map(|secret| DecodingKey::from_secret(secret.as_bytes())),
            outbound: Outbound::new(Reach::Anywhere)?,
            keys: KeySets::default(),
            seen: Cache::builder().max_capacity(50_000).time_to_live(Duration::from_secs(3600)).build(),
        }))
    }

    /// Checks everything that the token itself can show.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<ExternalClaims, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let key = match (header.alg, &self.secret, &self.issuer) {
            (Algorithm::HS256, Some(secret), _) => secret.clone(),
            (_, _, Some(issuer)) => {
                let address = format!("{issuer}/.well-known/jwks.json");
                self.keys.key(&self.outbound, &address, &header).await.map_err(|error| {
                    tracing::info!(%error, "a foreign access token was refused");
                    TokenError::UnknownKey
                })?
            }
            _ => return Err(TokenError::Invalid),
        };
        let mut checks = Validation::new(header.alg);
        checks.set_audience(&[AUDIENCE]);
        checks.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        if let Some(issuer) = &self.issuer {
            checks.set_issuer(&[issuer]);
        }
        // Expiry is business time, which the crate cannot know.
        checks.validate_exp = false;
        let claims = decode::<ExternalClaims>(token, &key, &checks).map_err(|_| TokenError::Invalid)?.claims;
        // The keys `anon` and `service_role` are signed by the same secret and are nobody.
        if claims.role != AUDIENCE || claims.is_anonymous {
            return Err(TokenError::Invalid);
        }
        if is_past(claims.exp, now) { Err(TokenError::Expired) } else { Ok(claims) }
    }

    /// The session that a token stands for; made, with its person, when it is seen for the first time.
    pub(crate) async fn session(&self, app: &App, token: &str, client: &Client, now: Timestamp) -> Result<SessionId, Problem> {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some((session, exp)) = self.seen.get(&digest) {
            return if is_past(exp, now) { Err(Problem::unauthorized()) } else { Ok(session) };
        }
        let claims = self.verify(token, now).await.map_err(|_| Problem::unauthorized())?;
        let session = self.session_id(&claims);
        let provisioned = provision(app, &claims, client, now).await?;
        let tx = app.db.system().await?;
        store::open_session(&tx, session, &provisioned, &claims, client, now).await?;
        tx.commit().await?;
        // This very request goes on with what the token has changed.
        Engine::of(app)?.forget_person(provisioned.user);
        self.seen.insert(digest, (session, claims.exp));
        Ok(session)
    }

    /// Their session there has one id here, so that each new token of it is the same session.
    fn session_id(&self, claims: &ExternalClaims) -> SessionId {
        let hash = Sha256::new()
            .chain_update(b"external session")
            .chain_update(self.issuer.as_deref().unwrap_or_default())
            .chain_update(claims.session_id.unwrap_or(claims.sub))
            .finalize();
        let bytes = hash.first_chunk::<16>().copied().unwrap_or_default();
        uuid::Builder::from_custom_bytes(bytes).into_uuid().into()
    }
}

/// The person behind a verified token, as the token describes them: made at first sight, moved between
/// organisations as their `app_metadata` says.
pub async fn provision(app: &App, claims: &ExternalClaims, client: &Client, now: Timestamp) -> Result<Provisioned, Problem> {
    let email = EmailAddress::parse(&claims.email)
        .map_err(|_| Problem::forbidden("This account has no e-mail address, and Leadline knows people by theirs. Add one to it first."))?;
    let in_app = |name: &str| claims.app_metadata.get(name);
    let sighting = Sighting {
        subject: UserId::from(claims.sub),
        name: display_name(claims, &email),
        verified: claims.email_verified || in_app("email_verified").and_then(Value::as_bool).unwrap_or_default(),
        org: in_app("org_id").and_then(Value::as_str).and_then(org),
        role: role(in_app("role").and_then(Value::as_str).unwrap_or_default()),
        issued_at: claims.iat,
        user_metadata: claims.user_metadata.clone(),
        email,
    };
    let tx = app.db.system().await?;
    let Some(provisioned) = store::see(&tx, &sighting, client, now).await? else {
        return Err(Problem::forbidden(
            "There is an account with this address already, and the token does not say that the address was confirmed. \
             Ask the person who runs this server to add the claim email_verified.",
        ));
    };
    tx.commit().await?;
    Ok(provisioned)
}

/// How long our pages stay open for a token: a working day, then it is shown again.
const COOKIE_LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// Opens a browser's session for a token; its cookies go with `response`.
pub async fn open_session(app: &App, token: &str, client: &Client, response: Response) -> Result<Response, Problem> {
    let now = app.clock.now();
    let external = Engine::of(app)?.external().ok_or_else(Problem::not_found)?;
    let claims = external.verify(token, now).await.map_err(|_| Problem::unauthorized())?;
    let provisioned = provision(app, &claims, client, now).await?;
    let new = NewSession { org: provisioned.org, ..NewSession::by(provisioned.user, Method::Sso) };
    let cookie = log_in::open_session(app, new, client).await?;
    let tx = app.db.system().await?;
    store::limit_session(&tx, &cookie::hash(&cookie), &claims, now, now.checked_add(COOKIE_LIFETIME).unwrap_or(now)).await?;
    tx.commit().await?;
    Ok(log_in::with_cookies(response, app, provisioned.user, &cookie, client))
}

fn display_name(claims: &ExternalClaims, email: &EmailAddress) -> String {
    let mut told = ["full_name", "name"].into_iter().filter_map(|key| claims.user_metadata.get(key)?.as_str()).map(tidy);
    told.find(|name| !name.is_empty()).unwrap_or_else(|| email.as_str().split('@').next().unwrap_or_default().to_owned())
}

/// A name that somebody else wrote, in a shape that fits our pages.
pub fn tidy(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `org_…`, or the UUID in it.
fn org(text: &str) -> Option<OrgId> {
    text.parse().ok().or_else(|| Uuid::try_parse(text).ok().map(OrgId::from))
}

/// What a token can make of somebody. An owner is made here, by an owner; and a role that is none of ours looks only.
fn role(text: &str) -> Role {
    match text.parse() {
        Ok(Role::Owner) => Role::Admin,
        Ok(role) => role,
        Err(()) => Role::Viewer,
    }
}

impl std::fmt::Debug for External {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("External").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// For the engine: shared by whoever asks.
pub(crate) type Shared = Option<Arc<External>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_makes_nobody_an_owner() {
        assert_eq!(
            ["owner", "admin", "rep", "role_0123456789abcdef0123456789abcdef", "root", ""].map(role),
            [Role::Admin, Role::Admin, Role::Rep, Role::Viewer, Role::Viewer, Role::Viewer]
        );
    }

    #[test]
    fn an_organisation_is_named_in_either_form() {
        let id = OrgId::new();
        assert_eq!(org(&id.to_string()), Some(id));
        assert_eq!(org(&id.uuid().to_string()), Some(id));
        assert_eq!(org("acme"), None);
    }
}
