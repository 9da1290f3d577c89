use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use db::{Db, DbError, Scope};
use jiff::Timestamp;
use kernel::{Clock, OrgId};
use uuid::Uuid;

use crate::{Batch, Lookup, Mailbox, Outcome, OutgoingMail, Reaction, Rejection, RejectionKind, Simulate, Transport, compose};

/// The development mailbox: keeps what it is handed and sends nothing.
///
/// Behaves like an idempotent provider: the same key again is the same message and only counts up
/// `attempts`, in transactions of its own, so that a crash of the caller cannot undo a "delivery".
#[derive(Debug, Clone)]
pub struct Catcher {
    db: Db,
    clock: Clock,
    simulate: Simulate,
    calls: Arc<AtomicU64>,
}

/// Who looks into the mailbox. A letter about somebody's own account opens that account, so it is shown
/// to its addressee and to those who may see everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader<'a> {
    Everything,
    /// Whoever has this address.
    Address(&'a str),
}

impl<'a> Reader<'a> {
    /// For a condition that lets everything pass when this is NULL.
    const fn address(self) -> Option<&'a str> {
        match self {
            Self::Everything => None,
            Self::Address(address) => Some(address),
        }
    }
}

/// A row of the mailbox's list.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CaughtSummary {
    pub id: Uuid,
    pub from: Mailbox,
    pub to: Mailbox,
    pub subject: String,
    /// How often this key was handed over; more than 1 is a repeat that delivered nothing.
    pub attempts: i32,
    pub caught_at: Timestamp,
}

/// A whole caught message.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CaughtMail {
    #[serde(flatten)]
    pub summary: CaughtSummary,
    pub idempotency_key: String,
    pub message_id: String,
    pub headers: Vec<(String, String)>,
    pub html: String,
    pub text: String,
    /// As composed for the wire.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

const SUMMARY: &str = "id, from_address, from_name, to_address, to_name, subject, attempts, caught_at";

impl Catcher {
    pub fn new(db: Db, clock: Clock, simulate: Simulate) -> Self {
        Self { db, clock, simulate, calls: Arc::default() }
    }

    /// Newest first. `before` is the `(caught_at, id)` of the last row of the previous page, `to`
    /// limits the list to one recipient's address.
    pub async fn list(
        &self,
        scope: &Scope,
        reader: Reader<'_>,
        to: Option<&str>,
        before: Option<(Timestamp, Uuid)>,
        limit: i64,
    ) -> Result<Vec<CaughtSummary>, DbError> {
        let (at, id) = before.unzip();
        let sql = format!(
            "SELECT {SUMMARY} FROM caught_mail
             WHERE org_id = $1 AND ($2::text IS NULL OR to_address = $2)
               AND ($3::timestamptz IS NULL OR (caught_at, id) < ($3, $4::uuid))
               AND (private_to IS NULL OR $6::text IS NULL OR private_to = $6)
             ORDER BY caught_at DESC, id DESC LIMIT $5"
        );
        let tx = self.db.tenant(scope).await?;
        let rows = tx.query(&sql, &[&scope.org(), &to, &at, &id, &limit, &reader.address()]).await?;
        tx.commit().await?;
        Ok(rows.iter().map(summary).collect())
    }

    /// Like [`Catcher::list`], of the messages whose recipient or subject contains `words`.
    pub async fn search(
        &self,
        scope: &Scope,
        reader: Reader<'_>,
        words: &str,
        before: Option<(Timestamp, Uuid)>,
        limit: i64,
    ) -> Result<Vec<CaughtSummary>, DbError> {
        let (at, id) = before.unzip();
        // A development mailbox is small: reading it from its newest end needs no index for words.
        let sql = format!(
            "SELECT {SUMMARY} FROM caught_mail
             WHERE org_id = $1 AND strpos(lower(to_address || ' ' || to_name || ' ' || subject), lower($2)) > 0
               AND ($3::timestamptz IS NULL OR (caught_at, id) < ($3, $4::uuid))
               AND (private_to IS NULL OR $6::text IS NULL OR private_to = $6)
             ORDER BY caught_at DESC, id DESC LIMIT $5"
        );
        let rows = self.db.read(scope, &sql, &[&scope.org(), &words.trim(), &at, &id, &limit, &reader.address()]).await?;
        Ok(rows.iter().map(summary).collect())
    }

