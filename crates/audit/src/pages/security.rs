use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem};
use identity::{AuditRead, Can};
use jiff::Timestamp;
use kernel::Uuid;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use ui::{Button, Field, Icon, Nav, Tone, table};

use super::{address, tabs};
use crate::{
    security::{SecurityEvent, Severity, rules::KINDS, store},
    sentence::{self, Names},
};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    severity: String,
    kind: String,
    cursor: String,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<AuditRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let severity = query.severity.parse::<Severity>().ok();
    let kind = KINDS.iter().map(|(kind, _)| *kind).find(|kind| *kind == query.kind);
    let before = (!query.cursor.is_empty()).then(|| Cursor::decode::<(Timestamp, Uuid)>(&query.cursor)).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut events = store::list(&tx, severity, kind, before, PAGE as i64 + 1).await?;
    tx.commit().await?;
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let next = events.last().filter(|_| more).map(|last| Cursor::encode(&(last.at, last.id)));
    let people: Vec<Uuid> = events.iter().filter_map(|event| event.user_id.map(|user| user.uuid())).collect();
    let names = crate::store::names(&app.db, &people).await?;
    let here =
        |cursor: &str| address("/settings/audit/security", &[("severity", &query.severity), ("kind", &query.kind), ("cursor", cursor)]);
    let narrow = severity.is_some() || kind.is_some();
    let content = html! {
        (ui::page_header("Audit", "What somebody should look at: found in the audit log by rules.", html! {}))
        (tabs(true))
        (ui::toolbar(html! {
            form.inline-fields method="get" action="/settings/audit/security" data-auto-submit {
                (Field::select("severity", "Severity", std::iter::once(("", "Any severity")).chain(Severity::ALL.iter().map(|severity| (severity.as_str(), severity.label())))).value(&query.severity).label_hidden())
                (Field::select("kind", "Kind", std::iter::once(("", "Any kind")).chain(KINDS.iter().copied())).value(&query.kind).label_hidden())
                span data-without-script { (Button::secondary("Show")) }
            }
        }, html! {}))
        @if events.is_empty() {
            @if narrow {
                (ui::empty_state(Icon::Search, "Nothing of this kind", "Choose another kind or severity.", html! { (Button::secondary("Show all").href("/settings/audit/security")) }))
            } @else {
                (ui::empty_state(Icon::Check, "Nothing suspicious", "Repeated failed sign-ins, unknown devices, large exports and the like are listed here.", html! {}))
            }
        } @else {
            (grid(&events, &names))
            (table::Pager::new(ui::plural(i64::try_from(events.len()).unwrap_or(i64::MAX), "event", "events"))
                .previous((!query.cursor.is_empty()).then(|| here("")))
                .next(next.map(|cursor| here(&cursor))))
        }
    };
    Ok(viewer.page(Nav::Audit, "Security events", content))
}

fn grid(events: &[SecurityEvent], names: &Names) -> Markup {
    table::wrap(
        "Security events",
        html! {
            table.table {
                thead { tr { (table::th("What")) (table::th("Severity")) (table::th("Who")) (table::th("From")) (table::th("When")) } }
                tbody {
                    @for event in events {
                        tr data-row {
                            td.is-title.is-wrap data-label="What" { (label(&event.kind)) @if let Some(more) = more(event, names) { " " span.muted { (more) } } }
                            td data-label="Severity" { (severity(event.severity)) }
                            td data-label="Who" { @if let Some(user) = event.user_id { (names.get(&user.uuid()).map_or("Somebody who is gone", String::as_str)) } @else { span.muted { "–" } } }
                            td data-label="From" { @if event.address.is_empty() { span.muted { "–" } } @else { (event.address) } }
                            td.is-quiet data-label="When" { (ui::ago(event.at)) }
                        }
                    }
                }
            }
        },
    )
}

fn label(kind: &str) -> &str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, label)| label)
}

fn severity(severity: Severity) -> Markup {
    let tone = match severity {
        Severity::Info => Tone::Info,
        Severity::Warning => Tone::Warning,
        Severity::Critical => Tone::Danger,
    };
    ui::status_dot(tone, severity.label())
}

/// What the details add to the kind's words.
fn more(event: &SecurityEvent, names: &Names) -> Option<String> {
    let word = |name: &str| event.details.get(name).map(|value| sentence::shown(value, names));
    let is = |name: &str| event.details.get(name) == Some(&Value::Bool(true));
    match event.kind.as_str() {
        "refusals.repeated" => Some(format!("{} within ten minutes", word("count")?)),
        "session.unfamiliar" => Some(match (is("new_device"), is("new_network")) {
            (true, true) => format!("{}, from a network not seen before", word("device")?),
            (true, false) => format!("{}, from a known network", word("device")?),
            _ => format!("{}, from a new network", word("device")?),
        }),
        "export.mass" => Some(format!("{} rows", word("count")?)),
        "permission.denied_repeatedly" => Some(format!("{} times within ten minutes, last {}", word("count")?, word("last")?)),
        "audit.damaged" => word("found"),
        _ => None,
    }
}
