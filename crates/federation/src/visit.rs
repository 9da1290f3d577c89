//! A visit to an identity provider: begun by a redirect, ended by the redirect back.
//!
//! Its `state` finds it once, for ten minutes. For our own pages it belongs to one browser, which a cookie
//! recognises: a stranger's answer, slipped to somebody, would sign them in as the stranger (login CSRF). For a client of the
//! Auth API the code at the end belongs to whoever holds the verifier of the challenge.

use http_kit::App;
use identity::one_time::Challenge;
use jiff::SignedDuration;
use kernel::UserId;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::Url;

use crate::{
    exchange::{self, ExchangeError, Tokens},
    id_token::{self, Expected, IdTokenError},
    metadata::MetadataError,
    pkce,
    profile::Profile,
    provider::{Provider, ProviderKey},
    relying::Relying,
    store::visits::{self, VisitRow},
};

/// How long somebody may take at their provider.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// Where every provider sends people back to: one address to register.
pub(crate) const CALLBACK: &str = "/auth/v1/callback";
/// What we always ask for.
const SCOPES: [&str; 3] = ["openid", "email", "profile"];

/// A visit about to begin.
#[derive(Debug, Default)]
pub(crate) struct NewVisit<'a> {
    /// The mark of our browser; none for a client of the Auth API.
    pub(crate) browser: Option<&'a str>,
    pub(crate) redirect_to: &'a str,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) link_user: Option<UserId>,
    pub(crate) scopes: &'a [&'a str],
    /// Further parameters for the provider.
    pub(crate) extra: &'a [(&'a str, &'a str)],
}

/// A visit that has come back.
pub(crate) struct Visit {
    pub(crate) provider: String,
    /// Whether it belongs to a browser of ours, rather than to a client of the Auth API.
    pub(crate) is_ours: bool,
    pub(crate) redirect_to: String,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) link_user: Option<UserId>,
    nonce: String,
    verifier: String,
}

/// What nobody who reads the database should be able to use.
#[derive(Serialize, Deserialize)]
struct Secrets {
    verifier: String,
    /// May hold the token of an invitation.
    redirect_to: String,
}

/// The query with which a provider sends somebody back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Returned {
    pub(crate) state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// What a provider has proved.
pub(crate) struct Proof {
    pub(crate) profile: Profile,
    pub(crate) tokens: Tokens,
}

/// Why a visit ended in nothing. The texts are for whoever runs this server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VisitError {
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error("the answer came from another provider than the one that was asked")]
    MixUp,
    #[error("the provider sent neither a code nor an error")]
    Empty,
    #[error("the issuer {0}")]
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    #[error("{0:?}")]
    Problem(http_kit::Problem),
}

/// Remembers the visit; returns where to send the browser.
pub(crate) async fn begin(app: &App, provider: &Provider, new: NewVisit<'_>) -> Result<String, VisitError> {
    let metadata = Relying::of(app)?.metadata(provider).await?;
    let (state, nonce, verifier) = (pkce::random(), pkce::random(), pkce::random());
    let state_hash = pkce::hash(&state);
    let mut scopes = SCOPES.to_vec();
    scopes.extend(new.scopes.iter().filter(|scope| !SCOPES.contains(scope)));
    let mut address = Url::parse(&metadata.authorization_endpoint)
        .map_err(|_| VisitError::Metadata(MetadataError::Issuer(outbound::OutboundError::Address)))?;
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &app.config.link(CALLBACK))
        .append_pair("scope", &scopes.join(" "))
        .append_pair("state", &state)
        .append_pair("nonce", &nonce)
        .append_pair("code_challenge", &pkce::challenge(&verifier))
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(new.extra);
    let secrets = Secrets { verifier, redirect_to: new.redirect_to.to_owned() };
    let secrets = serde_json::to_vec(&secrets).map_err(|error| http_kit::Problem::internal(&error))?;
    let visit = VisitRow {
        provider: provider.key.to_string(),
        browser_hash: new.browser.map(|mark| pkce::hash(mark).to_vec()),
        nonce,
        sealed: app.vault.seal(&context(&state_hash), &secrets).map_err(http_kit::Problem::from)?,
        challenge: new.challenge,
        link_user: new.link_user,
    };
    let now = app.clock.now();
    visits::insert(&app.db, &state_hash, &visit, now, now.checked_add(LIFETIME).unwrap_or(now)).await.map_err(http_kit::Problem::from)?;
    Ok(address.into())
}

