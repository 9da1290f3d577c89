use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, NoteId};
use serde_json::json;

use super::{ActivityError, tell, user_of};
use crate::{
    model::{Note, clean_body},
    store,
};

/// Changes the text of one's own note. With `expected`, only if that is still its version.
pub(crate) async fn edit_note(
    tx: &TenantTx,
    id: NoteId,
    body: &str,
    expected: Option<i32>,
    by: Actor,
    now: Timestamp,
) -> Result<Note, ActivityError> {
    let before = store::notes::get(tx, id).await?.ok_or(ActivityError::NotFound)?;
    if before.author_id.is_none() || before.author_id != user_of(by) {
        return Err(ActivityError::NotYours);
    }
    if expected.is_some_and(|version| version != before.version) {
        return Err(ActivityError::Changed);
    }
    let body = clean_body(body).map_err(ActivityError::Invalid)?;
    if body == before.body {
        return Ok(before);
    }
    let after = store::notes::update(tx, id, before.version, &body, now).await?.ok_or(ActivityError::Changed)?;
    tell(tx, "note.changed", after.lead_id, by, now, json!({ "note_id": id })).await?;
    Ok(after)
}
