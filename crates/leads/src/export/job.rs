//! Writing a large file, and removing it a day later.

use std::path::PathBuf;

use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use kernel::{ExportId, OrgId};
use serde::{Deserialize, Serialize};

use super::{file, store, wish::Wish};

/// Expired files removed at once.
const SWEPT: i64 = 500;

/// Where a file lies. Personal data: below the data directory, which only we read.
pub(super) fn path(app: &App, org: OrgId, id: ExportId) -> PathBuf {
    app.config.data_dir.join("exports").join(org.to_string()).join(format!("{id}.xlsx"))
}

/// Writes a file for whoever asked. Killed, it begins anew: half a file is never shown.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WriteExport {
    pub(super) export: ExportId,
    pub(super) wish: Wish,
    pub(super) total: i64,
}

/// How far it is.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct ExportProgress {
    pub(super) rows: i64,
    pub(super) total: i64,
}

impl Job for WriteExport {
    const KIND: &'static str = "leads.write_export";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let (app, scope) = (&cx.state, cx.scope()?);
        let path = path(app, scope.org(), self.export);
        let watched = file::Watched { run: &cx, total: self.total };
        let written = file::write(app, &scope, &self.wish, &path, Some(watched)).await.map_err(|problem| Failure::retry(problem.detail))?;
        let Some(rows) = written else { return Ok(Outcome::Stopped) };
        let bytes = tokio::fs::metadata(&path).await.map_err(|error| Failure::retry(error.to_string()))?.len();
        let tx = app.db.tenant(&scope).await?;
        store::finish(&tx, self.export, rows, i64::try_from(bytes).unwrap_or(i64::MAX)).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }
}

/// Removes files that have expired.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SweepExports {}

impl Job for SweepExports {
    const KIND: &'static str = "leads.sweep_exports";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let app = &cx.state;
        loop {
            let expired = store::expired(&app.db, cx.now(), SWEPT).await?;
            for (org, id) in &expired {
                match tokio::fs::remove_file(path(app, *org, *id)).await {
                    Ok(()) => {}
                    // Stopped before it was whole, or it lies with another node.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(Failure::retry(format!("an expired export cannot be removed: {error}"))),
                }
                store::forget(&app.db, *org, *id).await?;
            }
            if expired.is_empty() || cx.should_stop().await? {
                return Ok(Outcome::Done);
            }
        }
    }
}
