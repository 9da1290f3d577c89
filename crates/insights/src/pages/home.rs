use activities::Agenda;
use axum::extract::State;
use http_kit::{App, Problem};
use identity::{Permission, Viewer};
use leads::Status;
use maud::{Markup, html};
use ui::{Button, Icon, Nav, Stat, Step, Tone};

use super::{LIVE, feed, moved, queue, status_href};
use crate::{
    filter::created_within,
    model::{Counts, Period},
    store::{
        counters,
        home::{self, FEED, FirstSteps, OpenCampaign},
    },
};

/// Leads in each list of the queue.
const QUEUE: i64 = 10;

pub(super) async fn show(State(app): State<App>, viewer: Viewer) -> Result<Markup, Problem> {
    let week = Period::last(7, app.clock.now());
    let tx = app.db.tenant(&viewer.scope).await?;
    let first = home::first_steps(&tx).await?;
    if !first.has_leads {
        tx.commit().await?;
        let content = html! {
            (ui::page_header(&format!("Welcome, {}", viewer.name), "Bring your leads in, find the best of them, write to them, and watch what comes back.", html! {}))
            div.stack #home data-live="lead import" hx-get="/" hx-trigger=(LIVE) hx-select="#home" hx-swap="outerMorph" {
                @if let Some(nudge) = viewer.security_nudge() { (nudge) }
                (begin(&viewer))
                (checklist(&viewer, first))
            }
        };
        return Ok(viewer.page(Nav::Home, "Home", content));
    }
    // Everybody who works here lands on this page, programs with a key among them: each part for whoever may see
    // what it shows.
    let [sees_leads, sees_campaigns, sees_numbers] =
        [Permission::LeadsRead, Permission::CampaignsRead, Permission::InsightsRead].map(|permission| viewer.may(permission));
    let totals = if sees_numbers { Some(counters::totals(&tx, week).await?) } else { None };
    let (replied, hottest, engaged) = if sees_leads {
        (
            home::best_of(&tx, Status::Replied, QUEUE).await?,
            home::best_of(&tx, Status::New, QUEUE).await?,
            home::recently_engaged(&tx, QUEUE).await?,
        )
    } else {
        Default::default()
    };
    let agenda = if sees_leads { activities::agenda(&tx, viewer.user_id, app.clock.now()).await? } else { Agenda::default() };
    let campaigns = if sees_campaigns { home::open_campaigns(&tx, week.from).await? } else { Vec::new() };
    let happenings = if sees_leads && sees_campaigns { home::happenings(&tx).await? } else { Vec::new() };
    tx.commit().await?;
    let is_full = i64::try_from(happenings.len()).is_ok_and(|count| count >= FEED);
    let content = html! {
        (ui::page_header("Home", "", html! {
            @if viewer.may(Permission::LeadsImport) { (Button::secondary("Import a file").icon(Icon::Upload).href("/imports/new")) }
            @if viewer.may(Permission::CampaignsWrite) { (Button::primary("New campaign").icon(Icon::Plus).href("/campaigns/new")) }
        }))
        div.stack #home data-live="lead mail campaign import task" hx-get="/" hx-trigger=(LIVE) hx-select="#home" hx-swap="outerMorph" {
            @if let Some(nudge) = viewer.security_nudge() { (nudge) }
            @if !first.is_done() { (checklist(&viewer, first)) }
            @if let Some((now, before)) = &totals { (numbers(now, before)) }
            (ui::split(
                html! {
                    @if !campaigns.is_empty() { (ui::card("Campaigns on their way", html! { a href="/campaigns" { "All campaigns" } }, html! { div.stack { @for one in &campaigns { (campaign(one)) } } })) }
                    @if agenda != Agenda::default() { (tasks(agenda)) }
                    @if sees_leads {
                        (queue::card("Replied: answer them", Some(status_href(Status::Replied)), Some("Last activity"), &replied,
                            "Nobody waits for an answer. Leads whose status is Replied appear here, the best first."))
                        (queue::card("Recently opened or clicked", None, Some("When"), &engaged,
                            "Nobody has opened or clicked lately. People who do, and have not answered yet, appear here."))
                        (queue::card("Best leads not contacted yet", Some(status_href(Status::New)), None, &hottest,
                            "Every lead has been contacted. Import more, or write again to those who did not answer."))
                    }
                },
                html! {
                    @if sees_leads && sees_campaigns { (ui::card("What happened", html! {}, feed::render(&feed::lines(&happenings), is_full))) }
                },
            ))
        }
    };
    Ok(viewer.page(Nav::Home, "Home", content))
}

