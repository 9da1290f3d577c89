use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use cache::Rate;
use db::DbError;
use http_kit::{App, Problem};
use jiff::SignedDuration;
use kernel::{OrgId, UserId};

use crate::{cookie, password, store};

/// How long a session lasts.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Tries per account: slows guessing one password.
const PER_ACCOUNT: Rate = Rate { uses: 10, per: Duration::from_secs(300) };
/// Tries per address: slows guessing many.
const PER_ADDRESS: Rate = Rate { uses: 60, per: Duration::from_secs(300) };

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The same words for an unknown address and a wrong password.
    #[error("This address and password do not belong together. Check both and try again.")]
    Credentials,
    #[error("too many tries")]
    Throttled(Duration),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Checks the password and opens a session; returns its token.
pub async fn log_in(app: &App, email: &str, password: String, from: IpAddr, user_agent: &str) -> Result<String, LogInError> {
    // Longer ones are nobody's, and are not worth remembering.
    let email: String = email.trim().to_lowercase().chars().take(254).collect();
    let from = neighbourhood(from);
    for (key, rate) in [(format!("login:address:{from}"), PER_ADDRESS), (format!("login:account:{from}:{email}"), PER_ACCOUNT)] {
        app.cache.throttle(&key, rate).await.map_err(|throttled| LogInError::Throttled(throttled.retry_after))?;
    }
    let known = store::credentials(&app.db, &email).await?;
    let hash = known.as_ref().map(|(_, hash, _)| hash.clone());
    let password: String = password.chars().take(1000).collect();
    if !password::verify(password, hash).await {
        return Err(LogInError::Credentials);
    }
    let (user, _, org) = known.ok_or(LogInError::Credentials)?;
    Ok(open_session(app, user, org, user_agent).await?)
}

/// What one visitor can be told by: an IPv4 address, or the network of an IPv6 one, since everybody has
/// 2^64 of those (RFC 6177).
pub(crate) fn neighbourhood(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// Opens a session for somebody whose identity has just been established.
pub(crate) async fn open_session(app: &App, user: UserId, org: OrgId, user_agent: &str) -> Result<String, DbError> {
    let now = app.clock.now();
    let expires = now.checked_add(LIFETIME).unwrap_or(jiff::Timestamp::MAX);
    let (token, hash) = cookie::new_token();
    let tx = app.db.system().await?;
    store::insert_session(&tx, org, user, &hash, user_agent, now, expires).await?;
    tx.commit().await?;
    Ok(token)
}

impl From<LogInError> for Problem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::Credentials => Self::field("/email", "credentials.invalid", error.to_string()),
            LogInError::Throttled(wait) => Self::too_many(wait),
            LogInError::Db(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::neighbourhood;

    #[test]
    fn a_network_of_addresses_is_one_visitor() {
        let of = |text: &str| neighbourhood(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2:ffff::"), of("2001:db8:1:2:3:4:5:6"));
        assert_eq!((of("192.0.2.7"), of("::ffff:192.0.2.7")), ("192.0.2.7".to_owned(), "192.0.2.7".to_owned()));
    }
}
