//! Every statement over second factors.

use db::{Db, DbError, Row, SystemTx};
use http_kit::App;
use jiff::Timestamp;
use kernel::{FactorId, SessionId, UserId, Uuid};

use super::{Factor, FactorKind, FactorStatus};

const FACTOR: &str = "id, kind, status, friendly_name, created_at, updated_at, last_challenged_at, last_used_at";

/// What a factor's secret is sealed under.
pub(super) fn secret_context(factor: FactorId) -> String {
    format!("mfa_factors.secret/{}", factor.uuid())
}

pub(super) struct NewFactor<'a> {
    pub id: FactorId,
    pub user: UserId,
    pub kind: FactorKind,
    pub name: &'a str,
    pub secret: &'a [u8],
    pub credential_id: Option<&'a [u8]>,
}

/// A passkey, held until the end of the transaction.
pub(super) struct StoredPasskey {
    pub factor: FactorId,
    pub user: UserId,
    pub sealed: Vec<u8>,
    pub banned_until: Option<Timestamp>,
}

pub(super) struct NewChallenge<'a> {
    pub id: Uuid,
    pub factor: Option<FactorId>,
    pub user: Option<UserId>,
    pub purpose: &'a str,
    pub state: Option<&'a [u8]>,
}

/// A challenge that waits for its answer.
pub(super) struct Waiting {
    pub factor: Option<FactorId>,
    pub user: Option<UserId>,
    pub purpose: String,
    pub expires_at: Timestamp,
}

fn factor_of(row: &Row) -> Result<Factor, DbError> {
    let kind: String = row.try_get(1)?;
    let status: String = row.try_get(2)?;
    Ok(Factor {
        id: row.try_get(0)?,
        kind: kind.parse().map_err(|()| DbError::Config(format!("a second factor of the unknown kind {kind:?}")))?,
        status: if status == FactorStatus::Verified.as_str() { FactorStatus::Verified } else { FactorStatus::Unverified },
        friendly_name: row.try_get(3)?,
        created_at: row.try_get(4)?,
        updated_at: row.try_get(5)?,
        last_challenged_at: row.try_get(6)?,
        last_used_at: row.try_get(7)?,
    })
}

/// A person's second factors, begun ones included, oldest first.
pub async fn factors(db: &Db, user: UserId) -> Result<Vec<Factor>, DbError> {
    let sql = format!("SELECT {FACTOR} FROM mfa_factors WHERE user_id = $1 ORDER BY created_at, id");
    db.read_system(&sql, &[&user]).await?.iter().map(factor_of).collect()
}

pub(super) async fn factor(tx: &SystemTx, user: UserId, factor: FactorId) -> Result<Option<Factor>, DbError> {
    let sql = format!("SELECT {FACTOR} FROM mfa_factors WHERE id = $1 AND user_id = $2");
    tx.query_opt(&sql, &[&factor, &user]).await?.as_ref().map(factor_of).transpose()
}

/// Lets one transaction at a time change what a person's factors are.
pub(super) async fn lock_person(tx: &SystemTx, user: UserId) -> Result<(), DbError> {
    tx.query_opt("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", &[&user]).await?;
    Ok(())
}

