use http_kit::FieldError;
use jiff::Timestamp;
use kernel::{CampaignId, EmailAddress, SegmentId};
use leads::filter::Filter;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::text_enum;

text_enum! {
    /// Where a campaign is in its life: draft -> running <-> paused -> finished.
    CampaignStatus {
        /// Being written; nothing was sent.
        Draft = "draft", "Draft";
        /// Sending what is due.
        Running = "running", "Running";
        /// Launched, and sending nothing now.
        Paused = "paused", "Paused";
        /// Every lead has come to an end.
        Finished = "finished", "Finished";
    }
}

/// A sequence of e-mails over an audience.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Campaign {
    pub id: CampaignId,
    pub name: String,
    pub status: CampaignStatus,
    /// Why Leadline itself paused it; empty when a person did.
    pub status_reason: String,
    /// A lead filter, evaluated at launch; `null`: every lead, or those of the segment.
    #[schema(value_type = Option<Object>)]
    pub audience: Option<Value>,
    /// The segment that is the audience instead of a filter; looked up at launch.
    pub segment_id: Option<SegmentId>,
    pub sender_name: String,
    pub sender_address: String,
    /// Empty: replies go to the sender.
    pub reply_to: String,
    /// The most that may be sent in a minute; `null`: as fast as the provider takes it.
    pub max_per_minute: Option<i32>,
    /// The most that may be sent in 24 hours; `null`: no limit.
    pub max_per_day: Option<i32>,
    /// The provider asked for a pause or is down; set only while that lasts.
    pub hold_reason: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub launched_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// Counts the changes; send it back in `If-Match`.
    pub version: i32,
}

/// A row of the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CampaignSummary {
    #[serde(flatten)]
    pub campaign: Campaign,
    pub steps: i64,
    pub leads: i64,
    pub sent: i64,
    /// By people; machines are not in it.
    pub opened: i64,
    pub clicked: i64,
    pub replied: i64,
    /// Parked: somebody must decide.
    pub unknown: i64,
}

/// What a new campaign is made from; everything but the name can follow later.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NewCampaign {
    #[serde(default)]
    pub name: String,
    /// A lead filter; left out: every lead.
    #[schema(value_type = Option<Object>)]
    pub audience: Option<Value>,
    /// A segment instead of a filter.
    pub segment_id: Option<SegmentId>,
    /// Left out: the name and address of the person who makes it.
    pub sender_name: Option<String>,
    pub sender_address: Option<String>,
    pub reply_to: Option<String>,
    pub max_per_minute: Option<i32>,
    pub max_per_day: Option<i32>,
    /// The steps, if they are known already.
    #[serde(default)]
    #[garde(skip)]
    pub steps: Vec<super::StepInput>,
}

/// What to change (RFC 7396): what is missing stays, `null` removes.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct CampaignChange {
    pub name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    pub audience: Option<Option<Value>>,
    /// A segment instead of a filter: whichever of the two is named takes the place of the other.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<SegmentId>)]
    pub segment_id: Option<Option<SegmentId>>,
    pub sender_name: Option<String>,
    pub sender_address: Option<String>,
    pub reply_to: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>)]
    pub max_per_minute: Option<Option<i32>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>)]
    pub max_per_day: Option<Option<i32>>,
}

/// Tells `null` from a missing member.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// The parts of a campaign that a person decides, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) audience: Option<Value>,
    pub(crate) segment_id: Option<SegmentId>,
    pub(crate) sender_name: String,
    pub(crate) sender_address: String,
    pub(crate) reply_to: String,
    pub(crate) max_per_minute: Option<i32>,
    pub(crate) max_per_day: Option<i32>,
}

