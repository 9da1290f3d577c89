use std::{future::Future, time::Duration};

use kernel::OrgId;
use sha2::{Digest, Sha256};

use crate::{Catcher, Outcome, OutgoingMail, Resend, Smtp};

/// Messages handed over together.
///
/// After [`Outcome::Unknown`] with `safe_to_repeat`, the *identical* batch is handed over again: the
/// same messages in the same order under the same key. So the caller's ledger keeps the key with
/// each row and regroups by it.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    pub org: OrgId,
    /// 1 to 256 visible ASCII characters; see [`batch_key`].
    pub key: &'a str,
    pub mails: &'a [OutgoingMail],
}

/// A key for a batch: a digest of the contained idempotency keys in their order, so the same batch
/// gets the same key however often it is put together.
pub fn batch_key<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for key in keys {
        // The length keeps ["ab", "c"] and ["a", "bc"] apart.
        digest.update((key.len() as u64).to_be_bytes());
        digest.update(key.as_bytes());
    }
    let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("batch/{hex}")
}

/// What a transport knows of an earlier hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It was taken under this key.
    Accepted { provider_id: String },
    /// It was certainly not taken.
    NotFound,
    /// The provider has no such question; only its webhooks or a person can tell.
    CannotTell,
}

/// A way for mail to leave. Implementations never retry on their own: what to do after an outcome
/// is decided where the ledger is.
pub trait Transport {
    /// As shown to people: `catcher`, `smtp`, `resend`.
    fn name(&self) -> &'static str;

    /// How many messages one [`Transport::send_batch`] may carry.
    fn batch_size(&self) -> usize;

    /// For how long a repeat under the same key is recognised as one. `None`: never.
    fn idempotent_for(&self) -> Option<Duration>;

    /// Whether a message arrives with the Message-ID it was given. Otherwise the provider sets its own
    /// and tells it in its webhooks; threads must refer to that one.
    fn keeps_message_id(&self) -> bool {
        true
    }

    /// Whether a repeat within [`Transport::idempotent_for`] is safe.
    fn idempotent(&self) -> bool {
        self.idempotent_for().is_some()
    }

    /// Hands the messages over. The answer has one outcome for each message, in their order.
    fn send_batch(&self, batch: Batch<'_>) -> impl Future<Output = Vec<Outcome>> + Send;

    /// Asks what became of the message with this idempotency key.
    fn lookup(&self, org: OrgId, idempotency_key: &str) -> impl Future<Output = Lookup> + Send;
}

/// The transport that this installation is configured with.
#[derive(Debug, Clone)]
pub enum Mailer {
    Catcher(Catcher),
    Smtp(Smtp),
    Resend(Resend),
}

impl Transport for Mailer {
    fn name(&self) -> &'static str {
        match self {
            Self::Catcher(catcher) => catcher.name(),
            Self::Smtp(smtp) => smtp.name(),
            Self::Resend(resend) => resend.name(),
        }
    }

    fn batch_size(&self) -> usize {
        match self {
            Self::Catcher(catcher) => catcher.batch_size(),
            Self::Smtp(smtp) => smtp.batch_size(),
            Self::Resend(resend) => resend.batch_size(),
        }
    }

    fn idempotent_for(&self) -> Option<Duration> {
        match self {
            Self::Catcher(catcher) => catcher.idempotent_for(),
            Self::Smtp(smtp) => smtp.idempotent_for(),
            Self::Resend(resend) => resend.idempotent_for(),
        }
    }

    fn keeps_message_id(&self) -> bool {
        match self {
            Self::Catcher(catcher) => catcher.keeps_message_id(),
            Self::Smtp(smtp) => smtp.keeps_message_id(),
            Self::Resend(resend) => resend.keeps_message_id(),
        }
    }

    async fn send_batch(&self, batch: Batch<'_>) -> Vec<Outcome> {
        match self {
            Self::Catcher(catcher) => catcher.send_batch(batch).await,
            Self::Smtp(smtp) => smtp.send_batch(batch).await,
            Self::Resend(resend) => resend.send_batch(batch).await,
        }
    }

    async fn lookup(&self, org: OrgId, idempotency_key: &str) -> Lookup {
        match self {
            Self::Catcher(catcher) => catcher.lookup(org, idempotency_key).await,
            Self::Smtp(smtp) => smtp.lookup(org, idempotency_key).await,
            Self::Resend(resend) => resend.lookup(org, idempotency_key).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_key_depends_on_keys_and_order_only() {
        let key = batch_key(["a", "b"]);
        assert_eq!(key, batch_key(["a", "b"]));
        assert_ne!(key, batch_key(["b", "a"]));
        assert_ne!(batch_key(["ab", "c"]), batch_key(["a", "bc"]));
        assert!(key.len() <= 256);
    }
}
