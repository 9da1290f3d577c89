use std::collections::BTreeSet;

use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::FieldError;
use jiff::Timestamp;
use kernel::{Actor, LeadId};
use serde_json::{Value, json};

use super::{WriteError, check_owner, complete, constraint_error};
use crate::{
    custom_fields::actions::for_values,
    model::{CheckedLead, Lead, LeadDraft, Status},
    store,
};

/// Applies a merge patch (RFC 7396) to a lead: what it names is changed, `null` empties. With `expected`,
/// only if the lead still has that version. Returns the lead as it is now.
pub async fn update_lead(
    tx: &TenantTx,
    id: LeadId,
    patch: &Value,
    expected: Option<i32>,
    actor: Actor,
    now: Timestamp,
) -> Result<Lead, WriteError> {
    let before = store::lock(tx, id).await?.ok_or(WriteError::NotFound)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(WriteError::Changed);
    }
    let mut merged = serde_json::to_value(before.draft()).unwrap_or_default();
    merge(&mut merged, patch);
    let draft: LeadDraft = to_draft(&merged)?;
    let moved = draft.company_name != before.company_name || draft.company_domain != before.company_domain;
    let touched = draft.custom.iter().filter(|(key, value)| before.custom.get(*key) != Some(*value));
    let fields = for_values(tx, &touched.map(|(key, value)| (key.clone(), value.clone())).collect(), actor, now).await?;
    let mut after = draft.check_with(&fields, &before.custom).map_err(WriteError::Invalid)?;
    check_owner(tx.scope(), after.owner_id).map_err(|error| WriteError::Invalid(vec![error]))?;
    let account_id = if moved || (before.account_id.is_none() && !(after.company_name.is_empty() && after.company_domain.is_empty())) {
        let account = store::accounts::upsert_for(tx, &after, now).await?;
        complete(&mut after, account.as_ref())
    } else {
        before.account_id
    };
    let events = changes(&before, &after, actor, now);
    if events.is_empty() && account_id == before.account_id {
        return Ok(before);
    }
    store::write::update(tx, id, &after, account_id, now).await.map_err(|error| constraint_error(error, tx.scope()))?;
    append(tx, &events).await?;
    store::get(tx, id).await?.ok_or(WriteError::NotFound)
}

/// The merged document as a draft; what does not fit is an error of its field.
fn to_draft(merged: &Value) -> Result<LeadDraft, WriteError> {
    serde_json::from_value(merged.clone()).map_err(|error| {
        // serde names the field in its message; find which member it objects to by trying them one by one.
        let culprit = merged.as_object().and_then(|members| {
            members.iter().find(|(name, value)| serde_json::from_value::<LeadDraft>(json!({ name.as_str(): value })).is_err())
        });
        let pointer = culprit.map_or_else(String::new, |(name, _)| format!("/{}", name.replace('~', "~0").replace('/', "~1")));
        WriteError::Invalid(vec![FieldError::new(pointer, "invalid", error.to_string())])
    })
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(target), Value::Object(patch)) = (&mut *target, patch) else {
        target.clone_from(patch);
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert_with(|| json!({})), value);
        }
    }
}

/// What to write into the log: one event for each thing that people follow, one for all other fields.
fn changes(before: &Lead, after: &CheckedLead, actor: Actor, at: Timestamp) -> Vec<NewEvent> {
    let mut events = Vec::new();
    let mut tell = |kind: &'static str, payload: Value| events.push(NewEvent { kind, subject: Subject::of(before.id), actor, at, payload });
    let email = after.email.as_ref().map(kernel::EmailAddress::as_str);
    let fields: Vec<&str> = [
        ("first_name", before.first_name != after.first_name),
        ("last_name", before.last_name != after.last_name),
        ("email", before.email.as_deref() != email),
        ("phone", before.phone != after.phone),
        ("title", before.title != after.title),
        ("seniority", before.seniority != after.seniority),
        ("department", before.department != after.department),
        ("linkedin_url", before.linkedin_url != after.linkedin_url),
        ("company_name", before.company_name != after.company_name),
        ("company_domain", before.company_domain != after.company_domain),
        ("industry", before.industry != after.industry),
        ("employee_count", before.employee_count != after.employee_count),
        ("annual_revenue", before.annual_revenue != after.annual_revenue),
        ("country", before.country != after.country),
        ("city", before.city != after.city),
        ("source", before.source != after.source),
        ("external_id", before.external_id != after.external_id),
        ("custom", before.custom != after.custom),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect();
    if !fields.is_empty() {
        tell("lead.updated", json!({ "fields": fields }));
    }
    if before.status != after.status {
        tell("lead.status_changed", json!({ "from": before.status, "to": after.status }));
        if after.status == Status::Converted {
            tell("lead.converted", json!({ "from": before.status, "to": after.status }));
        }
    }
    if before.owner_id != after.owner_id {
        let bare = |id: Option<kernel::UserId>| id.map(|id| id.uuid().to_string());
        tell("lead.owner_changed", json!({ "from": bare(before.owner_id), "to": bare(after.owner_id) }));
    }
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.tags.iter().collect(), after.tags.iter().collect());
    if old != new {
        let added: Vec<_> = new.difference(&old).collect();
        let removed: Vec<_> = old.difference(&new).collect();
        tell("lead.tagged", json!({ "added": added, "removed": removed }));
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_is_rfc_7396() {
        // The examples of its appendix A that objects allow.
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        ] {
            let mut merged = target.clone();
            merge(&mut merged, &patch);
            assert_eq!(merged, result, "{target} + {patch}");
        }
    }
}