/// The visit that `state` belongs to, used up by this; and only for the browser that began it.
pub(crate) async fn take(app: &App, state: &str, browser: Option<&str>) -> Result<Option<Visit>, http_kit::Problem> {
    let state_hash = pkce::hash(state);
    let Some(row) = visits::take(&app.db, &state_hash, app.clock.now()).await? else { return Ok(None) };
    let is_theirs = match &row.browser_hash {
        None => true,
        Some(hash) => browser.is_some_and(|mark| bool::from(pkce::hash(mark).ct_eq(hash.as_slice()))),
    };
    if !is_theirs {
        return Ok(None);
    }
    let secrets = app.vault.reveal(&context(&state_hash), &row.sealed)?;
    let Secrets { verifier, redirect_to } = serde_json::from_slice(&secrets).map_err(|error| http_kit::Problem::internal(&error))?;
    let VisitRow { provider, browser_hash, nonce, challenge, link_user, .. } = row;
    let is_ours = browser_hash.is_some();
    Ok(Some(Visit { provider, is_ours, redirect_to, challenge, link_user, nonce, verifier }))
}

/// What the provider proves about whoever it sent back.
pub(crate) async fn prove(app: &App, provider: &Provider, visit: &Visit, returned: &Returned) -> Result<Proof, VisitError> {
    let relying = Relying::of(app)?;
    let metadata = relying.metadata(provider).await?;
    // A provider that names itself is the one that was asked, or its code would be carried to the wrong
    // token endpoint (RFC 9207); also before its error is believed.
    match &returned.iss {
        Some(issuer) if *issuer != metadata.issuer => return Err(VisitError::MixUp),
        None if metadata.authorization_response_iss_parameter_supported => return Err(VisitError::MixUp),
        _ => {}
    }
    if let Some(error) = &returned.error {
        return Err(VisitError::Refused(error.chars().filter(char::is_ascii_graphic).take(60).collect()));
    }
    let code = returned.code.as_deref().filter(|code| !code.is_empty()).ok_or(VisitError::Empty)?;
    let outbound = relying.outbound(provider);
    let tokens = exchange::exchange(outbound, provider, &metadata, code, &visit.verifier, &app.config.link(CALLBACK)).await?;
    let expected = Expected {
        client_id: &provider.client_id,
        nonce: &visit.nonce,
        nonce_may_be_missing: provider.key == ProviderKey::Installation(http_kit::ProviderName::LinkedinOidc),
        now: app.clock.now(),
    };
    let token = id_token::verify(outbound, &relying.keys, &metadata, &tokens.id_token, &expected).await?;
    let profile = Profile::read(outbound, &metadata, token, &tokens).await;
    Ok(Proof { profile, tokens })
}

fn context(state_hash: &[u8; 32]) -> String {
    let hex: String = state_hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("provider_visits.sealed/{hex}")
}

impl From<http_kit::Problem> for VisitError {
    fn from(problem: http_kit::Problem) -> Self {
        Self::Problem(problem)
    }
}

impl VisitError {
    /// For the person whose visit it was.
    pub(crate) fn told(&self, label: &str) -> String {
        match self {
            Self::Refused(error) if error == "access_denied" => {
                format!("You did not allow {label} to tell us who you are, so nothing was done.")
            }
            Self::Refused(_) => format!("{label} could not sign you in. Try again, or sign in another way."),
            Self::Metadata(_) => format!("{label} cannot be reached at the moment. Try again later, or sign in another way."),
            Self::MixUp | Self::Empty | Self::Exchange(_) | Self::IdToken(_) => {
                format!("What {label} sent back could not be verified, so nothing was done. Try again, or sign in another way.")
            }
            Self::Problem(problem) => problem.detail.clone(),
        }
    }
}
