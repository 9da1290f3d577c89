//! A mail's HTML as a document of its own, in a sandbox: nothing in it can run, send or navigate.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use http_kit::{ApiPath, ApiQuery, App, PageForm, Problem};
use identity::{CampaignsRead, Can};
use kernel::{LeadId, TemplateId};
use maud::{Markup, html};
use serde::Deserialize;

use crate::templates::{preview, render::Source, store};

/// Mails are written for a white ground, and mail programs set a font; a frame has neither. Comes first,
/// so that the mail's own styles win.
const GROUND: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Mail</title><style>\
html{background:#fff;color:#1a1a1a}body{font:14px/1.5 system-ui,sans-serif;margin:16px}\
.preview-error{color:#a11}.preview-subject{margin:0 0 16px;padding:0 0 12px;border-bottom:1px solid #ddd}</style>";

/// Foreign HTML with the headers that confine it.
pub(crate) struct SandboxedMail {
    html: String,
    /// Lets links open in a tab of their own, and images of this server load.
    links: Option<String>,
}

impl SandboxedMail {
    /// Nothing but looking.
    pub(crate) fn new(html: String) -> Self {
        Self { html, links: None }
    }

    /// As a mail program shows it: links open in a new tab, images load (also from `origin`, ours).
    pub(crate) fn with_links(html: &str, origin: &str) -> Self {
        Self { html: format!("{GROUND}<base target=\"_blank\">{html}"), links: Some(origin.to_owned()) }
    }
}

impl IntoResponse for SandboxedMail {
    fn into_response(self) -> Response {
        let policy = match &self.links {
            None => "sandbox; default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'".to_owned(),
            Some(origin) => format!(
                "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' {origin} data: https:; \
                 style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
            ),
        };
        let mut response = self.html.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        // Should the origin not be a header value, the strictest policy of all remains.
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'self'")),
        );
        // A sandboxed document opened by itself is refused by browsers under "same-origin".
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("unsafe-none"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }
}

/// The frame around a [`SandboxedMail`]: `sandbox` repeats what the answer's own headers demand.
pub(crate) fn mail_frame(name: &str, title: &str, src: &str, links: bool) -> Markup {
    let sandbox = if links { "allow-popups allow-popups-to-escape-sandbox" } else { "" };
    html! { iframe.mail-frame name=(name) title=(title) src=(src) sandbox=(sandbox) referrerpolicy="no-referrer" {} }
}

#[derive(Debug, Deserialize)]
pub(super) struct Query {
    lead: Option<LeadId>,
}

/// The saved text.
pub(super) async fn saved(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<TemplateId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<SandboxedMail, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let template = store::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let shown = preview(&tx, &viewer, template.source(), query.lead).await?;
    Ok(document(&shown.subject, &shown.html, shown.error.as_deref(), false))
}

/// What a form holds now; its fields are those of the editor.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Unsaved {
    subject: String,
    html: String,
    text: String,
    lead: String,
}

/// The text as it stands in the editor, before saving: the form is sent into the frame.
pub(super) async fn unsaved(State(app): State<App>, viewer: Can<CampaignsRead>, form: PageForm<Unsaved>) -> Result<SandboxedMail, Problem> {
    let typed = form.value;
    let lead = match typed.lead.as_str() {
        "" => None,
        text => Some(text.parse::<LeadId>().map_err(|_| Problem::not_found())?),
    };
    let tx = app.db.tenant(&viewer.scope).await?;
    let source = Source { subject: &typed.subject, html: &typed.html, text: &typed.text };
    let shown = preview(&tx, &viewer, source, lead).await?;
    Ok(document(&shown.subject, &shown.html, shown.error.as_deref(), true))
}

/// The body, or why there is none. `head` shows the subject above it, where the page around cannot.
pub(crate) fn document(subject: &str, body: &str, error: Option<&str>, head: bool) -> SandboxedMail {
    if let Some(error) = error {
        let why = html! { p.preview-error role="alert" { strong { "No preview yet. " } (error) } };
        return SandboxedMail::new(format!("{GROUND}{}", why.into_string()));
    }
    let subject = if head { html! { p.preview-subject { strong { (subject) } } }.into_string() } else { String::new() };
    SandboxedMail::new(format!("{GROUND}{subject}{body}"))
}
