//! The work itself: a thread reads the file, the job stores what it read, batch by batch.

use std::{fs::File, path::PathBuf, time::Instant};

use db::Scope;
use events::{NewEvent, Subject};
use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use kernel::{ImportId, OrgId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;

use super::{
    ImportError, Progress,
    analysis::{Analysis, Place},
    merge::{Batch, Rules, Verdict},
    model::{Import, ImportStatus},
    plan::Plan,
    reader::{Reader, Record},
    row::{self, LeadRow, Rejection},
    store::{self, WriteError},
};

/// Rows stored in one transaction: large enough that a round trip counts for little, small enough
/// that progress moves, a stop is felt and a crash costs nothing.
const BATCH_ROWS: usize = 2000;
/// The same for rows with much text.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How often a batch is tried again when somebody else writes the same leads.
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

/// A stretch of the file, read.
#[derive(Debug)]
struct Piece {
    from: u64,
    to: Place,
    rows: Vec<Result<LeadRow, Rejection>>,
}

/// Runs an import to its end, from wherever it is; says how it ended.
pub(crate) async fn run(app: &App, scope: &Scope, id: ImportId, mut progress: impl FnMut(Progress)) -> Result<ImportStatus, ImportError> {
    let import = store::find(&app.db, scope, id).await?.ok_or(ImportError::NotFound)?;
    if import.status != ImportStatus::Running {
        return Ok(import.status);
    }
    let path = file_of(app, scope.org(), id);
    let (sender, mut pieces) = mpsc::channel::<std::io::Result<Piece>>(2);
    let (analysis, plan, from) = (import.analysis, import.plan, import.next);
    // Ends when the file does or when nobody takes the pieces any more.
    let reading = tokio::task::spawn_blocking(move || {
        let result =
            File::open(path).and_then(|file| read_pieces(file, &analysis, &plan, from, |piece| sender.blocking_send(Ok(piece)).is_ok()));
        if let Err(error) = result {
            let _ = sender.blocking_send(Err(error)); // nobody listens: nobody to tell
        }
    });
    while let Some(piece) = pieces.recv().await {
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
    reading.await.map_err(|error| ImportError::State(format!("the reader of the file ended badly: {error}")))?;
    let tx = app.db.tenant(scope).await?;
    let import = store::lock(&tx, id).await?.ok_or(ImportError::NotFound)?;
    if import.status != ImportStatus::Running {
        return Ok(import.status);
    }
    finish(&tx, app, &import, ImportStatus::Finished, "").await?;
    tx.commit().await?;
    app.feed.nudge();
    // What was refused is in the database; the file is personal data that nobody needs any more.
    if let Err(error) = tokio::fs::remove_file(file_of(app, scope.org(), id)).await {
        tracing::warn!(%error, import = %id, "the file of a finished import could not be deleted");
    }
    Ok(ImportStatus::Finished)
}

/// Ends an import and tells so, in the caller's transaction.
pub(crate) async fn finish(tx: &db::TenantTx, app: &App, import: &Import, status: ImportStatus, failure: &str) -> Result<(), ImportError> {
    let now = app.clock.now();
    store::end(tx, import.id, status, failure, now).await?;
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

enum StoreError {
    Raced,
    Import(ImportError),
}

impl<E: Into<ImportError>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Import(error.into())
    }
}

/// Stores a piece and moves the import on, in one transaction. `None`: the import was stopped.
async fn store_piece(app: &App, scope: &Scope, id: ImportId, piece: &Piece, began: Instant) -> Result<Option<Progress>, StoreError> {
    let tx = app.db.tenant(scope).await?;
    store::take_turns(&tx).await?;
    let mut import = store::lock(&tx, id).await?.ok_or(ImportError::NotFound)?;
    if import.status != ImportStatus::Running {
        return Ok(None);
    }
    // A worker that lost its lease and did not notice finds that the place has moved.
    if import.next.offset != piece.from {
        return Err(ImportError::Overtaken.into());
    }
    let good: Vec<&LeadRow> = piece.rows.iter().filter_map(|row| row.as_ref().ok()).collect();
    let mut batch = store::load(&tx, &good).await?;
    let verdicts = merge(&mut batch, &piece.rows, &import.plan);
    let mut rejections = Vec::new();
    for (row, verdict) in piece.rows.iter().zip(&verdicts) {
        match (row, verdict) {
            (Err(rejection), _) => rejections.push(rejection.clone()),
            (Ok(row), Verdict::Rejected(reason)) => {
                rejections.push(Rejection { row: row.row, reason: reason.clone(), cells: row.cells.clone() })
            }
            (Ok(_), Verdict::Created | Verdict::Updated | Verdict::Unchanged) => {}
        }
    }
    store::insert_rejections(&tx, id, &rejections).await?;
    match store::write(&tx, &batch, id, &import.actor, app.clock.now()).await {
        Ok(()) => {}
        Err(WriteError::Raced) => return Err(StoreError::Raced),
        Err(WriteError::Db(error)) => return Err(error.into()),
    }
    count(&mut import, &verdicts);
    import.next = piece.to;
    import.worked_ms += u64::try_from(began.elapsed().as_millis()).unwrap_or_default().max(1);
    store::advance(&tx, &import).await?;
    tell(&tx, app, &import, "import.progressed").await?;
    tx.commit().await?;
    Ok(Some(import.progress()))
}

fn count(import: &mut Import, verdicts: &[Verdict]) {
    import.rows_done += verdicts.len() as u64;
    for verdict in verdicts {
        match verdict {
            Verdict::Created => import.counts.created += 1,
            Verdict::Updated => import.counts.updated += 1,
            Verdict::Unchanged => import.counts.unchanged += 1,
            Verdict::Rejected(_) => import.counts.rejected += 1,
        }
    }
}

/// Lets the rows take effect on the batch; what became of each, in order.
pub(crate) fn merge(batch: &mut Batch, rows: &[Result<LeadRow, Rejection>], plan: &Plan) -> Vec<Verdict> {
    let rules = Rules { existing: plan.existing, tags: plan.tags.clone(), source: plan.source.clone() };
    for row in rows {
        match row {
            Ok(row) => batch.take(row, &rules),
            Err(rejection) => batch.reject(rejection.reason.clone()),
        }
    }
    batch.finish()
}

/// Reads the rows of a file in pieces until `take` wants no more.
fn read_pieces(file: File, analysis: &Analysis, plan: &Plan, from: Place, mut take: impl FnMut(Piece) -> bool) -> std::io::Result<()> {
    let mut reader = Reader::new(file, analysis.separator(), from.offset, from.row)?.expecting(analysis.width, analysis.broken_at);
    let mut record = Record::default();
    loop {
        let (rows, more) = read_rows(&mut reader, &mut record, analysis, plan, BATCH_ROWS, BATCH_BYTES)?;
        let to = Place { offset: reader.offset(), row: reader.row() };
        let from = rows.0;
        if !rows.1.is_empty() && !take(Piece { from, to, rows: rows.1 }) {
            return Ok(());
        }
        if !more {
            return Ok(());
        }
    }
}

type Rows = (u64, Vec<Result<LeadRow, Rejection>>);

fn read_rows(
    reader: &mut Reader<File>,
    record: &mut Record,
    analysis: &Analysis,
    plan: &Plan,
    most_rows: usize,
    most_bytes: usize,
) -> std::io::Result<(Rows, bool)> {
    let from = reader.offset();
    let mut rows = Vec::new();
    let mut bytes = 0;
    while rows.len() < most_rows && bytes < most_bytes {
        if !reader.next(record)? {
            return Ok(((from, rows), false));
        }
        bytes += record.size();
        rows.push(row::read(record, analysis, plan));
    }
    Ok(((from, rows), true))
}

/// The first rows of a file, read; and whether there are more.
pub(crate) fn read_some(
    path: PathBuf,
    import: &Import,
    most_rows: usize,
    most_bytes: usize,
) -> std::io::Result<(Vec<Result<LeadRow, Rejection>>, bool)> {
    let from = import.beginning();
    let analysis = &import.analysis;
    let mut reader =
        Reader::new(File::open(path)?, analysis.separator(), from.offset, from.row)?.expecting(analysis.width, analysis.broken_at);
    let ((_, rows), more) = read_rows(&mut reader, &mut Record::default(), analysis, &import.plan, most_rows, most_bytes)?;
    Ok((rows, more))
}
