use axum::extract::State;
use http_kit::{ApiPath, App, Problem};
use identity::{CampaignsRead, Can, Permission, Viewer};
use kernel::CampaignId;
use maud::{Markup, html};
use ui::{Button, Icon, Nav, Stat, Tone};

use crate::{
    actions::preflight,
    model::{Campaign, CampaignStatus, Check, Preflight, Verdict},
    pages::check_list::{self, Line},
    store,
};

/// Everything that is looked at before a launch, and the button itself.
pub(super) async fn show(State(app): State<App>, viewer: Can<CampaignsRead>, ApiPath(id): ApiPath<CampaignId>) -> Result<Markup, Problem> {
    render(&app, &viewer, id).await
}

pub(super) async fn render(app: &App, viewer: &Viewer, id: CampaignId) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let campaign = store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let found = preflight(&tx, app, id, app.clock.now()).await?;
    let steps = store::steps::list(&tx, id).await?.len();
    tx.commit().await?;
    let address = format!("/campaigns/{id}");
    let summary = if found.ready { "Nothing stands in the way." } else { "Some things must be mended first." };
    let content = html! {
        (ui::page_header_under(&[("Campaigns", "/campaigns"), (&campaign.name, &address)], "Review and launch", summary, html! {
            (Button::secondary("Check again").icon(Icon::Refresh).href(format!("{address}/preflight")))
        }))
        (ui::stack(html! {
            (ui::stats(html! {
                (Stat::new("Will be mailed", ui::number(found.reachable)).detail("people"))
                (Stat::new("Found by the filter", ui::number(found.audience)))
                (Stat::new("Without an address", ui::number(found.without_address)).detail("left out"))
                (Stat::new("Unsubscribed or suppressed", ui::number(found.suppressed)).detail("left out"))
                (Stat::new("E-mails each", ui::number(steps as i64)).detail("at most"))
            }))
            (ui::card("Checks", html! {}, check_list::list(found.checks.iter().map(line))))
            (launch_card(viewer, &campaign, &found, &address))
        }))
    };
    Ok(viewer.page(Nav::Campaigns, "Review and launch", content))
}

fn line(check: &Check) -> Line<'_> {
    let tone = match check.verdict {
        Verdict::Pass => Tone::Success,
        Verdict::Warn => Tone::Warning,
        Verdict::Fail => Tone::Danger,
    };
    let details = std::iter::once(check.detail.as_str()).chain(check.examples.iter().map(String::as_str)).filter(|text| !text.is_empty());
    Line { tone, title: &check.title, details: details.collect() }
}

fn launch_card(viewer: &Viewer, campaign: &Campaign, found: &Preflight, address: &str) -> Markup {
    let people = ui::plural(found.reachable, "person", "people");
    let body = if campaign.status != CampaignStatus::Draft {
        ui::notice_with(
            Tone::Info,
            "This campaign was launched already.",
            html! { (Button::secondary("See how it goes").small().href(address)) },
        )
    } else if !viewer.may(Permission::CampaignsSend) {
        ui::notice(
            Tone::Info,
            html! { "Your role (" (viewer.role_label) ") writes campaigns and does not launch them. Ask a manager, an admin or the owner to look at this page and launch." },
        )
    } else if !found.ready {
        ui::notice_with(
            Tone::Warning,
            "Mend what is marked above, then check again. Nothing was sent.",
            html! {
                (Button::secondary("Back to the draft").small().href(address))
                (Button::secondary("Check again").small().href(format!("{address}/preflight")))
            },
        )
    } else {
        html! {
            form.stack method="post" action={ (address) "/launch" } {
                p { "The audience is looked up once more and then fixed: leads that match later do not join. You can pause at any time; what was sent stays sent." }
                (ui::form_actions(html! {
                    (Button::primary(format!("Launch to {people}")).icon(Icon::Play)
                        .confirm(format!("Send “{}” to {people}? The first e-mails leave at once. Mail that has left cannot be taken back.", campaign.name)))
                    (Button::ghost("Back to the draft").href(address))
                }))
            }
        }
    };
    ui::card("Launch", html! {}, body)
}
