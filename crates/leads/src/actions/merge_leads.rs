use db::TenantTx;
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, LeadId};
use serde_json::{Value, json};

use super::{WriteError, update_lead::update_lead};
use crate::{model::Lead, store};

/// Makes `others` part of `into`: they go, and `patch` (RFC 7396) is what stays of all of them. The caller has moved
/// what belongs to them and has named a change set.
pub async fn merge_leads(
    tx: &TenantTx,
    into: LeadId,
    others: &[LeadId],
    patch: &Value,
    actor: Actor,
    now: Timestamp,
) -> Result<Lead, WriteError> {
    let merged: Vec<String> = others.iter().map(|other| other.uuid().to_string()).collect();
    let mut events =
        vec![NewEvent { kind: "lead.merged", subject: Subject::of(into), actor, at: now, payload: json!({ "merged": merged }) }];
    for other in others {
        // First they go, because the one that stays may take over what must be unique.
        let status = store::write::delete(tx, *other).await?.ok_or(WriteError::NotFound)?;
        let payload = json!({ "status": status, "merged_into": into.to_string() });
        events.push(NewEvent { kind: "lead.deleted", subject: Subject::of(*other), actor, at: now, payload });
    }
    append(tx, &events).await?;
    update_lead(tx, into, patch, None, actor, now).await
}
