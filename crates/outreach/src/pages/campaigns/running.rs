use std::collections::HashMap;

use http_kit::{App, Problem};
use identity::{Permission, Viewer};
use maud::{Markup, html};
use ui::{Button, Icon, Nav, Stat, Tab, Tone, definition_list, table};

use super::{audience_card, words};
use crate::{
    model::{Campaign, CampaignStatus, EnrollmentCounts, Step, StepNumbers},
    pages_store, store,
};

/// How a launched campaign is going.
pub(super) async fn render(app: &App, viewer: &Viewer, campaign: &Campaign) -> Result<Markup, Problem> {
    let id = campaign.id;
    let tx = app.db.tenant(&viewer.scope).await?;
    let steps = store::steps::list(&tx, id).await?;
    let numbers = store::sends::numbers(&tx, id).await?;
    let people = store::enrollments::counts(&tx, id).await?;
    let endings = pages_store::endings(&tx, id).await?;
    let audience = audience_card::load_of(&tx, campaign, app.clock.now()).await?;
    tx.commit().await?;
    let address = format!("/campaigns/{id}");
    let content = html! {
        div #campaign data-live="campaign mail" hx-get=(address) hx-trigger="live" hx-select="#campaign" hx-swap="outerMorph" {
            (ui::stack(html! {
                (header(viewer, campaign, Section::Overview))
                (notices(campaign, &numbers, &address))
                (totals(&numbers, &people, &address))
                (ui::card("Progress", html! {}, progress(&people)))
                (ui::card_flush("E-mails", html! {}, funnel(&steps, &numbers, &endings, &address)))
                (ui::columns(html! {
                    (ui::card("Where the leads are", html! {}, whereabouts(&people, &address)))
                    (ui::card("About", html! {}, definition_list([
                        ("Audience", html! { (audience.sentence()) }),
                        ("Sender", html! { (campaign.sender_name) " " span.muted { (campaign.sender_address) } }),
                        ("Launched", campaign.launched_at.map(ui::datetime).unwrap_or_default()),
                        ("Finished", campaign.finished_at.map(ui::datetime).unwrap_or_default()),
                        ("Limits", limits(campaign)),
                    ])))
                }))
            }))
        }
    };
    Ok(viewer.page(Nav::Campaigns, &campaign.name, content))
}

/// Which of the campaign's pages this is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    People,
    Ledger,
}

/// The head that the campaign's pages share.
pub(super) fn header(viewer: &Viewer, campaign: &Campaign, section: Section) -> Markup {
    let address = format!("/campaigns/{}", campaign.id);
    let (people, ledger) = (format!("{address}/people"), format!("{address}/ledger"));
    html! {
        (ui::page_header_under(&[("Campaigns", "/campaigns")], &campaign.name, "", html! {
            (words::status(campaign))
            @if viewer.may(Permission::CampaignsSend) {
                @match campaign.status {
                    CampaignStatus::Running => form method="post" action={ (address) "/pause" } { (Button::secondary("Pause").icon(Icon::Pause)) },
                    CampaignStatus::Paused => form method="post" action={ (address) "/resume" } { (Button::primary("Resume").icon(Icon::Play)) },
                    CampaignStatus::Draft | CampaignStatus::Finished => {},
                }
            }
        }))
        (ui::tabs("Parts of this campaign", &[
            Tab::new("Overview", &address, section == Section::Overview),
            Tab::new("People", &people, section == Section::People),
            Tab::new("Ledger", &ledger, section == Section::Ledger),
        ]))
    }
}

fn notices(campaign: &Campaign, numbers: &[StepNumbers], address: &str) -> Markup {
    let unknown: i64 = numbers.iter().map(|step| step.ledger.unknown).sum();
    html! {
        @if campaign.status == CampaignStatus::Paused {
            @if campaign.status_reason.is_empty() { (ui::notice(Tone::Info, "Paused. Nothing is sent until somebody resumes; what was planned waits.")) }
            @else { (ui::notice(Tone::Danger, html! { "Leadline paused this campaign: " (campaign.status_reason) })) }
        }
        @if !campaign.hold_reason.is_empty() { (ui::notice(Tone::Warning, html! { "Sending waits and goes on by itself: " (campaign.hold_reason) })) }
        @if unknown > 0 {
            (ui::notice_with(Tone::Warning, html! {
                (ui::plural(unknown, "mail", "mails")) " may or may not have left: the mail server's answer was lost. Nothing is sent twice; somebody must decide."
            }, html! { (Button::secondary("Decide").small().href(format!("{address}/ledger?state=unknown"))) }))
        }
    }
}

