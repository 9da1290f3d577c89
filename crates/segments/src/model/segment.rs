use http_kit::FieldError;
use jiff::{Timestamp, civil::Date};
use kernel::{SegmentId, UserId};
use leads::Filter;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// What decides who is in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A filter: leads come and go with their facts.
    Dynamic,
    /// A list: leads are put in and taken out.
    Fixed,
}

impl Kind {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::Fixed => "fixed",
        }
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dynamic => "Dynamic",
            Self::Fixed => "Fixed",
        }
    }
}

/// A group of leads with a name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Segment {
    pub id: SegmentId,
    pub name: String,
    pub description: String,
    pub kind: Kind,
    /// Whom a dynamic one means; `null` for a fixed one.
    pub filter: Option<Filter>,
    pub owner_id: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub archived_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes; send it back in `If-Match`.
    pub version: i32,
    /// The last measurement; missing until there is one, and for whoever sees some leads only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
}

/// How many leads a segment had once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Size {
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub size: i64,
    #[schema(value_type = String, format = DateTime)]
    pub measured_at: Timestamp,
}

/// What a new segment is made from.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSegment {
    /// Up to 100 characters; no two segments have the same.
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) kind: Kind,
    /// Of a dynamic segment, whom it means. Of a fixed one, whom to put in now: later changes of leads do not matter.
    pub(crate) filter: Option<Filter>,
}

/// What to change (RFC 7396): what is missing stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentChange {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// Of a dynamic segment only.
    pub(crate) filter: Option<Filter>,
    /// `null`: nobody's.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UserId>)]
    pub(crate) owner_id: Option<Option<UserId>>,
    /// `true` hides it from the choices; what uses it goes on.
    pub(crate) archived: Option<bool>,
}

/// Tells `null` from a missing member.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// The name in one line, if it is one.
pub(crate) fn clean_name(text: &str) -> Result<String, FieldError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(FieldError::new("/name", "name.required", "Give the segment a name"));
    }
    if name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(FieldError::new(
            "/name",
            "name.invalid",
            "The name is one line of at most 100 characters: put the rest into the description",
        ));
    }
    Ok(name)
}

/// The description without what surrounds it, if it is short enough.
pub(crate) fn clean_description(text: &str) -> Result<String, FieldError> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().count() > 1000 || text.contains('\0') {
        return Err(FieldError::new("/description", "description.long", "The description has at most 1,000 characters: shorten it"));
    }
    Ok(text.to_owned())
}
