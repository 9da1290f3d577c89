//! The work itself: a thread reads the file, the job stores what it read, stretch by stretch.

mod pieces;
mod source;
mod stretch;

use std::{path::PathBuf, time::Instant};

use db::Scope;
use events::{NewEvent, Subject};
use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use kernel::{ImportId, OrgId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    ImportError, Progress,
    model::{Import, ImportStatus},
    store,
};
use pieces::STORED_TOGETHER;
pub(crate) use pieces::{ReadRow, read, read_some};
pub(crate) use source::Source;
pub(crate) use stretch::merge;
use stretch::{StoreError, store_piece};

/// How often a stretch is tried again when somebody else writes the same leads.
const TRIES: u32 = 5;
/// After this many failures of the job the import is failed.
const ATTEMPTS: i32 = 10;

/// Imports a file. Resumes where it was when the process died.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportLeads {
    pub import_id: ImportId,
}

impl Job for ImportLeads {
    const KIND: &'static str = "leads.import";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let scope = cx.scope()?;
        match run(&cx.state, &scope, self.import_id, |_| {}).await {
            Ok(ImportStatus::Stopped) => Ok(Outcome::Stopped),
            Ok(_) => Ok(Outcome::Done),
            // The other worker has it.
            Err(ImportError::Overtaken | ImportError::NotFound) => Ok(Outcome::Done),
            Err(ImportError::File(problem)) => {
                fail(&cx.state, &scope, self.import_id, "The uploaded file is no longer on this server, or cannot be read. What is imported stays; upload the file again for the rest: what exists is recognised.").await.map_err(again)?;
                Err(Failure::give_up(problem.to_string()))
            }
            Err(error) if cx.attempt() >= ATTEMPTS => {
                fail(
                    &cx.state,
                    &scope,
                    self.import_id,
                    "The database refused a batch of rows again and again. What is imported stays. Tell the person who runs this server.",
                )
                .await
                .map_err(again)?;
                Err(Failure::give_up(error.to_string()))
            }
            Err(error) => Err(Failure::retry(error.to_string())),
        }
    }
}

fn again(error: ImportError) -> Failure {
    Failure::retry(error.to_string())
}

/// Marks a running import as failed, for the person who looks at it.
pub(crate) async fn fail(app: &App, scope: &Scope, id: ImportId, words: &str) -> Result<(), ImportError> {
    let tx = app.db.tenant(scope).await?;
    if let Some(import) = store::lock(&tx, id).await?.filter(|import| import.status == ImportStatus::Running) {
        finish(&tx, app, &import, ImportStatus::Failed, words).await?;
        tx.commit().await?;
        app.feed.nudge();
    }
    Ok(())
}

/// Where the stored file of an import is.
pub(crate) fn file_of(app: &App, org: OrgId, id: ImportId) -> PathBuf {
    app.config.data_dir.join("imports").join(org.to_string()).join(id.to_string())
}

/// Runs an import to its end, from wherever it is; says how it ended.
pub(crate) async fn run(app: &App, scope: &Scope, id: ImportId, mut progress: impl FnMut(Progress)) -> Result<ImportStatus, ImportError> {
    let import = store::find(&app.db, scope, id).await?.ok_or(ImportError::NotFound)?;
    if import.status != ImportStatus::Running {
        return Ok(import.status);
    }
    let tx = app.db.tenant(scope).await?;
    let done = store::done(&tx, id).await?;
    tx.commit().await?;
    let source = Source::of(app, scope, &import).await?;
    let mut pieces = read(source, import.next, done.map(|done| done.to_offset), STORED_TOGETHER);
    while let Some(piece) = pieces.coming.recv().await {
        let piece = piece?;
        let began = Instant::now();
        let mut tries = 0;
        let done = loop {
            match store_piece(app, scope, id, &piece, began).await {
                Ok(done) => break done,
                Err(StoreError::Raced) if tries < TRIES => tries += 1,
                Err(StoreError::Raced) => return Err(ImportError::State("other writers kept changing the same leads".to_owned())),
                Err(StoreError::Import(error)) => return Err(error),
            }
        };
        app.feed.nudge();
        match done {
            Some(now) => progress(now),
            None => return Ok(ImportStatus::Stopped),
        }
    }
    pieces.reading.await.map_err(|error| ImportError::State(format!("the reader of the file ended badly: {error}")))?;
    let tx = app.db.tenant(scope).await?;
    let import = store::lock(&tx, id).await?.ok_or(ImportError::NotFound)?;
    if import.status != ImportStatus::Running {
        return Ok(import.status);
    }
    finish(&tx, app, &import, ImportStatus::Finished, "").await?;
    tx.commit().await?;
    app.feed.nudge();
    // What was refused is in the database; the file is personal data that nobody needs any more.
    remove_file(app, scope.org(), id).await;
    Ok(ImportStatus::Finished)
}

/// Removes the file of an import that does not need it any more.
pub(crate) async fn remove_file(app: &App, org: OrgId, id: ImportId) {
    if let Err(error) = tokio::fs::remove_file(file_of(app, org, id)).await {
        tracing::warn!(%error, import = %id, "a file that is not needed any more could not be deleted; the sweep tries again");
    }
}

/// Ends an import and tells so, in the caller's transaction.
pub(crate) async fn finish(tx: &db::TenantTx, app: &App, import: &Import, status: ImportStatus, failure: &str) -> Result<(), ImportError> {
    let now = app.clock.now();
    store::end(tx, import.id, status, failure, now).await?;
    if let Some(change_set) = import.change_sets.last() {
        leads::changes::finish(tx, *change_set).await?;
    }
    let kind = match status {
        ImportStatus::Finished => "import.finished",
        ImportStatus::Failed => "import.failed",
        ImportStatus::Stopped | ImportStatus::Mapping | ImportStatus::Running => "import.stopped",
    };
    tell(tx, app, import, kind).await
}

/// Writes an event of the import: `import.started`, `import.progressed`, `import.finished` …
pub(crate) async fn tell(tx: &db::TenantTx, app: &App, import: &Import, kind: &'static str) -> Result<(), ImportError> {
    let counts = import.counts;
    let payload = json!({ "rows": import.rows_done, "created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged, "rejected": counts.rejected });
    let actor = actor_of(&import.actor);
    events::append(tx, &[NewEvent { kind, subject: Subject::of(import.id), actor, at: app.clock.now(), payload }]).await?;
    Ok(())
}

/// The actor that an event names so.
fn actor_of(text: &str) -> kernel::Actor {
    let user = text.strip_prefix("user:").and_then(|id| id.parse::<kernel::Uuid>().ok());
    user.map_or(kernel::Actor::System, |id| kernel::Actor::User(id.into()))
}
