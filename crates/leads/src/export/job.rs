//! Writing a large file, and removing it a day later.

use std::path::{Path, PathBuf};

use http_kit::App;
use jiff::{SignedDuration, Timestamp};
use jobs::{Failure, Job, Outcome, Run};
use kernel::{ExportId, OrgId};
use serde::{Deserialize, Serialize};

use super::{file, store, wish::Wish};

/// Expired files removed at once.
const SWEPT: i64 = 500;

/// What the directory of a file that is being written is called: what a killed process has left behind is known by it.
pub(super) const HALF: &str = "half-";
/// A file that is older than this is not being written any more.
const SETTLED: SignedDuration = SignedDuration::from_hours(24);

/// Where an organisation's files lie. Personal data: below the data directory, which only we read.
pub(super) fn directory(app: &App, org: OrgId) -> PathBuf {
    app.config.data_dir.join("exports").join(org.to_string())
}

/// Where a file lies.
pub(super) fn path(app: &App, org: OrgId, id: ExportId) -> PathBuf {
    directory(app, org).join(format!("{id}.xlsx"))
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
        let wish = self.wish.looked_up(app, &scope).await?;
        let wish = wish.map_err(|error| Failure::give_up(format!("The filter cannot be used any more: {error}")))?;
        let watched = file::Watched { run: &cx, total: self.total };
        let written = file::write(app, &scope, &wish, &path, Some(watched)).await.map_err(|problem| Failure::retry(problem.detail))?;
        let Some(rows) = written else { return Ok(Outcome::Stopped) };
        let bytes = tokio::fs::metadata(&path).await.map_err(|error| Failure::retry(error.to_string()))?.len();
        let tx = app.db.tenant(&scope).await?;
        store::finish(&tx, self.export, rows, i64::try_from(bytes).unwrap_or(i64::MAX)).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }
}

/// Removes files that have expired, and halves of which nobody will make a whole.
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
                break;
            }
        }
        let before = cx.now().checked_sub(SETTLED).unwrap_or(cx.now());
        remove_halves(&app.config.data_dir.join("exports"), before)
            .await
            .map_err(|error| Failure::retry(format!("the directory of exports cannot be swept: {error}")))?;
        Ok(Outcome::Done)
    }
}

/// `exports/ORGANISATION/half-…`
async fn remove_halves(directory: &Path, before: Timestamp) -> std::io::Result<()> {
    let mut organisations = match tokio::fs::read_dir(directory).await {
        Ok(organisations) => organisations,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    while let Some(organisation) = organisations.next_entry().await? {
        if !organisation.file_type().await?.is_dir() {
            continue;
        }
        let mut files = tokio::fs::read_dir(organisation.path()).await?;
        while let Some(file) = files.next_entry().await? {
            if !file.file_name().to_str().is_some_and(|name| name.starts_with(HALF)) {
                continue;
            }
            // Time on the disk is real time; while the clock runs fast in a test, files only look older.
            let changed = file.metadata().await?.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
            if changed.is_some_and(|at| at <= before) {
                tokio::fs::remove_dir_all(file.path()).await?;
            }
        }
    }
    Ok(())
}
