//! One campaign's numbers: over all time, by step, and day by day.

use axum::extract::State;
use http_kit::{ApiPath, App, Problem};
use identity::{Can, InsightsRead};
use kernel::CampaignId;
use maud::{Markup, html};
use ui::{
    Button, Icon, Nav, Stat,
    chart::{Series, Stage, funnel, line},
    table,
};

use super::{LIVE, campaign_status};
use crate::{
    model::{Counts, Period, StepCounts},
    store::counters,
};

/// Days in the chart.
const DAYS: i32 = 30;

pub(super) async fn show(State(app): State<App>, viewer: Can<InsightsRead>, ApiPath(id): ApiPath<CampaignId>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (all, steps) = counters::campaign(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let daily = counters::daily(&tx, Period::last(DAYS, app.clock.now()), Some(id)).await?;
    tx.commit().await?;
    let labels: Vec<String> = daily.iter().map(|day| day.day.strftime("%-d %b").to_string()).collect();
    let values = |pick: fn(&Counts) -> i64| daily.iter().map(|day| pick(&day.counts)).collect::<Vec<i64>>();
    let (sent, opened, clicked) = (values(|c| c.sent), values(|c| c.opened_unique), values(|c| c.clicked_unique));
    let content = html! {
        (ui::page_header_under(&[("Analytics", "/insights")], &all.name, "Since it was launched", html! {
            (campaign_status(&all.status))
            (Button::secondary("Open the campaign").icon(Icon::Campaign).href(format!("/campaigns/{id}")))
        }))
        div.stack #insights data-live={ "mail campaign:" (id) } hx-get={ "/insights/campaigns/" (id) } hx-trigger=(LIVE) hx-select="#insights" hx-swap="outerMorph" {
            (numbers(&all.counts))
            (ui::card("Mails by what became of them", html! {}, mails(&all.counts)))
            (ui::card_flush("Steps", html! {}, steps_table(&steps)))
            (ui::card("Day by day", html! {}, line(&format!("Mails per day, the last {DAYS} days"), &labels, &[
                Series { name: "Sent", values: &sent }, Series { name: "Opened by a person", values: &opened }, Series { name: "Clicked by a person", values: &clicked },
            ])))
        }
    };
    Ok(viewer.page(Nav::Analytics, &all.name, content))
}

fn numbers(counts: &Counts) -> Markup {
    html! {
        (ui::stats(html! {
            (Stat::new("Leads at launch", ui::number(counts.enrolled)))
            (Stat::new("Sent", ui::number(counts.sent)).detail(format!("{} reported delivered", ui::number(counts.delivered))))
            (Stat::new("Replied", ui::number(counts.replied)).detail(format!("{} of the leads", ui::percent(counts.replied, counts.enrolled))))
            (Stat::new("Bounced", ui::number(counts.bounced)).detail(format!("{} of sent", ui::percent(counts.bounced, counts.sent))))
            (Stat::new("Unsubscribed", ui::number(counts.unsubscribed)).detail(format!("{} of sent", ui::percent(counts.unsubscribed, counts.sent))))
            (Stat::new("Failed", ui::number(counts.failed)).detail("not sent, and not tried again"))
        }))
    }
}

fn mails(counts: &Counts) -> Markup {
    let stage = |label: &str, value: i64| Stage { label: label.to_owned(), value, href: None };
    funnel(
        "Mails, each counted once",
        &[
            stage("Sent", counts.sent),
            stage("Not bounced", counts.sent - counts.bounced),
            stage("Opened by a person", counts.opened_unique),
            stage("Clicked by a person", counts.clicked_unique),
        ],
    )
}

fn steps_table(steps: &[StepCounts]) -> Markup {
    table::wrap(
        "Steps",
        html! {
            table.table {
                thead { tr { (table::th("Step")) (count_headings()) } }
                tbody {
                    @for step in steps {
                        tr {
                            td.is-title data-label="Step" {
                                @if step.step_no == 0 { "Of no single step" }
                                @else { (step.step_no) @if !step.subject.is_empty() { ". " (step.subject) } }
                            }
                            (count_cells(&step.counts))
                        }
                    }
                }
            }
        },
    )
}

/// The headings over [`count_cells`].
pub(super) fn count_headings() -> Markup {
    html! {
        (table::th_num("Sent")) (table::th_num("Opened")) (table::th_num("Automatic opens")) (table::th_num("Clicked")) (table::th_num("Automatic clicks"))
        (table::th_num("Replied")) (table::th_num("Bounced")) (table::th_num("Unsubscribed"))
    }
}

/// What was counted, people and machines apart.
pub(super) fn count_cells(counts: &Counts) -> Markup {
    let share =
        |part: i64| html! { (ui::number(part)) @if counts.sent > 0 && part > 0 { " " span.muted { (ui::percent(part, counts.sent)) } } };
    html! {
        td.num data-label="Sent" { (ui::number(counts.sent)) }
        td.num data-label="Opened" { (share(counts.opened_unique)) }
        td.num.is-quiet data-label="Automatic opens" { (ui::number(counts.opened_machine)) }
        td.num data-label="Clicked" { (share(counts.clicked_unique)) }
        td.num.is-quiet data-label="Automatic clicks" { (ui::number(counts.clicked_machine)) }
        td.num data-label="Replied" { (share(counts.replied)) }
        td.num data-label="Bounced" { (share(counts.bounced)) }
        td.num data-label="Unsubscribed" { (share(counts.unsubscribed)) }
    }
}