/// How many factors a person has, and how many of them count.
pub(super) async fn count(tx: &SystemTx, user: UserId) -> Result<(i64, i64), DbError> {
    let row =
        tx.query_one("SELECT count(*), count(*) FILTER (WHERE status = 'verified') FROM mfa_factors WHERE user_id = $1", &[&user]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Forgets enrolments that were begun before `before` and not finished.
pub(super) async fn forget_unfinished(tx: &SystemTx, user: UserId, before: Timestamp) -> Result<(), DbError> {
    tx.execute("DELETE FROM mfa_factors WHERE user_id = $1 AND status = 'unverified' AND created_at <= $2", &[&user, &before]).await?;
    Ok(())
}

pub(super) async fn insert(tx: &SystemTx, new: &NewFactor<'_>, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO mfa_factors (id, user_id, kind, friendly_name, secret, credential_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        &[&new.id, &new.user, &new.kind.as_str(), &new.name, &new.secret, &new.credential_id, &now],
    )
    .await?;
    Ok(())
}

/// Name and sealed secret of an app that has not been shown yet.
pub(super) async fn unfinished(tx: &SystemTx, user: UserId, factor: FactorId) -> Result<Option<(String, Vec<u8>)>, DbError> {
    let sql = "SELECT friendly_name, secret FROM mfa_factors WHERE id = $1 AND user_id = $2 AND kind = 'totp' AND status = 'unverified'";
    tx.query_opt(sql, &[&factor, &user]).await?.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Who has this address; held, so that no factor is added meanwhile.
pub(super) async fn user_of(tx: &SystemTx, email: &str) -> Result<Option<UserId>, DbError> {
    let row = tx.query_opt("SELECT id FROM users WHERE email = $1 FOR NO KEY UPDATE", &[&email]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

pub(super) async fn address(tx: &SystemTx, user: UserId) -> Result<Option<String>, DbError> {
    Ok(tx.query_opt("SELECT email FROM users WHERE id = $1", &[&user]).await?.map(|row| row.try_get(0)).transpose()?)
}

/// Whether the person could type a password.
pub(crate) async fn has_password(app: &App, user: UserId) -> Result<bool, DbError> {
    let rows = app.db.read_system("SELECT FROM users WHERE id = $1 AND password_hash IS NOT NULL", &[&user]).await?;
    Ok(!rows.is_empty())
}

/// The organisations that want a second factor from everybody in the role that the person has there, by name.
pub(crate) async fn demanded_by(db: &Db, user: UserId) -> Result<Vec<String>, DbError> {
    let sql = "SELECT o.name FROM memberships m
               JOIN role_settings s ON s.org_id = m.org_id AND s.role = m.role AND s.mfa_required
               JOIN organisations o ON o.org_id = m.org_id
               WHERE m.user_id = $1 ORDER BY o.name LIMIT 50";
    db.read_system(sql, &[&user]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

pub(super) async fn has_totp(tx: &SystemTx, user: UserId, factor: FactorId) -> Result<bool, DbError> {
    Ok(tx.query_opt("SELECT FROM mfa_factors WHERE id = $1 AND user_id = $2 AND kind = 'totp'", &[&factor, &user]).await?.is_some())
}

/// The sealed secret of an app that `session` may show. One that was begun and never shown is nobody's for certain:
/// whoever knew the password alone could have begun it. So once another factor counts, it is shown only where
/// that one was. The person is held, so that of two first factors the second meets the first.
pub(super) async fn totp_secret(tx: &SystemTx, user: UserId, session: SessionId, factor: FactorId) -> Result<Option<Vec<u8>>, DbError> {
    lock_person(tx, user).await?;
    let sql = "SELECT f.secret FROM mfa_factors f WHERE f.id = $1 AND f.user_id = $2 AND f.kind = 'totp'
                 AND (f.status = 'verified'
                   OR NOT EXISTS (SELECT FROM mfa_factors o WHERE o.user_id = f.user_id AND o.status = 'verified')
                   OR EXISTS (SELECT FROM sessions s WHERE s.id = $3 AND s.user_id = f.user_id AND s.aal > 1))";
    Ok(tx.query_opt(sql, &[&factor, &user, &session]).await?.map(|row| row.try_get(0)).transpose()?)
}

/// Uses up a time step. `false`: it, or a later one, was used already. The condition is checked again by whoever
/// waited for the row, so of two racing requests one gets it.
pub(super) async fn use_step(tx: &SystemTx, factor: FactorId, step: i64) -> Result<bool, DbError> {
    Ok(tx.execute("UPDATE mfa_factors SET last_step = $2 WHERE id = $1 AND last_step < $2", &[&factor, &step]).await? == 1)
}

/// Notes that a factor was shown; `true` when this was the first time, from which on it counts.
pub(super) async fn note_use(tx: &SystemTx, factor: FactorId, now: Timestamp) -> Result<bool, DbError> {
    let first = tx
        .execute(
            "UPDATE mfa_factors SET status = 'verified', updated_at = $2, last_used_at = $2 WHERE id = $1 AND status = 'unverified'",
            &[&factor, &now],
        )
        .await?
        == 1;
    if !first {
        tx.execute("UPDATE mfa_factors SET last_used_at = $2 WHERE id = $1", &[&factor, &now]).await?;
    }
    Ok(first)
}

pub(super) async fn delete(tx: &SystemTx, user: UserId, factor: FactorId) -> Result<Option<Factor>, DbError> {
    let sql = format!("DELETE FROM mfa_factors WHERE id = $1 AND user_id = $2 RETURNING {FACTOR}");
    tx.query_opt(&sql, &[&factor, &user]).await?.as_ref().map(factor_of).transpose()
}

/// A person's sessions have shown one factor only, from now on: which of them showed the one that is gone is not known.
pub(super) async fn drop_to_one_factor(tx: &SystemTx, user: UserId) -> Result<(), DbError> {
    tx.execute(
        "UPDATE sessions SET aal = 1, amr = coalesce(
           (SELECT jsonb_agg(a) FROM jsonb_array_elements(amr) a WHERE a ->> 'method' NOT IN ('totp', 'recovery_code')), '[]')
         WHERE user_id = $1 AND aal > 1",
        &[&user],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_recovery_codes(tx: &SystemTx, user: UserId) -> Result<(), DbError> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", &[&user]).await?;
    Ok(())
}

pub(super) async fn has_name(tx: &SystemTx, user: UserId, name: &str) -> Result<bool, DbError> {
    Ok(tx.query_opt("SELECT FROM mfa_factors WHERE user_id = $1 AND friendly_name = $2", &[&user, &name]).await?.is_some())
}

/// `false`: the person has no such factor.
pub(super) async fn rename(tx: &SystemTx, user: UserId, factor: FactorId, name: &str, now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE mfa_factors SET friendly_name = $3, updated_at = $4 WHERE id = $1 AND user_id = $2";
    Ok(tx.execute(sql, &[&factor, &user, &name, &now]).await? == 1)
}

/// The credential ids of a person's passkeys.
pub(super) async fn passkeys(tx: &SystemTx, user: UserId) -> Result<Vec<Vec<u8>>, DbError> {
    let sql =
        "SELECT credential_id FROM mfa_factors WHERE user_id = $1 AND kind = 'webauthn' AND status = 'verified' ORDER BY created_at, id";
    tx.query(sql, &[&user]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The same, noting that they were asked for.
pub(super) async fn ask_for_passkeys(tx: &SystemTx, user: UserId, now: Timestamp) -> Result<Vec<Vec<u8>>, DbError> {
    let sql = "UPDATE mfa_factors SET last_challenged_at = $2 WHERE user_id = $1 AND kind = 'webauthn' AND status = 'verified'
               RETURNING credential_id";
    tx.query(sql, &[&user, &now]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Reads a passkey and holds it, so that two answers are compared with its counter one after the other.
pub(super) async fn lock_passkey(tx: &SystemTx, credential_id: &[u8]) -> Result<Option<StoredPasskey>, DbError> {
    let row = tx
        .query_opt(
            "SELECT f.id, f.user_id, f.secret, u.banned_until FROM mfa_factors f JOIN users u ON u.id = f.user_id
             WHERE f.credential_id = $1 AND f.kind = 'webauthn' AND f.status = 'verified' FOR UPDATE OF f",
            &[&credential_id],
        )
        .await?;
    row.map(|row| {
        Ok(StoredPasskey { factor: row.try_get(0)?, user: row.try_get(1)?, sealed: row.try_get(2)?, banned_until: row.try_get(3)? })
    })
    .transpose()
}

pub(super) async fn update_passkey(tx: &SystemTx, factor: FactorId, sealed: &[u8], now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE mfa_factors SET secret = $2, updated_at = $3 WHERE id = $1", &[&factor, &sealed, &now]).await?;
    Ok(())
}

pub(super) async fn replace_recovery_codes(tx: &SystemTx, user: UserId, hashes: &[Vec<u8>]) -> Result<(), DbError> {
    delete_recovery_codes(tx, user).await?;
    tx.execute("INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])", &[&user, &hashes]).await?;
    Ok(())
}

/// Uses up a recovery code. `false`: there is none of this hash, or it was used.
pub(super) async fn use_recovery_code(tx: &SystemTx, user: UserId, hash: &[u8], now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL";
    Ok(tx.execute(sql, &[&user, &hash, &now]).await? == 1)
}

pub(super) async fn recovery_codes_left(tx: &SystemTx, user: UserId) -> Result<i64, DbError> {
    let row = tx.query_one("SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL", &[&user]).await?;
    Ok(row.try_get(0)?)
}

/// Forgets questions that nobody has answered in time.
pub(crate) async fn sweep(db: &Db, now: Timestamp) -> Result<(), DbError> {
    let tx = db.system().await?;
    tx.execute("DELETE FROM mfa_challenges WHERE expires_at <= $1", &[&now]).await?;
    tx.commit().await
}

/// Notes that a factor of this kind was asked for. `false`: the person has no such factor.
pub(super) async fn note_challenge(
    tx: &SystemTx,
    user: UserId,
    factor: FactorId,
    kind: FactorKind,
    now: Timestamp,
) -> Result<bool, DbError> {
    let noted = tx
        .execute(
            "UPDATE mfa_factors SET last_challenged_at = $4 WHERE id = $1 AND user_id = $2 AND kind = $3",
            &[&factor, &user, &kind.as_str(), &now],
        )
        .await?;
    Ok(noted == 1)
}

pub(super) async fn insert_challenge(tx: &SystemTx, new: &NewChallenge<'_>, now: Timestamp, expires: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO mfa_challenges (id, factor_id, user_id, purpose, state, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[&new.id, &new.factor, &new.user, &new.purpose, &new.state, &now, &expires],
    )
    .await?;
    Ok(())
}

/// Reads a challenge and holds it, so that it is answered by one request at a time.
pub(super) async fn lock_challenge(tx: &SystemTx, id: Uuid) -> Result<Option<Waiting>, DbError> {
    let row = tx.query_opt("SELECT factor_id, user_id, purpose, expires_at FROM mfa_challenges WHERE id = $1 FOR UPDATE", &[&id]).await?;
    row.map(|row| Ok(Waiting { factor: row.try_get(0)?, user: row.try_get(1)?, purpose: row.try_get(2)?, expires_at: row.try_get(3)? }))
        .transpose()
}

pub(super) async fn delete_challenge(tx: &SystemTx, id: Uuid) -> Result<(), DbError> {
    tx.execute("DELETE FROM mfa_challenges WHERE id = $1", &[&id]).await?;
    Ok(())
}

/// Takes a ceremony's state, of this person or of nobody; there is no second time. `None`: gone, late, or another's.
pub(super) async fn take_state(
    tx: &SystemTx,
    id: Uuid,
    purpose: &str,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, DbError> {
    let sql =
        "DELETE FROM mfa_challenges WHERE id = $1 AND purpose = $2 AND user_id IS NOT DISTINCT FROM $3 AND expires_at > $4 RETURNING state";
    Ok(tx.query_opt(sql, &[&id, &purpose, &user, &now]).await?.map(|row| row.try_get(0)).transpose()?)
}

/// Counts a wrong answer; at `most` of them the challenge is gone.
pub(super) async fn count_failure(tx: &SystemTx, id: Uuid, most: i32) -> Result<(), DbError> {
    tx.execute("UPDATE mfa_challenges SET failures = failures + 1 WHERE id = $1", &[&id]).await?;
    tx.execute("DELETE FROM mfa_challenges WHERE id = $1 AND failures >= $2", &[&id, &most]).await?;
    Ok(())
}
