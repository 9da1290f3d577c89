use axum::{extract::State, response::Response};
use http_kit::{App, PageForm, Problem, redirect};
use identity::{Can, LeadsExport};
use kernel::LeadId;
use serde::Deserialize;

use crate::export::{
    request, text,
    wish::{Asked, Format, Wish},
};

/// Which leads, and how.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choices {
    id: Vec<LeadId>,
    filter: String,
    q: String,
    sort: String,
    columns: Vec<String>,
    format: String,
    bom: String,
}

/// Streams the file; an Excel file is written by a job first.
pub(super) async fn take(State(app): State<App>, viewer: Can<LeadsExport>, form: PageForm<Choices>) -> Result<Response, Problem> {
    request::require_proof(&app, &viewer)?;
    let Choices { id, filter, q, sort, columns, format, bom } = &form.value;
    let asked = Asked { ids: id, filter, q, sort, columns, format, mark: bom == "true" };
    let wish = Wish::read(&app, &viewer.scope, &asked).await?;
    let now = app.clock.now();
    let count = wish.count(&app, &viewer.scope, now).await?;
    let tx = app.db.tenant(&viewer.scope).await?;
    request::tell(&tx, &viewer, &wish, count, now).await?;
    if wish.format == Format::Xlsx {
        let export = request::enqueue(&tx, &viewer, wish, count, now).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/leads/exports/{export}"), None));
    }
    tx.commit().await?;
    text::answer(&app, &viewer.scope, wish, now).await
}
