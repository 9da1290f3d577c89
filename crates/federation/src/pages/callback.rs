//! `GET /auth/v1/callback`: where every provider sends people back to.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use http_kit::{ApiQuery, App, Flash, Problem, ProblemKind, redirect};
use identity::{
    Client, Person,
    flow::{self, Flow, ProviderTokens},
    gate,
    session::{self, Method, NewSession},
};
use kernel::UserId;
use url::{Url, form_urlencoded::Serializer};

use super::leave::{found, throttle};
use crate::{
    actions::{admit::admit, admit_by_sso::admit_by_sso, link::link},
    cookie,
    provider::Provider,
    visit::{self, Proof, Returned, Visit, VisitError},
};

/// Why somebody came back for nothing: Supabase Auth's words for programs, ours for people.
struct Failure {
    error: &'static str,
    code: &'static str,
    told: String,
}

pub(super) async fn arrive(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    person: Result<Person, Problem>,
    ApiQuery(returned): ApiQuery<Returned>,
) -> Result<Response, Problem> {
    throttle(&app, &client).await?;
    let mark = cookie::presented(&headers, &app.config);
    let Some(visit) = visit::take(&app, &returned.state, mark.as_deref()).await? else { return Ok(lost()) };
    let Some(provider) = Provider::find(&app, visit.provider.parse()?).await? else { return Ok(lost()) };
    let proof = visit::prove(&app, &provider, &visit, &returned).await.map_err(|error| Failure::of(&provider, &error));
    if !visit.is_ours {
        let outcome = match proof {
            Ok(proof) => to_client(&app, &provider, &visit, proof, &client).await,
            Err(failure) => Err(failure),
        };
        return Ok(outcome.unwrap_or_else(|failure| failure.to_client(&visit)));
    }
    let outcome = match (proof, visit.link_user) {
        (Ok(proof), Some(user)) => connect(&app, &provider, user, person, &proof, &client).await,
        (Ok(proof), None) => to_browser(&app, &provider, &visit, &proof, &client).await,
        (Err(failure), _) => Err(failure),
    };
    Ok(outcome.unwrap_or_else(|failure| failure.to_browser(&provider, &visit)))
}

/// Signs our own browser in.
async fn to_browser(app: &App, provider: &Provider, visit: &Visit, proof: &Proof, client: &Client) -> Result<Response, Failure> {
    let user = person_behind(app, provider, proof, client).await?;
    let (method, only_org) = match &provider.home {
        Some(home) => (Method::Sso, Some(home.org)),
        None => (Method::OAuth, None),
    };
    let session = NewSession { only_org, ..NewSession::by(user, method) };
    Ok(gate::sign_in(app, session, client, redirect(gate::own_path(&visit.redirect_to), None)).await?)
}

/// Hands a client of the Auth API its code, or, if it has sent no challenge, its session.
async fn to_client(app: &App, provider: &Provider, visit: &Visit, proof: Proof, client: &Client) -> Result<Response, Failure> {
    let user = person_behind(app, provider, &proof, client).await?;
    let now = app.clock.now();
    let tokens = ProviderTokens { provider_token: proof.tokens.access_token, provider_refresh_token: proof.tokens.refresh_token };
    let mut to = Url::parse(&visit.redirect_to).map_err(|error| Problem::internal(&error))?;
    let tx = app.db.system().await?;
    let Some(challenge) = &visit.challenge else {
        let session = session::open(&tx, &NewSession::by(user, Method::OAuth), client, now).await?;
        tx.commit().await?;
        let pair = session::tokens(app, session).await?.ok_or_else(|| Problem::internal(&"a session has ended as it began"))?;
        let mut fragment = Serializer::new(String::new());
        fragment
            .append_pair("access_token", &pair.access_token)
            .append_pair("expires_at", &pair.expires_at.to_string())
            .append_pair("expires_in", &pair.expires_in.to_string())
            .append_pair("refresh_token", &pair.refresh_token)
            .append_pair("token_type", "bearer");
        let provided = [("provider_token", tokens.provider_token), ("provider_refresh_token", tokens.provider_refresh_token)];
        fragment.extend_pairs(provided.into_iter().filter_map(|(name, token)| Some((name, token?))));
        to.set_fragment(Some(&fragment.finish()));
        return Ok(found(to.as_str()));
    };
    let flow = Flow { user, method: Method::OAuth, only_org: None, provider_tokens: Some(tokens) };
    let code = flow::issue(&tx, &app.vault, &flow, challenge, now).await.map_err(|error| Problem::internal(&error))?;
    tx.commit().await?;
    to.query_pairs_mut().append_pair("code", &code);
    Ok(found(to.as_str()))
}

