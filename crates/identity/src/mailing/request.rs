use std::{net::IpAddr, time::Duration};

use cache::Rate;
use http_kit::App;
use kernel::UserId;
use serde::{Deserialize, Serialize};

use super::{MailFlowError, SendLetter, Stamp};
use crate::one_time::{Challenge, Purpose};

/// Mails to one address, whatever they are for and whoever asks.
const PER_ADDRESS: Rate = Rate { uses: 10, per: Duration::from_secs(3600) };
/// Mails to one address that one network asks for: the next letter ends the one before, so strangers must
/// not be able to keep somebody from theirs by asking again and again.
const PER_PAIR: Rate = Rate { uses: 1, per: Duration::from_secs(60) };
/// Mails that one visitor's network asks for.
const PER_VISITOR: Rate = Rate { uses: 30, per: Duration::from_secs(3600) };

/// Where the link of a mail leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// To a page of ours.
    Page {
        /// A path of ours to go on to.
        next: String,
        /// The organisation that a new person wants to found.
        organisation: Option<String>,
    },
    /// To `/auth/v1/verify`, and from there to an address of the client's. The caller has checked it
    /// ([`http_kit::Config::may_redirect_to`]).
    Api { redirect_to: Option<String> },
}

/// Somebody who becomes known by asking. Of an address that somebody has but nobody has confirmed, the
/// latest sign-up counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewPerson {
    pub id: UserId,
    pub name: String,
    /// [`crate::password::hash`]; none for somebody who asks for a link.
    pub password_hash: Option<String>,
    pub user_metadata: serde_json::Value,
}

/// A mail to ask for.
#[derive(Debug, Clone)]
pub struct MailRequest {
    pub purpose: Purpose,
    /// Trimmed and in lower case; somebody's, or nobody's.
    pub email: String,
    pub via: Via,
    /// The client that alone can use the link.
    pub challenge: Option<Challenge>,
    /// Makes an unknown address somebody's ([`Purpose::Signup`] and [`Purpose::MagicLink`] only).
    pub create: Option<NewPerson>,
    /// The visitor's network ([`crate::Client::neighbourhood`]); `None` when a trusted server asks.
    pub from: Option<IpAddr>,
}

/// Asks for a mail that proves an address. The answer, and how long it takes, is the same whether anybody
/// has the address or not; what depends on that happens in the job.
///
/// [`Purpose::EmailChange`] and [`Purpose::Reauthentication`] are somebody's own and go through their actions.
pub async fn request_mail(app: &App, request: MailRequest) -> Result<(), MailFlowError> {
    throttle(app, &request.email, request.from).await?;
    request_about(app, None, request).await
}

/// Mails a code to a signed-in person, with which they confirm that it is still them ([`Purpose::Reauthentication`]).
pub async fn request_code(app: &App, user: UserId, email: String, from: IpAddr) -> Result<(), MailFlowError> {
    throttle(app, &email, Some(from)).await?;
    let purpose = Purpose::Reauthentication;
    request_about(
        app,
        Some(user),
        MailRequest { purpose, email, via: Via::Api { redirect_to: None }, challenge: None, create: None, from: None },
    )
    .await
}

/// The same about somebody who is known, and without asking whether it is too often.
pub(crate) async fn request_about(app: &App, user: Option<UserId>, request: MailRequest) -> Result<(), MailFlowError> {
    let MailRequest { purpose, email, via, challenge, create, from: _ } = request;
    let job = SendLetter { stamp: Stamp::new(app.clock.now()), purpose, email, user, via, challenge, create };
    let tx = app.db.system().await?;
    jobs::enqueue_system(&tx, None, &job, jobs::Options::default()).await?;
    Ok(tx.commit().await?)
}

/// Refuses what would fill somebody's mailbox, or is asked for by one network again and again.
pub(crate) async fn throttle(app: &App, email: &str, from: Option<IpAddr>) -> Result<(), MailFlowError> {
    let (address, pair) =
        (format!("mail:address:{email}"), format!("mail:pair:{}:{email}", from.map(|from| from.to_string()).unwrap_or_default()));
    let visitor = from.map(|from| format!("mail:visitor:{from}"));
    let mut keys = vec![(address.as_str(), PER_ADDRESS), (pair.as_str(), PER_PAIR)];
    keys.extend(visitor.iter().map(|visitor| (visitor.as_str(), PER_VISITOR)));
    http_kit::throttle(app, &keys).await.map_err(|throttled| MailFlowError::Throttled(throttled.retry_after))
}
