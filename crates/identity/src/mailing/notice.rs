use db::{DbError, SystemTx};
use http_kit::App;
use jiff::Timestamp;
use jobs::{Failure, Job, Outcome, Run};
use kernel::UserId;
use serde::{Deserialize, Serialize};

use super::{Delivery, Stamp, deliver, letters};
use crate::store::account;

/// What somebody should know has happened to their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Notice {
    PasswordChanged,
    /// Goes to the address before.
    AddressChanged,
    RecoveryCodeUsed,
    FactorAdded,
    FactorRemoved,
}

/// Sends a notice.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SendNotice {
    #[serde(flatten)]
    stamp: Stamp,
    user: UserId,
    email: String,
    notice: Notice,
}

/// Enqueues a notice to `email` in the transaction of what it tells.
pub(crate) async fn notify(tx: &SystemTx, user: UserId, email: &str, notice: Notice, now: Timestamp) -> Result<(), DbError> {
    let job = SendNotice { stamp: Stamp::new(now), user, email: email.to_owned(), notice };
    jobs::enqueue_system(tx, None, &job, jobs::Options::default()).await?;
    Ok(())
}

impl Job for SendNotice {
    const KIND: &'static str = "identity.send_notice";
    type State = App;
    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let app = &cx.state;
        let tx = app.db.system().await?;
        let Some(person) = account::addressee(&tx, self.user).await? else { return Ok(Outcome::Done) };
        tx.commit().await?;
        let letter = match self.notice {
            Notice::PasswordChanged => letters::password_changed(app, &person.name, self.stamp.at),
            Notice::AddressChanged => letters::address_changed(app, &person.name, self.stamp.at),
            Notice::RecoveryCodeUsed => letters::recovery_code_used(app, &person.name, self.stamp.at),
            Notice::FactorAdded => letters::factor_added(app, &person.name, self.stamp.at),
            Notice::FactorRemoved => letters::factor_removed(app, &person.name, self.stamp.at),
        };
        let delivery = Delivery { stamp: self.stamp, org: person.org, name: &person.name, email: &self.email };
        deliver(&cx, &delivery, &letter).await
    }
}
