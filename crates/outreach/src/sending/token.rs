//! What tracking and unsubscribe links carry: which send of which organisation, and the target of a
//! click, signed. Nothing is looked up to follow a link, and no link can be made without the key.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http_kit::SecretKey;
use kernel::{OrgId, SendId, Uuid};
use subtle::ConstantTimeEq;

/// What a token is for: one of another purpose is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Open,
    Click,
    Unsubscribe,
}

impl Purpose {
    const fn key(self) -> &'static str {
        match self {
            Self::Open => "tracking.open",
            Self::Click => "tracking.click",
            Self::Unsubscribe => "tracking.unsubscribe",
        }
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) org: OrgId,
    pub(crate) send: SendId,
    /// Where a click leads; empty for the others.
    pub(crate) url: String,
}

/// Half of an HMAC-SHA256 (RFC 2104, section 5).
const TAG: usize = 16;
const IDS: usize = 32;
/// Longer ones were never ours: the longest line of a mail (RFC 5322) bounds what can be clicked.
const LONGEST: usize = 8192;

impl Token {
    pub(crate) const fn new(org: OrgId, send: SendId) -> Self {
        Self { org, send, url: String::new() }
    }

    /// The text of a link's last part.
    pub(crate) fn sign(&self, purpose: Purpose, secret: &SecretKey) -> String {
        let mut bytes = Vec::with_capacity(IDS + self.url.len() + TAG);
        bytes.extend_from_slice(self.org.uuid().as_bytes());
        bytes.extend_from_slice(self.send.uuid().as_bytes());
        bytes.extend_from_slice(self.url.as_bytes());
        let tag = secret.sign(purpose.key(), &bytes);
        bytes.extend(tag.iter().take(TAG));
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Token::sign`] wrote for the same purpose.
    pub(crate) fn verify(text: &str, purpose: Purpose, secret: &SecretKey) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (message, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        let expected = secret.sign(purpose.key(), message);
        if !bool::from(expected.get(..TAG)?.ct_eq(tag)) {
            return None;
        }
        let (org, rest) = message.split_at_checked(16)?;
        let (send, url) = rest.split_at_checked(16)?;
        Some(Self {
            org: Uuid::from_slice(org).ok()?.into(),
            send: Uuid::from_slice(send).ok()?.into(),
            url: std::str::from_utf8(url).ok()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_hold_for_one_purpose_and_one_key() {
        let (secret, other) = (SecretKey::new([1; 32]), SecretKey::new([2; 32]));
        let token = Token { url: "https://a.example/?b=c&d=ü".to_owned(), ..Token::new(OrgId::new(), SendId::new()) };
        let text = token.sign(Purpose::Click, &secret);
        assert_eq!(Token::verify(&text, Purpose::Click, &secret), Some(token.clone()));
        assert_eq!(Token::verify(&text, Purpose::Open, &secret), None);
        assert_eq!(Token::verify(&text, Purpose::Click, &other), None);
        let short = Token::new(token.org, token.send).sign(Purpose::Unsubscribe, &secret);
        assert_eq!(short.len(), 64);
    }

    #[test]
    fn forged_tokens_are_nothing() {
        let secret = SecretKey::new([1; 32]);
        let text = Token { url: "https://a.example/".to_owned(), ..Token::new(OrgId::new(), SendId::new()) }.sign(Purpose::Click, &secret);
        for at in 0..text.len() {
            let mut forged: Vec<char> = text.chars().collect();
            forged[at] = if forged[at] == 'A' { 'B' } else { 'A' };
            let forged: String = forged.into_iter().collect();
            assert_eq!(Token::verify(&forged, Purpose::Click, &secret), None, "{at}");
        }
        for bad in ["", "A", "AAAA", "%%%", &"A".repeat(10_000), &text[..text.len() - 2]] {
            assert_eq!(Token::verify(bad, Purpose::Click, &secret), None);
        }
    }
}
