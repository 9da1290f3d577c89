use db::{Db, DbError, SystemTx};
use identity::one_time::Challenge;
use jiff::Timestamp;
use kernel::UserId;

/// A visit to an identity provider, as it is remembered.
#[derive(Debug, Clone)]
pub(crate) struct VisitRow {
    pub(crate) provider: String,
    pub(crate) browser_hash: Option<Vec<u8>>,
    pub(crate) nonce: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) link_user: Option<UserId>,
}

pub(crate) async fn insert(db: &Db, state_hash: &[u8; 32], visit: &VisitRow, now: Timestamp, expires: Timestamp) -> Result<(), DbError> {
    let tx = db.system().await?;
    tx.execute(
        "INSERT INTO provider_visits (state_hash, provider, browser_hash, nonce, sealed, code_challenge, challenge_method, link_user, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            &state_hash.as_slice(),
            &visit.provider,
            &visit.browser_hash,
            &visit.nonce,
            &visit.sealed,
            &visit.challenge.as_ref().map(|challenge| &challenge.challenge),
            &visit.challenge.as_ref().map(|challenge| &challenge.method),
            &visit.link_user,
            &now,
            &expires,
        ],
    )
    .await?;
    tx.commit().await
}

/// Takes a visit out: whatever becomes of it, its state is used up.
pub(crate) async fn take(db: &Db, state_hash: &[u8; 32], now: Timestamp) -> Result<Option<VisitRow>, DbError> {
    let tx = db.system().await?;
    let row = tx
        .query_opt(
            "DELETE FROM provider_visits WHERE state_hash = $1
             RETURNING provider, browser_hash, nonce, sealed, code_challenge, challenge_method, link_user, expires_at > $2",
            &[&state_hash.as_slice(), &now],
        )
        .await?;
    tx.commit().await?;
    let Some(row) = row else { return Ok(None) };
    if !row.try_get::<_, bool>(7)? {
        return Ok(None);
    }
    let (challenge, method): (Option<String>, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
    Ok(Some(VisitRow {
        provider: row.try_get(0)?,
        browser_hash: row.try_get(1)?,
        nonce: row.try_get(2)?,
        sealed: row.try_get(3)?,
        challenge: challenge.zip(method).map(|(challenge, method)| Challenge { challenge, method }),
        link_user: row.try_get(6)?,
    }))
}

/// Forgets visits that never came back, and codes that nobody exchanged.
pub(crate) async fn sweep(db: &Db, before: Timestamp) -> Result<(), DbError> {
    let tx: SystemTx = db.system().await?;
    tx.execute("DELETE FROM provider_visits WHERE expires_at < $1", &[&before]).await?;
    tx.execute("DELETE FROM flow_states WHERE expires_at < $1", &[&before]).await?;
    tx.commit().await
}
