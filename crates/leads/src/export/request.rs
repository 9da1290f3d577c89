//! Taking leads out: who may, and what the log says of it.

use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use identity::{Can, LeadsExport};
use jiff::{SignedDuration, Timestamp};
use jobs::Options;
use kernel::ExportId;
use serde_json::json;

use super::{
    job::WriteExport,
    store,
    wish::{Format, Wish},
};
use crate::actions::bulk::Target;

/// How long a file can be fetched.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Refuses a person who has not proved to be themselves a moment ago: a file of people leaves our hands. A key was given the
/// permission by somebody who had.
pub(super) fn require_proof(app: &App, viewer: &Can<LeadsExport>) -> Result<(), Problem> {
    if viewer.principal().session.is_some() { viewer.require_fresh(app) } else { Ok(()) }
}

/// Says in the log that so many leads are taken out, before the first one is.
pub(super) async fn tell(tx: &TenantTx, viewer: &Can<LeadsExport>, wish: &Wish, count: i64, now: Timestamp) -> Result<(), Problem> {
    let which = match wish.target {
        Target::Ids(_) => "selected",
        Target::Matching { .. } => "matching",
    };
    let columns: Vec<String> = wish.columns().iter().map(ToString::to_string).collect();
    let payload = json!({ "count": count, "format": wish.format.name(), "target": which, "columns": columns });
    append(tx, &[NewEvent { kind: "leads.exported", subject: Subject::of(tx.org()), actor: viewer.actor(), at: now, payload }]).await?;
    Ok(())
}

/// Sets a job going that writes the file.
pub(super) async fn enqueue(tx: &TenantTx, viewer: &Can<LeadsExport>, wish: Wish, total: i64, now: Timestamp) -> Result<ExportId, Problem> {
    let id = ExportId::new();
    debug_assert!(wish.format == Format::Xlsx, "the others are streamed");
    let job = jobs::enqueue(tx, &WriteExport { export: id, wish, total }, Options { max_attempts: Some(5), ..Options::default() }).await?;
    let job = job.ok_or_else(|| Problem::internal(&"a job without a unique key was refused"))?;
    store::insert(tx, id, viewer.user_id, now, now.checked_add(KEPT).unwrap_or(now), job).await?;
    Ok(id)
}
