use http_kit::{App, Problem};
use identity::{Permission, Viewer};
use leads::filter::Filter;
use maud::{Markup, html};
use ui::{Button, Icon, Nav, Tone, definition_list};

use super::{
    audience_card::{self, Audience},
    settings_form::{SettingsForm, fields},
    words,
};
use crate::{
    model::{Campaign, Step},
    store,
};

/// The draft: settings, audience, sequence. `proposed` is an audience to look at before it is saved.
pub(super) async fn render(
    app: &App,
    viewer: &Viewer,
    campaign: &Campaign,
    proposed: &str,
    refused: Option<(&SettingsForm, &Problem)>,
) -> Result<Markup, Problem> {
    let proposed = if proposed.is_empty() { None } else { Some(Filter::parse(proposed)?) };
    let unsaved = proposed.as_ref().is_some_and(|filter| campaign.segment_id.is_some() || *filter != campaign.filter());
    let tx = app.db.tenant(&viewer.scope).await?;
    let steps = store::steps::list(&tx, campaign.id).await?;
    let now = app.clock.now();
    let audience = match proposed {
        Some(filter) => audience_card::load(&tx, filter, now).await?,
        None => audience_card::load_of(&tx, campaign, now).await?,
    };
    tx.commit().await?;
    let writes = viewer.may(Permission::CampaignsWrite);
    let address = format!("/campaigns/{}", campaign.id);
    let content = html! {
        (ui::page_header_under(&[("Campaigns", "/campaigns")], &campaign.name, "A draft: nothing is sent before you launch it.", actions(campaign, &steps, &address, writes)))
        (ui::split(
            html! {
                (sequence(&steps, &address, writes))
                (settings(campaign, &address, writes, refused))
            },
            html! { (ui::card("Audience", html! {}, audience_body(&audience, &address, unsaved, writes))) },
        ))
    };
    Ok(viewer.page(Nav::Campaigns, &campaign.name, content))
}

fn actions(campaign: &Campaign, steps: &[Step], address: &str, writes: bool) -> Markup {
    html! {
        (words::status(campaign))
        @if writes {
            (ui::more_menu("More about this campaign", html! {
                (ui::menu_button(Icon::Trash, "Delete draft", &format!("{address}/delete"), Tone::Danger,
                    &format!("Delete the draft “{}” with its e-mails? This cannot be undone.", campaign.name)))
            }))
        }
        @if !steps.is_empty() { (Button::primary("Review and launch").trailing(Icon::ArrowRight).href(format!("{address}/preflight"))) }
    }
}

fn audience_body(audience: &Audience, address: &str, unsaved: bool, writes: bool) -> Markup {
    ui::stack(html! {
        @if writes {
            (audience.chips(address))
            (audience.size(address))
            @if unsaved { (audience_card::proposal(audience, &format!("{address}/audience"), address)) }
            @if audience.segment.is_none() { (audience.editors(address)) }
            (audience.segments(&format!("{address}/audience")))
        } @else {
            p { (audience.sentence()) }
            (audience.size(address))
        }
    })
}

fn settings(campaign: &Campaign, address: &str, writes: bool, refused: Option<(&SettingsForm, &Problem)>) -> Markup {
    let saved = SettingsForm::of(campaign);
    let (typed, problem) = refused.map_or((&saved, None), |(typed, problem)| (typed, Some(problem)));
    let body = if writes {
        html! {
            form.stack method="post" action={ (address) "/settings" } {
                (ui::hidden("version", &typed.version.to_string()))
                (fields(typed, problem))
                (ui::form_actions(html! { (Button::secondary("Save settings")) }))
            }
        }
    } else {
        definition_list([
            ("Sender", html! { (campaign.sender_name) " " span.muted { (campaign.sender_address) } }),
            ("Replies go to", html! { (campaign.reply_to) }),
        ])
    };
    ui::card("Settings", html! {}, body)
}

fn sequence(steps: &[Step], address: &str, writes: bool) -> Markup {
    let add = html! { @if writes { (Button::secondary("Add e-mail").icon(Icon::Plus).small().shortcut("c").href(format!("{address}/steps/new"))) } };
    if steps.is_empty() {
        let text = "The first goes out at launch, the next ones after a pause each. Whoever answers, unsubscribes or bounces gets no more.";
        let first =
            html! { @if writes { (Button::primary("Write the first e-mail").icon(Icon::Plus).href(format!("{address}/steps/new"))) } };
        return ui::card("E-mails", html! {}, ui::empty_state(Icon::Mail, "No e-mail yet", text, first));
    }
    ui::card(
        "E-mails",
        add,
        html! {
            ol.sequence {
                @for step in steps {
                    @let here = format!("{address}/steps/{}", step.id);
                    li.sequence-step {
                        span.step-mark aria-hidden="true" { (step.position) }
                        div.sequence-text {
                            p.muted { (words::when(step.position, step.delay_minutes)) }
                            h3 { a href=(here) aria-label={ "E-mail " (step.position) ": " (step.subject) } { (step.subject) } }
                            p.quiet.truncate { (first_words(&step.html)) }
                        }
                        @if writes { (step_buttons(step, steps.len(), &here)) }
                    }
                }
            }
        },
    )
}

fn step_buttons(step: &Step, of: usize, here: &str) -> Markup {
    let last = usize::try_from(step.position).unwrap_or_default() == of;
    let name = format!("e-mail {}", step.position);
    html! {
        div.button-row {
            form method="post" action={ (here) "/move" } {
                (ui::hidden("to", "up"))
                (Button::icon_only(Icon::ArrowUp, format!("Move {name} up")).small().disabled(step.position == 1))
            }
            form method="post" action={ (here) "/move" } {
                (ui::hidden("to", "down"))
                (Button::icon_only(Icon::ArrowDown, format!("Move {name} down")).small().disabled(last))
            }
            (Button::icon_only(Icon::Edit, format!("Edit {name}")).small().href(here))
            form method="post" action={ (here) "/remove" } {
                (Button::icon_only(Icon::Trash, format!("Remove {name}")).small().confirm(format!("Remove e-mail {} from the sequence? Its text is lost.", step.position)))
            }
        }
    }
}

fn first_words(html: &str) -> String {
    mail::text_from_html(html).split_whitespace().take(30).collect::<Vec<_>>().join(" ")
}
