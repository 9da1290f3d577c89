//! Sessions: opened when somebody has proved who they are, raised by a second factor, refreshed, ended.

use db::{Db, DbError, SystemTx};
use http_kit::{App, Problem};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, OrgId, SessionId, UserId};
use serde_json::{Value, json};

use crate::{
    Client, Engine,
    record::{self, Act},
    token::{self, ACCESS_LIFETIME, AUDIENCE, Amr, Claims},
};

/// How long a session lasts at most.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// For so long after a refresh, the refresh token before it may come again: two tabs refresh at once.
pub const REUSE_INTERVAL: SignedDuration = SignedDuration::from_secs(10);
/// Exchanges that a session remembers for it.
const MOST_EXCHANGES: usize = 32;

/// A way of proving who one is, by the names of Supabase Auth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Password,
    Otp,
    MagicLink,
    Recovery,
    Invite,
    EmailSignup,
    EmailChange,
    OAuth,
    Sso,
    Totp,
    RecoveryCode,
    Passkey,
}

impl Method {
    /// The claim's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Otp => "otp",
            Self::MagicLink => "magiclink",
            Self::Recovery => "recovery",
            Self::Invite => "invite",
            Self::EmailSignup => "email/signup",
            Self::EmailChange => "email_change",
            Self::OAuth => "oauth",
            Self::Sso => "sso/oidc",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "webauthn",
        }
    }
}

impl std::str::FromStr for Method {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [
            Self::Password,
            Self::Otp,
            Self::MagicLink,
            Self::Recovery,
            Self::Invite,
            Self::EmailSignup,
            Self::EmailChange,
            Self::OAuth,
            Self::Sso,
            Self::Totp,
            Self::RecoveryCode,
            Self::Passkey,
        ];
        all.into_iter().find(|method| method.as_str() == text).ok_or(())
    }
}

/// A session about to be opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub user: UserId,
    /// Where they land; `None`: the organisation they joined first.
    pub org: Option<OrgId>,
    /// Confined to this organisation (its own identity provider vouched for them).
    pub only_org: Option<OrgId>,
    pub method: Method,
    /// 2 where the means is two factors in one: a passkey with user verification.
    pub aal: i16,
    /// The hash of the cookie's token; `None` for clients of the Auth API.
    pub cookie: Option<[u8; 32]>,
}

impl NewSession {
    /// One factor, no organisation in particular, no cookie.
    pub const fn by(user: UserId, method: Method) -> Self {
        Self { user, org: None, only_org: None, method, aal: 1, cookie: None }
    }
}

/// Opens a session in `tx`.
pub async fn open(tx: &SystemTx, new: &NewSession, client: &Client, now: Timestamp) -> Result<SessionId, DbError> {
    let id = SessionId::new();
    let amr = json!([{ "method": new.method.as_str(), "timestamp": now.as_second() }]);
    let expires = now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
    let cookie = new.cookie.as_ref().map(<[u8; 32]>::as_slice);
    tx.execute(
        "INSERT INTO sessions (id, user_id, active_org, only_org, token_hash, aal, amr, fresh_at, created_at, expires_at, last_seen_at, user_agent, address)
         VALUES ($1, $2, coalesce($4::uuid, $3::uuid, (SELECT x.org_id FROM memberships x WHERE x.user_id = $2 ORDER BY x.created_at LIMIT 1)), $4, $5, $6, $7, $8, $8, $9, $8, $10, $11)",
        &[&id, &new.user, &new.org, &new.only_org, &cookie, &new.aal, &amr, &now, &expires, &client.agent, &client.address.to_string()],
    )
    .await?;
    tx.execute("UPDATE users SET last_sign_in_at = $2 WHERE id = $1", &[&new.user, &now]).await?;
    let payload = json!({ "method": new.method.as_str(), "aal": new.aal, "device": client.device() });
    // A session that opens one organisation is no other's business.
    let act = Act { user: new.user, actor: Actor::User(new.user), org: new.only_org, origin: &format!("{id} {}", client.address) };
    record::append(tx, act, "session.started", &payload, now).await?;
    Ok(id)
}

/// A second factor was shown: the session reaches `aal2` and is fresh. The person's sessions that
/// stayed at one factor end, as in Supabase Auth: whoever holds one could not show the second.
pub async fn raise(tx: &SystemTx, session: SessionId, method: Method, now: Timestamp) -> Result<(), DbError> {
    reach_aal2(tx, session, method, Some(now), now).await
}

