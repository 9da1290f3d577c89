use axum::extract::State;
use http_kit::{ApiPath, App, Problem};
use identity::{Can, LeadsRead};
use kernel::ImportId;
use maud::Markup;

use super::{mapping, running};
use crate::{model::ImportStatus, store};

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<ImportId>) -> Result<Markup, Problem> {
    let import = store::find(&app.db, &viewer.scope, id).await?.ok_or_else(Problem::not_found)?;
    match import.status {
        ImportStatus::Mapping => mapping::page(&app, &viewer, &import, None).await,
        ImportStatus::Running | ImportStatus::Finished | ImportStatus::Stopped | ImportStatus::Failed => {
            running::page(&app, &viewer, &import).await
        }
    }
}
