use std::time::Duration;

use cache::Rate;
use http_kit::{App, Problem, throttle};
use identity::Viewer;
use kernel::SendId;
use mail::{Batch, Mailbox, Outcome, OutgoingMail, Transport, batch_key, new_message_id};

use crate::templates::render::Rendered;

/// Tests of one organisation: enough to try a sequence out in every mail program at hand.
const TESTS: Rate = Rate { uses: 30, per: Duration::from_secs(3600) };

/// Sends a rendered mail to the signed-in person, and to nobody else.
///
/// No footer and no tracking: this shows the text. Not in the ledger, and repeating it sends again.
pub async fn send_test(app: &App, viewer: &Viewer, mail: Rendered) -> Result<(), Problem> {
    // Whose address it is was only claimed: a test must not become a way to write to somebody else again and again.
    throttle(app, &[(&format!("test_mail:{}", viewer.org_id), TESTS)]).await?;
    let me = Mailbox::new(viewer.name.clone(), viewer.email.clone());
    let id = SendId::new();
    let mail = OutgoingMail {
        idempotency_key: format!("test/{id}"),
        message_id: new_message_id(id.uuid(), &me),
        from: me.clone(),
        to: me,
        reply_to: None,
        subject: format!("[Test] {}", mail.subject),
        html: mail.html,
        text: mail.text,
        headers: Vec::new(),
        date: app.clock.now(),
        tags: Vec::new(),
    };
    let key = batch_key([mail.idempotency_key.as_str()]);
    let outcome = app.mailer.send_batch(Batch { org: viewer.org_id, key: &key, mails: std::slice::from_ref(&mail) }).await.pop();
    let refused = |why: String| Err(Problem::conflict(why));
    match outcome {
        Some(Outcome::Accepted { .. }) => Ok(()),
        Some(Outcome::Rejected(rejection)) => {
            refused(format!("The test was refused by the mail server: {} ({}). Nothing was sent.", rejection.reason, rejection.code))
        }
        Some(Outcome::Throttled { retry_after }) => {
            refused(format!("The mail server asks for a pause of {} s. Nothing was sent; try again then.", retry_after.as_secs().max(1)))
        }
        Some(Outcome::Unavailable { reason }) => {
            refused(format!("The mail server could not be reached: {reason}. Nothing was sent; try again in a moment."))
        }
        Some(Outcome::Unknown { reason, .. }) => {
            refused(format!("The mail server did not confirm the test: {reason}. Look into your inbox before trying again."))
        }
        None => Err(Problem::internal(&"the transport answered nothing for one mail")),
    }
}
