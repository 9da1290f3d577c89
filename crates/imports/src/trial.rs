//! What importing a file would do, found out by doing it where nothing is kept.
//!
//! A trial merges the rows exactly as the import would; what they make of leads goes into tables that end with its
//! transaction ([`store::begin_trial`]), so that a later row meets the earlier ones.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use db::{Scope, TenantTx};
use http_kit::App;
use jobs::{Failure, Job, Options, Outcome, Run};
use kernel::ImportId;
use leads::{model::display_name, ports::Addresses};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use super::{
    ImportError,
    merge::{Batch, Change, Taken, Verdict},
    model::{Import, ImportStatus},
    plan::Plan,
    row::LeadRow,
    run::{self, ReadRow},
    store,
};

/// Up to so many rows are tried while somebody waits for the page; a larger file by a job, after so many as a sample. The
/// job takes as many at a time: an import that is started meanwhile needs its memory.
pub(crate) const AT_ONCE: usize = 1000;
/// How often the page hears of the job.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// Rows shown of each kind.
const SAMPLES: usize = 25;
/// Characters shown of a value.
const SHOWN: usize = 120;

/// What the rows would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Trial {
    /// Rows tried so far.
    pub(crate) rows: u64,
    /// Whether these are all rows of the file.
    pub(crate) complete: bool,
    pub(crate) created: Tally,
    pub(crate) updated: Tally,
    /// Nothing would change: what the row says is stored, or the rule says that it is left alone.
    pub(crate) unchanged: Tally,
    pub(crate) rejected: Tally,
    /// The row means two leads (it would be rejected), or says something else than an earlier row of the file (the rule
    /// decides which counts).
    pub(crate) conflicting: Tally,
    /// The address must not be written to. The lead comes in and is never mailed.
    pub(crate) suppressed: Tally,
}

/// How many rows, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) samples: Vec<Sample>,
}

/// A row, and what would become of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Sample {
    pub(crate) row: u64,
    /// Who it is.
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) company: String,
    /// Why, for people; empty where nothing needs a reason.
    pub(crate) reason: String,
    /// Field by field.
    pub(crate) changes: Vec<Change>,
}

impl Tally {
    fn add(&mut self, sample: impl FnOnce() -> Sample) {
        self.count += 1;
        if self.samples.len() < SAMPLES {
            self.samples.push(sample());
        }
    }
}

fn short(text: &str) -> String {
    let line = super::analysis::one_line(text);
    if line.chars().count() <= SHOWN { line } else { line.chars().take(SHOWN - 1).chain(['…']).collect() }
}

fn shown(changes: Vec<Change>) -> Vec<Change> {
    changes.into_iter().map(|change| Change { before: short(&change.before), after: short(&change.after), ..change }).collect()
}

fn sample(row: &LeadRow, reason: String, changes: Vec<Change>) -> Sample {
    let lead = &row.lead;
    let email = lead.email.as_ref().map(|email| email.as_str());
    let company = if lead.company_name.is_empty() { &lead.company_domain } else { &lead.company_name };
    Sample {
        row: row.row,
        name: short(&display_name(&lead.first_name, &lead.last_name, email, &lead.external_id)),
        email: email.unwrap_or_default().to_owned(),
        company: short(company),
        reason,
        changes: shown(changes),
    }
}

impl Trial {
    /// Takes in what a merged batch has come to.
    fn take(&mut self, rows: &[ReadRow], batch: &Batch, taken: &[Taken], suppressed: &HashMap<String, String>, plan: &Plan) {
        for (row, taken) in rows.iter().zip(taken) {
            self.rows += 1;
            let row = match row {
                Ok(row) => row,
                Err(rejection) => {
                    let cells = short(&rejection.cells.join(" · "));
                    self.rejected.add(|| Sample { row: rejection.row, name: cells, reason: rejection.reason.clone(), ..Sample::default() });
                    continue;
                }
            };
            let slot = taken.place.and_then(|place| batch.leads.get(place));
            match &taken.verdict {
                Verdict::Created => self.created.add(|| sample(row, String::new(), Vec::new())),
                Verdict::Updated => self.updated.add(|| {
                    let changes = slot.map(|slot| slot.stored().cloned().unwrap_or_default().changes(&slot.now)).unwrap_or_default();
                    sample(row, String::new(), changes)
                }),
                Verdict::Unchanged => self.unchanged.add(|| sample(row, String::new(), Vec::new())),
                Verdict::Rejected(reason) => self.rejected.add(|| sample(row, reason.clone(), Vec::new())),
                Verdict::Conflict(reason) => {
                    self.rejected.add(|| sample(row, reason.clone(), Vec::new()));
                    self.conflicting.add(|| sample(row, format!("Rejected: {reason}."), Vec::new()));
                }
            }
            if !taken.contradicts.is_empty() {
                let reason = plan.existing.between_rows();
                self.conflicting.add(|| sample(row, reason.to_owned(), taken.contradicts.clone()));
            }
            let known = row.lead.email.as_ref().and_then(|email| suppressed.get(email.as_str())).map(String::as_str);
            let said = batch.objected(row, taken).next().map(|_| "The file says that they want no e-mail");
            if let Some(reason) = known.or(said) {
                self.suppressed.add(|| sample(row, format!("{reason}. The lead comes in and is never mailed."), Vec::new()));
            }
        }
    }

