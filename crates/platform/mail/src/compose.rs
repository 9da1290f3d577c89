use lettre::message::{
    Message, MultiPart, SinglePart,
    header::{HeaderName, HeaderValue},
};
use sha2::{Digest, Sha256};

use crate::{MailError, OutgoingMail};

/// The message as it goes over the wire: RFC 5322 with MIME (RFC 2045 to 2047), a
/// multipart/alternative of plain text and HTML, lines of at most 998 octets ending in CRLF.
///
/// The same message always gives the same bytes, so a repeat is recognisably a repeat.
pub fn compose(mail: &OutgoingMail) -> Result<Vec<u8>, MailError> {
    Ok(build(mail)?.formatted())
}

pub(crate) fn build(mail: &OutgoingMail) -> Result<Message, MailError> {
    mail.check()?;
    let mut builder = Message::builder()
        .from(mail.from.to_lettre("from")?)
        .to(mail.to.to_lettre("to")?)
        .subject(mail.subject.clone())
        .message_id(Some(mail.message_id.clone()))
        .date(std::time::SystemTime::from(mail.date));
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(reply_to.to_lettre("reply_to")?);
    }
    for (name, value) in &mail.headers {
        let field =
            HeaderName::new_from_ascii(name.clone()).map_err(|_| MailError::new("headers", format!("`{name}` is not a field name")))?;
        builder = builder.raw_header(HeaderValue::new(field, value.trim().to_owned()));
    }
    builder
        .multipart(
            MultiPart::alternative()
                .boundary(boundary(mail))
                .singlepart(SinglePart::plain(mail.text.clone()))
                .singlepart(SinglePart::html(mail.html.clone())),
        )
        .map_err(|error| MailError::new("message", error.to_string()))
}

/// Derived instead of drawn, so that composing is repeatable. `=_` cannot occur in quoted-printable
/// or base64 text (RFC 2045 6.7), and a 7-bit body would have to guess the digest.
fn boundary(mail: &OutgoingMail) -> String {
    let digest = Sha256::new()
        .chain_update(mail.message_id.as_bytes())
        .chain_update(mail.text.as_bytes())
        .chain_update(mail.html.as_bytes())
        .finalize();
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("=_{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::sample;

    fn text(mail: &OutgoingMail) -> String {
        String::from_utf8(compose(mail).unwrap()).unwrap()
    }

    #[test]
    fn both_parts_and_the_fields_are_there() {
        let mut mail = sample();
        mail.headers = vec![
            ("List-Unsubscribe".to_owned(), "<https://u.example/1>, <mailto:u@sender.example>".to_owned()),
            ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
            ("In-Reply-To".to_owned(), "<0@sender.example>".to_owned()),
            ("References".to_owned(), "<a@sender.example> <0@sender.example>".to_owned()),
        ];
        mail.reply_to = Some(crate::Mailbox::new("", "team@sender.example"));
        let raw = text(&mail);
        for line in [
            "From: \"Ada Lovelace\" <ada@sender.example>",
            "To: \"Grace Hopper\" <grace@recipient.example>",
            "Reply-To: team@sender.example",
            "Subject: Hello",
            "Message-ID: <1@sender.example>",
            "Date: Mon, 05 Jan 2026 09:00:00 +0000",
            "MIME-Version: 1.0",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "In-Reply-To: <0@sender.example>",
        ] {
            assert!(raw.lines().any(|l| l == line), "{line:?} is missing in\n{raw}");
        }
        assert!(raw.contains("multipart/alternative"));
        let plain = raw.find("text/plain; charset=utf-8").unwrap();
        assert!(plain < raw.find("text/html; charset=utf-8").unwrap(), "the plain part comes first (RFC 2046 5.1.4)");
        let unfolded = raw.replace("\r\n ", " ");
        assert!(unfolded.contains("List-Unsubscribe: <https://u.example/1>, <mailto:u@sender.example>"));
        assert!(unfolded.contains("References: <a@sender.example> <0@sender.example>"));
    }

    #[test]
    fn unicode_is_encoded_in_headers_and_body() {
        let mut mail = sample();
        mail.subject = "Grüße aus Köln — 你好, und noch ein langer Satz, der gefaltet werden muss".to_owned();
        mail.to.name = "Jürgen Groß, \"Dr.\"".to_owned();
        mail.text = "Schöne Grüße 🎉".to_owned();
        let raw = text(&mail);
        assert!(raw.is_ascii(), "{raw}");
        assert!(raw.contains("=?utf-8?"));
    }

    #[test]
    fn no_line_is_longer_than_998_octets() {
        let mut mail = sample();
        mail.html = format!("<p>{}</p>", "long ".repeat(2000));
        mail.text = "x".repeat(5000);
        mail.subject = "ü".repeat(600);
        mail.headers = vec![("List-Unsubscribe".to_owned(), format!("<https://u.example/{}>", "t".repeat(800)))];
        let raw = text(&mail);
        assert!(raw.split("\r\n").all(|line| line.len() <= 998));
        assert!(!raw.replace("\r\n", "").contains(['\r', '\n']), "only CRLF ends a line");
        assert!(raw.contains(&"t".repeat(800)), "an address is never encoded or broken");
    }

    #[test]
    fn composing_is_repeatable() {
        assert_eq!(compose(&sample()).unwrap(), compose(&sample()).unwrap());
    }
}