    /// One message, if it is this organisation's and the reader may see it.
    pub async fn get(&self, scope: &Scope, reader: Reader<'_>, id: Uuid) -> Result<Option<CaughtMail>, DbError> {
        let sql = format!(
            "SELECT {SUMMARY}, idempotency_key, message_id, headers, html, text, raw
             FROM caught_mail WHERE org_id = $1 AND id = $2 AND (private_to IS NULL OR $3::text IS NULL OR private_to = $3)"
        );
        let tx = self.db.tenant(scope).await?;
        let row = tx.query_opt(&sql, &[&scope.org(), &id, &reader.address()]).await?;
        tx.commit().await?;
        Ok(row.map(|row| CaughtMail {
            summary: summary(&row),
            idempotency_key: row.get("idempotency_key"),
            message_id: row.get("message_id"),
            headers: serde_json::from_value(row.get("headers")).unwrap_or_default(),
            html: row.get("html"),
            text: row.get("text"),
            raw: row.get("raw"),
        }))
    }

    /// Empties the organisation's mailbox of what the reader sees; returns how many messages that were.
    pub async fn clear(&self, scope: &Scope, reader: Reader<'_>) -> Result<u64, DbError> {
        let sql = "DELETE FROM caught_mail WHERE org_id = $1 AND (private_to IS NULL OR $2::text IS NULL OR private_to = $2)";
        let tx = self.db.tenant(scope).await?;
        let count = tx.execute(sql, &[&scope.org(), &reader.address()]).await?;
        tx.commit().await?;
        Ok(count)
    }

    /// One statement for the whole batch; returns id and attempts by idempotency key.
    async fn store(&self, org: OrgId, mails: &[(&OutgoingMail, Vec<u8>)]) -> Result<HashMap<String, (Uuid, i32)>, DbError> {
        let now = self.clock.now();
        let ids: Vec<Uuid> = mails.iter().map(|_| Uuid::now_v7()).collect();
        let column = |text: fn(&OutgoingMail) -> &str| -> Vec<&str> { mails.iter().map(|(mail, _)| text(mail)).collect() };
        let headers: Vec<serde_json::Value> = mails.iter().map(|(mail, _)| serde_json::json!(mail.headers)).collect();
        let private: Vec<Option<&str>> = mails.iter().map(|(mail, _)| mail.is_private().then_some(mail.to.address.as_str())).collect();
        let raw: Vec<&[u8]> = mails.iter().map(|(_, raw)| raw.as_slice()).collect();
        let tx = self.db.tenant(&Scope::whole(org)).await?;
        let rows = tx
            .query(
                "INSERT INTO caught_mail (org_id, id, idempotency_key, message_id, from_address, from_name,
                     to_address, to_name, subject, headers, html, text, raw, private_to, caught_at)
                 SELECT $1, m.id, m.key, m.message_id, m.from_address, m.from_name,
                     m.to_address, m.to_name, m.subject, m.headers, m.html, m.text, m.raw, m.private_to, $2
                 FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                     $10::text[], $11::jsonb[], $12::text[], $13::text[], $14::bytea[], $15::text[])
                   AS m(id, key, message_id, from_address, from_name, to_address, to_name, subject, headers, html, text, raw, private_to)
                 ORDER BY m.key -- one order of locking, so that two batches cannot deadlock
                 ON CONFLICT (org_id, idempotency_key) DO UPDATE SET attempts = caught_mail.attempts + 1
                 RETURNING id, idempotency_key, attempts",
                &[
                    &org.uuid(),
                    &now,
                    &ids,
                    &column(|m| &m.idempotency_key),
                    &column(|m| &m.message_id),
                    &column(|m| &m.from.address),
                    &column(|m| &m.from.name),
                    &column(|m| &m.to.address),
                    &column(|m| &m.to.name),
                    &column(|m| &m.subject),
                    &headers,
                    &column(|m| &m.html),
                    &column(|m| &m.text),
                    &raw,
                    &private,
                ],
            )
            .await?;
        tx.commit().await?;
        Ok(rows.iter().map(|row| (row.get("idempotency_key"), (row.get("id"), row.get("attempts")))).collect())
    }

    /// What the configured misbehaviour makes of this hand-over.
    fn misbehaviour(&self) -> Misbehaviour {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let due = |every: u64| every > 0 && call.is_multiple_of(every);
        if due(self.simulate.throttle_every) {
            Misbehaviour::Throttle
        } else if due(self.simulate.unavailable_every) {
            Misbehaviour::Down
        } else if due(self.simulate.unknown_every) {
            Misbehaviour::LoseAnswer
        } else {
            Misbehaviour::None
        }
    }
}

enum Misbehaviour {
    None,
    Throttle,
    Down,
    LoseAnswer,
}

fn summary(row: &tokio_postgres::Row) -> CaughtSummary {
    CaughtSummary {
        id: row.get("id"),
        from: Mailbox::new(row.get::<_, String>("from_name"), row.get::<_, String>("from_address")),
        to: Mailbox::new(row.get::<_, String>("to_name"), row.get::<_, String>("to_address")),
        subject: row.get("subject"),
        attempts: row.get("attempts"),
        caught_at: row.get("caught_at"),
    }
}

