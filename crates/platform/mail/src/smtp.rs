//! SMTP (RFC 5321), one message per transaction, over a small pool of connections.
//!
//! The dialogue is spoken step by step instead of through lettre's ready transport, because only
//! the step tells whether a broken connection means "certainly not sent" or "nobody knows".

mod pool;
mod url;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use kernel::OrgId;
use lettre::transport::smtp::{
    Error as SmtpError,
    commands::{Data, Mail, Rcpt, Rset},
    extension::{Extension, MailParameter},
};

use self::pool::{Connection, Pool};
pub use self::url::{SmtpConfig, Tls};
use crate::{Batch, Lookup, Outcome, OutgoingMail, Rejection, RejectionKind, SmtpStage, Transport, classify_reply, compose};

/// The transport. Clones share the pool.
#[derive(Debug, Clone)]
pub struct Smtp {
    pool: Arc<Pool>,
}

impl Smtp {
    /// Opens no connection.
    pub fn new(config: SmtpConfig) -> Self {
        Self { pool: Arc::new(Pool::new(config)) }
    }

    async fn send_one(&self, mail: &OutgoingMail) -> Outcome {
        let raw = match compose(mail) {
            Ok(raw) => raw,
            Err(error) => return error.into(),
        };
        let Ok(_permit) = self.pool.permit().await else {
            return Outcome::Unavailable { reason: "the mail pool is closed".to_owned() };
        };
        loop {
            let mut connection = match self.pool.take().await {
                Ok(connection) => connection,
                Err(failure) => return self.outcome(failure),
            };
            match self.transfer(&mut connection, mail, &raw).await {
                Ok(provider_id) => {
                    self.pool.give_back(connection);
                    return Outcome::Accepted { provider_id };
                }
                // A server may close an idle connection at any time, silently or with a 421 that waits
                // to be read. Nothing was said about this message yet, so a fresh connection gets it.
                Err(Failure::Lost { before_mail: true, .. } | Failure::Refused { stage: SmtpStage::Sender, code: 421, .. })
                    if connection.reused() =>
                {
                    connection.close().await;
                }
                Err(failure) => {
                    match &failure {
                        Failure::Refused { code, .. } if *code != 421 => {
                            // The dialogue is intact: end this transaction and keep the connection.
                            if self.limited(connection.smtp.command(Rset)).await.is_ok() {
                                self.pool.give_back(connection);
                            } else {
                                connection.close().await;
                            }
                        }
                        Failure::Ours(_) => self.pool.give_back(connection),
                        _ => connection.close().await,
                    }
                    return self.outcome(failure);
                }
            }
        }
    }

