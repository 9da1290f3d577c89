use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem, ProblemKind};
use identity::{AuditRead, Can, Member, Viewer};
use maud::{Markup, html};
use serde_json::Value;
use ui::{Button, Field, Icon, Nav, Tone, table};

use super::{address, tabs, verification};
use crate::{
    entry::Entry,
    jobs,
    query::AuditQuery,
    sentence::{self, Names},
    store,
};

/// The families that people look for, by their words.
const FAMILIES: &[(&str, &str)] = &[
    ("", "Everything"),
    ("session", "Signing in and out"),
    ("person", "Accounts of people"),
    ("member", "Members"),
    ("invitation", "Invitations"),
    ("role", "Roles"),
    ("team", "Teams"),
    ("key", "API keys"),
    ("organisation", "Organisation"),
    ("ownership", "Ownership"),
    ("identity", "Ways to sign in"),
    ("sso", "Single sign-on"),
    ("security", "Security rules"),
    ("permission", "Refused permissions"),
    ("lead", "Leads"),
    ("leads", "Bulk work on leads"),
    ("account", "Accounts of companies"),
    ("import", "Imports"),
    ("campaign", "Campaigns"),
    ("template", "Templates"),
    ("scoring", "Scoring"),
    ("suppression", "Suppressions"),
    ("suppressions", "Exports of suppressions"),
    ("audit", "The audit log itself"),
];

pub(super) async fn show(State(app): State<App>, viewer: Can<AuditRead>, ApiQuery(query): ApiQuery<AuditQuery>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let members = identity::members(&tx).await?;
    let (search, refused) = match query.search(&members) {
        Ok(search) => (Some(search), None),
        Err(problem) if problem.kind == ProblemKind::Invalid => (None, Some(problem)),
        Err(problem) => return Err(problem),
    };
    let limit = query.limit()?;
    let mut entries = match &search {
        Some(search) => store::search(&tx, search, limit + 1).await?,
        None => Vec::new(),
    };
    let job = jobs::status(&tx).await?;
    let labels = store::labels(&tx).await?;
    tx.commit().await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(|last| Cursor::encode(&last.no));
    let mut people: Vec<_> = entries.iter().flat_map(sentence::people).collect();
    people.sort_unstable();
    people.dedup();
    let mut names = store::names(&app.db, &people).await?;
    names.extend(labels);
    Ok(page(&viewer, &query, refused.as_ref(), &members, &entries, &names, next, job.as_ref()))
}

#[expect(clippy::too_many_arguments, reason = "the parts of one page")]
fn page(
    viewer: &Viewer,
    query: &AuditQuery,
    refused: Option<&Problem>,
    members: &[Member],
    entries: &[Entry],
    names: &Names,
    next: Option<String>,
    job: Option<&::jobs::JobStatus>,
) -> Markup {
    let export = Button::secondary("Export").icon(Icon::Download).href("/settings/audit/export");
    let content = html! {
        (ui::page_header("Audit", "Who did what, when and from where. Entries are never changed or removed.", html! { (export) }))
        (tabs(false))
        (ui::split(
            html! {
                (filters(query, refused, members))
                div #entries {
                    @if entries.is_empty() && refused.is_none() {
                        @if query.is_narrow() {
                            (ui::empty_state(Icon::Search, "No entry matches", "Try another person or kind, or a longer time.", html! { (Button::secondary("Show all").href("/settings/audit")) }))
                        } @else {
                            (ui::empty_state(Icon::Audit, "Nothing yet", "What people do here is written down within a moment.", html! {}))
                        }
                    } @else {
                        (ui::timeline(html! { @for entry in entries { (item(entry, names)) } }))
                        (table::Pager::new(ui::plural(i64::try_from(entries.len()).unwrap_or(i64::MAX), "entry", "entries"))
                            .previous((!query.cursor.is_empty()).then(|| here(query, "")))
                            .next(next.map(|cursor| here(query, &cursor))))
                    }
                }
            },
            html! {
                (verification::card(job))
                (ui::card("Check an export", html! {}, html! {
                    p { "An export ends in a signature of this server. Check that nothing in the file was changed, on any machine:" }
                    p { code { "leadline admin verify-audit FILE" } }
                    p.muted { "Exporting asks for your password or second factor, unless you gave it in the last ten minutes." }
                }))
            },
        ))
    };
    viewer.page(Nav::Audit, "Audit", content)
}

fn here(query: &AuditQuery, cursor: &str) -> String {
    let parameters = [
        ("q", query.q.as_str()),
        ("person", &query.person),
        ("kind", &query.kind),
        ("subject", &query.subject),
        ("since", &query.since),
        ("until", &query.until),
        ("limit", &query.limit),
        ("cursor", cursor),
    ];
    address("/settings/audit", &parameters)
}