fn begin(viewer: &Viewer) -> Markup {
    let may_import = viewer.may(Permission::LeadsImport);
    let actions = html! {
        @if may_import {
            (Button::primary("Import a file").icon(Icon::Upload).href("/imports/new"))
            form method="post" action="/demo-data" { (Button::secondary("Try demo data").icon(Icon::Bolt)) }
        }
    };
    let text = if may_import {
        "Begin with a CSV file of your own, or with 500 invented leads to look around. Nothing is sent before you launch a campaign."
    } else {
        "A colleague who may import leads has to bring them in first; then your work begins here."
    };
    ui::card("", html! {}, ui::empty_state(Icon::Leads, "No leads yet", text, actions))
}

fn checklist(viewer: &Viewer, first: FirstSteps) -> Markup {
    // Everybody sees how far it is; a link is only what they may do.
    let step = |title: &str, text: &str, done: bool, href: &str, takes: Permission| Step {
        title: title.to_owned(),
        text: text.to_owned(),
        done,
        href: viewer.may(takes).then(|| href.to_owned()),
    };
    ui::card(
        "Until your first campaign",
        html! {},
        ui::steps(&[
            step("Import a file", "A CSV of people and their companies.", first.has_leads, "/imports/new", Permission::LeadsImport),
            step(
                "Look at your leads",
                "Filter them; each gets a score with its reasons. What counts is set under Scoring.",
                first.has_scores,
                "/leads",
                Permission::LeadsRead,
            ),
            step(
                "Write a template",
                "Text with variables such as the first name.",
                first.has_template,
                "/templates/new",
                Permission::CampaignsWrite,
            ),
            step(
                "Set the postal address",
                "The law wants it below each campaign mail.",
                first.has_postal_address,
                "/settings/team",
                Permission::SettingsWrite,
            ),
            step(
                "Launch a campaign",
                "Choose an audience, preview as any lead, and go.",
                first.has_launched,
                "/campaigns/new",
                Permission::CampaignsWrite,
            ),
        ]),
    )
}

/// This week against the week before.
fn numbers(now: &Counts, before: &Counts) -> Markup {
    let stat = |label: &str, value: i64, last: i64, up_is_good: bool| {
        let (tone, text) = moved(value, last, up_is_good);
        let text = if value == last { "as in the week before".to_owned() } else { format!("{text} on the week before") };
        Stat::new(label, ui::number(value)).delta(tone, text)
    };
    html! {
        section aria-label="The last 7 days" {
            (ui::stats(html! {
                (stat("New leads, 7 days", now.leads_created, before.leads_created, true).href(created_within(7)))
                (stat("Mails sent", now.sent, before.sent, true).href("/insights?days=7"))
                (stat("Opened by people", now.opened_unique, before.opened_unique, true).href("/insights?days=7"))
                (stat("Replies", now.replied, before.replied, true).href(status_href(Status::Replied)))
                (stat("Unsubscribed", now.unsubscribed, before.unsubscribed, false).href("/suppressions"))
            }))
        }
    }
}

/// What the viewer has promised to do by now.
fn tasks(agenda: Agenda) -> Markup {
    // Counted to 100.
    let count = |number: i64| if number >= 100 { "99+".to_owned() } else { ui::number(number) };
    ui::card(
        "Your tasks",
        html! { a href="/tasks" { "All tasks" } },
        ui::stats(html! {
            (Stat::new("Overdue", count(agenda.overdue)).href("/tasks"))
            (Stat::new("Due today", count(agenda.today)).href("/tasks"))
        }),
    )
}

fn campaign(one: &OpenCampaign) -> Markup {
    let unsigned = |value: i64| u64::try_from(value).unwrap_or_default();
    html! {
        div.stack {
            p {
                a href={ "/campaigns/" (one.id) } { (one.name) } " · "
                @if one.is_running { (ui::status_running(Tone::Success, "Running")) } @else { (ui::status_dot(Tone::Warning, "Paused")) }
                span.muted {
                    " · " (ui::number(one.opened)) " opened · " (ui::plural(one.replied, "reply", "replies"))
                    @if !one.status_reason.is_empty() { " · " (one.status_reason) }
                }
                " " (ui::chart::sparkline("Mails sent on each of the last 7 days", &one.daily))
            }
            (ui::progress("Mails sent, of those that can be at most", unsigned(one.sent), unsigned(one.at_most)))
        }
    }
}
