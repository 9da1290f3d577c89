use axum::extract::State;
use http_kit::{ApiQuery, App, Problem};
use identity::{Can, InsightsRead, Permission, Viewer};
use leads::Status;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{
    Button, Icon, Nav, Stat, Tab, Tone,
    chart::{Bar, Series, Stage, bars, funnel, line},
    table,
};

use super::{LIVE, campaign_name, campaign_status, moved, stage_label, status_href};
use crate::{
    filter::created_within,
    model::{CampaignCounts, Counts, Day, Period, Reached, StatusCount},
    store::counters,
};

/// Campaigns in the table.
const CAMPAIGNS: i64 = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    days: Option<String>,
}

impl Query {
    /// 7, 30 or 90; whatever else stands in an address is the usual 30.
    fn days(&self) -> i32 {
        match self.days.as_deref() {
            Some("7") => 7,
            Some("90") => 90,
            _ => 30,
        }
    }
}

pub(super) async fn show(State(app): State<App>, viewer: Can<InsightsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let days = query.days();
    let period = Period::last(days, app.clock.now());
    let tx = app.db.tenant(&viewer.scope).await?;
    let statuses = counters::statuses(&tx).await?;
    let (now, before) = counters::totals(&tx, period).await?;
    let reached = counters::funnel(&tx, period).await?;
    let daily = counters::daily(&tx, period, None).await?;
    let campaigns = counters::campaigns(&tx, period, CAMPAIGNS).await?;
    tx.commit().await?;
    let is_empty = statuses.iter().all(|status| status.leads == 0) && now == Counts::default();
    let here = format!("/insights?days={days}");
    let periods = [(7, "7 days", "/insights?days=7"), (30, "30 days", "/insights?days=30"), (90, "90 days", "/insights?days=90")];
    let tabs = periods.map(|(length, label, href)| Tab::new(label, href, length == days));
    let content = html! {
        (ui::page_header("Analytics", &format!("The last {days} days, in UTC. Opens and clicks by scanners and privacy proxies are counted apart."), html! {}))
        (ui::tabs("Period", &tabs))
        div.stack #insights data-live="lead mail campaign" hx-get=(here) hx-trigger=(LIVE) hx-select="#insights" hx-swap="outerMorph" {
            @if is_empty { (ui::card("", html! {}, empty(&viewer))) }
            @else { (filled(days, &now, &before, &reached, &statuses, &daily, &campaigns)) }
        }
    };
    Ok(viewer.page(Nav::Analytics, "Analytics", content))
}

fn empty(viewer: &Viewer) -> Markup {
    ui::empty_state(
        Icon::Chart,
        "Nothing to count yet",
        "Import leads and send a campaign: the funnel, the opens and clicks and each step's numbers build up here while it runs.",
        html! { @if viewer.may(Permission::LeadsImport) { (Button::primary("Import a file").icon(Icon::Upload).href("/imports/new")) } },
    )
}

fn filled(
    days: i32,
    now: &Counts,
    before: &Counts,
    reached: &[Reached],
    statuses: &[StatusCount],
    daily: &[Day],
    campaigns: &[CampaignCounts],
) -> Markup {
    let labels: Vec<String> = daily.iter().map(|day| day.day.strftime("%-d %b").to_string()).collect();
    let values = |pick: fn(&Counts) -> i64| daily.iter().map(|day| pick(&day.counts)).collect::<Vec<i64>>();
    let (created, sent, opened, clicked) =
        (values(|c| c.leads_created), values(|c| c.sent), values(|c| c.opened_unique), values(|c| c.clicked_unique));
    let stage = |one: &Reached| Stage {
        label: stage_label(one.stage).to_owned(),
        value: one.leads,
        href: (one.stage == "created").then(|| created_within(days)),
    };
    let by_status: Vec<Bar> = statuses
        .iter()
        .map(|one| Bar { label: one.status.label().to_owned(), value: one.leads, href: Some(status_href(one.status)) })
        .collect();
    html! {
        (numbers(days, now, before))
        (ui::card("From import to conversion", html! {}, html! { div.stack {
            (funnel(&format!("Leads created in the last {days} days, by how far they have come"), &reached.iter().map(stage).collect::<Vec<_>>()))
            p.muted { "Each lead counts once. A reply counts as opened even where the opening was not seen." }
        } }))
        (ui::columns(html! {
            (ui::card("Leads over time", html! {}, line("New leads per day", &labels, &[Series { name: "leads", values: &created }])))
            (ui::card("Mail over time", html! {}, line("Mails per day", &labels, &[
                Series { name: "Sent", values: &sent }, Series { name: "Opened by a person", values: &opened }, Series { name: "Clicked by a person", values: &clicked },
            ])))
        }))
        (ui::card("Where all leads stand now", html! {}, bars("Leads by status", "Leads", &by_status)))
        (table_of(campaigns, days))
    }
}

