//! Uploads that nobody started, and files that nobody needs: both are personal data.

use std::path::Path;

use http_kit::App;
use jiff::{SignedDuration, Timestamp};
use jobs::{Failure, Job, Outcome, Run};
use kernel::{ImportId, OrgId};
use serde::{Deserialize, Serialize};

use super::store;

/// How long an upload waits to be started.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A file younger than this may be one whose upload is under way.
const SETTLED: SignedDuration = SignedDuration::from_hours(24);

/// Forgets uploads a week after they came, and removes the files that no import goes on with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SweepUploads {}

impl Job for SweepUploads {
    const KIND: &'static str = "leads.sweep_uploads";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let ago = |age: SignedDuration| cx.now().checked_sub(age).unwrap_or(cx.now());
        store::delete_waiting(&cx.state.db, ago(KEPT)).await?;
        let removed = sweep(&cx.state, &cx.state.config.data_dir.join("imports"), ago(SETTLED))
            .await
            .map_err(|error| Failure::retry(format!("the directory of uploads cannot be swept: {error}")))?;
        if removed > 0 {
            tracing::info!(removed, "files of ended imports were removed");
        }
        Ok(Outcome::Done)
    }
}

/// `imports/ORGANISATION/IMPORT`, and what an interrupted upload has left beside it.
async fn sweep(app: &App, directory: &Path, before: Timestamp) -> std::io::Result<usize> {
    let mut removed = 0;
    let mut organisations = match tokio::fs::read_dir(directory).await {
        Ok(organisations) => organisations,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    while let Some(organisation) = organisations.next_entry().await? {
        let Some(org) = organisation.file_name().to_str().and_then(|name| name.parse::<OrgId>().ok()) else { continue };
        let mut files = tokio::fs::read_dir(organisation.path()).await?;
        while let Some(file) = files.next_entry().await? {
            let path = file.path();
            let Some(id) = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse::<ImportId>().ok()) else { continue };
            // Time on the disk is real time; while the clock runs fast in a test, files only look older.
            let changed = file.metadata().await?.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
            if changed.is_none_or(|at| at > before) || store::needs_file(&app.db, org, id).await.map_err(std::io::Error::other)? {
                continue;
            }
            tokio::fs::remove_file(&path).await?;
            removed += 1;
        }
    }
    Ok(removed)
}
