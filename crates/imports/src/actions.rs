//! Upload, plan, start, stop; and all of it at once for the command line.

use std::path::{Path, PathBuf};

use db::{Scope, TenantTx};
use events::{NewEvent, Subject};
use http_kit::App;
use jiff::{SignedDuration, Timestamp};
use jobs::Options;
use kernel::{Actor, ImportId, OrgId};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::{fs, io::AsyncWriteExt};

use super::{
    FileProblem, ImportError, ImportLeads, MAX_FILE, Plan, Progress,
    analysis::{Analysis, analyse},
    model::{Counts, Import, ImportStatus, Summary},
    run, store, trial,
};
use leads::{changes, custom_fields};

/// How long an import of the command line has the work for itself.
const TAKEN_OVER_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// A file that arrives piece by piece, and is gone again unless it is kept.
pub(crate) struct Arriving {
    id: ImportId,
    path: PathBuf,
    file: fs::File,
    bytes: u64,
    digest: Sha256,
    kept: bool,
}

impl Arriving {
    /// Begins a file of its own for a new import.
    pub(crate) async fn begin(app: &App, org: OrgId) -> Result<Self, FileProblem> {
        let id = ImportId::new();
        let path = run::file_of(app, org, id);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).await?;
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&path).await?;
        Ok(Self { id, path, file, bytes: 0, digest: Sha256::new(), kept: false })
    }

    /// Takes the next piece.
    pub(crate) async fn write(&mut self, piece: &[u8]) -> Result<(), FileProblem> {
        self.bytes += piece.len() as u64;
        if self.bytes > MAX_FILE {
            return Err(FileProblem::TooLarge);
        }
        self.digest.update(piece);
        Ok(self.file.write_all(piece).await?)
    }

    /// Whether nothing has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Ends the file: it is on the disk, and read once from end to end.
    pub(crate) async fn complete(mut self, app: &App, actor: Actor, file_name: &str) -> Result<(Import, Kept), FileProblem> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        let path = self.path.clone();
        let analysis = tokio::task::spawn_blocking(move || analyse(&path)).await.map_err(std::io::Error::other)??;
        let file_name: String =
            file_name.rsplit(['/', '\\']).next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
        let file_name = if file_name.is_empty() { "leads.csv".to_owned() } else { file_name };
        let plan = Plan::guessed(&analysis, &file_name);
        let import = Import {
            id: self.id,
            file_name,
            file_bytes: self.bytes,
            status: ImportStatus::Mapping,
            total_rows: Import::rows_under(&analysis, &plan),
            rows_done: 0,
            counts: Counts::default(),
            next: analysis.data,
            analysis,
            plan,
            worked_ms: 0,
            failure: String::new(),
            actor: actor.to_string(),
            created_at: app.clock.now(),
            started_at: None,
            finished_at: None,
            change_sets: Vec::new(),
            trial: None,
            trial_no: 0,
        };
        Ok((import, Kept(self)))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path); // a leftover costs space and nothing else
        }
    }
}

/// A complete file whose row is not committed yet: gone with this value unless [`Kept::keep`] is called.
pub(crate) struct Kept(Arriving);

impl Kept {
    /// SHA-256 of the file.
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.0.digest.clone().finalize().into()
    }

    /// The row is committed.
    pub(crate) fn keep(mut self) {
        self.0.kept = true;
    }
}

/// How many uploads of an organisation may wait to be started: each is a file on the disk.
const MOST_WAITING: i64 = 50;

/// Writes the row of an upload that is to be started later, if there is room for one more. In the caller's transaction.
pub(crate) async fn keep_upload(tx: &TenantTx, app: &App, import: &Import, actor: Actor) -> Result<(), ImportError> {
    if store::count_waiting(tx).await? >= MOST_WAITING {
        return Err(ImportError::State(format!(
            "{MOST_WAITING} uploaded files wait to be imported already. Import or discard some of them, then upload this one again."
        )));
    }
    record(tx, app, import, actor).await
}

async fn record(tx: &TenantTx, app: &App, import: &Import, actor: Actor) -> Result<(), ImportError> {
    store::insert(tx, import).await?;
    let payload = json!({ "file_name": import.file_name, "rows": import.total_rows });
    events::append(tx, &[NewEvent { kind: "import.uploaded", subject: Subject::of(import.id), actor, at: app.clock.now(), payload }])
        .await?;
    trial::enqueue(tx, import, import.trial_no).await?;
    Ok(())
}

