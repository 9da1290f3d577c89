//! The words of the slice: campaign, step, enrollment, send, suppression, preflight.

mod campaign;
mod preflight;
mod send;
mod step;
mod suppression;

pub(crate) use campaign::Settings;
pub use campaign::{Campaign, CampaignChange, CampaignStatus, CampaignSummary, NewCampaign};
pub use preflight::{Check, Preflight, Verdict};
pub use send::{EnrollmentCounts, LedgerCounts, LedgerFilter, Resolution, SendRow, SendState, StepNumbers, StopReason};
pub(crate) use step::checked_steps;
pub use step::{Preview, Step, StepInput};
pub use suppression::{NewSuppression, Suppression, SuppressionReason, SuppressionSource};

/// Declares an enum stored as text, with the label people read.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stored form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// As people read it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or(())
            }
        }

        impl<'a> db::FromSql<'a> for $name {
            fn from_sql(ty: &db::Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
                let text = <&str as db::FromSql>::from_sql(ty, raw)?;
                text.parse().map_err(|()| format!("{text:?} is no {}", stringify!($name)).into())
            }
            fn accepts(ty: &db::Type) -> bool {
                <&str as db::FromSql>::accepts(ty)
            }
        }
    };
}
pub(crate) use text_enum;
