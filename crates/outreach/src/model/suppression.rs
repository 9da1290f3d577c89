use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text_enum;

text_enum! {
    /// Why an address is never written to.
    SuppressionReason {
        Unsubscribed = "unsubscribed", "Unsubscribed";
        Bounced = "bounced", "Bounced";
        Complained = "complained", "Complained";
        Manual = "manual", "Added by hand";
    }
}

text_enum! {
    /// Who told us.
    SuppressionSource {
        /// The button on the unsubscribe page.
        Link = "link", "Unsubscribe page";
        /// The mail program (RFC 8058).
        OneClick = "one_click", "One-click unsubscribe";
        /// A webhook of the provider.
        Provider = "provider", "Mail provider";
        /// The answer to a hand-over.
        Transport = "transport", "Refused on sending";
        Person = "person", "A colleague";
    }
}

/// An address that is never written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suppression {
    pub email: String,
    pub reason: SuppressionReason,
    pub source: SuppressionSource,
    pub detail: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// An address to suppress by hand.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NewSuppression {
    #[serde(default)]
    pub email: String,
    /// Why, for colleagues.
    #[serde(default)]
    pub detail: String,
}