fn filters(query: &AuditQuery, refused: Option<&Problem>, members: &[Member]) -> Markup {
    let error = |name: &str| refused.and_then(|problem| problem.of_field(name));
    let people = [
        ("".to_owned(), "Anybody".to_owned()),
        ("system".to_owned(), "Leadline itself".to_owned()),
        ("provider".to_owned(), "The world outside".to_owned()),
    ]
    .into_iter()
    .chain(members.iter().map(|member| (member.id.to_string(), member.name.clone())));
    html! {
        form.audit-filters method="get" action="/settings/audit" role="search" {
            (ui::field_grid(html! {
                (Field::text("q", "Search").value(&query.q).placeholder("A name, an address, a kind").autocomplete("off").attr("data-search", ""))
                (Field::select("person", "Who", people).value(&query.person).error(error("person")))
                (Field::select("kind", "What", FAMILIES.iter().copied()).value(&query.kind))
                (Field::text("subject", "Record ID").value(&query.subject).error(error("subject")).placeholder("lead_…").autocomplete("off"))
                (Field::date("since", "From").value(&query.since).error(error("since")))
                (Field::date("until", "To").value(&query.until).error(error("until")))
            }))
            (ui::form_actions(html! {
                (Button::primary("Search").icon(Icon::Search))
                @if query.is_narrow() { (Button::ghost("Clear").href("/settings/audit")) }
            }))
        }
    }
}

fn item(entry: &Entry, names: &Names) -> Markup {
    let (glyph, tone) = look(entry);
    let sentence = html! {
        strong { (sentence::actor(entry, names)) } " " (sentence::act(entry, names))
        @if let Some(address) = entry.address() { ", from " (address) }
    };
    ui::timeline_item(
        glyph,
        tone,
        sentence,
        ui::ago(entry.at),
        html! { details.audit-details { summary { "Details of entry " (entry.no) } (facts(entry, names)) } },
    )
}

fn facts(entry: &Entry, names: &Names) -> Markup {
    let subject = html! {
        @match link(entry) { Some(href) => a href=(href) { code { (entry.subject) } }, None => code { (entry.subject) } }
    };
    let mut rows: Vec<(String, Markup)> = vec![
        ("When".to_owned(), html! { (ui::datetime(entry.at)) }),
        ("Kind".to_owned(), html! { code { (entry.kind) } }),
        ("Who".to_owned(), html! { code { (entry.actor) } }),
        ("From".to_owned(), html! { code { (entry.origin) } }),
        ("About".to_owned(), subject),
    ];
    for (name, value) in entry.details.as_object().into_iter().flatten() {
        rows.push((name.replace('_', " "), detail(value, names)));
    }
    rows.push(("Hash".to_owned(), html! { code { (entry.hash) } }));
    ui::definition_list(rows.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

/// A value, or what it was before and after.
fn detail(value: &Value, names: &Names) -> Markup {
    match (value.get("from"), value.get("to")) {
        (Some(from @ Value::Object(_)), Some(to @ Value::Object(_))) => html! {
            @for (name, change) in events::changes(from, to) { div { (name.replace('_', " ")) ": " (detail(&change, names)) } }
        },
        (Some(from), Some(to)) => html! { del { (sentence::shown(from, names)) } " " ins { (sentence::shown(to, names)) } },
        _ => html! { (sentence::shown(value, names)) },
    }
}

/// The page of what an entry is about.
fn link(entry: &Entry) -> Option<String> {
    let place = match entry.subject_parts()?.0 {
        "lead" => "/leads",
        "acct" => "/accounts",
        "camp" => "/campaigns",
        "tmpl" => "/templates",
        "imp" => "/imports",
        _ => return None,
    };
    Some(format!("{place}/{}", entry.subject))
}

fn look(entry: &Entry) -> (Icon, Tone) {
    let family = entry.kind.split('.').next().unwrap_or_default();
    let glyph = match family {
        "session" | "person" => Icon::User,
        "member" | "invitation" | "role" | "team" => Icon::Team,
        "key" => Icon::Key,
        "lead" | "leads" => Icon::Leads,
        "account" => Icon::Account,
        "import" => Icon::Import,
        "campaign" => Icon::Campaign,
        "template" => Icon::Template,
        "suppression" | "suppressions" => Icon::Suppression,
        "scoring" => Icon::Score,
        "audit" => Icon::Audit,
        "mail" => Icon::Mail,
        _ => Icon::Settings,
    };
    let verb = entry.kind.split('.').nth(1).unwrap_or_default();
    let tone = match verb {
        "refused" | "denied" | "failed" | "damaged" => Tone::Danger,
        _ if verb.ends_with("removed") || verb.ends_with("deleted") || verb.ends_with("revoked") => Tone::Warning,
        _ => Tone::Neutral,
    };
    (glyph, tone)
}
