use kernel::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a lead has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has been in touch.
    #[default]
    New,
    /// Mailed or called.
    Contacted,
    /// They answered.
    Replied,
    /// Worth a salesperson's time.
    Qualified,
    /// They bought.
    Converted,
    /// They will not.
    Lost,
    /// They do not want to hear from us.
    Unsubscribed,
}

impl Status {
    /// All of them, in the order of the funnel.
    pub const ALL: [Self; 7] =
        [Self::New, Self::Contacted, Self::Replied, Self::Qualified, Self::Converted, Self::Lost, Self::Unsubscribed];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Contacted => "contacted",
            Self::Replied => "replied",
            Self::Qualified => "qualified",
            Self::Converted => "converted",
            Self::Lost => "lost",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Contacted => "Contacted",
            Self::Replied => "Replied",
            Self::Qualified => "Qualified",
            Self::Converted => "Converted",
            Self::Lost => "Lost",
            Self::Unsubscribed => "Unsubscribed",
        }
    }

    /// Whether `actor` may move a lead from this status to `to`. People may correct anything; what
    /// happens by itself only leads onwards, and never past what a person has decided.
    pub fn may_become(self, to: Self, actor: Actor) -> bool {
        match actor {
            Actor::User(_) => true,
            Actor::System | Actor::Provider => match to {
                Self::New => false,
                Self::Contacted => self == Self::New,
                Self::Replied => matches!(self, Self::New | Self::Contacted),
                Self::Qualified => matches!(self, Self::New | Self::Contacted | Self::Replied),
                Self::Converted | Self::Lost => !matches!(self, Self::Converted | Self::Lost | Self::Unsubscribed),
                Self::Unsubscribed => !matches!(self, Self::Converted | Self::Unsubscribed),
            },
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

/// A text that names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a status: use new, contacted, replied, qualified, converted, lost or unsubscribed")]
pub struct UnknownStatus;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_by_itself_only_leads_onwards() {
        let system = |from: Status, to| from.may_become(to, Actor::System);
        assert!(system(Status::New, Status::Contacted) && system(Status::Contacted, Status::Replied));
        assert!(!system(Status::Replied, Status::Contacted) && !system(Status::Unsubscribed, Status::Contacted));
        assert!(!system(Status::Converted, Status::Unsubscribed) && !system(Status::Qualified, Status::Replied));
        let person = Actor::User(kernel::UserId::new());
        assert!(Status::Unsubscribed.may_become(Status::New, person));
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
    }
}
