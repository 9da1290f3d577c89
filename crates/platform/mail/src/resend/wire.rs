use std::collections::BTreeMap;

use crate::{Mailbox, OutgoingMail};

/// One element of the batch request.
///
/// Without a Message-ID: Resend sends through SES, which always sets its own and may refuse a second
/// one. It is told in every `email.*` webhook as `data.message_id`; replies and follow-ups refer to
/// that one.
#[derive(Debug, serde::Serialize)]
pub(super) struct Email<'a> {
    from: String,
    to: [String; 1],
    subject: &'a str,
    html: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    /// Sorted, so that the same message is always the same payload: the key is tied to it.
    headers: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag<'a>>,
}

#[derive(Debug, serde::Serialize)]
struct Tag<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> Email<'a> {
    pub(super) fn of(mail: &'a OutgoingMail) -> Self {
        Self {
            from: address(&mail.from),
            to: [address(&mail.to)],
            subject: &mail.subject,
            html: &mail.html,
            text: &mail.text,
            reply_to: mail.reply_to.as_ref().map(address),
            headers: mail.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            tags: mail.tags.iter().map(|(name, value)| Tag { name, value }).collect(),
        }
    }
}

/// `Name <address>`, the name quoted where RFC 5322 needs it. The message has passed its check.
fn address(mailbox: &Mailbox) -> String {
    mailbox.to_lettre("address").map_or_else(|_| mailbox.address.clone(), |mailbox| mailbox.to_string())
}

/// `{"data":[{"id":"…"}],"errors":[{"index":2,"message":"…"}]}`: `data` has the accepted messages in
/// their order, `errors` the refused ones by their index in the request.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Taken {
    pub(super) data: Vec<TakenEmail>,
    #[serde(default)]
    pub(super) errors: Vec<RefusedEmail>,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct TakenEmail {
    pub(super) id: String,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct RefusedEmail {
    pub(super) index: usize,
    pub(super) message: String,
}

/// `{"statusCode":422,"name":"validation_error","message":"…"}`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    pub(super) name: String,
    pub(super) message: String,
}
