use http_kit::FieldError;
use jiff::Timestamp;
use kernel::{LeadId, TaskId, UserId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::Due;

/// How much a task matters among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

impl Priority {
    /// All of them, the weightiest first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Normal => "Normal",
            Self::High => "High",
        }
    }
}

impl std::str::FromStr for Priority {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == text).ok_or(())
    }
}

/// What somebody is to do about a lead.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Task {
    pub id: TaskId,
    pub lead_id: LeadId,
    pub title: String,
    /// A day (`2026-01-31`, until its end in UTC) or a moment (RFC 3339); `null`: whenever.
    #[schema(value_type = Option<String>)]
    pub due: Option<Due>,
    pub priority: Priority,
    /// Whose it is; `null`: whoever comes first.
    pub assignee_id: Option<UserId>,
    pub created_by: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub done_at: Option<Timestamp>,
    pub done_by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes; send it back in `If-Match`.
    pub version: i32,
}

/// A task in a list, with the person it is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TaskRow {
    #[serde(flatten)]
    pub(crate) task: Task,
    /// The lead's name, or its address.
    pub(crate) lead_name: String,
    pub(crate) lead_company: String,
}

/// What a new task is made from.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    pub(crate) lead_id: LeadId,
    /// Up to 200 characters.
    pub(crate) title: String,
    /// A day (`2026-01-31`) or a moment (RFC 3339).
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) due: Option<Due>,
    #[serde(default)]
    pub(crate) priority: Priority,
    /// Left out: whoever makes it; `null`: nobody yet.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UserId>)]
    pub(crate) assignee_id: Option<Option<UserId>>,
}

/// What to change (RFC 7396): what is missing stays, `null` removes.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskChange {
    pub(crate) title: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(crate) due: Option<Option<Due>>,
    pub(crate) priority: Option<Priority>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UserId>)]
    pub(crate) assignee_id: Option<Option<UserId>>,
    /// `true`: it is done; `false`: it is to do again.
    pub(crate) done: Option<bool>,
}

/// Tells `null` from a missing member.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// The title in one line, if it is one.
pub(crate) fn clean_title(text: &str) -> Result<String, FieldError> {
    let title = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err(FieldError::new("/title", "title.required", "Say what is to be done"));
    }
    if title.chars().count() > 200 || title.chars().any(char::is_control) {
        return Err(FieldError::new(
            "/title",
            "title.invalid",
            "The title is one line of at most 200 characters: put the rest into a note",
        ));
    }
    Ok(title)
}
