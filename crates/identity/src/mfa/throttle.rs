use std::time::Duration;

use cache::Rate;
use http_kit::{App, throttle};
use kernel::UserId;

use crate::Client;

/// Tries of one person from one address.
const PER_ADDRESS: Rate = Rate { uses: 15, per: Duration::from_secs(300) };
/// Tries of one person from everywhere: whoever gets here knows their first factor already, so this locks out no
/// stranger's victim, and a million codes stay out of reach of many addresses.
const PER_PERSON: Rate = Rate { uses: 30, per: Duration::from_secs(300) };

/// Counts one answer of `user`; says how long to wait when there were too many.
pub(super) async fn answer(app: &App, user: UserId, client: &Client) -> Result<(), Duration> {
    let from = client.neighbourhood();
    let (address, person) = (format!("mfa:{user}:{from}"), format!("mfa:{user}"));
    throttle(app, &[(&address, PER_ADDRESS), (&person, PER_PERSON)]).await.map_err(|throttled| throttled.retry_after)
}

/// Counts one question asked for `user`.
pub(super) async fn question(app: &App, user: UserId) -> Result<(), Duration> {
    throttle(app, &[(&format!("mfa:ask:{user}"), PER_PERSON)]).await.map_err(|throttled| throttled.retry_after)
}
