//! Changes to a rendered HTML body: links for click tracking, a footer, the open pixel.
//! A streaming rewriter changes what is named and leaves every other byte as the author wrote it.

use std::{cell::Cell, rc::Rc};

use html5ever::{
    tendril::StrTendril,
    tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts},
};
use lol_html::{
    EndTagHandler, RewriteStrSettings, element, end,
    html_content::{ContentType, EndTag},
    rewrite_str,
};

/// The body could not be read as HTML (which takes more than bad markup: markup is forgiving).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the HTML body cannot be processed: {0}")]
pub struct HtmlError(String);

/// Marks a link that is never rewritten, for the unsubscribe link and the like. The attribute is
/// removed from the result.
pub const NO_TRACKING: &str = "data-no-track";

/// Replaces the target of each `http` and `https` link by what `target` returns for it.
///
/// `target` gets the URL with character references resolved (`&amp;` is `&`). Other schemes,
/// anchors, relative links and links marked with [`NO_TRACKING`] stay; the caller recognises its own
/// unsubscribe address in `target` and returns it unchanged.
pub fn rewrite_links(html: &str, mut target: impl FnMut(&str) -> String) -> Result<String, HtmlError> {
    let settings = RewriteStrSettings::new().append_element_content_handler(element!("a[href], area[href]", |el| {
        if el.has_attribute(NO_TRACKING) {
            el.remove_attribute(NO_TRACKING);
            return Ok(());
        }
        if let Some(raw) = el.get_attribute("href") {
            let url = resolve_references(&raw);
            let url = url.trim();
            if is_web_link(url) {
                let new = target(url);
                if new != url {
                    el.set_attribute("href", &escape_attribute(&new))?;
                }
            }
        }
        Ok(())
    }));
    rewrite_str(html, settings).map_err(|error| HtmlError(error.to_string()))
}

/// Puts `fragment` (HTML) at the end of the body: before `</body>`, or at the end where a body has
/// no end tag or the document is a mere fragment.
pub fn append_to_body(html: &str, fragment: &str) -> Result<String, HtmlError> {
    let placed = Rc::new(Cell::new(false));
    let owned: Rc<str> = fragment.into();
    let settings = RewriteStrSettings::new()
        .append_element_content_handler(element!("body", |el| {
            let (placed, owned) = (Rc::clone(&placed), Rc::clone(&owned));
            if el.end_tag_handlers().is_none() {
                return Ok(());
            }
            let handler: EndTagHandler<'static> = Box::new(move |end: &mut EndTag<'_>| {
                // A missing end tag is reported at the end tag of an outer element.
                if end.name() == "body" && !placed.replace(true) {
                    end.before(&owned, ContentType::Html);
                }
                Ok(())
            });
            el.on_end_tag(handler)
        }))
        .append_document_content_handler(end!(|end| {
            if !placed.replace(true) {
                end.append(&owned, ContentType::Html);
            }
            Ok(())
        }));
    rewrite_str(html, settings).map_err(|error| HtmlError(error.to_string()))
}

/// Adds an image of one pixel that tells when the message is displayed.
pub fn append_open_pixel(html: &str, url: &str) -> Result<String, HtmlError> {
    let url = escape_attribute(url);
    append_to_body(html, &format!("<img src=\"{url}\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block;border:0\">"))
}

/// Text as HTML, for building fragments.
pub fn escape_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text as the value of a double-quoted attribute.
pub fn escape_attribute(text: &str) -> String {
    escape_text(text).replace('"', "&quot;")
}

fn is_web_link(url: &str) -> bool {
    // A URL parser would also accept and normalise; the scheme decides, case-insensitively.
    let scheme = url.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), !rest.is_empty()));
    matches!(scheme, Some((scheme, true)) if scheme == "http" || scheme == "https")
}

