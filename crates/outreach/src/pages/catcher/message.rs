use axum::extract::State;
use http_kit::{ApiPath, App, Problem};
use identity::{CampaignsRead, Can};
use kernel::MessageId;
use mail::CaughtMail;
use maud::{Markup, html};
use ui::{Button, Icon, Nav, definition_list};

use super::{catcher, reader};
use crate::templates::{SandboxedMail, mail_frame};

pub(super) async fn show(State(app): State<App>, viewer: Can<CampaignsRead>, ApiPath(id): ApiPath<MessageId>) -> Result<Markup, Problem> {
    let mail = catcher(&app)?.get(&viewer.scope, reader(&viewer), id.uuid()).await?.ok_or_else(Problem::not_found)?;
    let source = Button::secondary("Download source").icon(Icon::Download).href(format!("/catcher/{id}/raw"));
    let content = html! {
        (ui::page_header_under(&[("Mail catcher", "/catcher")], &mail.summary.subject, "", html! { (source) }))
        (ui::split(
            html! {
                (ui::card("As it is read", html! {}, html! {
                    @if mail.html.trim().is_empty() { p.muted { "This mail has only a plain-text part." } }
                    @else { (mail_frame("caught-mail", &format!("Mail: {}", mail.summary.subject), &format!("/catcher/{id}/html"), true)) }
                }))
                (ui::card("Plain text", html! {}, html! { pre.mail-text tabindex="0" { (mail.text) } }))
            },
            headers(&mail),
        ))
    };
    Ok(viewer.page(Nav::Catcher, &mail.summary.subject, content))
}

/// The HTML part, confined; its links open in a tab, its open pixel loads as in a mail program.
pub(super) async fn body(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<MessageId>,
) -> Result<SandboxedMail, Problem> {
    let mail = catcher(&app)?.get(&viewer.scope, reader(&viewer), id.uuid()).await?.ok_or_else(Problem::not_found)?;
    Ok(SandboxedMail::with_links(&mail.html, &app.config.public_url.origin().ascii_serialization()))
}

fn headers(mail: &CaughtMail) -> Markup {
    let own = [
        ("From", mailbox(&mail.summary.from)),
        ("To", mailbox(&mail.summary.to)),
        ("Subject", html! { (mail.summary.subject) }),
        ("Caught", ui::datetime(mail.summary.caught_at)),
        ("Message-ID", html! { span.mono { (mail.message_id) } }),
    ];
    let further = mail.headers.iter().map(|(name, value)| (name.as_str(), header_value(value)));
    html! {
        (ui::card("Headers", html! {}, definition_list(own.into_iter().chain(further))))
        (ui::card("Hand-over", html! {}, definition_list([
            ("Idempotency key", html! { span.mono { (mail.idempotency_key) } }),
            ("Handed over", html! { (ui::plural(i64::from(mail.summary.attempts), "time", "times")) }),
        ])))
    }
}

fn mailbox(mailbox: &mail::Mailbox) -> Markup {
    html! { @if !mailbox.name.is_empty() { (mailbox.name) " " } span.quiet { "<" (mailbox.address) ">" } }
}

/// `<https://…>` inside a header (List-Unsubscribe) becomes a link.
fn header_value(value: &str) -> Markup {
    html! {
        @for (at, part) in value.split('<').enumerate() {
            @match part.split_once('>') {
                Some((url, rest)) if at > 0 && (url.starts_with("https://") || url.starts_with("http://")) => { "<" a href=(url) target="_blank" rel="noopener noreferrer" { (url) } ">" (rest) }
                _ => { @if at > 0 { "<" } (part) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::header_value;

    #[test]
    fn only_web_addresses_in_angle_brackets_become_links() {
        let shown = header_value("<https://u.example/1>, <mailto:u@x.example?subject=a>").into_string();
        assert!(shown.contains("&lt;<a href=\"https://u.example/1\""), "{shown}");
        assert_eq!(shown.matches("<a ").count(), 1);
        assert!(shown.ends_with(", &lt;mailto:u@x.example?subject=a&gt;"), "{shown}");
        assert_eq!(header_value("<javascript:alert(1)>").into_string(), "&lt;javascript:alert(1)&gt;");
    }
}