/// The same by a factor that was just made. It proves that whoever holds the session made it, and nothing of
/// who that is: what needs a fresh proof stays as it was.
pub(crate) async fn raise_by_new_factor(tx: &SystemTx, session: SessionId, method: Method, now: Timestamp) -> Result<(), DbError> {
    reach_aal2(tx, session, method, None, now).await
}

async fn reach_aal2(tx: &SystemTx, session: SessionId, method: Method, fresh_at: Option<Timestamp>, now: Timestamp) -> Result<(), DbError> {
    let amr = json!([{ "method": method.as_str(), "timestamp": now.as_second() }]);
    let raised = tx
        .query_opt(
            "UPDATE sessions SET aal = 2, fresh_at = coalesce($3, fresh_at), amr = $2::jsonb || coalesce(
               (SELECT jsonb_agg(a) FROM jsonb_array_elements(amr) a WHERE a ->> 'method' <> $2::jsonb -> 0 ->> 'method'), '[]')
             WHERE id = $1 RETURNING user_id, only_org, address",
            &[&session, &amr, &fresh_at],
        )
        .await?;
    let Some(row) = raised else { return Ok(()) };
    let ended = tx
        .execute(
            "DELETE FROM sessions o USING sessions s WHERE s.id = $1 AND o.user_id = s.user_id AND o.id <> s.id AND o.aal < 2",
            &[&session],
        )
        .await?;
    let user: UserId = row.try_get(0)?;
    let origin = format!("{session} {}", row.try_get::<_, String>(2)?);
    let act = Act { user, actor: Actor::User(user), org: row.try_get(1)?, origin: &origin };
    record::append(tx, act, "session.raised", &json!({ "method": method.as_str(), "others_ended": ended }), now).await
}

/// The person has proved to be themselves again: what needs a fresh proof is open for a while.
pub async fn freshen(tx: &SystemTx, session: SessionId, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE sessions SET fresh_at = $2 WHERE id = $1", &[&session, &now]).await?;
    Ok(())
}

/// The session works at `org` from now on; `false` when its person does not belong there, or the session is
/// confined to another.
pub(crate) async fn work_at(tx: &SystemTx, session: SessionId, org: OrgId) -> Result<bool, DbError> {
    let moved = tx
        .execute(
            "UPDATE sessions s SET active_org = $2 WHERE s.id = $1 AND (s.only_org IS NULL OR s.only_org = $2)
               AND EXISTS (SELECT FROM memberships m WHERE m.org_id = $2 AND m.user_id = s.user_id)",
            &[&session, &org],
        )
        .await?;
    Ok(moved == 1)
}

/// Which of a person's sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All of them.
    All,
    /// This one.
    One(SessionId),
    /// All but this one.
    Others(SessionId),
}

/// Ends sessions of `user`, who asked for it from `client`; says how many. Their access and refresh
/// tokens are worth nothing from then on.
pub async fn end(tx: &SystemTx, user: UserId, ending: Ending, client: &Client, now: Timestamp) -> Result<u64, DbError> {
    end_by(tx, Actor::User(user), user, ending, client, now).await
}

/// The same when `actor` ends the sessions of somebody else.
pub async fn end_by(tx: &SystemTx, actor: Actor, user: UserId, ending: Ending, client: &Client, now: Timestamp) -> Result<u64, DbError> {
    let (which, ended) = match ending {
        Ending::All => ("all", tx.execute("DELETE FROM sessions WHERE user_id = $1", &[&user]).await?),
        Ending::One(id) => ("one", tx.execute("DELETE FROM sessions WHERE user_id = $1 AND id = $2", &[&user, &id]).await?),
        Ending::Others(id) => ("others", tx.execute("DELETE FROM sessions WHERE user_id = $1 AND id <> $2", &[&user, &id]).await?),
    };
    if ended > 0 {
        record::record_by(tx, actor, user, "session.ended", &json!({ "which": which, "count": ended }), client, now).await?;
    }
    Ok(ended)
}

/// What a client of the Auth API is given.
#[derive(Debug, Clone)]
pub struct TokenPair {
    pub access_token: String,
    pub refresh_token: String,
    /// Seconds.
    pub expires_in: i64,
    /// Seconds since 1970.
    pub expires_at: i64,
    pub claims: Claims,
}

