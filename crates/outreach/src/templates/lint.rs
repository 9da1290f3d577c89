//! What filters and mail programs dislike in a body: a reading of the HTML, no network.

use std::{cell::RefCell, rc::Rc};

use lol_html::{RewriteStrSettings, element, rewrite_str, text};

/// What there is in a body.
#[derive(Debug, Default)]
pub(super) struct Anatomy {
    pub(super) links: Vec<Link>,
    images: usize,
    images_without_alt: usize,
    inline_images: usize,
    /// Elements that mail programs remove.
    removed: Vec<String>,
    words: usize,
}

#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) href: String,
    words: String,
}

/// What the lint found, told with how to mend it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Must be mended, not only should.
    pub(super) fatal: bool,
    pub(super) text: String,
}

const REMOVED: [&str; 9] = ["script", "iframe", "form", "object", "embed", "video", "audio", "input", "link"];
const SHORTENERS: [&str; 9] = ["bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly"];
const PUSHY: [&str; 14] = [
    "act now",
    "100% free",
    "risk free",
    "risk-free",
    "click here",
    "buy now",
    "limited time",
    "guaranteed",
    "no obligation",
    "urgent",
    "winner",
    "cash bonus",
    "free money",
    "once in a lifetime",
];
/// Gmail cuts a message off above 102 kB.
pub(super) const CLIPPED: usize = 102 * 1024;

/// Takes the body apart. Markup is forgiving; what cannot be read at all has nothing to lint.
pub(super) fn anatomy(html: &str) -> Anatomy {
    let found = Rc::new(RefCell::new(Anatomy::default()));
    let (links, words, images, all, texts) = (found.clone(), found.clone(), found.clone(), found.clone(), found.clone());
    let settings = RewriteStrSettings::new()
        .append_element_content_handler(element!("a[href], area[href]", move |el| {
            links
                .borrow_mut()
                .links
                .push(Link { href: el.get_attribute("href").unwrap_or_default().trim().to_owned(), words: String::new() });
            Ok(())
        }))
        .append_element_content_handler(text!("a[href]", move |chunk| {
            if let Some(link) = words.borrow_mut().links.last_mut() {
                link.words.push_str(chunk.as_str());
            }
            Ok(())
        }))
        .append_element_content_handler(element!("img", move |el| {
            let mut found = images.borrow_mut();
            found.images += 1;
            found.images_without_alt += usize::from(!el.has_attribute("alt"));
            found.inline_images +=
                usize::from(el.get_attribute("src").is_some_and(|src| src.trim_start().to_ascii_lowercase().starts_with("data:")));
            Ok(())
        }))
        .append_element_content_handler(element!("*", move |el| {
            let name = el.tag_name();
            let mut found = all.borrow_mut();
            if REMOVED.contains(&name.as_str()) && !found.removed.contains(&name) {
                found.removed.push(name);
            }
            Ok(())
        }))
        .append_element_content_handler(text!("*", move |chunk| {
            texts.borrow_mut().words += chunk.as_str().split_whitespace().count();
            Ok(())
        }));
    if rewrite_str(html, settings).is_err() {
        return Anatomy::default();
    }
    found.take()
}

