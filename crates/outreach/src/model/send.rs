use jiff::Timestamp;
use kernel::{LeadId, SendId, StepId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text_enum;

text_enum! {
    /// What has become of one row of the ledger.
    SendState {
        /// Decided, and waiting for its turn.
        Planned = "planned", "Planned";
        /// Being handed over.
        Claimed = "claimed", "Sending";
        /// The provider has taken it.
        Sent = "sent", "Sent";
        /// Refused for good.
        Failed = "failed", "Failed";
        /// Not sent, because the lead must not or need not get it.
        Suppressed = "suppressed", "Not sent";
        /// It may have been sent: parked until the provider or a person tells.
        Unknown = "unknown", "Unknown";
    }
}

text_enum! {
    /// Why a lead's sequence ended early.
    StopReason {
        Replied = "replied", "Replied";
        Converted = "converted", "Converted";
        Lost = "lost", "Lost";
        Unsubscribed = "unsubscribed", "Unsubscribed";
        Bounced = "bounced", "Bounced";
        Complained = "complained", "Complained";
        /// The address is on the suppression list for another reason.
        Suppressed = "suppressed", "Suppressed";
        NoAddress = "no_address", "No address";
        /// The mail could not be composed or was refused.
        Failed = "failed", "Failed";
    }
}

text_enum! {
    /// A person's word on a send whose outcome is unknown.
    Resolution {
        /// It did arrive: go on with the next step.
        Sent = "sent", "It was sent";
        /// It did not: send it.
        NotSent = "not_sent", "It was not sent";
    }
}

/// A row of the ledger as people see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SendRow {
    pub id: SendId,
    pub lead_id: LeadId,
    pub lead_name: String,
    /// The address it was sent to, or would be.
    pub email: String,
    pub step_id: StepId,
    pub step: i16,
    pub state: SendState,
    /// Why it failed or was not sent, for programs.
    pub reason: String,
    /// The same in words.
    pub detail: String,
    pub attempts: i16,
    pub subject: String,
    /// As mail servers know it.
    pub message_id: String,
    /// As the provider knows it.
    pub provider_id: String,
    #[schema(value_type = String, format = DateTime)]
    pub planned_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
    /// The first opening by a person.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub opened_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub clicked_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub bounced_at: Option<Timestamp>,
    pub opens: i32,
    pub clicks: i32,
    pub machine_opens: i32,
    pub machine_clicks: i32,
}

/// Which rows of the ledger to show.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct LedgerFilter {
    pub state: Option<SendState>,
    pub step: Option<i16>,
}

/// How many rows of the ledger are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LedgerCounts {
    pub planned: i64,
    pub claimed: i64,
    pub sent: i64,
    pub failed: i64,
    pub suppressed: i64,
    pub unknown: i64,
}

/// One step in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepNumbers {
    pub step: i16,
    #[serde(flatten)]
    pub ledger: LedgerCounts,
    pub delivered: i64,
    /// Sends opened by a person.
    pub opened: i64,
    pub clicked: i64,
    /// Sends that only machines have opened.
    pub machine_opened: i64,
    pub bounced: i64,
    pub complained: i64,
}

/// How many leads of a campaign are where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EnrollmentCounts {
    pub active: i64,
    pub finished: i64,
    pub stopped: i64,
    /// Of the stopped: how many for which reason.
    pub reasons: Vec<(StopReason, i64)>,
}