/// Tokens of a session as it stands now. `None`: there is no such session any more.
pub async fn tokens(app: &App, session: SessionId) -> Result<Option<TokenPair>, Problem> {
    let now = app.clock.now();
    let Some(facts) = facts(&app.db, session, now).await? else { return Ok(None) };
    let engine = Engine::of(app)?;
    let expires_at = now.as_second() + ACCESS_LIFETIME.as_secs();
    let claims = Claims {
        iss: engine.issuer().to_owned(),
        sub: facts.user.uuid(),
        aud: AUDIENCE.to_owned(),
        exp: expires_at,
        iat: now.as_second(),
        email: facts.email,
        phone: String::new(),
        app_metadata: facts.app_metadata,
        user_metadata: facts.user_metadata,
        role: AUDIENCE.to_owned(),
        aal: format!("aal{}", facts.aal),
        amr: facts.amr,
        session_id: session.uuid(),
        is_anonymous: false,
    };
    Ok(Some(TokenPair {
        access_token: engine.sign(&claims)?,
        refresh_token: token::refresh_token(&app.config.secret, session, facts.counter),
        expires_in: ACCESS_LIFETIME.as_secs(),
        expires_at,
        claims,
    }))
}

struct Facts {
    user: UserId,
    email: String,
    app_metadata: Value,
    user_metadata: Value,
    aal: i16,
    amr: Vec<Amr>,
    counter: i64,
}

async fn facts(db: &Db, session: SessionId, now: Timestamp) -> Result<Option<Facts>, DbError> {
    let rows = db
        .read_system(
            "SELECT s.user_id, u.email, u.app_metadata, u.user_metadata, s.aal, s.amr, s.refresh_counter, m.org_id, m.role,
                    ARRAY(SELECT DISTINCT i.provider FROM identities i WHERE i.user_id = u.id ORDER BY 1)
             FROM sessions s JOIN users u ON u.id = s.user_id
             LEFT JOIN LATERAL (
               SELECT * FROM memberships x WHERE x.user_id = s.user_id AND (s.only_org IS NULL OR x.org_id = s.only_org)
               ORDER BY (x.org_id = s.active_org) DESC NULLS LAST, x.created_at LIMIT 1) m ON true
             WHERE s.id = $1 AND s.expires_at > $2",
            &[&session, &now],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (org, role): (Option<OrgId>, Option<String>) = (row.try_get(7)?, row.try_get(8)?);
    let providers: Vec<String> = row.try_get(9)?;
    Ok(Some(Facts {
        user: row.try_get(0)?,
        email: row.try_get(1)?,
        app_metadata: app_metadata(row.try_get(2)?, &providers, org, role.as_deref()),
        user_metadata: row.try_get(3)?,
        aal: row.try_get(4)?,
        amr: serde_json::from_value(row.try_get(5)?).unwrap_or_default(),
        counter: row.try_get(6)?,
    }))
}

/// What tokens and users show of a person's standing: stored facts, how they sign in, where they work.
pub fn app_metadata(stored: Value, providers: &[String], org: Option<OrgId>, role: Option<&str>) -> Value {
    let mut shown = stored.as_object().cloned().unwrap_or_default();
    let first = providers.iter().find(|provider| *provider == "email").or(providers.first()).map_or("email", String::as_str);
    shown.insert("provider".to_owned(), json!(first));
    shown.insert("providers".to_owned(), json!(if providers.is_empty() { vec!["email".to_owned()] } else { providers.to_vec() }));
    // Never what a person could have written there themselves: these two are ours.
    shown.remove("org_id");
    shown.remove("org_role");
    if let (Some(org), Some(role)) = (org, role) {
        shown.insert("org_id".to_owned(), json!(org));
        shown.insert("org_role".to_owned(), json!(role));
    }
    Value::Object(shown)
}

/// Why a refresh token bought nothing.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Not one of ours, or of a session that has ended.
    #[error("Invalid Refresh Token: Refresh Token Not Found")]
    NotFound,
    /// An old one came back: somebody has copied it, so the whole session has ended.
    #[error("Invalid Refresh Token: Already Used")]
    AlreadyUsed,
    /// Ended while the token was exchanged.
    #[error("Invalid Refresh Token: No Valid Session Found")]
    SessionNotFound,
    #[error("Invalid Refresh Token: Session Expired")]
    SessionExpired,
    #[error("Invalid Refresh Token: User Banned")]
    Banned,
    #[error("{0:?}")]
    Problem(Problem),
}