/// Refusals that a provider gives at once; `None` means that it takes the message.
fn refusal(mail: &OutgoingMail) -> Option<Outcome> {
    let (kind, code, reason) = match Reaction::of(&mail.to.address)? {
        Reaction::RejectedAtOnce => (RejectionKind::Recipient, "550 5.1.1", "5.1.1 simulated: no such user"),
        Reaction::Deferred => (RejectionKind::Temporary, "451 4.7.1", "4.7.1 simulated: try again later"),
        Reaction::Unauthenticated => (RejectionKind::Sender, "550 5.7.26", "5.7.26 simulated: the sender is unauthenticated"),
        Reaction::AnswerLost | Reaction::Bounce | Reaction::SoftBounce | Reaction::Complaint => return None,
    };
    Some(Outcome::Rejected(Rejection::new(kind, code, reason)))
}

impl Transport for Catcher {
    fn name(&self) -> &'static str {
        "catcher"
    }

    fn batch_size(&self) -> usize {
        100
    }

    fn idempotent_for(&self) -> Option<Duration> {
        Some(Duration::MAX)
    }

    async fn send_batch(&self, batch: Batch<'_>) -> Vec<Outcome> {
        if !self.simulate.latency.is_zero() {
            tokio::time::sleep(self.simulate.latency).await;
        }
        let all = |outcome: Outcome| vec![outcome; batch.mails.len()];
        let misbehaviour = self.misbehaviour();
        match misbehaviour {
            Misbehaviour::Throttle => return all(Outcome::Throttled { retry_after: Duration::from_secs(1) }),
            Misbehaviour::Down => return all(Outcome::Unavailable { reason: "simulated: the provider is down".to_owned() }),
            Misbehaviour::LoseAnswer | Misbehaviour::None => {}
        }

        // A key that comes twice in one batch is one message: it is stored once.
        let mut accepted: Vec<(&OutgoingMail, Vec<u8>)> = Vec::with_capacity(batch.mails.len());
        let mut refused: HashMap<&str, Outcome> = HashMap::new();
        let mut seen: std::collections::HashSet<&str> = std::collections::HashSet::new();
        for mail in batch.mails {
            if !seen.insert(&mail.idempotency_key) {
                continue;
            }
            match compose(mail) {
                Err(error) => drop(refused.insert(&mail.idempotency_key, error.into())),
                Ok(raw) => match refusal(mail) {
                    Some(outcome) => drop(refused.insert(&mail.idempotency_key, outcome)),
                    None => accepted.push((mail, raw)),
                },
            }
        }
        let stored = match self.store(batch.org, &accepted).await {
            Ok(stored) => stored,
            // Whether the commit arrived is not known, but the key makes a repeat safe.
            Err(error) => {
                let lost = Outcome::Unknown { reason: format!("the catcher cannot store: {error}"), safe_to_repeat: true };
                let outcome = |mail: &OutgoingMail| refused.get(mail.idempotency_key.as_str()).unwrap_or(&lost).clone();
                return batch.mails.iter().map(outcome).collect();
            }
        };
        let lost = Outcome::Unknown { reason: "simulated: the answer was lost".to_owned(), safe_to_repeat: true };
        batch
            .mails
            .iter()
            .map(|mail| {
                let key = mail.idempotency_key.as_str();
                match (refused.get(key), stored.get(key)) {
                    (Some(outcome), _) => outcome.clone(),
                    (None, Some(_)) if matches!(misbehaviour, Misbehaviour::LoseAnswer) => lost.clone(),
                    (None, Some((_, 1))) if Reaction::of(&mail.to.address) == Some(Reaction::AnswerLost) => lost.clone(),
                    (None, Some((id, _))) => Outcome::Accepted { provider_id: id.to_string() },
                    (None, None) => lost.clone(),
                }
            })
            .collect()
    }

    async fn lookup(&self, org: OrgId, idempotency_key: &str) -> Lookup {
        let row = self
            .db
            .read(
                &Scope::whole(org),
                "SELECT id FROM caught_mail WHERE org_id = $1 AND idempotency_key = $2",
                &[&org.uuid(), &idempotency_key],
            )
            .await;
        match row.as_deref() {
            Ok([row, ..]) => Lookup::Accepted { provider_id: row.get::<_, Uuid>("id").to_string() },
            Ok([]) => Lookup::NotFound,
            Err(error) => {
                tracing::warn!(%error, "the catcher cannot be asked");
                Lookup::CannotTell
            }
        }
    }
}
