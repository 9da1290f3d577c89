//! Recovery codes: ten words on paper for the day the phone is gone. Stored as keyed hashes, each works once.

use http_kit::{App, Problem, SecretKey};
use kernel::UserId;
use rand::seq::IndexedRandom;
use serde_json::json;

use super::{
    accept::{Shown, notify_person},
    store,
};
use crate::{Client, mailing::Notice, record};

/// Codes that are made at a time.
pub(crate) const RECOVERY_CODES: usize = 10;
/// Letters of one code, in two groups: 50 bits, out of reach of guessing by the hash alone.
const LENGTH: usize = 10;
/// Crockford's base 32: no letter looks like a digit.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Makes new codes, which end the old ones; they are readable this once. `None`: the person has no second
/// factor that they could stand in for.
pub(crate) async fn make_codes(app: &App, user: UserId, client: &Client) -> Result<Option<Vec<String>>, Problem> {
    let codes = std::iter::repeat_with(new_code).take(RECOVERY_CODES).collect::<Vec<_>>();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| hash(&app.config.secret, user, code).to_vec()).collect();
    let now = app.clock.now();
    let tx = app.db.system().await?;
    store::lock_person(&tx, user).await?;
    if store::count(&tx, user).await?.1 == 0 {
        return Ok(None);
    }
    store::replace_recovery_codes(&tx, user, &hashes).await?;
    record::record(&tx, user, "person.recovery_codes_made", &json!({ "count": RECOVERY_CODES }), client, now).await?;
    tx.commit().await?;
    Ok(Some(codes))
}

fn new_code() -> String {
    let mut rng = rand::rng();
    let letters: String =
        std::iter::repeat_with(|| LETTERS.choose(&mut rng).copied().unwrap_or(b'0')).take(LENGTH).map(char::from).collect();
    let (first, second) = letters.split_at(LENGTH / 2);
    format!("{first}-{second}")
}

/// What was meant by what was typed from paper.
fn plain(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| match letter.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        letter => letter,
    });
    letters.take(LENGTH + 1).collect()
}

fn hash(secret: &SecretKey, user: UserId, code: &str) -> [u8; 32] {
    secret.sign("recovery code", format!("{user} {}", plain(code)).as_bytes())
}

/// Uses up a code. `false`: wrong, or used before.
pub(super) async fn use_code(
    tx: &db::SystemTx,
    app: &App,
    shown: Shown<'_>,
    code: &str,
    now: jiff::Timestamp,
) -> Result<bool, db::DbError> {
    if !store::use_recovery_code(tx, shown.user, &hash(&app.config.secret, shown.user, code), now).await? {
        return Ok(false);
    }
    let left = store::recovery_codes_left(tx, shown.user).await?;
    record::record(tx, shown.user, "person.recovery_code_used", &json!({ "left": left }), shown.client, now).await?;
    notify_person(tx, shown.user, Notice::RecoveryCodeUsed, now).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_recognised_however_it_is_typed() {
        let (secret, user) = (SecretKey::new([7; 32]), UserId::new());
        let code = new_code();
        assert!(code.len() == 11 && code.as_bytes()[5] == b'-', "{code}");
        let stored = hash(&secret, user, &code);
        let typed = format!(" {} ", code.to_uppercase().replace('-', " ").replace('0', "O").replace('1', "l"));
        assert_eq!(hash(&secret, user, &typed), stored);
        assert_ne!(hash(&secret, user, &format!("{code}0")), stored);
        assert_ne!(hash(&secret, UserId::new(), &code), stored, "a code is one person's");
    }
}