/// Adds the identity to the account of whoever is signed in, if they are the one who set out.
async fn connect(
    app: &App,
    provider: &Provider,
    user: UserId,
    person: Result<Person, Problem>,
    proof: &Proof,
    client: &Client,
) -> Result<Response, Failure> {
    if person.is_ok_and(|person| person.principal.user == user && person.principal.owns_account) {
        let tx = app.db.system().await?;
        link(&tx, provider, user, &proof.profile, client, app.clock.now()).await.map_err(Problem::from)?;
        tx.commit().await?;
        return Ok(redirect("/account", Some(Flash::success(format!("{} is connected: you can sign in with it.", provider.label)))));
    }
    Err(Failure::new("access_denied", "bad_oauth_state", "Somebody else is signed in by now, so nothing was connected."))
}

async fn person_behind(app: &App, provider: &Provider, proof: &Proof, client: &Client) -> Result<UserId, Failure> {
    let now = app.clock.now();
    let tx = app.db.system().await?;
    let user = match &provider.home {
        Some(home) => admit_by_sso(&tx, provider.key, home, &proof.profile, client, now).await.map_err(Problem::from)?,
        None => admit(app, &tx, provider.key, &provider.label, &proof.profile, client, now).await.map_err(Problem::from)?,
    };
    tx.commit().await?;
    Ok(user)
}

/// A state that is nobody's: used, too old, made up, or another browser's. It does not say where to go back to.
fn lost() -> Response {
    let flash = Flash::error("This sign-in took too long, was used already, or began in another browser. Start again.");
    redirect("/login?error=invalid_request&error_code=bad_oauth_state&error_description=OAuth+state+is+invalid+or+has+expired", Some(flash))
}

impl Failure {
    fn new(error: &'static str, code: &'static str, told: impl Into<String>) -> Self {
        Self { error, code, told: told.into() }
    }

    /// The cause is logged; people are told what they can do.
    fn of(provider: &Provider, error: &VisitError) -> Self {
        tracing::warn!(provider = %provider.key, issuer = provider.issuer, %error, "a visit to an identity provider ended in nothing");
        let told = error.told(&provider.label);
        match error {
            VisitError::Refused(refused) if refused == "access_denied" => Self::new("access_denied", "provider_refused", told),
            VisitError::Refused(_) | VisitError::Metadata(_) => Self::new("server_error", "unexpected_failure", told),
            VisitError::MixUp | VisitError::Empty => Self::new("invalid_request", "bad_oauth_callback", told),
            VisitError::Exchange(_) | VisitError::IdToken(_) | VisitError::Problem(_) => {
                Self::new("server_error", "unexpected_failure", told)
            }
        }
    }

    /// In the query and in the fragment: clients of both flows look in their own place.
    fn to_client(&self, visit: &Visit) -> Response {
        let Ok(mut to) = Url::parse(&visit.redirect_to) else { return lost() };
        let pairs = [("error", self.error), ("error_code", self.code), ("error_description", &self.told)];
        to.query_pairs_mut().extend_pairs(pairs);
        to.set_fragment(Some(&Serializer::new(String::new()).extend_pairs(pairs).finish()));
        found(to.as_str())
    }

    fn to_browser(&self, provider: &Provider, visit: &Visit) -> Response {
        let page = match (visit.link_user, &provider.home) {
            (Some(_), _) => "/account",
            (None, Some(_)) => "/login/sso",
            (None, None) => "/login",
        };
        let next: String = Serializer::new(String::new()).append_pair("next", gate::own_path(&visit.redirect_to)).finish();
        redirect(&format!("{page}?{next}"), Some(Flash::error(&self.told)))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem.kind {
            ProblemKind::Forbidden | ProblemKind::Conflict => Self::new("access_denied", "access_denied", problem.detail),
            _ => Self::new("server_error", "unexpected_failure", problem.detail),
        }
    }
}

impl From<db::DbError> for Failure {
    fn from(error: db::DbError) -> Self {
        Problem::from(error).into()
    }
}
