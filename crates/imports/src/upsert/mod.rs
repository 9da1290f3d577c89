//! Up to 10,000 leads in one call: merged as the rows of a file are, stored in one transaction, each line with its own
//! outcome.

mod api;
mod lines;

use db::{DbError, Scope, TenantTx};
use http_kit::{Answer, App, FieldError, Idempotency, Problem};
use jiff::Timestamp;
use kernel::{Actor, ChangeSetId, LeadId};
use leads::{changes, custom_fields};
use serde::Serialize;
use serde_json::Map;
use utoipa::ToSchema;

pub(crate) use api::api;

use super::{
    merge::{AccountSlot, LeadSlot, Rules, Taken, Verdict},
    model::Counts,
    plan::Existing,
    row::LeadRow,
    store::{self, By, WriteError},
};
use lines::Line;

/// The most lines of a call.
pub(crate) const MAX_LINES: usize = 10_000;
/// How often a call is tried again when somebody else writes the same leads.
const TRIES: u32 = 5;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum UpsertOutcome {
    Created,
    Updated,
    /// It is stored as it is said, or the rule leaves it alone.
    Unchanged,
    Rejected,
}

/// A line's outcome.
#[derive(Debug, Serialize, ToSchema)]
struct UpsertLine {
    /// Which line, from 0; blank ones count.
    index: usize,
    outcome: UpsertOutcome,
    /// The lead; none where the line is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<LeadId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

/// What became of a call.
#[derive(Debug, Serialize, ToSchema)]
struct UpsertResult {
    #[serde(flatten)]
    counts: Counts,
    /// Undoes all of it at `/api/v1/changes/{id}/undo`; none if nothing has changed.
    change_set_id: Option<ChangeSetId>,
    /// In the order of the lines.
    results: Vec<UpsertLine>,
}

/// Stores what can be stored of the lines, and remembers the answer under the caller's key.
async fn upsert(
    app: &App,
    scope: &Scope,
    lines: &mut [Line],
    existing: Existing,
    actor: Actor,
    key: &Idempotency,
) -> Result<Answer, Problem> {
    let mut tries = 0;
    loop {
        let tx = app.db.tenant(scope).await?;
        if let Some(replay) = key.begin(&tx, app.clock.now()).await? {
            return Ok(replay);
        }
        match store_lines(app, &tx, lines, existing, actor).await {
            Ok(result) => {
                let answer = key.finish(tx, Answer::json(http::StatusCode::OK, &result)).await?;
                app.feed.nudge();
                return Ok(answer);
            }
            Err(WriteError::Raced) if tries < TRIES => tries += 1,
            Err(WriteError::Raced) => return Err(Problem::conflict("Others kept changing the same leads. Send the lines again.")),
            Err(WriteError::Db(error)) => return Err(error.into()),
        }
    }
}

/// Holds custom values against their fields; keys that nobody has named before become fields of the kind of their first value.
async fn check_custom(tx: &TenantTx, lines: &mut [Line], actor: Actor, now: Timestamp) -> Result<(), DbError> {
    let mut first = Map::new();
    for (key, value) in lines.iter().filter_map(|line| line.row.as_ref().ok()).flat_map(|row| &row.lead.custom) {
        if !value.is_null() && !first.contains_key(key) {
            first.insert(key.clone(), value.clone());
        }
    }
    let fields = custom_fields::for_values(tx, &first, actor, now).await?;
    for line in lines {
        let Ok(row) = &mut line.row else { continue };
        let (checked, errors) = fields.check(std::mem::take(&mut row.lead.custom), &Map::new());
        row.lead.custom = checked;
        if !errors.is_empty() {
            line.row = Err(errors);
        }
    }
    Ok(())
}

async fn store_lines(app: &App, tx: &TenantTx, lines: &mut [Line], existing: Existing, actor: Actor) -> Result<UpsertResult, WriteError> {
    store::take_turns(tx).await?;
    store::write_many(tx, false).await?;
    let now = app.clock.now();
    check_custom(tx, lines, actor, now).await?;
    let lines = &*lines;
    let title = format!("Upsert of {} by the API", ui::plural(i64::try_from(lines.len()).unwrap_or(i64::MAX), "lead", "leads"));
    let change_set = changes::begin(tx, changes::Kind::Import, &title, actor, now).await?;
    let good: Vec<&LeadRow> = lines.iter().filter_map(|line| line.row.as_ref().ok()).collect();
    let mut batch = store::load(tx, &good).await?;
    let rules = Rules { existing, tags: Vec::new(), source: "api".to_owned() };
    good.iter().for_each(|row| batch.take(row, &rules));
    let taken = batch.finish();
    let accounts: Vec<&AccountSlot> = batch.changed_accounts().collect();
    let leads: Vec<&LeadSlot> = batch.changed_leads().collect();
    let actor = actor.to_string();
    let by = By { actor: &actor, now, import: None };
    store::insert_accounts(tx, &accounts, now).await?;
    store::write_leads(tx, &leads, &by).await?;
    store::update_accounts(tx, &accounts, now).await?;
    let kept = changes::finish_or_forget(tx, change_set).await?;
    let mut counts = Counts::default();
    let mut taken = taken.into_iter();
    let mut results = Vec::with_capacity(lines.len());
    for line in lines {
        let (outcome, id, errors) = match &line.row {
            Err(errors) => (Verdict::Rejected(String::new()), None, errors.clone()),
            Ok(_) => {
                let Taken { verdict, place, .. } = taken.next().ok_or_else(|| DbError::Config("a line has no outcome".to_owned()))?;
                let errors = verdict.refusal().map(|reason| FieldError::new("", "conflict", reason)).into_iter().collect();
                (verdict, place.and_then(|place| batch.leads.get(place)).map(|slot| LeadId::from(slot.id)), errors)
            }
        };
        counts.add(&outcome);
        let outcome = match outcome {
            Verdict::Created => UpsertOutcome::Created,
            Verdict::Updated => UpsertOutcome::Updated,
            Verdict::Unchanged => UpsertOutcome::Unchanged,
            Verdict::Rejected(_) | Verdict::Conflict(_) => UpsertOutcome::Rejected,
        };
        results.push(UpsertLine { index: line.index, outcome, id, errors });
    }
    Ok(UpsertResult { counts, change_set_id: kept.then_some(change_set), results })
}
