use jiff::Timestamp;

/// A display name and an address, as in `Ada Lovelace <ada@example.com>`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mailbox {
    /// May be empty.
    pub name: String,
    pub address: String,
}

impl Mailbox {
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self { name: name.into(), address: address.into() }
    }

    /// The part after the last `@`; empty when there is none.
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    pub(crate) fn to_lettre(&self, field: &'static str) -> Result<lettre::message::Mailbox, MailError> {
        let address: lettre::Address =
            self.address.parse().map_err(|_| MailError::new(field, format!("`{}` is not an e-mail address", self.address)))?;
        let name = self.name.trim();
        Ok(lettre::message::Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
    }
}

/// One message to one recipient, complete: a transport adds nothing to it.
///
/// A repeat under the same `idempotency_key` must carry the same content, so whoever renders it
/// keeps `date` and `message_id` with the ledger row instead of taking new ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// 1 to 256 characters, unique per message within an organisation.
    pub idempotency_key: String,
    pub from: Mailbox,
    pub to: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub subject: String,
    pub html: String,
    /// The plain-text part; never empty (see [`crate::text_from_html`]).
    pub text: String,
    /// Further fields: `List-Unsubscribe`, `List-Unsubscribe-Post`, `In-Reply-To`, `References` …
    pub headers: Vec<(String, String)>,
    /// With its angle brackets, on the sending domain; see [`new_message_id`].
    pub message_id: String,
    /// The `Date` field.
    pub date: Timestamp,
    /// Handed back in the provider's webhooks. Letters, digits, `_` and `-` only.
    pub tags: Vec<(String, String)>,
}

/// The tag of a letter about somebody's own account: its links and codes open that account.
pub const PRIVATE: (&str, &str) = ("letter", "account");

/// A message that must not be sent as it is: which field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct MailError {
    pub field: &'static str,
    pub problem: String,
}

impl MailError {
    pub(crate) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}

/// Fields that [`OutgoingMail`] has a place for, or that describe the body.
const OWN_FIELDS: [&str; 13] = [
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "return-path",
];

/// RFC 5322 2.1.1 allows 998 octets in a line. A word cannot be folded, so it must fit one together
/// with the name of its field.
const LONGEST_WORD: usize = 900;

impl OutgoingMail {
    /// Whether nobody but the addressee should read it. See [`PRIVATE`].
    pub fn is_private(&self) -> bool {
        self.tags.iter().any(|(name, value)| (name.as_str(), value.as_str()) == PRIVATE)
    }

    /// Refuses what could not be sent truthfully or would break out of a header field.
    pub fn check(&self) -> Result<(), MailError> {
        let key = self.idempotency_key.chars().count();
        if !(1..=256).contains(&key) {
            return Err(MailError::new("idempotency_key", format!("must have 1 to 256 characters, has {key}")));
        }
        one_line("idempotency_key", &self.idempotency_key)?;
        for (field, mailbox) in [("from", Some(&self.from)), ("to", Some(&self.to)), ("reply_to", self.reply_to.as_ref())] {
            let Some(mailbox) = mailbox else { continue };
            one_line(field, &mailbox.name)?;
            one_line(field, &mailbox.address)?;
            mailbox.to_lettre(field)?;
        }
        one_line("subject", &self.subject)?;
        if self.subject.trim().is_empty() {
            return Err(MailError::new("subject", "must not be empty"));
        }
        if self.text.trim().is_empty() {
            return Err(MailError::new("text", "a message needs a plain-text part"));
        }
        check_message_id(&self.message_id)?;
        for (name, value) in &self.headers {
            check_header(name, value)?;
        }
        for (name, value) in &self.tags {
            for part in [name, value] {
                let fits = (1..=256).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
                if !fits {
                    return Err(MailError::new("tags", format!("`{}` must be 1 to 256 letters, digits, `_` or `-`", part.escape_debug())));
                }
            }
        }
        Ok(())
    }
}

fn check_header(name: &str, value: &str) -> Result<(), MailError> {
    let token = !name.is_empty() && name.len() <= 76 && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    if !token {
        return Err(MailError::new("headers", format!("`{}` is not a field name", name.escape_debug())));
    }
    if OWN_FIELDS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(MailError::new("headers", format!("`{name}` is set by the message itself")));
    }
    one_line("headers", value).map_err(|error| MailError::new("headers", format!("`{name}` {}", error.problem)))?;
    if value.trim().is_empty() {
        return Err(MailError::new("headers", format!("`{name}` must not be empty")));
    }
    Ok(())
}

