use db::TenantTx;
use events::append;
use http_kit::App;
use identity::Viewer;
use jiff::Timestamp;
use kernel::ViewId;
use serde_json::json;

use super::{ViewError, event, may_share, name_taken, tell_segments};
use crate::views::{SavedView, ViewDraft, store};

/// Keeps a question about leads under a name. What it asks for is not told: searched words may name people.
pub(in crate::views) async fn create_view(
    app: &App,
    tx: &TenantTx,
    viewer: &Viewer,
    new: ViewDraft,
    now: Timestamp,
) -> Result<SavedView, ViewError> {
    let new = new.check().map_err(ViewError::Invalid)?;
    if new.shared && !may_share(viewer) {
        return Err(ViewError::OnlyReads);
    }
    if !store::has_room(tx, viewer.user_id, new.shared).await? {
        return Err(ViewError::TooMany { shared: new.shared });
    }
    let id = ViewId::new();
    store::insert(tx, id, viewer.user_id, &new, now).await.map_err(|error| name_taken(error, new.shared))?;
    append(tx, &[event("view.created", id, viewer, now, json!({ "shared": new.shared }))]).await?;
    let view = store::get(tx, viewer.user_id, id, false).await?.ok_or(ViewError::NotFound)?;
    tell_segments(app, tx, &view).await?;
    Ok(view)
}