fn totals(numbers: &[StepNumbers], people: &EnrollmentCounts, address: &str) -> Markup {
    let sum = |part: fn(&StepNumbers) -> i64| numbers.iter().map(part).sum::<i64>();
    let (sent, opened, clicked, bounced) =
        (sum(|step| step.ledger.sent), sum(|step| step.opened), sum(|step| step.clicked), sum(|step| step.bounced));
    let machines = sum(|step| step.machine_opened);
    let leads = people.active + people.finished + people.stopped;
    let stopped = |why: &str| people.reasons.iter().filter(|(reason, _)| reason.as_str() == why).map(|(_, n)| n).sum::<i64>();
    let of = |part: i64, whole: i64| ui::percent(part, whole);
    ui::stats(html! {
        (Stat::new("Leads", ui::number(leads)).href(format!("{address}/people")))
        (Stat::new("Sent", ui::number(sent)).href(format!("{address}/ledger?state=sent")))
        (Stat::new("Opened", ui::number(opened)).detail(format!("{} by people, {} only by machines", of(opened, sent), ui::number(machines))))
        (Stat::new("Clicked", ui::number(clicked)).detail(of(clicked, sent)))
        (Stat::new("Replied", ui::number(stopped("replied"))).detail(of(stopped("replied"), leads)).href(format!("{address}/people?reason=replied")))
        (Stat::new("Bounced", ui::number(bounced)).detail(of(bounced, sent)))
        (Stat::new("Unsubscribed", ui::number(stopped("unsubscribed"))).detail(of(stopped("unsubscribed"), leads)).href(format!("{address}/people?reason=unsubscribed")))
    })
}

fn progress(people: &EnrollmentCounts) -> Markup {
    let done = people.finished + people.stopped;
    let all = done + people.active;
    let count = |n: i64| u64::try_from(n).unwrap_or_default();
    if all == 0 {
        return html! { p.muted { "No leads are in this campaign." } };
    }
    ui::progress("Leads at the end of their sequence", count(done), count(all))
}

fn funnel(steps: &[Step], numbers: &[StepNumbers], endings: &HashMap<i16, (i64, i64)>, address: &str) -> Markup {
    // Neither the catcher nor SMTP tell of deliveries: no word is not the same as none.
    let told = numbers.iter().any(|step| step.delivered > 0);
    table::wrap(
        "E-mails in numbers",
        html! {
            table.table {
                thead { tr {
                    (table::th("E-mail")) (table::th_num("Waiting")) (table::th_num("Sent")) (table::th_num("Delivered")) (table::th_num("Opened"))
                    (table::th_num("Clicked")) (table::th_num("Replied")) (table::th_num("Bounced")) (table::th_num("Unsubscribed")) (table::th_num("Not sent"))
                } }
                tbody {
                    @for step in steps {
                        @let n = numbers.iter().find(|numbers| numbers.step == step.position).copied().unwrap_or_default();
                        @let (replied, unsubscribed) = endings.get(&step.position).copied().unwrap_or_default();
                        @let ledger = format!("{address}/ledger?step={}", step.position);
                        tr data-row data-href=(ledger) {
                            td.is-title.is-wrap data-label="E-mail" { a href={ (address) "/steps/" (step.id) } { (step.position) ". " (step.subject) } }
                            td.num data-label="Waiting" { (ui::number(n.ledger.planned + n.ledger.claimed)) }
                            td.num data-label="Sent" { a href={ (ledger) "&state=sent" } { (ui::number(n.ledger.sent)) } }
                            @if told { (share("Delivered", n.delivered, n.ledger.sent)) }
                            @else { td.num data-label="Delivered" { span.muted title="The mail server does not tell" { "–" } } }
                            (share("Opened", n.opened, n.ledger.sent))
                            (share("Clicked", n.clicked, n.ledger.sent))
                            (share("Replied", replied, n.ledger.sent))
                            (share("Bounced", n.bounced, n.ledger.sent))
                            (share("Unsubscribed", unsubscribed, n.ledger.sent))
                            td.num data-label="Not sent" { (ui::number(n.ledger.failed + n.ledger.suppressed + n.ledger.unknown)) }
                        }
                    }
                }
            }
        },
    )
}

fn share(label: &str, part: i64, whole: i64) -> Markup {
    html! { td.num data-label=(label) { (ui::number(part)) @if whole > 0 && part > 0 { " " span.muted { (ui::percent(part, whole)) } } } }
}

fn whereabouts(people: &EnrollmentCounts, address: &str) -> Markup {
    html! {
        dl.definitions {
            (place("In the sequence", people.active, &format!("{address}/people?state=active")))
            (place("Got every e-mail", people.finished, &format!("{address}/people?state=finished")))
            @for (reason, n) in &people.reasons {
                (place(&format!("Stopped: {}", reason.label().to_lowercase()), *n, &format!("{address}/people?reason={}", reason.as_str())))
            }
        }
    }
}

fn place(name: &str, count: i64, href: &str) -> Markup {
    html! { div { dt { (name) } dd { a.num href=(href) { (ui::number(count)) } } } }
}

fn limits(campaign: &Campaign) -> Markup {
    match (campaign.max_per_minute, campaign.max_per_day) {
        (None, None) => html! { "none" },
        (minute, day) => html! {
            @if let Some(minute) = minute { (ui::number(i64::from(minute))) " a minute" }
            @if minute.is_some() && day.is_some() { ", " }
            @if let Some(day) = day { (ui::number(i64::from(day))) " in 24 hours" }
        },
    }
}
