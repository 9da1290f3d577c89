//! Passwords: Argon2id with the crate's defaults (OWASP's recommendation), off the async threads.

use std::{sync::LazyLock, thread::available_parallelism};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use zxcvbn::{Score, matching::patterns::MatchPattern, zxcvbn};

/// Shorter ones fall to guessing.
pub(crate) const MIN_LENGTH: usize = 10;
/// Longer ones only cost time.
const MAX_LENGTH: usize = 200;
/// Characters that are judged.
const MOST_JUDGED: usize = 100;

/// Compared against when the address is unknown, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

/// Each hashing takes 19 MB and a core: more at once would be slower, and a flood of them would take all memory.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(available_parallelism().map_or(2, usize::from)));

/// Why a password was refused, in the words of Supabase's API (`weak_password.reasons`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Too short, or too long.
    Length,
    /// Too regular: repetitions, rows of keys, dates.
    Characters,
    /// Known from breaches, or made of words that are tried first.
    Pwned,
}

impl Reason {
    /// As it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Characters => "characters",
            Self::Pwned => "pwned",
        }
    }
}

/// What is wrong with a chosen password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakness {
    pub reasons: Vec<Reason>,
    /// For the person; goes on from "The password".
    pub text: String,
}

/// What is wrong with a chosen password, if anything. `inputs` are what a stranger could know and would
/// try: address, name, organisation.
///
/// Judged offline by zxcvbn: the 30,000 most frequent passwords of breaches, English words, names,
/// keyboards, dates, each also reversed and with letters replaced. Fewer than 10^8 guesses are too few.
pub fn weakness(password: &str, inputs: &[&str]) -> Option<Weakness> {
    let refuse = |reason, text: &str| Some(Weakness { reasons: vec![reason], text: text.to_owned() });
    let length = password.chars().count();
    if length < MIN_LENGTH {
        return refuse(Reason::Length, &format!("needs at least {MIN_LENGTH} characters; a few unrelated words work well"));
    }
    if length > MAX_LENGTH {
        return refuse(Reason::Length, &format!("is longer than {MAX_LENGTH} characters"));
    }
    let known = known_words(inputs);
    let entropy = zxcvbn(&judged(password), &known.iter().map(String::as_str).collect::<Vec<_>>());
    if entropy.score() >= Score::Three {
        return None;
    }
    let mut words = entropy.sequence().iter().filter_map(|part| match &part.pattern {
        MatchPattern::Dictionary(word) => Some(word.matched_word.as_str()),
        _ => None,
    });
    match words.next() {
        None => refuse(Reason::Characters, "is too regular (a repetition, a row of keys, a date); use a few unrelated words"),
        Some(first) if std::iter::once(first).chain(words).any(|word| known.iter().any(|known| known == word)) => {
            refuse(Reason::Pwned, "is made of your name, address or organisation; choose something that nobody can look up")
        }
        Some(_) => refuse(Reason::Pwned, "is among the first that are tried; use a few unrelated words"),
    }
}

/// How hard a password is to guess, from 0 to 4, and what is wrong with it. See [`weakness`].
pub(crate) fn judge(password: &str, inputs: &[&str]) -> (u8, Option<Weakness>) {
    let password: String = password.chars().take(MAX_LENGTH + 1).collect();
    let known = known_words(inputs);
    let score = zxcvbn(&judged(&password), &known.iter().map(String::as_str).collect::<Vec<_>>()).score();
    let weakness = weakness(&password, inputs);
    // What is refused must not look good, such as random characters that are too few.
    (if weakness.is_some() { u8::from(score).min(2) } else { u8::from(score) }, weakness)
}

/// The beginning of a password, by which it is judged: the time that takes grows faster than the length, and
/// what follows only makes it harder to guess.
fn judged(password: &str) -> String {
    password.chars().take(MOST_JUDGED).collect()
}

/// The inputs and their parts, in lower case; and our own name, which is on every page. Of each input the
/// beginning: a stranger sends them, and each word costs.
fn known_words(inputs: &[&str]) -> Vec<String> {
    let mut known = vec!["leadline".to_owned()];
    for input in inputs {
        let input = input.chars().take(MAX_LENGTH).collect::<String>().to_lowercase();
        let parts = input.split(|c: char| !c.is_alphanumeric()).chain(input.split('@'));
        known.extend(parts.filter(|part| part.chars().count() >= 3).map(str::to_owned));
        known.push(input);
    }
    known
}

/// The PHC string to store.
pub async fn hash(password: String) -> Result<String, String> {
    let _turn = TURNS.acquire().await;
    tokio::task::spawn_blocking(move || hash_now(&password)).await.map_err(|error| error.to_string())?
}

/// Whether the password is the stored one; without a stored one, `false` after the same work.
pub async fn verify(password: String, stored: Option<String>) -> bool {
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

    fn reasons(password: &str) -> Vec<Reason> {
        let inputs = ["ada.lovelace@engines.example", "Ada Lovelace", "Analytical Engines"];
        weakness(password, &inputs).map_or_else(Vec::new, |weakness| weakness.reasons)
    }

    #[test]
    fn weak_passwords_are_told_why() {
        assert!(weakness("short", &[]).is_some_and(|why| why.text.contains("10") && why.reasons == [Reason::Length]));
        assert_eq!(reasons(&"x".repeat(201)), [Reason::Length]);
        for regular in ["aaaaaaaaaaaa", "zxcvfdsaqwer", "13.05.1987.", "abcabcabcabc", "0987654321098"] {
            assert!(!reasons(regular).is_empty(), "{regular}");
        }
        for own in ["ada.lovelace-1815", "Lovelace2024", "AnalyticalEngines", "ecalevol.ada", "leadline2024"] {
            assert_eq!(reasons(own), [Reason::Pwned], "{own}");
        }
    }

    #[test]
    fn passwords_of_breaches_are_refused() {
        let breached = [
            "Summer2024!",
            "Winter2023!",
            "P@ssw0rd123",
            "Password123!",
            "MyPassword123",
            "iloveyou12",
            "qwerty123456",
            "1q2w3e4r5t6y",
            "Welcome123!",
            "letmein123",
            "administrator",
            "football123",
            "sunshine2020",
            "princess123",
            "Monkey123456",
            "dragon12345",
            "trustno1trustno1",
            "passwort123",
            "qwertzuiop",
            "1234567890",
            "q1w2e3r4t5",
            "baseball2019",
            "superman123",
            "michelle1990",
            "changeme123",
            "Liverpool123",
        ];
        for password in breached {
            assert!(!reasons(password).is_empty(), "{password}");
        }
    }

    #[test]
    fn unrelated_words_and_random_letters_are_welcome() {
        for good in [
            "correct horse battery",
            "correct horse battery 42",
            "tern-vessel-oboe",
            "gK7#vQz2!m",
            "Blaue Elefanten jonglieren",
            "四つの青い象が踊る夜の川",
        ] {
            assert_eq!(weakness(good, &["ada@engines.example"]), None, "{good}");
        }
    }
}
