use http_kit::Problem;
use identity::Viewer;
use maud::{Markup, html};
use serde::Deserialize;
use ui::Field;

use crate::model::{Campaign, CampaignChange, NewCampaign};

/// The fields of a campaign that are not its audience or steps.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct SettingsForm {
    pub(super) name: String,
    sender_name: String,
    sender_address: String,
    reply_to: String,
    max_per_minute: String,
    max_per_day: String,
    /// The version that was on the screen; absent for a new one.
    pub(super) version: i32,
    /// Of a new campaign: the filter that it starts with, as JSON.
    pub(super) filter: String,
}

impl SettingsForm {
    /// A new campaign comes from the person who makes it, until they say otherwise.
    pub(super) fn fresh(viewer: &Viewer, filter: String) -> Self {
        Self { sender_name: viewer.name.clone(), sender_address: viewer.email.clone(), filter, ..Self::default() }
    }

    pub(super) fn of(campaign: &Campaign) -> Self {
        let limit = |limit: Option<i32>| limit.map(|limit| limit.to_string()).unwrap_or_default();
        Self {
            name: campaign.name.clone(),
            sender_name: campaign.sender_name.clone(),
            sender_address: campaign.sender_address.clone(),
            reply_to: campaign.reply_to.clone(),
            max_per_minute: limit(campaign.max_per_minute),
            max_per_day: limit(campaign.max_per_day),
            version: campaign.version,
            filter: String::new(),
        }
    }

    pub(super) fn change(&self) -> Result<CampaignChange, Problem> {
        Ok(CampaignChange {
            name: Some(self.name.clone()),
            audience: None,
            segment_id: None,
            sender_name: Some(self.sender_name.clone()),
            sender_address: Some(self.sender_address.clone()),
            reply_to: Some(self.reply_to.clone()),
            max_per_minute: Some(number("max_per_minute", &self.max_per_minute)?),
            max_per_day: Some(number("max_per_day", &self.max_per_day)?),
        })
    }

    pub(super) fn new_campaign(&self, audience: Option<serde_json::Value>) -> Result<NewCampaign, Problem> {
        Ok(NewCampaign {
            name: self.name.clone(),
            audience,
            segment_id: None,
            sender_name: Some(self.sender_name.clone()),
            sender_address: Some(self.sender_address.clone()),
            reply_to: Some(self.reply_to.clone()),
            max_per_minute: number("max_per_minute", &self.max_per_minute)?,
            max_per_day: number("max_per_day", &self.max_per_day)?,
            steps: Vec::new(),
        })
    }
}

/// Nothing means no limit.
fn number(field: &str, text: &str) -> Result<Option<i32>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::field(format!("/{field}"), format!("{field}.invalid"), "This is a whole number, or nothing for no limit");
    text.parse().map(Some).map_err(|_| wrong())
}

pub(super) fn fields(typed: &SettingsForm, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    html! {
        @if let Some(problem) = problem { @if problem.errors.is_empty() { (ui::form_error(&problem.detail)) } }
        (Field::text("name", "Name").value(&typed.name).error(error("name")).required().attr("maxlength", "200").autocomplete("off")
            .hint("For you and your colleagues; recipients never see it."))
        (ui::field_grid(html! {
            (Field::text("sender_name", "Sender's name").value(&typed.sender_name).error(error("sender_name")).autocomplete("off"))
            (Field::email("sender_address", "Sender's address").value(&typed.sender_address).error(error("sender_address")).autocomplete("off")
                .hint("On a domain that you may send from."))
        }))
        details open[!typed.reply_to.is_empty() || !typed.max_per_minute.is_empty() || !typed.max_per_day.is_empty() || problem.is_some()] {
            summary { "Replies and limits" }
            (ui::field_grid(html! {
                (Field::email("reply_to", "Replies go to").value(&typed.reply_to).error(error("reply_to")).autocomplete("off").hint("Empty: to the sender."))
                (Field::number("max_per_minute", "At most each minute").value(&typed.max_per_minute).error(error("max_per_minute")).attr("min", "1").suffix("mails"))
                (Field::number("max_per_day", "At most in 24 hours").value(&typed.max_per_day).error(error("max_per_day")).attr("min", "1").suffix("mails")
                    .hint("A new mailbox starts well below 50 a day."))
            }))
        }
    }
}
