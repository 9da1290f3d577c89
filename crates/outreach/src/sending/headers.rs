use mail::Mailbox;

/// The fields of one-click unsubscription (RFC 8058, RFC 2369), and of a thread (RFC 5322 3.6.4).
/// `thread` are the Message-IDs of the earlier mails of the sequence, oldest first.
pub(crate) fn headers(unsubscribe_url: &str, answers_to: &Mailbox, thread: &[String]) -> Vec<(String, String)> {
    let mut headers = vec![
        ("List-Unsubscribe".to_owned(), format!("<{unsubscribe_url}>, <mailto:{}?subject=unsubscribe>", answers_to.address)),
        ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
    ];
    if let Some(last) = thread.last() {
        headers.push(("In-Reply-To".to_owned(), last.clone()));
        headers.push(("References".to_owned(), thread.join(" ")));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_mails_continue_the_thread() {
        let to = Mailbox::new("", "ada@example.com");
        let first = headers("https://l.example/u/x", &to, &[]);
        assert_eq!(first.len(), 2);
        assert_eq!(first[0].1, "<https://l.example/u/x>, <mailto:ada@example.com?subject=unsubscribe>");
        let third = headers("https://l.example/u/x", &to, &["<1@x>".to_owned(), "<2@x>".to_owned()]);
        assert_eq!(third[2], ("In-Reply-To".to_owned(), "<2@x>".to_owned()));
        assert_eq!(third[3], ("References".to_owned(), "<1@x> <2@x>".to_owned()));
    }
}
