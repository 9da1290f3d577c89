//! What to do with many leads, and to which.

use db::{DbError, Scope};
use http_kit::App;
use identity::Permission;
use kernel::{CampaignId, LeadId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::field::BulkField;
use crate::{
    changes::Kind,
    custom_fields::Registry,
    filter::{Filter, FilterError, look_up},
    model::Status,
};

/// What to do with many leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum BulkAction {
    /// Adds tags; leads that would have more than 50 are left as they are.
    AddTags { tags: Vec<String> },
    /// Removes tags, whatever their case.
    RemoveTags { tags: Vec<String> },
    /// Gives a tag another name, in this spelling and no other; leads that have a tag of that name keep one.
    RenameTag { from: String, to: String },
    /// Moves to a status. Unsubscribed leads stay: bringing one back is a decision about one person.
    SetStatus { status: Status },
    /// Gives to an owner, or to nobody.
    SetOwner { owner_id: Option<UserId> },
    /// Writes a value into a field: `title`, `country`, `employee_count`, `custom.KEY` and so on, but none that only one
    /// lead may have (`email`, `external_id`).
    SetField {
        field: String,
        #[schema(value_type = Object)]
        value: Value,
    },
    /// Empties a field; leads of which nothing would be left to recognise them by are left as they are.
    ClearField { field: String },
    /// Puts into a campaign that was launched, at its first mail. Whoever cannot be written to, would get a mail with a gap, or
    /// is or was in it, is left out. Takes the permission `campaigns:send`, and is not undone.
    Enrol { campaign_id: CampaignId },
    /// Deletes. Who has unsubscribed stays suppressed.
    Delete,
}

/// Which leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// These.
    Ids(Vec<LeadId>),
    /// Everything that matches.
    Matching { filter: Filter, q: String },
}

impl Target {
    /// The target as a job finds it, which has kept it for a while: whom its segments mean is looked up again.
    pub(crate) async fn looked_up(self, app: &App, scope: &Scope) -> Result<Result<Self, FilterError>, DbError> {
        Ok(match self {
            Self::Ids(ids) => Ok(Self::Ids(ids)),
            Self::Matching { filter, q } => look_up(app, scope, filter).await?.map(|filter| Self::Matching { filter, q }),
        })
    }
}

impl BulkAction {
    /// What kind of change set it makes.
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Delete => Kind::Delete,
            _ => Kind::Bulk,
        }
    }

    /// What it takes beside `leads:write`.
    pub(crate) const fn demands(&self) -> Option<Permission> {
        match self {
            Self::Enrol { .. } => Some(Permission::CampaignsSend),
            _ => None,
        }
    }

    /// As the history shows it. Values may be personal, so they are left to the rows.
    pub(crate) fn title(&self, fields: &Registry) -> String {
        let name = |field: &str| BulkField::parse(field).map_or_else(|_| field.to_owned(), |field| field.label(fields));
        match self {
            Self::AddTags { tags } => format!("Added tags: {}", tags.join(", ")),
            Self::RemoveTags { tags } => format!("Removed tags: {}", tags.join(", ")),
            Self::RenameTag { from, to } => format!("Renamed a tag: {from} to {to}"),
            Self::SetStatus { status } => format!("Set status: {}", status.label()),
            Self::SetOwner { owner_id: Some(_) } => "Changed the owner".to_owned(),
            Self::SetOwner { owner_id: None } => "Took the owner away".to_owned(),
            Self::SetField { field, .. } => format!("Set field: {}", name(field)),
            Self::ClearField { field } => format!("Cleared field: {}", name(field)),
            Self::Enrol { .. } => "Added to a campaign".to_owned(),
            Self::Delete => "Deleted leads".to_owned(),
        }
    }
}