/// Exchanges a refresh token. The token before the valid one gets the valid one (the answer to the first
/// exchange may have been lost); an older one ends the session, unless it was exchanged a moment ago.
pub async fn refresh(app: &App, text: &str, client: &Client) -> Result<TokenPair, RefreshError> {
    let (session, presented) = token::read_refresh_token(&app.config.secret, text).ok_or(RefreshError::NotFound)?;
    let now = app.clock.now();
    let tx = app.db.system().await?;
    // Locked: of two exchanges at once, the second sees what the first has done.
    let found = lock(&tx, session).await?.ok_or(RefreshError::NotFound)?;
    if found.expires_at <= now {
        return Err(RefreshError::SessionExpired);
    }
    if found.banned_until.is_some_and(|until| until > now) {
        return Err(RefreshError::Banned);
    }
    let behind = found.counter - presented;
    if behind == 0 {
        let recent = found.exchanged.iter().filter(|at| now.duration_since(**at) <= REUSE_INTERVAL);
        let mut exchanged: Vec<Timestamp> = recent.copied().collect();
        exchanged.drain(..exchanged.len().saturating_sub(MOST_EXCHANGES - 1));
        exchanged.push(now);
        tx.execute(
            "UPDATE sessions SET refresh_counter = refresh_counter + 1, refreshed_at = $2, last_seen_at = $3, user_agent = $4, address = $5
             WHERE id = $1",
            &[&session, &exchanged, &now, &client.agent, &client.address.to_string()],
        )
        .await?;
    } else if behind != 1 && !found.was_exchanged_just_now(behind, now) {
        // Also a number that was never given out: it cannot carry our seal, so the database is not the one that gave it.
        tx.execute("DELETE FROM sessions WHERE id = $1", &[&session]).await?;
        let payload = json!({ "which": "one", "count": 1, "why": "refresh_token_reused" });
        record::record_by(&tx, Actor::Provider, found.user, "session.ended", &payload, client, now).await?;
        tx.commit().await?;
        tracing::warn!(%session, "a refresh token was used again: its session has ended");
        return Err(RefreshError::AlreadyUsed);
    }
    tx.commit().await?;
    tokens(app, session).await?.ok_or(RefreshError::SessionNotFound)
}

/// A session as its refresh tokens know it.
struct Refreshing {
    user: UserId,
    /// The number of the valid token.
    counter: i64,
    /// When the tokens before it were exchanged, the newest last.
    exchanged: Vec<Timestamp>,
    expires_at: Timestamp,
    banned_until: Option<Timestamp>,
}

impl Refreshing {
    /// Whether the token that lies `behind` the valid one was exchanged a moment ago: several tabs at once.
    fn was_exchanged_just_now(&self, behind: i64, now: Timestamp) -> bool {
        let at = usize::try_from(behind).ok().and_then(|behind| self.exchanged.len().checked_sub(behind));
        at.and_then(|at| self.exchanged.get(at)).is_some_and(|at| now.duration_since(*at) <= REUSE_INTERVAL)
    }
}

async fn lock(tx: &SystemTx, session: SessionId) -> Result<Option<Refreshing>, DbError> {
    let row = tx
        .query_opt(
            "SELECT s.user_id, s.refresh_counter, s.refreshed_at, s.expires_at, u.banned_until FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = $1 FOR UPDATE OF s",
            &[&session],
        )
        .await?;
    row.map(|row| {
        Ok(Refreshing {
            user: row.try_get(0)?,
            counter: row.try_get(1)?,
            exchanged: row.try_get(2)?,
            expires_at: row.try_get(3)?,
            banned_until: row.try_get(4)?,
        })
    })
    .transpose()
}

impl From<DbError> for RefreshError {
    fn from(error: DbError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for RefreshError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Notes a session's use, its place and its device, every few minutes.
pub(crate) async fn touch(db: &Db, session: SessionId, client: &Client, now: Timestamp) -> Result<(), DbError> {
    let tx = db.system().await?;
    tx.execute(
        "UPDATE sessions SET last_seen_at = $2, user_agent = $3, address = $4 WHERE id = $1",
        &[&session, &now, &client.agent, &client.address.to_string()],
    )
    .await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_again_for_ten_seconds_after_its_own_exchange() {
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let after = |seconds| start.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        // Token 3 was exchanged at 0 s, 4 at 2 s, 5 at 9 s; 6 is valid.
        let session = Refreshing {
            user: UserId::new(),
            counter: 6,
            exchanged: vec![after(0), after(2), after(9)],
            expires_at: after(100),
            banned_until: None,
        };
        let again = |number: i64, seconds| session.was_exchanged_just_now(session.counter - number, after(seconds));
        assert!(again(3, 10) && again(4, 12) && again(5, 19));
        // A later exchange of another token makes an old one no younger.
        assert!(!again(3, 11) && !again(4, 13) && !again(5, 20));
        assert!(!again(2, 9) && !again(0, 9) && !again(7, 9) && !again(6, 9));
    }
}