fn numbers(days: i32, now: &Counts, before: &Counts) -> Markup {
    let stat = |label: &str, value: i64, last: i64, up_is_good: bool| {
        let (tone, text) = moved(value, last, up_is_good);
        Stat::new(label, ui::number(value)).delta(if last == 0 && value == 0 { Tone::Neutral } else { tone }, text)
    };
    let of = |part: i64, whole: i64, what: &str| format!("{} of {what}", ui::percent(part, whole));
    // Not every transport reports deliveries: what was not refused has left.
    let reached = now.sent - now.bounced;
    html! {
        section aria-label={ "The last " (days) " days, compared with the " (days) " before" } {
            (ui::stats(html! {
                (stat("New leads", now.leads_created, before.leads_created, true).href(created_within(days)))
                (stat("Sent", now.sent, before.sent, true).detail(format!("{} reported delivered", ui::number(now.delivered))))
                (stat("Opened by people", now.opened_unique, before.opened_unique, true)
                    .detail(format!("{}; {} more automatic", of(now.opened_unique, reached, "sent"), ui::number(now.opened_machine))))
                (stat("Clicked by people", now.clicked_unique, before.clicked_unique, true)
                    .detail(format!("{}; {} more automatic", of(now.clicked_unique, reached, "sent"), ui::number(now.clicked_machine))))
                (stat("Replied", now.replied, before.replied, true).detail(of(now.replied, reached, "sent")).href(status_href(Status::Replied)))
                (stat("Bounced", now.bounced, before.bounced, false).detail(of(now.bounced, now.sent, "sent")).href("/suppressions"))
                (stat("Unsubscribed", now.unsubscribed, before.unsubscribed, false).detail(of(now.unsubscribed, reached, "sent")).href("/suppressions"))
            }))
        }
    }
}

fn table_of(campaigns: &[CampaignCounts], days: i32) -> Markup {
    if campaigns.is_empty() {
        let text = format!("No campaign sent anything in the last {days} days.");
        return ui::card("Campaigns", html! { a href="/campaigns" { "All campaigns" } }, html! { p.muted { (text) } });
    }
    ui::card_flush(
        "Campaigns",
        html! { a href="/campaigns" { "All campaigns" } },
        table::wrap(
            "Campaigns",
            html! {
                table.table {
                    thead { tr {
                        (table::th("Campaign")) (table::th("Status")) (super::campaign::count_headings())
                    } }
                    tbody {
                        @for one in campaigns {
                            tr data-row data-href={ "/insights/campaigns/" (one.id) } {
                                td.is-title data-label="Campaign" {
                                    @if one.status == "deleted" { (campaign_name(&one.name)) } @else { a href={ "/insights/campaigns/" (one.id) } { (campaign_name(&one.name)) } }
                                }
                                td data-label="Status" { (campaign_status(&one.status)) }
                                (super::campaign::count_cells(&one.counts))
                            }
                        }
                    }
                }
            },
        ),
    )
}
