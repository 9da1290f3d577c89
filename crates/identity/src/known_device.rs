//! Devices on which somebody has signed in before: their tries are not slowed down by strangers' guessing.
//!
//! The cookie opens nothing. It holds, for each of a few people, their id, when they signed in, and our
//! seal over both; a copy of it buys tries of its own account under a limit of its own.

use http_kit::SecretKey;
use jiff::{SignedDuration, Timestamp};
use kernel::UserId;
use subtle::ConstantTimeEq;

/// How long a device stays known.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(365 * 24);
/// A family's or a reception's computer.
const MOST_PEOPLE: usize = 4;

/// The cookie's value after `user` has signed in on a device that held `before`.
pub(crate) fn remember(secret: &SecretKey, before: Option<&str>, user: UserId, now: Timestamp) -> String {
    let mine = format!("{}.{}.", user.uuid().simple(), now.as_second());
    let mut entries = vec![format!("{mine}{}", seal(secret, user, now.as_second()))];
    let others = before.unwrap_or_default().split('_').filter(|entry| parse(secret, entry).is_some_and(|(other, _)| other != user));
    entries.extend(others.take(MOST_PEOPLE - 1).map(str::to_owned));
    entries.join("_")
}

/// The seal of `user`'s entry, if they have signed in on the device that holds `cookie`: a name for the device.
pub(crate) fn find(secret: &SecretKey, cookie: Option<&str>, user: UserId, now: Timestamp) -> Option<String> {
    let entries = cookie.unwrap_or_default().split('_').take(MOST_PEOPLE);
    let mut known = entries.filter_map(|entry| parse(secret, entry).map(|parsed| (parsed, entry)));
    let ((_, at), entry) = known.find(|((known, _), _)| *known == user)?;
    let age = now.as_second().saturating_sub(at);
    let seal = entry.rsplit('.').next()?;
    (0..=REMEMBERED.as_secs()).contains(&age).then(|| seal.to_owned())
}

/// Who an entry is about, and since when, if we have sealed it.
fn parse(secret: &SecretKey, entry: &str) -> Option<(UserId, i64)> {
    let mut parts = entry.splitn(3, '.');
    let user = UserId::from(kernel::Uuid::try_parse(parts.next()?).ok()?);
    let at = parts.next()?.parse().ok()?;
    bool::from(seal(secret, user, at).as_bytes().ct_eq(parts.next()?.as_bytes())).then_some((user, at))
}

fn seal(secret: &SecretKey, user: UserId, at: i64) -> String {
    secret.sign("known device", format!("{} {at}", user.uuid()).as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_knows_a_few_people_and_believes_no_forgery() {
        let secret = SecretKey::new([7; 32]);
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let people: Vec<UserId> = (0..6).map(|_| UserId::new()).collect();
        let cookie = people.iter().fold(None, |cookie: Option<String>, user| Some(remember(&secret, cookie.as_deref(), *user, now)));
        let knows = |user: UserId, at| find(&secret, cookie.as_deref(), user, at).is_some();
        assert_eq!(people.iter().map(|user| knows(*user, now)).collect::<Vec<_>>(), [false, false, true, true, true, true]);
        assert!(!knows(people[5], now + SignedDuration::from_hours(366 * 24)) && !knows(people[5], now - SignedDuration::from_hours(1)));
        assert!(find(&SecretKey::new([8; 32]), cookie.as_deref(), people[5], now).is_none());
        let swapped = cookie.unwrap().replace(&people[5].uuid().simple().to_string(), &people[0].uuid().simple().to_string());
        assert!(find(&secret, Some(&swapped), people[0], now).is_none());
        for nonsense in ["", "_", "..", "a.b.c", "_____"] {
            assert!(find(&secret, Some(nonsense), people[0], now).is_none());
        }
    }
}
