//! A composed message as a batch keeps it, so that a repeat is the same to the byte.

use jiff::Timestamp;
use kernel::SendId;
use mail::{Mailbox, OutgoingMail};
use serde::{Deserialize, Serialize};

/// A composed message and its row in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredMail {
    pub(crate) send: SendId,
    from: Mailbox,
    to: Mailbox,
    reply_to: Option<Mailbox>,
    pub(crate) subject: String,
    html: String,
    text: String,
    headers: Vec<(String, String)>,
    pub(crate) message_id: String,
    date: Timestamp,
    tags: Vec<(String, String)>,
}

/// What a provider knows a send by, for ever.
pub(crate) fn idempotency_key(send: SendId) -> String {
    format!("send/{}", send.uuid())
}

impl StoredMail {
    pub(crate) fn new(send: SendId, mail: OutgoingMail) -> Self {
        let OutgoingMail { idempotency_key: _, from, to, reply_to, subject, html, text, headers, message_id, date, tags } = mail;
        Self { send, from, to, reply_to, subject, html, text, headers, message_id, date, tags }
    }

    pub(crate) fn outgoing(&self) -> OutgoingMail {
        let Self { send, from, to, reply_to, subject, html, text, headers, message_id, date, tags } = self.clone();
        OutgoingMail { idempotency_key: idempotency_key(send), from, to, reply_to, subject, html, text, headers, message_id, date, tags }
    }
}
