//! From a selection of leads to a campaign: which one.

use axum::extract::State;
use http_kit::{App, PageForm, Problem};
use identity::{CampaignsSend, Can};
use kernel::LeadId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Tone};

use crate::store;

/// Campaigns that are offered.
const SHOWN: i64 = 200;

/// What the list of leads sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    id: Vec<LeadId>,
    all_matching: String,
    filter: String,
    q: String,
    back: String,
}

impl Which {
    fn who(&self) -> String {
        if self.all_matching == "true" {
            return "All leads that match".to_owned();
        }
        ui::plural(i64::try_from(self.id.len()).unwrap_or(i64::MAX), "lead", "leads")
    }

    fn hidden(&self) -> Markup {
        html! {
            @if self.all_matching == "true" {
                (ui::hidden("all_matching", "true")) (ui::hidden("filter", &self.filter)) (ui::hidden("q", &self.q))
            } @else {
                @for id in &self.id { (ui::hidden("id", &id.to_string())) }
            }
            (ui::hidden("back", &self.back))
        }
    }
}

/// Asks for the campaign; `/leads/bulk` does the rest.
pub(super) async fn show(State(app): State<App>, viewer: Can<CampaignsSend>, form: PageForm<Which>) -> Result<Markup, Problem> {
    let which = form.value;
    if which.all_matching != "true" && which.id.is_empty() {
        return Err(Problem::field("/id", "id.required", "Select at least one lead first"));
    }
    let tx = app.db.tenant(&viewer.scope).await?;
    let campaigns = store::campaigns::open(&tx, SHOWN).await?;
    tx.commit().await?;
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads")], "Add to a campaign", &which.who(), html! {}))
        @if campaigns.is_empty() {
            (ui::empty_state(Icon::Campaign, "No campaign was launched yet", "Leads can be added to a campaign once it was launched.", html! {
                (Button::primary("Campaigns").href("/campaigns")) (Button::secondary("Back to leads").href("/leads"))
            }))
        } @else {
            (ui::card("", html! {}, html! {
                form.form method="post" action="/leads/bulk" {
                    (which.hidden())
                    (ui::hidden("action", "enrol"))
                    (Field::select("campaign", "Campaign", campaigns.into_iter().map(|(id, name)| (id.to_string(), name))))
                    (ui::notice(Tone::Info, "They get its mails from the first one on. Left out are people without an address, those who have unsubscribed or are suppressed, those for whom a mail would have a gap, and whoever was in it before. A campaign that has finished goes on with them."))
                    (ui::form_actions(html! {
                        (Button::primary("Add them").confirm("Add them to this campaign? Its mails go out to them; a mail that was sent cannot be taken back."))
                        (Button::secondary("Cancel").href("/leads"))
                    }))
                }
            }))
        }
    };
    Ok(viewer.page(Nav::Campaigns, "Add to a campaign", content))
}
