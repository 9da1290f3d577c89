use db::TenantTx;
use events::append;
use http_kit::App;
use identity::Viewer;
use jiff::Timestamp;
use kernel::ViewId;
use serde_json::json;

use super::{ViewError, event, may_change};
use crate::{
    ports::Segments,
    views::{SavedView, store},
};

/// Forgets a view; whoever had it as their default sees all leads again.
pub(in crate::views) async fn delete_view(
    app: &App,
    tx: &TenantTx,
    viewer: &Viewer,
    id: ViewId,
    now: Timestamp,
) -> Result<SavedView, ViewError> {
    let before = store::get(tx, viewer.user_id, id, true).await?.ok_or(ViewError::NotFound)?;
    if !may_change(viewer, &before) {
        return Err(ViewError::Anothers);
    }
    store::delete(tx, id).await?;
    Segments::of(app)?.used_by_view(tx, id, &before.name, &[]).await?;
    append(tx, &[event("view.deleted", id, viewer, now, json!({ "shared": before.shared }))]).await?;
    Ok(before)
}
