//! Mail about somebody's own account: links and codes that prove an address, and notices.
//!
//! A request for such a mail only enqueues a job, so its answer says nothing of whether anybody has the
//! address, neither in words nor in time. The job looks the person up, makes the code and the link, and
//! hands the letter over; run again after a crash, it sends the identical letter.

mod deliver;
mod letter;
pub(crate) mod letters;
mod notice;
mod request;
mod send_letter;
mod team_letter;

use std::time::Duration;

use db::{DbError, SystemTx};
use http_kit::{App, Problem};
use jiff::Timestamp;
use kernel::UserId;
use serde::{Deserialize, Serialize};

pub(crate) use deliver::{Delivery, deliver};
pub(crate) use letter::Letter;
pub(crate) use notice::{Notice, SendNotice, notify};
pub use request::{MailRequest, NewPerson, Via, request_code, request_mail};
pub(crate) use request::{request_about, throttle};
pub(crate) use send_letter::SendLetter;
pub(crate) use team_letter::{SendTeamLetter, TeamLetter, invitation_token, send_stamped, send_team_letter};

use crate::{
    one_time::{self, Challenge, Issued, Purpose},
    store::account,
};

/// Why no mail was asked for.
#[derive(Debug, thiserror::Error)]
pub enum MailFlowError {
    /// This address, or this visitor, has asked too often.
    #[error("too many mails")]
    Throttled(Duration),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<MailFlowError> for Problem {
    fn from(error: MailFlowError) -> Self {
        match error {
            MailFlowError::Throttled(wait) => {
                let detail =
                    format!("A mail was asked for just now. Look for it, or wait {} seconds and ask again.", wait.as_secs().max(1));
                Self { detail, ..Self::too_many(wait) }
            }
            MailFlowError::Db(error) => error.into(),
        }
    }
}

/// Makes the code and the link of a mail that is not sent: somebody trusted hands them over themselves.
pub async fn generate(
    tx: &SystemTx,
    app: &App,
    user: UserId,
    purpose: Purpose,
    email: &str,
    challenge: Option<&Challenge>,
    now: Timestamp,
) -> Result<Issued, DbError> {
    let issued = one_time::issue(tx, &app.config.secret, user, purpose, email, challenge, now).await?;
    account::set_sent(tx, user, purpose, now).await?;
    Ok(issued)
}

/// Where the link in a mail leads.
pub fn link(app: &App, purpose: Purpose, token: &str, via: &Via) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("token", token);
    let path = match via {
        Via::Api { redirect_to } => {
            query.append_pair("type", purpose.as_str());
            if let Some(to) = redirect_to {
                query.append_pair("redirect_to", to);
            }
            "/auth/v1/verify"
        }
        Via::Page { next, organisation } => {
            if next != "/" && !next.is_empty() {
                query.append_pair("next", next);
            }
            if let Some(organisation) = organisation {
                query.append_pair("organisation", organisation);
            }
            if purpose == Purpose::Recovery { "/recover/reset" } else { "/confirm" }
        }
    };
    app.config.link(&format!("{path}?{}", query.finish()))
}

/// What a job tells of a letter: when it was asked for, and the number that makes it one letter.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) id: kernel::Uuid,
    pub(crate) at: Timestamp,
}

impl Stamp {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self { id: kernel::Uuid::now_v7(), at }
    }
}
