use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem};
use identity::{CampaignsRead, Can, Permission};
use jiff::Timestamp;
use kernel::CampaignId;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::HashMap;
use ui::{Button, Icon, Nav, Tab, table};

use super::words;
use crate::{
    model::{CampaignStatus, CampaignSummary},
    pages::query::address,
    pages_store, store,
};

const PAGE: usize = 25;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    status: String,
    cursor: String,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<CampaignsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let status = query.status.parse::<CampaignStatus>().ok();
    let before = (!query.cursor.is_empty()).then(|| Cursor::decode::<(Timestamp, CampaignId)>(&query.cursor)).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut rows = store::campaigns::list(&tx, status, before, PAGE as i64 + 1).await?;
    let total = store::campaigns::count(&tx, None).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let ids: Vec<CampaignId> = rows.iter().map(|row| row.campaign.id).collect();
    let unsubscribed = pages_store::unsubscribed(&tx, &ids).await?;
    tx.commit().await?;
    let next = rows.last().filter(|_| more).map(|last| Cursor::encode(&(last.campaign.created_at, last.campaign.id)));
    let writes = viewer.may(Permission::CampaignsWrite);
    let here = address("/campaigns", &[("status", &query.status), ("cursor", &query.cursor)]);
    let action = html! { @if writes { (Button::primary("New campaign").icon(Icon::Plus).shortcut("c").href("/campaigns/new")) } };
    let content = html! {
        (ui::page_header("Campaigns", "Sequences of e-mails over a part of your leads.", action))
        @if total == 0 { (empty(writes)) } @else {
            (filters(status))
            div #campaigns data-live="campaign mail" hx-get=(here) hx-trigger="live" hx-select="#campaigns" hx-swap="outerMorph" {
                @if rows.is_empty() {
                    (ui::empty_state(Icon::Campaign, "No campaign is in this state", "Look at the others.", html! { (Button::secondary("Show all").href("/campaigns")) }))
                } @else {
                    (grid(&rows, &unsubscribed))
                    (table::Pager::new(ui::plural(rows.len() as i64, "campaign on this page", "campaigns on this page"))
                        .previous(before.map(|_| address("/campaigns", &[("status", &query.status)])))
                        .next(next.map(|cursor| address("/campaigns", &[("status", &query.status), ("cursor", &cursor)]))))
                }
            }
        }
    };
    Ok(viewer.page(Nav::Campaigns, "Campaigns", content))
}

fn filters(now: Option<CampaignStatus>) -> Markup {
    let hrefs: Vec<(String, &str, bool)> = CampaignStatus::ALL
        .iter()
        .map(|status| (format!("/campaigns?status={}", status.as_str()), status.label(), now == Some(*status)))
        .collect();
    let tabs: Vec<Tab<'_>> = std::iter::once(Tab::new("All", "/campaigns", now.is_none()))
        .chain(hrefs.iter().map(|(href, label, current)| Tab::new(label, href, *current)))
        .collect();
    ui::tabs("Campaigns by state", &tabs)
}

fn grid(rows: &[CampaignSummary], unsubscribed: &HashMap<CampaignId, i64>) -> Markup {
    table::wrap(
        "Campaigns",
        html! {
            table.table {
                thead { tr {
                    (table::th("Name")) (table::th("State")) (table::th_num("Leads")) (table::th_num("Sent")) (table::th_num("Opened"))
                    (table::th_num("Clicked")) (table::th_num("Replied")) (table::th_num("Unsubscribed")) (table::th("Created"))
                } }
                tbody {
                    @for row in rows {
                        @let href = format!("/campaigns/{}", row.campaign.id);
                        @let gone = unsubscribed.get(&row.campaign.id).copied().unwrap_or_default();
                        tr data-row data-href=(href) {
                            td.is-title data-label="Name" {
                                a href=(href) { (row.campaign.name) }
                                @if row.unknown > 0 { " " (ui::badge(ui::Tone::Warning, &format!("{} to decide", row.unknown))) }
                            }
                            td data-label="State" { (words::status(&row.campaign)) }
                            td.num data-label="Leads" { @if row.campaign.status == CampaignStatus::Draft { span.muted { "–" } } @else { (ui::number(row.leads)) } }
                            td.num data-label="Sent" { (ui::number(row.sent)) }
                            (share("Opened", row.opened, row.sent))
                            (share("Clicked", row.clicked, row.sent))
                            (share("Replied", row.replied, row.leads))
                            (share("Unsubscribed", gone, row.leads))
                            td.is-quiet data-label="Created" { (ui::date(row.campaign.created_at)) }
                        }
                    }
                }
            }
        },
    )
}

fn share(label: &str, part: i64, whole: i64) -> Markup {
    html! { td.num data-label=(label) { (ui::number(part)) @if whole > 0 { " " span.muted { (ui::percent(part, whole)) } } } }
}

fn empty(writes: bool) -> Markup {
    ui::empty_state(
        Icon::Campaign,
        "No campaigns yet",
        "A campaign sends one or more e-mails to the leads that a filter finds, stops when they answer, and counts what came of it.",
        html! {
            @if writes { (Button::primary("New campaign").href("/campaigns/new")) (Button::secondary("Write a template first").href("/templates")) }
        },
    )
}