/// Keeps a corrected plan, also one that cannot be started yet.
pub(crate) async fn save_plan(app: &App, scope: &Scope, id: ImportId, plan: Plan) -> Result<(), ImportError> {
    let tx = app.db.tenant(scope).await?;
    keep_plan(&tx, id, plan).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(())
}

/// The same in the caller's transaction; the import as it is then.
pub(crate) async fn keep_plan(tx: &TenantTx, id: ImportId, plan: Plan) -> Result<Import, ImportError> {
    let import = store::lock(tx, id).await?.ok_or(ImportError::NotFound)?;
    only_mapping(&import)?;
    if plan.targets.len() != import.analysis.columns.len() {
        return Err(ImportError::plan("targets", "The form does not belong to this file. Load the page again."));
    }
    let trial_no = store::save_plan(tx, id, &plan).await?;
    let total_rows = Import::rows_under(&import.analysis, &plan);
    let import = Import { plan, total_rows, trial_no, trial: None, ..import };
    trial::enqueue(tx, &import, trial_no).await?;
    Ok(import)
}

fn only_mapping(import: &Import) -> Result<(), ImportError> {
    match import.status {
        ImportStatus::Mapping => Ok(()),
        ImportStatus::Running => Err(ImportError::State("This import is running already.".to_owned())),
        ImportStatus::Finished => {
            Err(ImportError::State("This import is finished. Upload the file again to import it another way.".to_owned()))
        }
        ImportStatus::Stopped => Err(ImportError::State("This import has begun: it can go on with the columns it began with.".to_owned())),
        ImportStatus::Failed => Err(ImportError::State("This import has failed. Upload the file again.".to_owned())),
    }
}

/// Starts an import, by `plan` or by the one that is kept; or lets a stopped one go on.
/// In the caller's transaction; nudge the feed after its commit.
pub async fn start_import(tx: &TenantTx, app: &App, id: ImportId, plan: Option<Plan>, actor: Actor) -> Result<Import, ImportError> {
    let import = begin(tx, app, id, plan, actor).await?;
    let options = Options { max_attempts: Some(11), ..Options::unique(id.to_string()) };
    jobs::enqueue(tx, &ImportLeads { import_id: id }, options).await?;
    Ok(import)
}

async fn begin(tx: &TenantTx, app: &App, id: ImportId, plan: Option<Plan>, actor: Actor) -> Result<Import, ImportError> {
    let mut import = store::lock(tx, id).await?.ok_or(ImportError::NotFound)?;
    if import.status == ImportStatus::Stopped && plan.is_none() {
        import.actor = actor.to_string();
    } else {
        only_mapping(&import)?;
        import.plan = plan.unwrap_or(import.plan).checked(&import.analysis)?;
        import.total_rows = Import::rows_under(&import.analysis, &import.plan);
        import.next = import.beginning();
        import.actor = actor.to_string();
        make_fields(tx, &import, actor, app.clock.now()).await?;
    }
    let now = app.clock.now();
    let title = format!("Import of {}", import.file_name);
    let change_set = changes::begin(tx, changes::Kind::Import, &title, actor, now).await?;
    store::start(tx, &import, &actor.to_string(), change_set, now).await?;
    import.change_sets.push(change_set);
    import.status = ImportStatus::Running;
    import.started_at = import.started_at.or(Some(now));
    run::tell(tx, app, &import, "import.started").await?;
    Ok(import)
}

/// Makes the custom fields that columns become.
async fn make_fields(tx: &TenantTx, import: &Import, actor: Actor, now: Timestamp) -> Result<(), ImportError> {
    let wanted = import.plan.custom_fields(&import.analysis);
    if wanted.is_empty() {
        return Ok(());
    }
    let fields = custom_fields::ensure(tx, &wanted, actor, now).await?;
    for new in &wanted {
        let why = match fields.get(&new.key) {
            Some(field) if field.archived_at.is_none() => continue,
            Some(field) => {
                format!("The custom field {} is archived: restore it, or do not import the column “{}”.", field.label, new.label)
            }
            None => format!(
                "There is no room for the custom field {}: an organisation has at most {}. Do not import the column “{}”.",
                new.key,
                custom_fields::MOST_FIELDS,
                new.label
            ),
        };
        return Err(ImportError::plan("targets", why));
    }
    Ok(())
}

