//! What somebody likes to see. Habits are nobody else's business, so no event tells of them.

use db::{DbError, TenantTx};
use identity::Viewer;
use kernel::ViewId;

use super::ViewError;
use crate::views::{Column, store};

/// The grid opens with `view` from now on, or with all leads.
pub(in crate::views) async fn choose_default(tx: &TenantTx, viewer: &Viewer, view: Option<ViewId>) -> Result<(), ViewError> {
    if let Some(id) = view {
        store::get(tx, viewer.user_id, id, false).await?.ok_or(ViewError::NotFound)?;
    }
    Ok(store::set_default(tx, viewer.user_id, view).await?)
}

/// The grid shows these columns from now on, where no view and no address says otherwise; none means the usual ones.
pub(crate) async fn choose_columns(tx: &TenantTx, viewer: &Viewer, columns: &[Column]) -> Result<(), DbError> {
    let names: Vec<String> = columns.iter().map(Column::to_string).collect();
    store::set_columns(tx, viewer.user_id, &names).await
}
