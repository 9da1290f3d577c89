//! What slows the guessing of passwords, and what spares the person whose password is guessed at.
//!
//! Three limits, each against another way of guessing:
//!
//! - per network, and per network and account: somebody at one place. They count every try, so a person who
//!   mistypes may wait too, but only at that place.
//! - per account, over all places: somebody with many places at their disposal. Only failures count, and
//!   once there were [`FAILURES`] of them, nobody may try from a place that has never been that person's.
//!   A lockout would be a gift to whoever wants to lock a person out; so whoever has signed in before on this
//!   device (a cookie says so) or from this network goes on as if nothing were. For everybody else a try comes
//!   free every few minutes: guessing gets slower by orders of magnitude, and a person on a new device waits
//!   minutes at worst, or takes a link by mail, a passkey or a colleague's provider, which this does not touch.
//! - per known device: a stolen cookie buys no more tries than an honest device needs.
//!
//! An address that nobody has is counted and slowed alike, so that none of this tells who has an account.

use std::{net::IpAddr, time::Duration};

use cache::Rate;
use db::DbError;
use http_kit::{App, throttle};
use kernel::UserId;

use crate::{Client, known_device, neighbourhood, store::account};

/// Tries per network and account.
const PER_ACCOUNT: Rate = Rate { uses: 10, per: Duration::from_secs(300) };
/// Tries per network.
const PER_ADDRESS: Rate = Rate { uses: 60, per: Duration::from_secs(300) };
/// Failures per account, from wherever, before strange places wait.
const FAILURES: Rate = Rate { uses: 20, per: Duration::from_secs(3600) };
/// Tries per known device.
const PER_DEVICE: Rate = Rate { uses: 20, per: Duration::from_secs(3600) };
/// A network where somebody has signed in is theirs for so long.
const FAMILIAR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Counts a try at `email`; says how long to wait where there were too many from this place.
pub(super) async fn count_try(app: &App, email: &str, client: &Client) -> Result<(), Duration> {
    let from = client.neighbourhood();
    let (address, account) = (format!("login:address:{from}"), format!("login:account:{from}:{email}"));
    let keys = [(address.as_str(), PER_ADDRESS), (account.as_str(), PER_ACCOUNT)];
    throttle(app, &keys).await.map_err(|throttled| throttled.retry_after)
}

/// How long a try at `email` from this client must wait because many others have failed.
pub(super) async fn must_wait(app: &App, email: &str, user: Option<UserId>, client: &Client) -> Result<Option<Duration>, DbError> {
    let Some(seconds) = app.cache.get(&slowed(email)).await else { return Ok(None) };
    let wait = Duration::from_secs(seconds.try_into().map_or(60, u64::from_be_bytes));
    // The same statement for an address that nobody has, so that it takes as long.
    let user = user.unwrap_or(UserId::from(kernel::Uuid::nil()));
    let secret = &app.config.secret;
    if let Some(device) = known_device::find(secret, client.carries.device.as_deref(), user, app.clock.now()) {
        let verdict = app.cache.throttle(&format!("login:device:{device}"), PER_DEVICE).await;
        return Ok(verdict.err().map(|throttled| throttled.retry_after));
    }
    let from = client.neighbourhood();
    let recent = app.cache.get(&familiar(user, from)).await.is_some();
    let signed_in = account::session_addresses(&app.db, user).await?;
    let is_theirs = recent || signed_in.iter().filter_map(|address| address.parse::<IpAddr>().ok()).any(|at| neighbourhood(at) == from);
    Ok((!is_theirs).then_some(wait))
}

/// A try at `email` has failed.
pub(super) async fn count_failure(app: &App, email: &str) {
    if let Err(throttled) = app.cache.throttle(&format!("login:failures:{email}"), FAILURES).await {
        let seconds = throttled.retry_after.as_secs().max(1);
        app.cache.set(&slowed(email), seconds.to_be_bytes().to_vec(), Duration::from_secs(seconds)).await;
    }
}

/// `user` has signed in from here.
pub(super) async fn remember_place(app: &App, user: UserId, client: &Client) {
    app.cache.set(&familiar(user, client.neighbourhood()), vec![1], FAMILIAR).await;
}

fn slowed(email: &str) -> String {
    format!("login:slowed:{email}")
}

fn familiar(user: UserId, from: IpAddr) -> String {
    format!("login:familiar:{user}:{from}")
}
