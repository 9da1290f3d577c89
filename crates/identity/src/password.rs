//! Passwords: Argon2id with the crate's defaults (OWASP's recommendation), off the async threads.

use std::{sync::LazyLock, thread::available_parallelism};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

/// Shorter ones fall to guessing.
pub(crate) const MIN_LENGTH: usize = 10;
/// Longer ones only cost time.
const MAX_LENGTH: usize = 200;

/// Compared against when the address is unknown, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

/// Each hashing takes 19 MB and a core: more at once would be slower, and a flood of them would take all memory.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(available_parallelism().map_or(2, usize::from)));

/// What is wrong with a chosen password, if anything.
pub(crate) fn weakness(password: &str, email: &str) -> Option<String> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let local = email.split('@').next().unwrap_or_default().to_lowercase();
    let distinct = password.chars().collect::<std::collections::HashSet<_>>().len();
    if length < MIN_LENGTH {
        Some(format!("needs at least {MIN_LENGTH} characters; a few unrelated words work well"))
    } else if length > MAX_LENGTH {
        Some(format!("is longer than {MAX_LENGTH} characters"))
    } else if distinct < 5 {
        Some("repeats too few characters; use a few unrelated words".to_owned())
    } else if local.chars().count() >= 4 && lower.contains(&local) {
        Some("contains your e-mail name; choose something that nobody can look up".to_owned())
    } else if ["password", "passwort", "leadline", "1234567890", "qwertyuiop"].iter().any(|common| lower.contains(common)) {
        Some("contains one of the first words that are tried; choose another".to_owned())
    } else {
        None
    }
}

/// The PHC string to store.
pub(crate) async fn hash(password: String) -> Result<String, String> {
    let _turn = TURNS.acquire().await;
    tokio::task::spawn_blocking(move || hash_now(&password)).await.map_err(|error| error.to_string())?
}

/// Whether the password is the stored one; without a stored one, `false` after the same work.
pub(crate) async fn verify(password: String, stored: Option<String>) -> bool {
    let check = move || {
        let known = stored.is_some();
        let phc = stored.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&phc).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        known && matches
    };
    let _turn = TURNS.acquire().await;
    tokio::task::spawn_blocking(check).await.unwrap_or(false)
}

fn hash_now(password: &str) -> Result<String, String> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_verifies_its_password_only() {
        let stored = hash("correct horse battery".to_owned()).await.expect("hashes");
        assert!(stored.starts_with("$argon2id$v=19$"));
        assert!(verify("correct horse battery".to_owned(), Some(stored.clone())).await);
        assert!(!verify("correct horse batterx".to_owned(), Some(stored)).await);
        assert!(!verify("nobody has this password".to_owned(), None).await);
    }

    #[test]
    fn weak_passwords_are_told_why() {
        assert!(weakness("short", "a@b.co").is_some_and(|why| why.contains("10")));
        assert!(weakness("aaaaaaaaaaaa", "a@b.co").is_some());
        assert!(weakness("ada.lovelace-1815", "ada.lovelace@b.co").is_some());
        assert!(weakness("MyPassword123", "a@b.co").is_some());
        assert_eq!(weakness("correct horse battery", "a@b.co"), None);
    }
}