fn check_message_id(id: &str) -> Result<(), MailError> {
    let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).and_then(|id| id.split_once('@'));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'@'));
    match inner {
        Some((left, right)) if plain(left) && plain(right) && id.len() <= LONGEST_WORD => Ok(()),
        _ => Err(MailError::new("message_id", format!("`{}` must look like <id@domain>", id.escape_debug()))),
    }
}

/// CR and LF end a field and NUL is refused by servers; other control characters have no business
/// in a header either (a tab is folding white space).
fn one_line(field: &'static str, value: &str) -> Result<(), MailError> {
    if let Some(bad) = value.chars().find(|c| c.is_control() && *c != '\t') {
        return Err(MailError::new(field, format!("must not contain a line break or control character (U+{:04X})", u32::from(bad))));
    }
    if value.split([' ', '\t']).any(|word| word.is_ascii() && word.len() > LONGEST_WORD) {
        return Err(MailError::new(field, format!("has a word of more than {LONGEST_WORD} characters")));
    }
    Ok(())
}

/// A fresh Message-ID on the domain of the sending address. `unique` is any id that is never used
/// twice, such as that of the ledger row: the same row then always gives the same Message-ID.
pub fn new_message_id(unique: uuid::Uuid, from: &Mailbox) -> String {
    format!("<{}@{}>", unique.simple(), from.domain().to_ascii_lowercase())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A valid message for tests to bend.
    pub(crate) fn sample() -> OutgoingMail {
        OutgoingMail {
            idempotency_key: "send/1".to_owned(),
            from: Mailbox::new("Ada Lovelace", "ada@sender.example"),
            to: Mailbox::new("Grace Hopper", "grace@recipient.example"),
            reply_to: None,
            subject: "Hello".to_owned(),
            html: "<p>Hello <b>Grace</b></p>".to_owned(),
            text: "Hello Grace".to_owned(),
            headers: vec![],
            message_id: "<1@sender.example>".to_owned(),
            date: "2026-01-05T09:00:00Z".parse().unwrap(),
            tags: vec![],
        }
    }

    fn refused(change: impl FnOnce(&mut OutgoingMail)) -> String {
        let mut mail = sample();
        change(&mut mail);
        mail.check().unwrap_err().to_string()
    }

    #[test]
    fn a_sound_message_passes() {
        sample().check().unwrap();
    }

    #[test]
    fn line_breaks_are_refused_in_every_header_field() {
        for evil in ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\0b"] {
            assert!(refused(|m| m.subject = evil.to_owned()).starts_with("subject:"));
            assert!(refused(|m| m.from.name = evil.to_owned()).starts_with("from:"));
            assert!(refused(|m| m.to.name = evil.to_owned()).starts_with("to:"));
            assert!(refused(|m| m.to.address = format!("a@b.example{evil}")).starts_with("to:"));
            assert!(refused(|m| m.reply_to = Some(Mailbox::new(evil, "a@b.example"))).starts_with("reply_to:"));
            assert!(refused(|m| m.message_id = format!("<1@x>{evil}")).starts_with("message_id:"));
            assert!(refused(|m| m.headers = vec![("X-A".to_owned(), evil.to_owned())]).starts_with("headers: `X-A`"));
            assert!(refused(|m| m.headers = vec![(evil.to_owned(), "a".to_owned())]).starts_with("headers:"));
            assert!(refused(|m| m.tags = vec![(evil.to_owned(), "a".to_owned())]).starts_with("tags:"));
        }
    }

    #[test]
    fn the_message_says_what_is_wrong() {
        assert_eq!(refused(|m| m.to.address = "grace".to_owned()), "to: `grace` is not an e-mail address");
        assert_eq!(
            refused(|m| m.headers = vec![("Subject".to_owned(), "x".to_owned())]),
            "headers: `Subject` is set by the message itself"
        );
        assert_eq!(refused(|m| m.text.clear()), "text: a message needs a plain-text part");
        assert!(refused(|m| m.idempotency_key = "k".repeat(257)).contains("1 to 256"));
        assert!(refused(|m| m.subject = "x".repeat(901)).contains("more than 900"));
    }

    #[test]
    fn message_ids_live_on_the_sending_domain() {
        let id = uuid::Uuid::from_u128(7);
        assert_eq!(new_message_id(id, &Mailbox::new("", "ada@Sender.Example")), "<00000000000000000000000000000007@sender.example>");
    }
}
