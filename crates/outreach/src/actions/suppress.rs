use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::FieldError;
use jiff::Timestamp;
use kernel::{Actor, EmailAddress};
use serde_json::json;

use super::{CampaignError, StopWriting, stop_writing};
use crate::{
    model::{NewSuppression, Suppression, SuppressionReason, SuppressionSource},
    store,
};

/// Puts an address on the list by hand. One that is there already stays as it is.
pub async fn suppress(tx: &TenantTx, by: Actor, new: NewSuppression, now: Timestamp) -> Result<Suppression, CampaignError> {
    let email = EmailAddress::parse(&new.email)
        .map_err(|why| CampaignError::Invalid(vec![FieldError::new("/email", "email.invalid", format!("This {why}"))]))?;
    if new.detail.chars().count() > 500 || new.detail.chars().any(|c| c.is_control() && c != '\n') {
        return Err(CampaignError::Invalid(vec![FieldError::new(
            "/detail",
            "detail.invalid",
            "The note is text of at most 500 characters",
        )]));
    }
    let what = StopWriting {
        email: email.as_str(),
        lead: None,
        reason: SuppressionReason::Manual,
        source: SuppressionSource::Person,
        detail: new.detail.trim(),
    };
    if stop_writing(tx, what, now).await? {
        tell(tx, "suppression.added", by, email.as_str(), now).await?;
    }
    store::suppressions::find(tx, email.as_str()).await?.ok_or(CampaignError::NotFound)
}

/// Takes an address off the list. Sequences that ended because of it stay ended. What the recipient has
/// said stands: an objection to marketing is absolute (GDPR Art. 21), and only they can take it back.
pub async fn unsuppress(tx: &TenantTx, by: Actor, email: &str, now: Timestamp) -> Result<(), CampaignError> {
    let email = email.trim().to_lowercase();
    match store::suppressions::find(tx, &email).await?.map(|found| found.reason) {
        Some(SuppressionReason::Unsubscribed) => {
            return Err(CampaignError::State(
                "This person has unsubscribed. Only they can take that back, by the link below any mail they got.".to_owned(),
            ));
        }
        Some(SuppressionReason::Complained) => {
            return Err(CampaignError::State("This person reported a mail as spam. That cannot be taken back here.".to_owned()));
        }
        Some(SuppressionReason::Bounced | SuppressionReason::Manual) | None => {}
    }
    if store::suppressions::delete(tx, &email, None).await?.is_none() {
        return Err(CampaignError::NotFound);
    }
    tell(tx, "suppression.removed", by, &email, now).await
}

async fn tell(tx: &TenantTx, kind: &'static str, by: Actor, email: &str, now: Timestamp) -> Result<(), CampaignError> {
    let event = NewEvent { kind, subject: Subject::of(tx.org()), actor: by, at: now, payload: json!({ "email": email }) };
    Ok(append(tx, &[event]).await?)
}