/// Links and images.
pub(super) fn body(anatomy: &Anatomy) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |fatal: bool, text: String| found.push(Finding { fatal, text });
    for link in &anatomy.links {
        let href = link.href.to_ascii_lowercase();
        let host = host(&href);
        if href.is_empty() || href == "#" {
            add(false, format!("The link “{}” leads nowhere; give it an address.", short(&link.words)));
        } else if href.starts_with("javascript:") || href.starts_with("data:") {
            add(
                true,
                format!("The link “{}” runs a program; every mail filter refuses that. Link to a web page instead.", short(&link.words)),
            );
        } else if href.starts_with("http://") {
            add(false, format!("{} is not encrypted; use https.", short(&link.href)));
        } else if let Some(shortener) = host.and_then(|host| SHORTENERS.iter().find(|known| **known == host)) {
            add(false, format!("{shortener} hides where a link leads, as spam does; link to the page itself."));
        }
        // “paypal.com” that leads elsewhere is what phishing looks like.
        let shown = link.words.trim().to_ascii_lowercase();
        let shown = shown.strip_prefix("https://").or_else(|| shown.strip_prefix("http://")).unwrap_or(&shown);
        let shown_host = shown.split(['/', '?', ' ']).next().unwrap_or_default();
        let looks_like_host = shown_host.contains('.')
            && !shown_host.contains('@')
            && shown_host.split('.').all(|part| part.len() > 1 && part.chars().all(|c| c.is_alphanumeric() || c == '-'));
        if looks_like_host && host.is_some_and(|host| bare(host) != bare(shown_host)) {
            add(
                false,
                format!(
                    "The link shows {shown_host} but leads to {}; filters take that for phishing. Show words, or the same address.",
                    host.unwrap_or_default()
                ),
            );
        }
    }
    if anatomy.links.len() > 10 {
        add(
            false,
            format!("{} links are many for a personal mail; one or two get more replies and fewer spam verdicts.", anatomy.links.len()),
        );
    }
    if anatomy.images > 0 && anatomy.words < 20 {
        add(false, "There is hardly any text beside the images; filters cannot read images, and many readers do not load them.".to_owned());
    }
    if anatomy.images_without_alt > 0 {
        add(
            false,
            format!(
                "{} without alt text: readers who do not load images see nothing.",
                ui::plural(anatomy.images_without_alt as i64, "image", "images")
            ),
        );
    }
    if anatomy.inline_images > 0 {
        add(
            false,
            "An image is written into the mail itself (data:); Gmail and Outlook do not show those. Link to it by https.".to_owned(),
        );
    }
    for name in &anatomy.removed {
        add(name == "script", format!("<{name}> is removed by mail programs, and filters distrust it; take it out."));
    }
    found
}

/// Words of subject and text.
pub(super) fn words(subject: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |text: String| found.push(Finding { fatal: false, text });
    let letters: Vec<char> = subject.chars().filter(|c| c.is_alphabetic()).collect();
    if letters.len() > 6 && letters.iter().all(|c| c.is_uppercase()) {
        add("The subject is all capitals, as spam writes it.".to_owned());
    }
    if subject.matches(['!', '?']).count() > 2 {
        add("The subject has many exclamation or question marks; one is enough.".to_owned());
    }
    let lower = subject.to_lowercase();
    if ["re:", "fwd:", "fw:", "aw:"].iter().any(|prefix| lower.starts_with(prefix)) {
        add("The subject pretends to be an answer. CAN-SPAM forbids misleading subjects; follow-ups thread by themselves.".to_owned());
    }
    if subject.chars().count() > 78 {
        add(format!("The subject has {} characters; phones show about 40, most inboxes 60.", subject.chars().count()));
    }
    let all = format!("{lower} {}", text.to_lowercase());
    let pushy: Vec<&str> = PUSHY.into_iter().filter(|phrase| all.contains(phrase)).collect();
    if !pushy.is_empty() {
        add(format!("Filters count these phrases against a mail: {}.", pushy.join(", ")));
    }
    found
}

fn host(href: &str) -> Option<&str> {
    let rest = href.strip_prefix("https://").or_else(|| href.strip_prefix("http://"))?;
    rest.split(['/', '?', '#', ':']).next().filter(|host| !host.is_empty())
}

fn bare(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

fn short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= 60 { text } else { text.chars().take(59).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(html: &str) -> Vec<String> {
        body(&anatomy(html)).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_plain_personal_mail_has_nothing_to_mend() {
        assert!(findings("<p>Hi Ada, may I show you <a href=\"https://www.acme.example/tour\">acme.example</a>?</p>").is_empty());
        assert!(words("A question about Acme", "Hi Ada").is_empty());
    }

    #[test]
    fn each_sin_is_named() {
        for (html, words) in [
            ("<a href=\"#\">Tour</a>", "leads nowhere"),
            ("<a href=\"javascript:alert(1)\">x</a>", "runs a program"),
            ("<a href=\"http://acme.example\">x</a>", "not encrypted"),
            ("<a href=\"https://bit.ly/x\">x</a>", "hides where"),
            ("<a href=\"https://evil.example/login\">paypal.com</a>", "phishing"),
            ("<img src=\"https://a.example/i.png\">", "hardly any text"),
            ("<img src=\"https://a.example/i.png\">", "alt text"),
            ("<img src=\"data:image/png;base64,x\" alt=\"\">", "written into the mail"),
            ("<script>1</script>", "<script> is removed"),
        ] {
            assert!(findings(html).iter().any(|text| text.contains(words)), "{html}: {:?}", findings(html));
        }
        let subjects = ["BUY THIS TODAY", "Really?? Now!!", "Re: our call", "Act now"];
        assert!(subjects.iter().all(|subject| words(subject, "").len() == 1));
    }
}
