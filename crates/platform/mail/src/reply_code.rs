use crate::{Rejection, RejectionKind};

/// Where in the SMTP dialogue a reply came, which decides what an unspecific code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpStage {
    /// Greeting, EHLO, AUTH or MAIL FROM: about us.
    Sender,
    /// RCPT TO: about the address.
    Recipient,
    /// DATA and the message: about the content.
    Content,
}

/// Reads a negative SMTP reply (RFC 5321 4.2, enhanced codes of RFC 3463 and RFC 7372).
///
/// `code` is the three-digit reply, `text` all of its lines. Also fits bounce reports, whose
/// diagnostic text is such a reply. Google's 5.7.26, Yahoo's 5.7.9 and Microsoft's 5.7.515 say that
/// our mail is not authenticated; they are [`RejectionKind::Sender`], as are the codes of RFC 7372.
pub fn classify_reply(stage: SmtpStage, code: u16, text: &str) -> Rejection {
    let enhanced = enhanced_code(text);
    let label = enhanced.map_or_else(|| code.to_string(), |(a, b, c)| format!("{code} {a}.{b}.{c}"));
    Rejection::new(kind(stage, code, enhanced, text), label, text)
}

fn kind(stage: SmtpStage, code: u16, enhanced: Option<(u8, u16, u16)>, text: &str) -> RejectionKind {
    use RejectionKind::{Message, Recipient, Sender, Temporary};
    // The basic code decides between temporary and permanent when the two disagree (RFC 2034 4).
    if (400..500).contains(&code) {
        return Temporary;
    }
    match enhanced.map(|(_, subject, detail)| (subject, detail)) {
        // Bad sender address, sender's domain without MX.
        Some((1, 7..=9)) => Sender,
        // Ambiguous or unsupported here, though deliverable elsewhere.
        Some((1, _)) => Recipient,
        // A full mailbox is emptied sooner or later.
        Some((2, 2)) => Temporary,
        Some((2, 3)) | Some((3, 4)) => Message,
        Some((2, _)) => Recipient,
        Some((3, _)) => Temporary,
        // Microsoft's "recipient address rejected", no route to the domain, domain does not exist.
        Some((4, 1 | 4 | 310 | 312)) => Recipient,
        Some((4, _)) => Temporary,
        Some((5 | 6, _)) => Message,
        // Authentication: DKIM, SPF, reverse DNS, DMARC (RFC 7372, 7505 and the big providers' own).
        Some((7, 8 | 9 | 20..=29 | 509 | 515 | 606..=609 | 705 | 708)) => Sender,
        Some((7, _)) => match stage {
            SmtpStage::Content => Message,
            SmtpStage::Sender | SmtpStage::Recipient => Sender,
        },
        _ => match (stage, code) {
            (_, 530 | 534 | 535 | 538) | (SmtpStage::Sender, _) => Sender,
            (SmtpStage::Recipient, 550 | 551 | 553) if !blames_sender(text) => Recipient,
            (SmtpStage::Recipient, 552) => Temporary,
            (SmtpStage::Recipient, 500..=504 | 555) | (SmtpStage::Content, _) => Message,
            (SmtpStage::Recipient, _) => Sender,
        },
    }
}

/// Without an enhanced code, `550` after RCPT means "no such user" or "not from you" (RFC 5321
/// 4.2.3: "not found, no access, or command rejected for policy reasons"). Suppressing a living
/// address is worse than trying it once more, so any hint at the second meaning wins.
fn blames_sender(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    [
        "spf",
        "dkim",
        "dmarc",
        "authenticat",
        "blocked",
        "blacklist",
        "blocklist",
        "listed",
        "spam",
        "policy",
        "reputation",
        "relay",
        "denied",
        "reverse dns",
        "rdns",
        "ptr ",
        "rate",
        "too many",
    ]
    .iter()
    .any(|hint| text.contains(hint))
}

