use axum::response::{IntoResponse, Response};
use db::{Db, DbError, TenantTx};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Problem, ProblemKind};

/// How long an answer is remembered.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The `Idempotency-Key` of a request, if it has one, and a digest of the request itself.
///
/// The key is stored in the transaction of the act, so that the act and the memory of it are one:
/// a repeated request waits for the first, then gets its answer.
#[derive(Debug, Clone)]
pub struct Idempotency {
    key: Option<String>,
    digest: [u8; 32],
    actor: String,
}

/// What was answered, and will be again.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub body: Option<Vec<u8>>,
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        Self { status, location: None, body: Some(serde_json::to_vec(body).unwrap_or_default()) }
    }

    /// 201 with the place of the new thing.
    pub fn created(location: String, body: &impl Serialize) -> Self {
        Self { location: Some(location), ..Self::json(StatusCode::CREATED, body) }
    }

    /// 303, for a form.
    pub fn see_other(location: impl Into<String>) -> Self {
        Self { status: StatusCode::SEE_OTHER, location: Some(location.into()), body: None }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body.clone().unwrap_or_default()).into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        if self.body.is_some() {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(location) = self.location.and_then(|to| HeaderValue::from_str(&to).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

impl Idempotency {
    /// From the header, or from the form's field; `request` is everything that makes it the same request.
    pub(crate) fn new(headers: &HeaderMap, field: Option<String>, request: &[&[u8]]) -> Result<Self, Problem> {
        let header = headers.get("idempotency-key").map(|key| key.to_str().map(str::to_owned));
        let key = match header {
            Some(Ok(key)) => Some(key),
            Some(Err(_)) => return Err(bad_key()),
            None => field,
        };
        if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 255 || key.contains('\0')) {
            return Err(bad_key());
        }
        let mut digest = Sha256::new();
        for part in request {
            digest.update(u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
            digest.update(part);
        }
        Ok(Self { key, digest: digest.finalize().into(), actor: String::new() })
    }

    /// A request without a body to compare, such as an upload that is streamed.
    pub fn of_stream(headers: &HeaderMap, path: &str) -> Result<Self, Problem> {
        Self::new(headers, None, &[path.as_bytes()])
    }

    /// Counts the digest of what was streamed as part of the request: another file is another request.
    #[must_use]
    pub fn with_content(self, digest: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(self.digest).chain_update(digest).finalize().into();
        Self { digest, ..self }
    }

    /// Whose key it is: another person's key of the same text is another key.
    #[must_use]
    pub fn by(self, actor: kernel::Actor) -> Self {
        Self { actor: actor.to_string(), ..self }
    }

    /// Reserves the key in `tx`; returns the earlier answer if the request was answered before.
    pub async fn begin(&self, tx: &TenantTx, now: Timestamp) -> Result<Option<Answer>, Problem> {
        let Some(key) = &self.key else { return Ok(None) };
        let expired = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let digest = self.digest.as_slice();
        let inserted = tx
            .execute(
                "INSERT INTO idempotency_keys AS k (org_id, actor, key, request, created_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (org_id, actor, key) DO UPDATE
                 SET request = $4, created_at = $5, status = NULL, location = NULL, body = NULL WHERE k.created_at < $6",
                &[&tx.org(), &self.actor, key, &digest, &now, &expired],
            )
            .await?;
        if inserted == 1 {
            return Ok(None);
        }
        let row = tx
            .query_one(
                "SELECT request, status, location, body FROM idempotency_keys WHERE org_id = $1 AND actor = $2 AND key = $3",
                &[&tx.org(), &self.actor, key],
            )
            .await?;
        let (request, status): (Vec<u8>, Option<i16>) = (row.try_get(0).map_err(DbError::from)?, row.try_get(1).map_err(DbError::from)?);
        if request != digest {
            return Err(Problem::field(
                "/idempotency-key",
                "idempotency_key.reused",
                "was used for another request in the last 24 hours: use a fresh key for each new request",
            ));
        }
        let status = status.and_then(|s| u16::try_from(s).ok()).and_then(|s| StatusCode::from_u16(s).ok());
        let status =
            status.ok_or_else(|| Problem::new(ProblemKind::Conflict, "The first request with this key has not been answered yet."))?;
        Ok(Some(Answer { status, location: row.try_get(2).map_err(DbError::from)?, body: row.try_get(3).map_err(DbError::from)? }))
    }

    /// Remembers the answer and commits the act with it.
    pub async fn finish(&self, tx: TenantTx, answer: Answer) -> Result<Answer, Problem> {
        if let Some(key) = &self.key {
            let status = i16::try_from(answer.status.as_u16()).unwrap_or_default();
            tx.execute(
                "UPDATE idempotency_keys SET status = $4, location = $5, body = $6 WHERE org_id = $1 AND actor = $2 AND key = $3",
                &[&tx.org(), &self.actor, key, &status, &answer.location, &answer.body],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(answer)
    }
}

fn bad_key() -> Problem {
    Problem::field("/idempotency-key", "idempotency_key.invalid", "must be 1 to 255 visible ASCII characters, for example a random UUID")
}

/// Forgets answers older than 24 hours; returns how many.
pub async fn sweep(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let expired = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    let tx = db.system().await?;
    let gone = tx.execute("DELETE FROM idempotency_keys WHERE created_at < $1", &[&expired]).await?;
    tx.commit().await?;
    Ok(gone)
}
