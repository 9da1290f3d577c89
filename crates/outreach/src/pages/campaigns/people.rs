use axum::extract::State;
use http_kit::{ApiPath, ApiQuery, App, Cursor, Problem};
use identity::{CampaignsRead, Can};
use kernel::{CampaignId, LeadId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Tone, table};

use super::running::{Section, header};
use crate::{
    model::StopReason,
    pages::query::address,
    pages_store::{self, PersonRow},
    store,
};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    state: String,
    reason: String,
    cursor: String,
}

/// Each lead of the campaign: what comes next and when, or why nothing more comes.
pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<CampaignId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let after = (!query.cursor.is_empty()).then(|| Cursor::decode::<LeadId>(&query.cursor)).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let campaign = store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let mut rows = pages_store::people(&tx, id, &query.state, &query.reason, after, PAGE as i64 + 1).await?;
    tx.commit().await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| Cursor::encode(&last.lead));
    let path = format!("/campaigns/{id}/people");
    let here = address(&path, &[("state", &query.state), ("reason", &query.reason), ("cursor", &query.cursor)]);
    let states = [("", "Any"), ("active", "In the sequence"), ("finished", "Got every e-mail"), ("stopped", "Stopped")];
    let reasons = std::iter::once((String::new(), "Any".to_owned()))
        .chain(StopReason::ALL.iter().map(|why| (why.as_str().to_owned(), why.label().to_owned())));
    let content = html! {
        (header(&viewer, &campaign, Section::People))
        (ui::toolbar(html! {
            form.inline-fields method="get" action=(path) data-auto-submit {
                (Field::select("state", "State", states).value(&query.state))
                (Field::select("reason", "Stopped because", reasons).value(&query.reason))
                span data-without-script { (Button::secondary("Show")) }
            }
        }, html! {}))
        div #people data-live="campaign mail" hx-get=(here) hx-trigger="live" hx-select="#people" hx-swap="outerMorph" {
            @if rows.is_empty() {
                (ui::empty_state(Icon::Leads, "Nobody is here", "No lead of this campaign is in this state.", html! { (Button::secondary("Show all").href(path.as_str())) }))
            } @else {
                (grid(&rows))
                (table::Pager::new(ui::plural(rows.len() as i64, "lead on this page", "leads on this page"))
                    .previous(after.map(|_| address(&path, &[("state", &query.state), ("reason", &query.reason)])))
                    .next(next.map(|cursor| address(&path, &[("state", &query.state), ("reason", &query.reason), ("cursor", &cursor)]))))
            }
        }
    };
    Ok(viewer.page(Nav::Campaigns, &campaign.name, content))
}

fn grid(rows: &[PersonRow]) -> Markup {
    table::wrap(
        "People",
        html! {
            table.table {
                thead { tr { (table::th("Lead")) (table::th("State")) (table::th("Why, or what comes next")) (table::th("When")) } }
                tbody {
                    @for row in rows {
                        @let href = format!("/leads/{}", row.lead);
                        tr data-row data-href=(href) {
                            td.is-title data-label="Lead" { a href=(href) { (ui::person(&row.name, row.email.as_deref())) } }
                            td data-label="State" { (state(row)) }
                            td data-label="Why, or what comes next" { (next(row)) }
                            td.is-quiet data-label="When" { @match row.next_at.filter(|_| row.state == "active").or(row.ended_at) { Some(at) => (ui::datetime(at)), None => span.muted { "–" } } }
                        }
                    }
                }
            }
        },
    )
}

fn state(row: &PersonRow) -> Markup {
    match row.state.as_str() {
        "active" => ui::status_dot(Tone::Info, "In the sequence"),
        "finished" => ui::status_dot(Tone::Success, "Got every e-mail"),
        _ => ui::status_dot(Tone::Warning, "Stopped"),
    }
}

fn next(row: &PersonRow) -> Markup {
    match (row.reason, row.state.as_str()) {
        (Some(why), _) => html! { (why.label()) },
        (None, "active") if row.next_at.is_some() => html! { "E-mail " (row.step) },
        (None, "active") => html! { "E-mail " (row.step) " is on its way" },
        (None, _) => html! { span.muted { "–" } },
    }
}
