//! Every statement over second factors.

use db::{Db, DbError, Row, SystemTx};
use jiff::Timestamp;
use kernel::{FactorId, UserId, Uuid};

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
        "INSERT INTO mfa_factors (id, user_id, kind, friendly_name, secret, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        &[&new.id, &new.user, &new.kind.as_str(), &new.name, &new.secret, &now],
    )
    .await?;
    Ok(())
}

pub(super) async fn has_totp(tx: &SystemTx, user: UserId, factor: FactorId) -> Result<bool, DbError> {
    Ok(tx.query_opt("SELECT FROM mfa_factors WHERE id = $1 AND user_id = $2 AND kind = 'totp'", &[&factor, &user]).await?.is_some())
}

pub(super) async fn totp_secret(tx: &SystemTx, user: UserId, factor: FactorId) -> Result<Option<Vec<u8>>, DbError> {
    let row = tx.query_opt("SELECT secret FROM mfa_factors WHERE id = $1 AND user_id = $2 AND kind = 'totp'", &[&factor, &user]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
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

/// Counts a wrong answer; at `most` of them the challenge is gone.
pub(super) async fn count_failure(tx: &SystemTx, id: Uuid, most: i32) -> Result<(), DbError> {
    tx.execute("UPDATE mfa_challenges SET failures = failures + 1 WHERE id = $1", &[&id]).await?;
    tx.execute("DELETE FROM mfa_challenges WHERE id = $1 AND failures >= $2", &[&id, &most]).await?;
    Ok(())
}
