use db::TenantTx;
use events::append;
use http_kit::{App, FieldError};
use identity::Viewer;
use jiff::Timestamp;
use kernel::ViewId;
use serde_json::{Value, json};

use super::{ViewError, event, may_change, may_share, name_taken, tell_segments};
use crate::views::{SavedView, ViewDraft, store};

/// Applies a merge patch (RFC 7396) to a view; with `expected`, only if it still has that version. A shared view that is
/// shared no longer becomes the own one of whoever changed it.
pub(in crate::views) async fn update_view(
    app: &App,
    tx: &TenantTx,
    viewer: &Viewer,
    id: ViewId,
    patch: &Value,
    expected: Option<i32>,
    now: Timestamp,
) -> Result<SavedView, ViewError> {
    let before = store::get(tx, viewer.user_id, id, true).await?.ok_or(ViewError::NotFound)?;
    if !may_change(viewer, &before) {
        return Err(ViewError::Anothers);
    }
    if expected.is_some_and(|version| version != before.version) {
        return Err(ViewError::Changed);
    }
    let mut merged = before.draft();
    if let (Value::Object(merged), Value::Object(patch)) = (&mut merged, patch) {
        for (name, value) in patch {
            // Groups of a filter are not merged: a filter is one value.
            if value.is_null() {
                merged.remove(name)
            } else {
                merged.insert(name.clone(), value.clone())
            };
        }
    }
    let draft: ViewDraft = serde_json::from_value(merged.clone()).map_err(|error| ViewError::Invalid(vec![culprit(&merged, &error)]))?;
    let after = draft.check().map_err(ViewError::Invalid)?;
    if after.shared && !may_share(viewer) {
        return Err(ViewError::OnlyReads);
    }
    if serde_json::to_value(&after).is_ok_and(|after| after == before.draft()) {
        return Ok(before);
    }
    if after.shared != before.shared && !store::has_room(tx, viewer.user_id, after.shared).await? {
        return Err(ViewError::TooMany { shared: after.shared });
    }
    store::update(tx, id, viewer.user_id, &after, now).await.map_err(|error| name_taken(error, after.shared))?;
    let payload = json!({ "shared": after.shared, "renamed": after.name != before.name });
    append(tx, &[event("view.updated", id, viewer, now, payload)]).await?;
    let view = store::get(tx, viewer.user_id, id, false).await?.ok_or(ViewError::NotFound)?;
    tell_segments(app, tx, &view).await?;
    Ok(view)
}

/// Which member does not fit: serde's message names it, the caller wants a pointer.
fn culprit(merged: &Value, error: &serde_json::Error) -> FieldError {
    let name = merged.as_object().and_then(|members| {
        members.iter().find(|(name, value)| serde_json::from_value::<ViewDraft>(json!({ name.as_str(): value })).is_err())
    });
    let pointer = name.map_or_else(String::new, |(name, _)| format!("/{}", name.replace('~', "~0").replace('/', "~1")));
    FieldError::new(pointer, "invalid", error.to_string())
}
