use axum::extract::State;
use http_kit::{ApiPath, ApiQuery, App, Cursor, Problem};
use identity::{CampaignsRead, Can, Permission};
use kernel::{CampaignId, SendId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, table};

use super::{
    running::{Section, header},
    words,
};
use crate::{
    model::{LedgerFilter, SendRow, SendState},
    pages::query::address,
    store,
};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    state: String,
    step: String,
    cursor: String,
}

/// Each mail of the campaign: whether it was sent, and why not.
pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<CampaignId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let filter = LedgerFilter { state: query.state.parse::<SendState>().ok(), step: query.step.parse::<i16>().ok() };
    let before = (!query.cursor.is_empty()).then(|| Cursor::decode::<SendId>(&query.cursor)).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let campaign = store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let steps = store::steps::list(&tx, id).await?;
    let mut rows = store::sends::list(&tx, id, filter, before, PAGE as i64 + 1).await?;
    tx.commit().await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| Cursor::encode(&last.id));
    let path = format!("/campaigns/{id}/ledger");
    let here = address(&path, &[("state", &query.state), ("step", &query.step), ("cursor", &query.cursor)]);
    let decides = viewer.may(Permission::CampaignsSend);
    let states = std::iter::once((String::new(), "Any state".to_owned()))
        .chain(SendState::ALL.iter().map(|state| (state.as_str().to_owned(), state.label().to_owned())));
    let numbers = std::iter::once((String::new(), "Any e-mail".to_owned()))
        .chain(steps.iter().map(|step| (step.position.to_string(), format!("E-mail {}", step.position))));
    let content = html! {
        (header(&viewer, &campaign, Section::Ledger))
        (ui::toolbar(html! {
            form.inline-fields method="get" action=(path) data-auto-submit {
                (Field::select("state", "State", states).value(&query.state))
                (Field::select("step", "E-mail", numbers).value(&query.step))
                span data-without-script { (Button::secondary("Show")) }
            }
        }, html! {}))
        div #ledger data-live="mail" hx-get=(here) hx-trigger="live" hx-select="#ledger" hx-swap="outerMorph" {
            @if rows.is_empty() {
                (ui::empty_state(Icon::Mail, "No mail here", "Each mail gets its row when it is planned. Look at another state, or wait for the next e-mail to be due.",
                    html! { (Button::secondary("Show all").href(path.as_str())) }))
            } @else {
                (grid(&rows, id, decides))
                (table::Pager::new(ui::plural(rows.len() as i64, "mail on this page", "mails on this page"))
                    .previous(before.map(|_| address(&path, &[("state", &query.state), ("step", &query.step)])))
                    .next(next.map(|cursor| address(&path, &[("state", &query.state), ("step", &query.step), ("cursor", &cursor)]))))
            }
        }
    };
    Ok(viewer.page(Nav::Campaigns, &campaign.name, content))
}

fn grid(rows: &[SendRow], campaign: CampaignId, decides: bool) -> Markup {
    table::wrap(
        "Ledger",
        html! {
            table.table {
                thead { tr { (table::th("Lead")) (table::th("E-mail")) (table::th("State")) (table::th("Why")) (table::th("What came of it")) (table::th("Sent")) } }
                tbody {
                    @for row in rows {
                        tr data-row data-href={ "/leads/" (row.lead_id) } {
                            td.is-title data-label="Lead" { a href={ "/leads/" (row.lead_id) } { (ui::person(name(row), Some(&row.email))) } }
                            td data-label="E-mail" { (row.step) }
                            td data-label="State" { (words::send_state(row.state)) }
                            td.is-wrap data-label="Why" { (why(row)) @if row.state == SendState::Unknown && decides { (decision(row, campaign)) } }
                            td data-label="What came of it" { (outcome(row)) }
                            td.is-quiet data-label="Sent" { @match row.sent_at { Some(at) => (ui::ago(at)), None => span.muted { "–" } } }
                        }
                    }
                }
            }
        },
    )
}

fn name(row: &SendRow) -> &str {
    if row.lead_name.is_empty() { "Unnamed lead" } else { &row.lead_name }
}

fn why(row: &SendRow) -> Markup {
    match (row.detail.as_str(), row.reason.as_str()) {
        ("", "") => html! { @if row.state == SendState::Planned { span.muted { "Waits for its turn" } } @else { span.muted { "–" } } },
        ("", reason) => html! { (crate::templates::sentence(&reason.replace('_', " "))) },
        (detail, _) => html! { (detail) },
    }
}

fn outcome(row: &SendRow) -> Markup {
    let words: Vec<String> = [
        row.delivered_at.map(|_| "delivered".to_owned()),
        (row.opens > 0).then(|| format!("opened {}×", row.opens)),
        (row.clicks > 0).then(|| format!("clicked {}×", row.clicks)),
        (row.opens == 0 && row.machine_opens > 0).then(|| "opened by a machine".to_owned()),
        row.bounced_at.map(|_| "bounced".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    html! { @if words.is_empty() { span.muted { "–" } } @else { (crate::templates::sentence(&words.join(", "))) } }
}

/// The two words that a person can say on a mail whose outcome was lost.
fn decision(row: &SendRow, campaign: CampaignId) -> Markup {
    let action = format!("/campaigns/{campaign}/sends/{}/resolve", row.id);
    html! {
        form.button-row method="post" action=(action) {
            (Button::secondary("It was sent").small().name_value("verdict", "sent"))
            (Button::secondary("It was not sent").small().name_value("verdict", "not_sent")
                .confirm(format!("Send this mail to {} again? If it did arrive after all, they get it twice.", row.email)))
        }
    }
}
