//! A wish as an Excel file on the disk.

use std::path::Path;

use db::Scope;
use http_kit::{App, Problem};
use jobs::Run;
use serde_json::json;

use super::{
    columns::{cell, heading},
    job::{ExportProgress, HALF},
    wish::{Place, Wish, next},
    xlsx::Writing,
};

/// The job that a file is written by: it says how far it is, and may be asked to stop.
pub(super) struct Watched<'a> {
    pub(super) run: &'a Run<App>,
    pub(super) total: i64,
}

/// Writes the file beside `path` and moves it there once it is whole; returns how many rows it has, or `None` when it was
/// asked to stop.
pub(super) async fn write(
    app: &App,
    scope: &Scope,
    wish: &Wish,
    path: &Path,
    watched: Option<Watched<'_>>,
) -> Result<Option<i64>, Problem> {
    let directory = path.parent().unwrap_or(Path::new("."));
    tokio::fs::create_dir_all(directory).await.map_err(|error| Problem::internal(&error))?;
    // Half a file, and the scratch of whoever was killed, go with their directory.
    let scratch = tempfile::Builder::new().prefix(HALF).tempdir_in(directory).map_err(|error| Problem::internal(&error))?;
    let half = scratch.path().join("half.xlsx");
    let tx = app.db.tenant(scope).await?;
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    let columns = wish.columns();
    let headings = columns.iter().map(|column| heading(column).to_owned()).collect();
    let writing = Writing::begin(half.clone(), scratch.path().to_owned(), headings);
    let (mut place, mut rows) = (Some(Place::default()), 0);
    while let Some(at) = place {
        let (leads, rest) = next(app, scope, wish, at).await?;
        rows += i64::try_from(leads.len()).unwrap_or_default();
        let cells = leads.iter().map(|lead| columns.iter().map(|column| cell(lead, column, &members)).collect()).collect();
        writing.send(cells).await?;
        place = rest;
        if let Some(Watched { run, total }) = &watched {
            run.progress(&json!(ExportProgress { rows, total: *total })).await.map_err(|failure| Problem::internal(&failure))?;
            if run.should_stop().await.map_err(|failure| Problem::internal(&failure))? {
                return Ok(None);
            }
        }
    }
    writing.finish().await?;
    tokio::fs::rename(&half, path).await.map_err(|error| Problem::internal(&error))?;
    Ok(Some(rows))
}
