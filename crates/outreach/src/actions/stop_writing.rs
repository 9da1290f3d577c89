use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::LeadId;

use crate::{
    model::{StopReason, Suppression, SuppressionReason, SuppressionSource},
    store,
};

/// An address is not to be written to any more, and why.
pub(crate) struct StopWriting<'a> {
    pub(crate) email: &'a str,
    pub(crate) lead: Option<LeadId>,
    pub(crate) reason: SuppressionReason,
    pub(crate) source: SuppressionSource,
    pub(crate) detail: &'a str,
}

/// Suppresses the address and ends every sequence of its lead, in all campaigns. Returns whether this
/// was news.
pub(crate) async fn stop_writing(tx: &TenantTx, what: StopWriting<'_>, now: Timestamp) -> Result<bool, DbError> {
    let lead = match what.lead {
        Some(lead) => Some(lead),
        None => store::tracking::lead_of_address(tx, what.email).await?,
    };
    let status = match lead {
        Some(lead) => store::tracking::lead_status(tx, lead).await?.unwrap_or_default(),
        None => String::new(),
    };
    let suppression = Suppression {
        email: what.email.to_owned(),
        reason: what.reason,
        source: what.source,
        detail: what.detail.chars().take(500).collect(),
        at: now,
    };
    let news = store::suppressions::insert(tx, &suppression, &status).await?;
    if let Some(lead) = lead {
        let why = match what.reason {
            SuppressionReason::Unsubscribed => StopReason::Unsubscribed,
            SuppressionReason::Bounced => StopReason::Bounced,
            SuppressionReason::Complained => StopReason::Complained,
            SuppressionReason::Manual => StopReason::Suppressed,
        };
        store::enrollments::stop(tx, None, &[lead], why, now).await?;
    }
    Ok(news)
}