    /// One mail transaction. `Ok` is the server's name for the message.
    async fn transfer(&self, connection: &mut Connection, mail: &OutgoingMail, raw: &[u8]) -> Result<String, Failure> {
        let address = |field, mailbox: &crate::Mailbox| mailbox.to_lettre(field).map_err(|error| Failure::Ours(error.into()));
        let (from, to) = (address("from", &mail.from)?.email, address("to", &mail.to)?.email);
        let mut parameters = vec![];
        if !mail.from.address.is_ascii() || !mail.to.address.is_ascii() {
            if !connection.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
                let rejection =
                    Rejection::new(RejectionKind::Message, "smtputf8", "the mail server takes no addresses with non-ASCII characters");
                return Err(Failure::Ours(Outcome::Rejected(rejection)));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let smtp = &mut connection.smtp;
        let step = |stage, before_mail| move |error| Failure::before_content(stage, before_mail, error);
        self.limited(smtp.command(Mail::new(Some(from), parameters))).await.map_err(step(SmtpStage::Sender, true))?;
        self.limited(smtp.command(Rcpt::new(to, vec![]))).await.map_err(step(SmtpStage::Recipient, false))?;
        self.limited(smtp.command(Data)).await.map_err(step(SmtpStage::Content, false))?;
        // From here on a missing answer proves nothing: the server may have the whole message.
        let sent = tokio::time::timeout(self.pool.config.content_timeout, smtp.message(raw)).await;
        let reply = match sent {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => return Err(Failure::after_content(&error)),
            Err(_) => return Err(Failure::Unsettled("the mail server did not confirm the message in time".to_owned())),
        };
        Ok(queue_id(&reply.message().collect::<Vec<_>>().join(" ")))
    }

    async fn limited<T>(&self, step: impl Future<Output = Result<T, SmtpError>>) -> Result<T, StepError> {
        match tokio::time::timeout(self.pool.config.command_timeout, step).await {
            Ok(result) => result.map_err(StepError::Smtp),
            Err(_) => Err(StepError::Timeout),
        }
    }

    fn outcome(&self, failure: Failure) -> Outcome {
        match failure {
            // 421 and a temporary refusal of the sender are about the connection's pace, not the message.
            Failure::Refused { code: 421, .. } => Outcome::Throttled { retry_after: Duration::from_secs(60) },
            Failure::Refused { stage: SmtpStage::Sender, code: 400..=499, .. } => {
                Outcome::Throttled { retry_after: Duration::from_secs(60) }
            }
            Failure::Refused { stage, code, text } => Outcome::Rejected(classify_reply(stage, code, &text)),
            Failure::Lost { reason, .. } => Outcome::Unavailable { reason },
            Failure::Unsettled(reason) => Outcome::Unknown { reason, safe_to_repeat: false },
            Failure::Ours(outcome) => outcome,
        }
    }
}

/// Why a transaction did not end well.
#[derive(Debug)]
enum Failure {
    /// A negative reply.
    Refused { stage: SmtpStage, code: u16, text: String },
    /// No connection, or it broke before the message was transferred: certainly not sent.
    Lost { before_mail: bool, reason: String },
    /// It broke after the message had begun to travel.
    Unsettled(String),
    /// Decided without asking the server.
    Ours(Outcome),
}

#[derive(Debug)]
enum StepError {
    Smtp(SmtpError),
    Timeout,
}

impl Failure {
    fn before_content(stage: SmtpStage, before_mail: bool, error: StepError) -> Self {
        match error {
            StepError::Timeout => Self::Lost { before_mail, reason: "the mail server did not answer in time".to_owned() },
            StepError::Smtp(error) => refused(stage, &error)
                .unwrap_or_else(|| Self::Lost { before_mail, reason: format!("the mail server cannot be used: {error}") }),
        }
    }

    fn after_content(error: &SmtpError) -> Self {
        refused(SmtpStage::Content, error)
            .unwrap_or_else(|| Self::Unsettled(format!("the connection broke before the message was confirmed: {error}")))
    }
}

/// The failure of a negative reply; `None` when the error is of another kind.
fn refused(stage: SmtpStage, error: &SmtpError) -> Option<Failure> {
    let code = error.status()?.to_string().parse().ok()?;
    let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Some(Failure::Refused { stage, code, text })
}

/// `ABC123` from `2.0.0 Ok: queued as ABC123`, else the whole reply; for the postmaster's logs.
fn queue_id(reply: &str) -> String {
    let id = reply.rsplit_once("queued as ").map_or(reply, |(_, rest)| rest.split_whitespace().next().unwrap_or(rest));
    id.chars().take(200).collect()
}

impl Transport for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn batch_size(&self) -> usize {
        // Small, so that a crash leaves few messages with an unknown outcome.
        self.pool.config.connections.clamp(1, 100)
    }

    fn idempotent_for(&self) -> Option<Duration> {
        None
    }

    async fn send_batch(&self, batch: Batch<'_>) -> Vec<Outcome> {
        // Once the server turns out to be down or to want a pause, the rest does not even try.
        let over = AtomicBool::new(false);
        let verdict: OnceLock<Outcome> = OnceLock::new();
        let (over, verdict) = (&over, &verdict);
        // Boxed futures: the compiler cannot yet see that the borrowed ones are Send for every lifetime.
        let sends: Vec<futures_util::future::BoxFuture<'_, Outcome>> = batch
            .mails
            .iter()
            .map(|mail| {
                Box::pin(async move {
                    if over.load(Ordering::Acquire)
                        && let Some(outcome) = verdict.get()
                    {
                        return outcome.clone();
                    }
                    let outcome = self.send_one(mail).await;
                    if matches!(outcome, Outcome::Unavailable { .. } | Outcome::Throttled { .. }) {
                        let _ = verdict.set(outcome.clone());
                        over.store(true, Ordering::Release);
                    }
                    outcome
                }) as _
            })
            .collect();
        stream::iter(sends).buffered(self.pool.config.connections.max(1)).collect().await
    }

    /// SMTP has no such question.
    async fn lookup(&self, _org: OrgId, _idempotency_key: &str) -> Lookup {
        Lookup::CannotTell
    }
}

#[cfg(test)]
mod tests;
