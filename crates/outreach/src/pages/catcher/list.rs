use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem};
use identity::{CampaignsRead, Can, Permission};
use jiff::Timestamp;
use kernel::{MessageId, Uuid};
use mail::CaughtSummary;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, table};

use super::{catcher, reader};
use crate::pages::query::address;

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    q: String,
    cursor: String,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<CampaignsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let catcher = catcher(&app)?;
    let before = (!query.cursor.is_empty()).then(|| Cursor::decode::<(Timestamp, Uuid)>(&query.cursor)).transpose()?;
    let mut rows = catcher.search(&viewer.scope, reader(&viewer), &query.q, before, PAGE as i64 + 1).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| Cursor::encode(&(last.caught_at, last.id)));
    let here = address("/catcher", &[("q", &query.q), ("cursor", &query.cursor)]);
    let untouched = query.q.is_empty() && before.is_none();
    let actions = html! {
        @if viewer.may(Permission::CampaignsWrite) && !rows.is_empty() {
            form method="post" action="/catcher/clear" {
                (Button::secondary("Empty the catcher").icon(Icon::Trash)
                    .confirm("Remove every caught mail of your organisation? The campaigns' ledgers keep what was sent."))
            }
        }
    };
    let content = html! {
        (ui::page_header("Mail catcher", "Nothing leaves this machine: every mail that would be sent ends here.", actions))
        @if !rows.is_empty() || !untouched {
            (ui::toolbar(ui::search_form("/catcher", "q", &query.q, "Search recipient or subject", "caught"), html! {}))
        }
        div #caught data-live="mail" hx-get=(here) hx-trigger="live" hx-select="#caught" hx-swap="outerMorph" {
            @if !rows.is_empty() {
                (grid(&rows))
                (table::Pager::new(ui::plural(rows.len() as i64, "mail on this page", "mails on this page"))
                    .previous(before.map(|_| address("/catcher", &[("q", &query.q)])))
                    .next(next.map(|cursor| address("/catcher", &[("q", &query.q), ("cursor", &cursor)]))))
            } @else if untouched {
                (ui::empty_state(Icon::Mailbox, "No mail yet", "Send yourself a test from a template, or launch a campaign: what its leads would get appears here.",
                    html! { (Button::primary("Open templates").href("/templates")) (Button::secondary("Open campaigns").href("/campaigns")) }))
            } @else {
                (ui::empty_state(Icon::Search, "No mail matches", "Try fewer or other words.", html! { (Button::secondary("Show all").href("/catcher")) }))
            }
        }
    };
    Ok(viewer.page(Nav::Catcher, "Mail catcher", content))
}

fn grid(rows: &[CaughtSummary]) -> Markup {
    table::wrap(
        "Caught mail",
        html! {
            table.table {
                thead { tr { (table::th("Subject")) (table::th("To")) (table::th("From")) (table::th("Caught")) } }
                tbody {
                    @for row in rows {
                        @let href = format!("/catcher/{}", MessageId::from(row.id));
                        tr data-row data-href=(href) {
                            td.is-title.is-wrap data-label="Subject" {
                                a href=(href) { (row.subject) }
                                @if row.attempts > 1 { " " (ui::badge(ui::Tone::Neutral, &format!("handed over {} times, kept once", row.attempts))) }
                            }
                            td data-label="To" { (row.to.address) }
                            td.is-quiet data-label="From" { (row.from.address) }
                            td.is-quiet data-label="Caught" { (ui::ago(row.caught_at)) }
                        }
                    }
                }
            }
        },
    )
}
