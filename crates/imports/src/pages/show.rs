use axum::extract::State;
use http_kit::{ApiPath, ApiQuery, App, Problem};
use identity::{Can, LeadsRead};
use kernel::ImportId;
use maud::Markup;
use serde::Deserialize;

use super::{mapping, running};
use crate::{model::ImportStatus, store};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    show: Option<mapping::Show>,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<ImportId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let import = store::find(&app.db, &viewer.scope, id).await?.ok_or_else(Problem::not_found)?;
    match import.status {
        ImportStatus::Mapping => mapping::page(&app, &viewer, &import, query.show, None).await,
        ImportStatus::Running | ImportStatus::Finished | ImportStatus::Stopped | ImportStatus::Failed => {
            running::page(&app, &viewer, &import).await
        }
    }
}
