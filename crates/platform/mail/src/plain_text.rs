/// The plain-text part for an HTML body: links become numbered footnotes with their addresses,
/// lists keep their bullets. Lines wrap at 78 columns (RFC 5322 2.1.1), addresses never.
pub fn text_from_html(html: &str) -> String {
    if crate::tangled(html).is_some() {
        return strip_tags(html);
    }
    let rendered = html2text::config::plain()
        .no_table_borders()
        .no_link_wrapping()
        .allow_width_overflow()
        .empty_img_mode(html2text::config::ImageRenderMode::IgnoreEmpty)
        .string_from_read(html.as_bytes(), 78);
    // With overflow allowed the renderer has no other error to report; the markup-free fallback
    // keeps the part from ever being empty for a reason of layout.
    let text = rendered.unwrap_or_else(|_| strip_tags(html));
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines.join("\n")
}

fn strip_tags(html: &str) -> String {
    let mut inside = false;
    html.chars()
        .filter(|c| {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    return false;
                }
                _ => {}
            }
            !inside
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_their_addresses() {
        let text = text_from_html(
            "<html><head><style>p{}</style></head><body><p>Hi Grace,</p><p>See <a href=\"https://example.com/a?b=1&amp;c=2\">our notes</a>.</p>\
             <ul><li>one</li><li>two</li></ul><img src=\"https://t.example/o.gif\" width=1 height=1></body></html>",
        );
        assert!(text.contains("Hi Grace,"), "{text}");
        assert!(text.contains("our notes"), "{text}");
        assert!(text.contains("https://example.com/a?b=1&c=2"), "{text}");
        assert!(text.contains("* one\n* two"), "{text}");
        assert!(!text.contains("p{}") && !text.contains("o.gif"), "{text}");
    }

    #[test]
    fn long_addresses_stay_in_one_piece() {
        let url = format!("https://example.com/{}", "x".repeat(200));
        assert!(text_from_html(&format!("<a href=\"{url}\">go</a>")).contains(&url));
    }

    #[test]
    fn tags_are_stripped_by_the_fallback() {
        assert_eq!(strip_tags("<p>a &lt; <b>b</b></p>"), "a &lt; b");
    }
}
