use mail::{
    Mailbox,
    html::{HtmlError, append_to_body, escape_attribute, escape_text},
};

use crate::templates::{render::Rendered, variables::Sender};

/// What the law wants below a campaign mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letterhead {
    pub(crate) organisation: String,
    pub(crate) postal_address: String,
}

impl Letterhead {
    /// The sender as templates name it.
    pub(crate) fn sender<'a>(&'a self, from: &'a Mailbox) -> Sender<'a> {
        Sender { name: &from.name, email: &from.address, organisation: &self.organisation }
    }
}

/// Adds the postal address (CAN-SPAM) and the unsubscribe link where the body has none of its own.
pub(crate) fn with_footer(mut mail: Rendered, letterhead: &Letterhead, unsubscribe_url: &str) -> Result<Rendered, HtmlError> {
    let address: Vec<&str> = letterhead.postal_address.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let address = address.join(", ");
    let shows_address = |body: &str, address: &str| !address.is_empty() && body.contains(address);

    let mut html = Vec::new();
    if !shows_address(&mail.html, &escape_text(&address)) {
        html.push(escape_text(&format!("{}, {address}", letterhead.organisation)));
    }
    if !mail.html.contains(unsubscribe_url) && !mail.html.contains(&escape_attribute(unsubscribe_url)) {
        html.push(format!("<a href=\"{}\" {}>Unsubscribe</a>", escape_attribute(unsubscribe_url), mail::html::NO_TRACKING));
    }
    if !html.is_empty() {
        let fragment = format!("<p style=\"margin-top:32px;font-size:12px;line-height:18px;color:#6b7280\">{}</p>", html.join("<br>"));
        mail.html = append_to_body(&mail.html, &fragment)?;
    }

    let mut text = Vec::new();
    if !shows_address(&mail.text, &address) {
        text.push(format!("{}, {address}", letterhead.organisation));
    }
    if !mail.text.contains(unsubscribe_url) {
        text.push(format!("Unsubscribe: {unsubscribe_url}"));
    }
    if !text.is_empty() {
        mail.text = format!("{}\n\n-- \n{}\n", mail.text.trim_end(), text.join("\n"));
    }
    Ok(mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://l.example/u/abc";

    fn of(html: &str, text: &str) -> Rendered {
        let letterhead = Letterhead { organisation: "Smith & Sons".to_owned(), postal_address: "1 High St\n London ".to_owned() };
        with_footer(Rendered { subject: "x".to_owned(), html: html.to_owned(), text: text.to_owned() }, &letterhead, URL).unwrap()
    }

    #[test]
    fn address_and_link_are_added_once() {
        let mail = of("<html><body><p>Hi</p></body></html>", "Hi");
        assert!(
            mail.html.contains("Smith &amp; Sons, 1 High St, London<br><a href=\"https://l.example/u/abc\" data-no-track>"),
            "{}",
            mail.html
        );
        assert!(mail.html.ends_with("</p></body></html>"));
        assert_eq!(mail.text, "Hi\n\n-- \nSmith & Sons, 1 High St, London\nUnsubscribe: https://l.example/u/abc\n");
        assert_eq!(of(&mail.html, &mail.text), mail);
    }

    #[test]
    fn what_the_author_wrote_is_not_repeated() {
        let mail = of("<p>Hi. <a href=\"https://l.example/u/abc\">Stop</a></p>", "Stop: https://l.example/u/abc");
        assert_eq!(mail.html.matches("/u/abc").count(), 1);
        assert_eq!(mail.text.matches("/u/abc").count(), 1);
        assert!(mail.html.contains("1 High St") && mail.text.contains("1 High St"));
    }
}
