use std::fmt;

use serde::{Deserialize, Serialize};

/// A deliverable e-mail address: trimmed, lower-cased, of the plain `local@domain` form.
///
/// Follows the addr-spec of RFC 5321 without quoted local parts, address literals and comments:
/// no mailbox of a business uses them, and every one of them is a way to smuggle a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// Why a text is not an address; the message is meant for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    #[error("is not an e-mail address: it needs one @ between a name and a domain, like ada@example.com")]
    Shape,
    #[error("has a name part that no mailbox can have (letters, digits and . _ % + - ' & are usual, 64 characters at most)")]
    Local,
    #[error("has a domain that cannot exist (like example.com, letters, digits and hyphens, with a dot)")]
    Domain,
    #[error("is longer than 254 characters")]
    Long,
}

impl EmailAddress {
    /// Trims, lower-cases and checks `text`.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let address = text.trim().to_lowercase();
        if address.len() > 254 {
            return Err(EmailError::Long);
        }
        let (local, domain) = address.rsplit_once('@').ok_or(EmailError::Shape)?;
        if local.is_empty() || domain.is_empty() || local.contains('@') || address.chars().any(char::is_whitespace) {
            return Err(EmailError::Shape);
        }
        let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        if local.len() > 64 || local.starts_with('.') || local.ends_with('.') || local.contains("..") || !local.chars().all(atom) {
            return Err(EmailError::Local);
        }
        let label = |l: &str| {
            !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-') && l.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let has_dot = domain.contains('.');
        let top_is_name = domain.rsplit('.').next().is_some_and(|top| !top.chars().all(|c| c.is_ascii_digit()));
        if !has_dot || !top_is_name || !domain.split('.').all(label) {
            return Err(EmailError::Domain);
        }
        Ok(Self(address))
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the @.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;
    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_lower_cased_and_checked() {
        assert_eq!(EmailAddress::parse("  Ada.Lovelace+x@Example.CO.uk ").unwrap().as_str(), "ada.lovelace+x@example.co.uk");
        assert_eq!(EmailAddress::parse("o'hara@müller.de").unwrap().domain(), "müller.de");
        for (bad, why) in [
            ("", EmailError::Shape),
            ("ada", EmailError::Shape),
            ("a b@example.com", EmailError::Shape),
            ("a@b@example.com", EmailError::Shape),
            ("a@example.com\nBcc: x@y.z", EmailError::Shape),
            (".a@example.com", EmailError::Local),
            ("a..b@example.com", EmailError::Local),
            ("a\0@example.com", EmailError::Local),
            ("a@example", EmailError::Domain),
            ("a@-x.com", EmailError::Domain),
            ("a@127.0.0.1", EmailError::Domain),
            ("a@x..com", EmailError::Domain),
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(why), "{bad:?}");
        }
        assert_eq!(EmailAddress::parse(&format!("a@{}.com", "x".repeat(260))), Err(EmailError::Long));
    }
}
