use http_kit::App;
use jobs::{Failure, Outcome as Ended, Run};
use kernel::{OrgId, Uuid};
use mail::{Batch, Mailbox, Outcome, OutgoingMail, PRIVATE, RejectionKind, Transport, batch_key, new_message_id};

use super::{Letter, Stamp};

/// To whom a letter goes, and what makes it the same letter when it is handed over again.
pub(crate) struct Delivery<'a> {
    pub(crate) stamp: Stamp,
    /// In whose mailbox the catcher puts it; nobody's for somebody without an organisation.
    pub(crate) org: Option<OrgId>,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
}

/// Hands the letter over, and says what becomes of the job. Where the transport cannot recognise a repeat
/// and did not say whether it took the letter, it is handed over once more: twice is better than never
/// for a mail that somebody waits for.
pub(crate) async fn deliver(cx: &Run<App>, delivery: &Delivery<'_>, letter: &Letter) -> Result<Ended, Failure> {
    let app = &cx.state;
    let from = app.config.auth.mail_from.clone();
    // A name comes from outside, and is a header here.
    let name: String = delivery.name.chars().filter(|c| !c.is_control()).take(100).collect();
    let mail = OutgoingMail {
        idempotency_key: format!("letter/{}", delivery.stamp.id),
        message_id: new_message_id(delivery.stamp.id, &from),
        from,
        to: Mailbox::new(name, delivery.email),
        reply_to: None,
        subject: letter.subject.clone(),
        html: letter.html(),
        text: letter.text(),
        // RFC 3834: no out-of-office note should answer this.
        headers: vec![("Auto-Submitted".to_owned(), "auto-generated".to_owned())],
        date: delivery.stamp.at,
        tags: vec![(PRIVATE.0.to_owned(), PRIVATE.1.to_owned())],
    };
    let org = delivery.org.unwrap_or(OrgId::from(Uuid::nil()));
    let key = batch_key([mail.idempotency_key.as_str()]);
    let outcome = app.mailer.send_batch(Batch { org, key: &key, mails: std::slice::from_ref(&mail) }).await.pop();
    match outcome {
        Some(Outcome::Accepted { .. }) => Ok(Ended::Done),
        Some(Outcome::Rejected(rejection)) => match rejection.kind {
            RejectionKind::Temporary => Err(Failure::retry(format!("refused for now: {}", rejection.code))),
            // Whoever asked was told nothing about the address; nor can they be told this.
            RejectionKind::Recipient => Ok(Ended::Done),
            RejectionKind::Sender | RejectionKind::Message => Err(Failure::give_up(format!("our own mail is refused: {}", rejection.code))),
        },
        Some(Outcome::Throttled { .. }) => Err(Failure::retry("the mail server asks for a pause")),
        Some(Outcome::Unavailable { reason }) => Err(Failure::retry(reason)),
        Some(Outcome::Unknown { reason, safe_to_repeat }) if safe_to_repeat || cx.attempt() == 1 => Err(Failure::retry(reason)),
        Some(Outcome::Unknown { .. }) => Ok(Ended::Done),
        None => Err(Failure::give_up("the transport answered nothing for one mail")),
    }
}
