use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A short mail in our look: what happened, one thing to do, and what it means.
#[derive(Debug, Clone, Default)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    /// The first words that a list of mails shows.
    pub(crate) preview: String,
    pub(crate) heading: String,
    pub(crate) paragraphs: Vec<String>,
    /// A button's label, and where it leads.
    pub(crate) action: Option<(&'static str, String)>,
    /// Six digits to type instead.
    pub(crate) code: Option<String>,
    /// Below, quietly: how long it works, and what to do if it was not them.
    pub(crate) notes: Vec<String>,
}

/// What styles cannot be inline: the dark theme, for programs that ask for one.
const STYLES: &str = "\
:root{color-scheme:light dark;supported-color-schemes:light dark}\
a{color:#14617c}\
@media (prefers-color-scheme:dark){\
.floor{background-color:#0f1114!important}.sheet{background-color:#181b1f!important;border-color:#2b2f35!important}\
.ink{color:#edeef0!important}.quiet{color:#a9aeb6!important}.code{background-color:#22262b!important;color:#edeef0!important}\
a.plain{color:#73c5df!important}}";

const FONT: &str = "font-family:'Segoe UI',-apple-system,BlinkMacSystemFont,Roboto,'Helvetica Neue',Arial,sans-serif;";

impl Letter {
    /// The HTML part: tables and inline styles, because Outlook lays out with Word.
    pub(crate) fn html(&self) -> String {
        let text = format!("{FONT}font-size:15px;line-height:24px;color:#1d2127;margin:0 0 16px;");
        let quiet = format!("{FONT}font-size:13px;line-height:20px;color:#5a626d;margin:0 0 8px;");
        let markup = html! {
            (DOCTYPE)
            html.floor lang="en" style="background-color:#f4f6f7;" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="supported-color-schemes" content="light dark";
                    title { (self.subject) }
                    style { (PreEscaped(STYLES)) }
                }
                body.floor style="margin:0;padding:0;background-color:#f4f6f7;" {
                    div style="display:none;max-height:0;overflow:hidden;" { (self.preview) }
                    table.floor role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f4f6f7" style="background-color:#f4f6f7;" {
                        tr { td align="center" style="padding:32px 16px;" {
                            table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:520px;" {
                                tr { td.ink style={ (FONT) "font-size:16px;line-height:24px;font-weight:600;color:#1d2127;padding:0 0 16px;" } { "Leadline" } }
                                tr { td.sheet bgcolor="#ffffff" style="background-color:#ffffff;border:1px solid #e3e7ea;border-radius:10px;padding:32px;" {
                                    h1.ink style={ (FONT) "font-size:20px;line-height:28px;font-weight:600;color:#1d2127;margin:0 0 16px;" } { (self.heading) }
                                    @for paragraph in &self.paragraphs { p.ink style=(text) { (paragraph) } }
                                    @if let Some((label, href)) = &self.action { (button(label, href)) }
                                    @if let Some(code) = &self.code { (digits(code, self.action.is_some())) }
                                    @for note in &self.notes { p.quiet style=(quiet) { (note) } }
                                } }
                                @if let Some((_, href)) = &self.action {
                                    tr { td.quiet style={ (FONT) "font-size:12px;line-height:18px;color:#5a626d;padding:16px 0 0;word-break:break-all;" } {
                                        "If the button does nothing, open this address: " a.plain href=(href) style="color:#14617c;" { (href) }
                                    } }
                                }
                            }
                        } }
                    }
                }
            }
        };
        markup.into_string()
    }

    /// The plain-text part.
    pub(crate) fn text(&self) -> String {
        let mut parts = vec![self.heading.clone()];
        parts.extend(self.paragraphs.iter().cloned());
        if let Some((label, href)) = &self.action {
            parts.push(format!("{label}:\n{href}"));
        }
        if let Some(code) = &self.code {
            parts.push(if self.action.is_some() { format!("Or type this code: {code}") } else { format!("Your code: {code}") });
        }
        parts.extend(self.notes.iter().cloned());
        parts.push("Leadline".to_owned());
        parts.join("\n\n")
    }
}

/// The cell has the colour, so that Outlook, which knows no padding on links, shows a button too.
fn button(label: &str, href: &str) -> Markup {
    html! {
        table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 24px;" {
            tr { td align="center" bgcolor="#14617c" style="background-color:#14617c;border-radius:6px;" {
                a href=(href) style={ (FONT) "display:inline-block;font-size:15px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none;padding:11px 20px;border:1px solid #14617c;border-radius:6px;" } { (label) }
            } }
        }
    }
}

fn digits(code: &str, beside_a_link: bool) -> Markup {
    html! {
        p.quiet style={ (FONT) "font-size:13px;line-height:20px;color:#5a626d;margin:0 0 8px;" } {
            @if beside_a_link { "On another device? Type this code there instead:" } @else { "Type this code:" }
        }
        p.code style="font-family:Consolas,Menlo,monospace;font-size:24px;line-height:32px;letter-spacing:6px;font-weight:600;color:#1d2127;background-color:#eef1f3;border-radius:6px;margin:0 0 24px;padding:8px 16px;text-align:center;" { (code) }
    }
}

#[cfg(test)]
mod tests {
    use super::Letter;

    #[test]
    fn both_parts_hold_the_link_and_the_code_and_no_name_becomes_markup() {
        let letter = Letter {
            subject: "Sign in".to_owned(),
            heading: "Hello <b>Ada</b>".to_owned(),
            action: Some(("Sign in", "https://x.example/confirm?token=a&next=b".to_owned())),
            code: Some("012345".to_owned()),
            ..Letter::default()
        };
        let (html, text) = (letter.html(), letter.text());
        assert!(html.contains("token=a&amp;next=b") && html.contains("012345") && html.contains("Hello &lt;b&gt;Ada"), "{html}");
        assert!(text.contains("https://x.example/confirm?token=a&next=b") && text.contains("012345"), "{text}");
        assert!(!html.contains("<script") && !html.contains("url("));
    }
}
