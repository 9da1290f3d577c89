use std::time::Duration;

/// What became of one message. The order of outcomes is the order of the messages handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has taken responsibility for it.
    Accepted {
        /// The provider's name for it: Resend's e-mail id, an SMTP server's queue id, the catcher's row.
        provider_id: String,
    },
    /// This message was refused; others of the batch may have been taken.
    Rejected(Rejection),
    /// Too fast, or over a quota. Nothing was sent.
    Throttled { retry_after: Duration },
    /// The provider could not be reached or was not ready. Certainly nothing was sent.
    Unavailable { reason: String },
    /// It may have been sent: an answer is missing.
    Unknown {
        reason: String,
        /// Whether handing over the identical batch under the same key again cannot send twice.
        /// Otherwise the message is parked until a webhook or a person settles it.
        safe_to_repeat: bool,
    },
}

/// Why a message was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub kind: RejectionKind,
    /// The provider's code: `550 5.1.1`, `validation_error`.
    pub code: String,
    /// The provider's words, at most 500 characters.
    pub reason: String,
}

/// Whose problem a refusal is, which decides what may follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionKind {
    /// The address does not exist or takes no mail: permanent, may be suppressed.
    Recipient,
    /// Later may work (greylisting, full mailbox): back off and count.
    Temporary,
    /// Our authentication, reputation, account or settings: stop sending and repair; the recipient is fine.
    Sender,
    /// The message itself (too large, malformed, taken for spam): permanent for this message only.
    Message,
}

impl Rejection {
    pub(crate) fn new(kind: RejectionKind, code: impl Into<String>, reason: &str) -> Self {
        let reason = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
        Self { kind, code: code.into(), reason }
    }

    /// Whether trying the same message again is pointless.
    pub fn permanent(&self) -> bool {
        self.kind != RejectionKind::Temporary
    }

    /// Whether the address may be put on a suppression list because of this.
    pub fn suppresses_recipient(&self) -> bool {
        self.kind == RejectionKind::Recipient
    }
}

impl From<crate::MailError> for Outcome {
    /// A message that fails its own check never reaches the provider.
    fn from(error: crate::MailError) -> Self {
        let kind = if error.field == "to" { RejectionKind::Recipient } else { RejectionKind::Message };
        Self::Rejected(Rejection::new(kind, "invalid_message", &error.to_string()))
    }
}
