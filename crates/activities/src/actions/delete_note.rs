use db::TenantTx;
use identity::{Permission, Viewer};
use jiff::Timestamp;
use kernel::NoteId;
use serde_json::json;

use super::{ActivityError, tell};
use crate::{model::Note, store};

/// Whether somebody may delete a note: its author, and whoever runs the organisation, because authors leave.
pub(crate) fn may_delete(viewer: &Viewer, note: &Note) -> bool {
    note.author_id == Some(viewer.user_id) || viewer.may(Permission::SettingsWrite)
}

/// Deletes a note for good.
pub(crate) async fn delete_note(tx: &TenantTx, viewer: &Viewer, id: NoteId, now: Timestamp) -> Result<Note, ActivityError> {
    let note = store::notes::get(tx, id).await?.ok_or(ActivityError::NotFound)?;
    if !may_delete(viewer, &note) {
        return Err(ActivityError::NotYours);
    }
    store::notes::delete(tx, id).await?;
    tell(tx, "note.deleted", note.lead_id, viewer.actor(), now, json!({ "note_id": id })).await?;
    Ok(note)
}
