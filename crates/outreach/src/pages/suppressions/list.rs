use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem};
use identity::{CampaignsRead, Can, Permission, Viewer};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, table};

use crate::{
    model::{NewSuppression, Suppression, SuppressionReason},
    pages::query::address,
    store,
};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    q: String,
    reason: String,
    cursor: String,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<CampaignsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    render(&app, &viewer, &query, None).await
}

pub(super) async fn render(
    app: &App,
    viewer: &Viewer,
    query: &Query,
    refused: Option<(&NewSuppression, &Problem)>,
) -> Result<Markup, Problem> {
    let reason = query.reason.parse::<SuppressionReason>().ok();
    let before = (!query.cursor.is_empty()).then(|| Cursor::decode::<(Timestamp, String)>(&query.cursor)).transpose()?;
    let paged = before.is_some();
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut rows = store::suppressions::list(&tx, &query.q, reason, before, PAGE as i64 + 1).await?;
    let total = store::suppressions::count(&tx).await?;
    tx.commit().await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| Cursor::encode(&(last.at, &last.email)));
    let writes = viewer.may(Permission::CampaignsWrite);
    let actions = html! { @if total > 0 && viewer.may(Permission::LeadsExport) { (Button::secondary("Download CSV").icon(Icon::Download).href("/suppressions/export")) } };
    let content = html! {
        (ui::page_header("Suppressions", "Addresses that are never written to, whatever a campaign says.", actions))
        (ui::split(
            html! {
                @if total == 0 {
                    (ui::empty_state(Icon::Suppression, "Nobody is suppressed",
                        "Whoever unsubscribes, bounces for good or complains is put here at once, and no campaign writes to them again.", html! {}))
                } @else {
                    (ui::toolbar(html! {
                        (ui::search_form_with("/suppressions", "q", &query.q, "Search address", "suppressions", ui::hidden("reason", &query.reason)))
                    }, html! {
                        form.inline-fields method="get" action="/suppressions" data-auto-submit {
                            (ui::hidden("q", &query.q))
                            (Field::select("reason", "Reason", std::iter::once((String::new(), "Any reason".to_owned()))
                                .chain(SuppressionReason::ALL.iter().map(|reason| (reason.as_str().to_owned(), reason.label().to_owned())))).value(&query.reason).label_hidden())
                            span data-without-script { (Button::secondary("Show")) }
                        }
                    }))
                    div #suppressions {
                        @if rows.is_empty() {
                            (ui::empty_state(Icon::Search, "No address matches", "Try a shorter part of it, or another reason.", html! { (Button::secondary("Show all").href("/suppressions")) }))
                        } @else {
                            (grid(&rows, viewer.may(Permission::CampaignsSend)))
                            (table::Pager::new(format!("{} of {}", rows.len(), ui::plural(total, "address", "addresses")))
                                .previous(paged.then(|| address("/suppressions", &[("q", &query.q), ("reason", &query.reason)])))
                                .next(next.map(|cursor| address("/suppressions", &[("q", &query.q), ("reason", &query.reason), ("cursor", &cursor)]))))
                        }
                    }
                }
            },
            html! { @if writes { (ui::card("Add an address", html! {}, form(refused))) } @else { p.muted { "Your role looks at this list and does not change it." } } },
        ))
    };
    Ok(viewer.page(Nav::Suppressions, "Suppressions", content))
}

fn form(refused: Option<(&NewSuppression, &Problem)>) -> Markup {
    let error = |name: &str| refused.and_then(|(_, problem)| problem.of_field(name));
    html! {
        form.stack method="post" action="/suppressions" {
            (Field::email("email", "E-mail").value(refused.map_or("", |(typed, _)| &typed.email)).error(error("email")).required().autocomplete("off"))
            (Field::text("detail", "Note").value(refused.map_or("", |(typed, _)| &typed.detail)).error(error("detail")).autocomplete("off").attr("maxlength", "500")
                .hint("Who asked, or why. For your colleagues."))
            (ui::form_actions(html! { (Button::primary("Never write to it")) }))
        }
    }
}

fn grid(rows: &[Suppression], writes: bool) -> Markup {
    table::wrap(
        "Suppressed addresses",
        html! {
            table.table {
                thead { tr { (table::th("Address")) (table::th("Reason")) (table::th("Told by")) (table::th("Since")) @if writes { (table::th_actions()) } } }
                tbody {
                    @for row in rows {
                        tr data-row {
                            td.is-title data-label="Address" { (row.email) }
                            td.is-wrap data-label="Reason" { (row.reason.label()) @if !row.detail.is_empty() { " " span.muted { (row.detail) } } }
                            td data-label="Told by" { (row.source.label()) }
                            td.is-quiet data-label="Since" { (ui::date(row.at)) }
                            @if writes {
                                td.is-actions data-label="" {
                                    @if let Some(question) = question(row) {
                                        form method="post" action="/suppressions/remove" {
                                            (ui::hidden("email", &row.email))
                                            (Button::icon_only(Icon::Trash, format!("Remove {}", row.email)).small().confirm(question))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// What removing means depends on why the address is there. What its owner has said cannot be removed.
fn question(row: &Suppression) -> Option<String> {
    let email = &row.email;
    match row.reason {
        SuppressionReason::Unsubscribed | SuppressionReason::Complained => None,
        SuppressionReason::Bounced => {
            Some(format!("Mail to {email} was refused for good. Remove it only if you know that the mailbox exists again."))
        }
        SuppressionReason::Manual => Some(format!("Let campaigns write to {email} again?")),
    }
}