/// The first `class.subject.detail` that begins a word, e.g. `5.7.26` in `5.7.26 This mail …`.
fn enhanced_code(text: &str) -> Option<(u8, u16, u16)> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '#' | '(' | ')' | '[' | ']' | ';' | ',' | '<' | '>')).find_map(|word| {
        let mut parts = word.trim_end_matches(':').split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        // A fourth part makes it an IP address.
        if parts.next().is_some() || !matches!(class, "2" | "4" | "5") || subject.len() > 3 || detail.len() > 3 {
            return None;
        }
        Some((class.parse().ok()?, subject.parse().ok()?, detail.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use RejectionKind::{Message, Recipient, Sender, Temporary};
    use SmtpStage::{Content, Recipient as Rcpt, Sender as From};

    #[test]
    fn replies_of_the_real_world() {
        let cases = [
            (Rcpt, 550, "5.1.1 The email account that you tried to reach does not exist.", Recipient, "550 5.1.1"),
            (Rcpt, 550, "5.2.1 The email account that you tried to reach is disabled.", Recipient, "550 5.2.1"),
            (Rcpt, 550, "5.4.1 Recipient address rejected: Access denied. [x.prod.outlook.com]", Recipient, "550 5.4.1"),
            (Rcpt, 550, "Requested action not taken: mailbox unavailable", Recipient, "550"),
            (Rcpt, 551, "User not local", Recipient, "551"),
            (Rcpt, 450, "4.2.1 The user is receiving mail too quickly", Temporary, "450 4.2.1"),
            (Rcpt, 451, "Greylisted, try again in 300 seconds", Temporary, "451"),
            (Rcpt, 452, "4.2.2 The email account is over quota", Temporary, "452 4.2.2"),
            (Rcpt, 552, "5.2.2 mailbox full", Temporary, "552 5.2.2"),
            (Rcpt, 554, "5.7.1 Service unavailable; Client host [1.2.3.4] blocked using zen.spamhaus.org", Sender, "554 5.7.1"),
            (Rcpt, 550, "relay not permitted", Sender, "550"),
            (Rcpt, 550, "1.2.3.4 is listed at bl.example", Sender, "550"),
            (From, 550, "5.1.8 sender domain has no MX", Sender, "550 5.1.8"),
            (From, 535, "5.7.8 Username and Password not accepted", Sender, "535 5.7.8"),
            (From, 550, "go away", Sender, "550"),
            (Content, 550, "5.7.26 This mail has been blocked because the sender is unauthenticated.", Sender, "550 5.7.26"),
            (Content, 554, "5.7.9 Message not accepted for policy reasons.", Sender, "554 5.7.9"),
            (Rcpt, 550, "5.7.515 Access denied, sending domain does not meet the required authentication level.", Sender, "550 5.7.515"),
            (Content, 550, "5.7.515 Access denied", Sender, "550 5.7.515"),
            (Content, 421, "4.7.26 unauthenticated mail is rate limited", Temporary, "421 4.7.26"),
            (Content, 554, "5.7.1 taken for spam", Message, "554 5.7.1"),
            (Content, 552, "5.3.4 Message too big", Message, "552 5.3.4"),
            (Content, 554, "no", Message, "554"),
            (Content, 550, "5.6.0 bad MIME", Message, "550 5.6.0"),
        ];
        for (stage, code, text, kind, label) in cases {
            let rejection = classify_reply(stage, code, text);
            assert_eq!((rejection.kind, rejection.code.as_str()), (kind, label), "{code} {text}");
        }
    }

    #[test]
    fn only_a_dead_recipient_is_suppressed() {
        for (text, suppress) in
            [("5.1.1 no such user", true), ("5.7.26 unauthenticated", false), ("5.7.515 no", false), ("5.7.9 no", false)]
        {
            assert_eq!(classify_reply(Rcpt, 550, text).suppresses_recipient(), suppress, "{text}");
        }
        assert!(!classify_reply(Rcpt, 450, "4.1.1 later").permanent());
    }

    #[test]
    fn addresses_and_versions_are_not_codes() {
        assert_eq!(enhanced_code("from 5.1.1.1 port 25"), None);
        assert_eq!(enhanced_code("550-5.7.26 x"), None);
        assert_eq!(enhanced_code("said: 5.7.26: x"), Some((5, 7, 26)));
        assert_eq!(enhanced_code("(#5.1.1)"), Some((5, 1, 1)));
    }
}