impl Settings {
    /// Tidies what was typed and refuses what could never be sent. Empty is allowed where the
    /// preflight asks for it later.
    pub(crate) fn checked(mut self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut refuse =
            |field: &str, code: &str, why: String| errors.push(FieldError::new(format!("/{field}"), format!("{field}.{code}"), why));
        self.name = self.name.split_whitespace().collect::<Vec<_>>().join(" ");
        self.sender_name = self.sender_name.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.name.is_empty() {
            refuse("name", "missing", "The campaign needs a name".to_owned());
        } else if self.name.chars().count() > 200 {
            refuse("name", "long", "The name is longer than 200 characters".to_owned());
        }
        if self.sender_name.chars().count() > 100 || self.sender_name.chars().any(char::is_control) {
            refuse("sender_name", "invalid", "The sender's name is one line of at most 100 characters".to_owned());
        }
        for (field, address) in [("sender_address", &mut self.sender_address), ("reply_to", &mut self.reply_to)] {
            if address.trim().is_empty() {
                address.clear();
                continue;
            }
            match EmailAddress::parse(address) {
                Ok(parsed) => *address = parsed.as_str().to_owned(),
                Err(why) => refuse(field, "invalid", format!("This {why}")),
            }
        }
        for (field, limit) in [("max_per_minute", self.max_per_minute), ("max_per_day", self.max_per_day)] {
            if limit.is_some_and(|limit| !(1..=1_000_000).contains(&limit)) {
                refuse(field, "range", "This is a whole number from 1 to 1,000,000, or nothing for no limit".to_owned());
            }
        }
        // Normalised: the same audience is always the same JSON, and all leads is always null.
        match self.audience.take().map(Filter::try_from).transpose() {
            Ok(filter) => self.audience = filter.filter(|filter| !filter.is_empty()).map(Value::from),
            Err(why) => refuse("audience", "invalid", format!("The audience cannot be used: {why}")),
        }
        if self.segment_id.is_some() && self.audience.is_some() {
            refuse("segment_id", "two_audiences", "An audience is a filter or a segment, not both: leave one of them out".to_owned());
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

impl Campaign {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            name: self.name.clone(),
            audience: self.audience.clone(),
            segment_id: self.segment_id,
            sender_name: self.sender_name.clone(),
            sender_address: self.sender_address.clone(),
            reply_to: self.reply_to.clone(),
            max_per_minute: self.max_per_minute,
            max_per_day: self.max_per_day,
        }
    }

    /// Who is meant, when it is a filter. What is stored was checked, so an unreadable one means nobody, never everybody.
    pub fn filter(&self) -> Filter {
        let nobody = || Filter { root: leads::filter::Node::Any(Vec::new()) };
        self.audience.clone().map_or_else(Filter::default, |audience| Filter::try_from(audience).unwrap_or_else(|_| nobody()))
    }

    /// Whom its mails come from.
    pub(crate) fn sender(&self) -> mail::Mailbox {
        mail::Mailbox::new(self.sender_name.clone(), self.sender_address.clone())
    }
}

impl CampaignChange {
    pub(crate) fn onto(self, before: Settings) -> Settings {
        Settings {
            name: self.name.unwrap_or(before.name),
            audience: self.audience.clone().unwrap_or(if matches!(self.segment_id, Some(Some(_))) { None } else { before.audience }),
            segment_id: self.segment_id.unwrap_or(if self.audience.is_some() { None } else { before.segment_id }),
            sender_name: self.sender_name.unwrap_or(before.sender_name),
            sender_address: self.sender_address.unwrap_or(before.sender_address),
            reply_to: self.reply_to.unwrap_or(before.reply_to),
            max_per_minute: self.max_per_minute.unwrap_or(before.max_per_minute),
            max_per_day: self.max_per_day.unwrap_or(before.max_per_day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            name: "  Spring   offer ".to_owned(),
            audience: None,
            segment_id: None,
            sender_name: "Ada".to_owned(),
            sender_address: " Ada@Example.com ".to_owned(),
            reply_to: String::new(),
            max_per_minute: None,
            max_per_day: Some(50),
        }
    }

    #[test]
    fn settings_are_tidied_or_refused_by_field() {
        let ok = settings().checked().unwrap();
        assert_eq!((ok.name.as_str(), ok.sender_address.as_str()), ("Spring offer", "ada@example.com"));
        let bad = Settings { name: " ".to_owned(), reply_to: "nobody".to_owned(), max_per_minute: Some(0), ..settings() };
        let pointers: Vec<String> = bad.checked().unwrap_err().into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, ["/name", "/reply_to", "/max_per_minute"]);
    }

    #[test]
    fn null_removes_and_missing_stays() {
        let change: CampaignChange = serde_json::from_str(r#"{"max_per_day": null}"#).unwrap();
        let after = change.onto(settings());
        assert_eq!((after.max_per_day, after.sender_name.as_str()), (None, "Ada"));
    }
}