/// Stops a running import after the batch it is at. What is imported stays.
pub async fn stop_import(tx: &TenantTx, app: &App, id: ImportId) -> Result<Import, ImportError> {
    let mut import = store::lock(tx, id).await?.ok_or(ImportError::NotFound)?;
    if import.status != ImportStatus::Running {
        return Err(ImportError::State("This import is not running.".to_owned()));
    }
    run::finish(tx, app, &import, ImportStatus::Stopped, "").await?;
    import.status = ImportStatus::Stopped;
    import.finished_at = Some(app.clock.now());
    Ok(import)
}

/// Forgets an upload that was never started. In the caller's transaction; [`run::remove_file`] after its commit.
pub(crate) async fn discard_import(tx: &TenantTx, app: &App, id: ImportId, actor: Actor) -> Result<(), ImportError> {
    let import = store::lock(tx, id).await?.ok_or(ImportError::NotFound)?;
    if import.status != ImportStatus::Mapping {
        return Err(ImportError::State("This import has begun: it stays in the history. What it stored can be undone.".to_owned()));
    }
    store::delete(tx, id).await?;
    let payload = json!({ "file_name": import.file_name });
    events::append(tx, &[NewEvent { kind: "import.discarded", subject: Subject::of(id), actor, at: app.clock.now(), payload }]).await?;
    Ok(())
}

/// Imports a file of this machine with the guessed plan as `adjust` leaves it, to its end: what `leadline import` does.
pub async fn import_file(
    app: &App,
    scope: &Scope,
    actor: Actor,
    path: &Path,
    adjust: impl FnOnce(&mut Plan),
    mut progress: impl FnMut(Progress),
) -> Result<Summary, ImportError> {
    use tokio::io::AsyncReadExt;
    let mut input = fs::File::open(path).await?;
    let mut arriving = Arriving::begin(app, scope.org()).await?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let n = input.read(&mut buffer).await?;
        if n == 0 {
            break;
        }
        arriving.write(buffer.get(..n).unwrap_or_default()).await?;
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (import, kept) = arriving.complete(app, actor, &name).await?;
    let id = import.id;
    let mut plan = import.plan.clone();
    adjust(&mut plan);
    let tx = app.db.tenant(scope).await?;
    record(&tx, app, &import, actor).await?;
    // This process does the work itself; should it die in the middle, a worker takes the rest over later.
    begin(&tx, app, id, Some(plan), actor).await?;
    let later = app.clock.now().checked_add(TAKEN_OVER_AFTER).unwrap_or(Timestamp::MAX);
    jobs::enqueue(&tx, &ImportLeads { import_id: id }, Options::unique(id.to_string()).at(later)).await?;
    tx.commit().await?;
    kept.keep();
    let ended = match run::run(app, scope, id, &mut progress).await {
        Ok(ended) => ended,
        // It took so long that a worker took over: it does the rest, and this process waits.
        Err(ImportError::Overtaken) => end_of(app, scope, id, &mut progress).await?,
        Err(error) => {
            run::fail(
                app,
                scope,
                id,
                "The command that imported it broke off. What is imported stays; import the file again for the rest.",
            )
            .await?;
            return Err(error);
        }
    };
    match ended {
        ImportStatus::Finished => {}
        ended => return Err(ImportError::State(format!("The import has {} before its end; /imports/{id} says more.", ended.as_str()))),
    }
    Ok(store::find(&app.db, scope, id).await?.ok_or(ImportError::NotFound)?.summary())
}

/// How an import ends that another process works on.
async fn end_of(app: &App, scope: &Scope, id: ImportId, progress: &mut impl FnMut(Progress)) -> Result<ImportStatus, ImportError> {
    loop {
        let import = store::find(&app.db, scope, id).await?.ok_or(ImportError::NotFound)?;
        if import.status != ImportStatus::Running {
            return Ok(import.status);
        }
        progress(import.progress());
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}

/// Whether the analysis is of the file that a plan speaks of; for the form.
pub(crate) fn fits(plan: &Plan, analysis: &Analysis) -> bool {
    plan.targets.len() == analysis.columns.len()
}