    /// Lets a stretch of the file take effect in the trial's transaction.
    async fn go_on(&mut self, app: &App, tx: &TenantTx, rows: &[ReadRow], plan: &Plan) -> Result<(), ImportError> {
        let good: Vec<&LeadRow> = rows.iter().filter_map(|row| row.as_ref().ok()).collect();
        let mut batch = store::load_tried(tx, &good).await?;
        let taken = run::merge(&mut batch, rows.iter(), plan);
        store::store_tried(tx, &batch).await?;
        let suppressed = match app.extension::<Addresses>() {
            Some(addresses) => {
                let emails: Vec<&str> = good.iter().filter_map(|row| row.lead.email.as_ref()).map(|email| email.as_str()).collect();
                addresses.suppressed(tx, &emails).await?
            }
            None => HashMap::new(),
        };
        self.take(rows, &batch, &taken, &suppressed, plan);
        Ok(())
    }
}

/// Tries the first rows of a file that waits for its mapping; all of them, if it is small.
pub(crate) async fn try_some(app: &App, scope: &Scope, import: &Import) -> Result<Trial, ImportError> {
    let source = run::Source::of(app, scope, import).await?;
    let (rows, more) = spawn_blocking(move || run::read_some(&source, AT_ONCE)).await.map_err(std::io::Error::other)??;
    let tx = app.db.tenant(scope).await?;
    store::begin_trial(&tx).await?;
    let mut trial = Trial { complete: !more, ..Trial::default() };
    trial.go_on(app, &tx, &rows, &import.plan).await?;
    Ok(trial) // the transaction ends with its tables, uncommitted
}

/// Has the whole file tried, if it is too large for [`try_some`]. In the caller's transaction.
pub(crate) async fn enqueue(tx: &TenantTx, import: &Import, no: i32) -> Result<(), ImportError> {
    if import.total_rows > AT_ONCE as u64 {
        let job = TryImport { import_id: import.id, no };
        jobs::enqueue(tx, &job, Options { max_attempts: Some(3), ..Options::unique(format!("{}:{no}", import.id)) }).await?;
    }
    Ok(())
}

/// Tries a whole file by the plan of this number.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TryImport {
    import_id: ImportId,
    no: i32,
}

impl Job for TryImport {
    const KIND: &'static str = "leads.try_import";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        match try_all(&cx.state, &cx.scope()?, self.import_id, self.no).await {
            Ok(()) => Ok(Outcome::Done),
            // Whoever looks at the page is told that the file is gone.
            Err(ImportError::File(problem)) => Err(Failure::give_up(problem.to_string())),
            Err(error) => Err(Failure::retry(error.to_string())),
        }
    }
}

async fn try_all(app: &App, scope: &Scope, id: ImportId, no: i32) -> Result<(), ImportError> {
    let Some(import) = store::find(&app.db, scope, id).await? else { return Ok(()) };
    if import.status != ImportStatus::Mapping || import.trial_no != no {
        return Ok(());
    }
    let source = run::Source::of(app, scope, &import).await?;
    let mut pieces = run::read(source, import.beginning(), None, AT_ONCE);
    let tx = app.db.tenant(scope).await?;
    store::begin_trial(&tx).await?;
    let mut trial = Trial::default();
    let mut told: Option<Instant> = None;
    while let Some(piece) = pieces.coming.recv().await {
        trial.go_on(app, &tx, &piece?.rows, &import.plan).await?;
        if told.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            if !tell(app, scope, &import, &trial).await? {
                return Ok(());
            }
            told = Some(Instant::now());
        }
    }
    pieces.reading.await.map_err(|error| ImportError::State(format!("the reader of the file ended badly: {error}")))?;
    drop(tx);
    trial.complete = true;
    tell(app, scope, &import, &trial).await?;
    Ok(())
}

/// Shows how far the trial is. `false`: it is of no use any more.
async fn tell(app: &App, scope: &Scope, import: &Import, trial: &Trial) -> Result<bool, ImportError> {
    let tx = app.db.tenant(scope).await?;
    if !store::save_trial(&tx, import.id, import.trial_no, trial).await? {
        return Ok(false);
    }
    run::tell(&tx, app, import, "import.tried").await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(true)
}