/// Resolves character references as in an attribute, by the tokenizer of the HTML standard
/// (`&copy=1` stays, `&copy;` does not).
fn resolve_references(raw: &str) -> String {
    #[derive(Default)]
    struct Sink(std::cell::RefCell<String>);
    impl TokenSink for Sink {
        type Handle = ();
        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            if let Token::TagToken(tag) = token
                && let Some(attribute) = tag.attrs.first()
            {
                *self.0.borrow_mut() = attribute.value.to_string();
            }
            TokenSinkResult::Continue
        }
    }
    if !raw.contains('&') {
        return raw.to_owned();
    }
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(format!("<a href=\"{}\">", raw.replace('"', "&quot;"))));
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(html: &str) -> String {
        rewrite_links(html, |url| format!("https://t.example/c?u={}&x=1", url.replace("://", "~"))).unwrap()
    }

    #[test]
    fn web_links_are_rewritten_and_nothing_else_changes() {
        let html = "<!DOCTYPE html>\n<P Class=x>Hi <A HREF='https://a.example/x'>a</A> & <b>b</P><!-- <a href=\"http://no\"> -->";
        assert_eq!(
            track(html),
            "<!DOCTYPE html>\n<P Class=x>Hi <A HREF=\"https://t.example/c?u=https~a.example/x&amp;x=1\">a</A> & <b>b</P><!-- <a href=\"http://no\"> -->"
        );
    }

    #[test]
    fn other_links_stay() {
        for html in [
            "<a href=\"mailto:a@b.example\">m</a>",
            "<a href=\"tel:+49221\">t</a>",
            "<a href=\"#top\">t</a>",
            "<a href=\"/relative\">r</a>",
            "<a href=\"\">e</a>",
            "<a name=\"x\">n</a>",
            "<a href=\"javascript:alert(1)\">j</a>",
            "<link href=\"https://a.example/style.css\"><img src=\"https://a.example/i.png\">",
            "<style>a::before{content:'<a href=\"https://a.example\">'}</style>",
        ] {
            assert_eq!(track(html), html);
        }
    }

    #[test]
    fn marked_links_stay_and_lose_the_mark() {
        assert_eq!(track("<a href=\"https://u.example/1\" data-no-track>u</a>"), "<a href=\"https://u.example/1\">u</a>");
    }

    #[test]
    fn character_references_are_resolved_and_written_back() {
        let mut seen = vec![];
        let html = "<a href=\"https://a.example/?a=1&amp;b=2&#38;c=%22&copy=3&lt;\">x</a><a href=https://b.example/?q='&amp;>y</a>";
        let out = rewrite_links(html, |url| {
            seen.push(url.to_owned());
            "https://t.example/?a=\"&b".to_owned()
        })
        .unwrap();
        assert_eq!(seen, ["https://a.example/?a=1&b=2&c=%22&copy=3<", "https://b.example/?q='&"]);
        assert_eq!(out, "<a href=\"https://t.example/?a=&quot;&amp;b\">x</a><a href=\"https://t.example/?a=&quot;&amp;b\">y</a>");
    }

    #[test]
    fn an_unchanged_target_leaves_the_bytes_alone() {
        let html = "<a href='https://a.example/?a=1&b=2' >x</a>";
        assert_eq!(rewrite_links(html, str::to_owned).unwrap(), html);
    }

    #[test]
    fn fragments_go_to_the_end_of_the_body() {
        assert_eq!(append_to_body("<html><body><p>x</p></body></html>", "<i>f</i>").unwrap(), "<html><body><p>x</p><i>f</i></body></html>");
        assert_eq!(append_to_body("<p>x</p>", "<i>f</i>").unwrap(), "<p>x</p><i>f</i>");
        assert_eq!(append_to_body("<body><p>x", "<i>f</i>").unwrap(), "<body><p>x<i>f</i>");
        assert_eq!(append_to_body("<html><body>x</html>", "<i>f</i>").unwrap().matches("<i>f</i>").count(), 1);
    }

    #[test]
    fn the_pixel_is_escaped() {
        let out = append_open_pixel("<body>x</body>", "https://t.example/o?a=1&b=\"").unwrap();
        assert!(out.contains("src=\"https://t.example/o?a=1&amp;b=&quot;\""), "{out}");
        assert!(out.ends_with("</body>"));
    }
}
