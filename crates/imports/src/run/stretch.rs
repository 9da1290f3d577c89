//! A stretch of the file becomes leads: merged as one, written by two transactions side by side, moved on once.
//!
//! The halves share no lead ([`Batch::lanes`]), so neither waits for the other. The first transaction holds the import
//! and commits last, with the place to go on from. The second says which rows it has stored, in its own commit; whoever
//! goes on after a crash between the two leaves these out. Accounts that both halves may belong to are committed before.

use std::time::Instant;

use db::{Scope, TenantTx};
use http_kit::App;
use kernel::ImportId;
use leads::changes;

use super::{
    super::{
        ImportError, Progress,
        merge::{AccountSlot, Batch, Lanes, LeadSlot, Rules, Taken},
        model::{Counts, Import, ImportStatus},
        plan::Plan,
        row::{LeadRow, Rejection},
        store::{self, By, Done, WriteError},
    },
    pieces::{Piece, ReadRow},
    tell,
};

pub(super) enum StoreError {
    Raced,
    Import(ImportError),
}

impl<E: Into<ImportError>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self::Import(error.into())
    }
}

impl From<WriteError> for StoreError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Raced => Self::Raced,
            WriteError::Db(error) => Self::Import(error.into()),
        }
    }
}

/// Stores a piece and moves the import on. `None`: the import was stopped.
pub(super) async fn store_piece(
    app: &App,
    scope: &Scope,
    id: ImportId,
    piece: &Piece,
    began: Instant,
) -> Result<Option<Progress>, StoreError> {
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
    begin_writing(&tx, &import, piece, false).await?;
    let done = store::done(&tx, id).await?;
    let rows: Vec<&ReadRow> = piece
        .rows
        .iter()
        .enumerate()
        .filter(|(place, _)| !done.as_ref().is_some_and(|done| done.has(*place)))
        .map(|(_, row)| row)
        .collect();
    let good: Vec<&LeadRow> = rows.iter().filter_map(|row| row.as_ref().ok()).collect();
    let mut batch = store::load(&tx, &good).await?;
    let taken = merge(&mut batch, rows.iter().copied(), &import.plan);
    let lanes = match &done {
        None => batch.lanes(rows.iter().map(|row| row.as_ref().ok())),
        Some(_) => Lanes::default(),
    };
    let by = By { actor: &import.actor, now: app.clock.now(), import: Some(id) };
    let accounts: Vec<&AccountSlot> = batch.changed_accounts().collect();
    let mut counts = done.map(|done| done.counts).unwrap_or_default();
    for taken in &taken {
        counts.add(&taken.verdict);
    }
    if lanes.are_two() {
        let [first, second] = [false, true].map(|second| Half::of(&batch, &rows, &taken, &lanes, second));
        // Each lead names its account, so new accounts are there before either half.
        let companies = app.db.tenant(scope).await?;
        begin_writing(&companies, &import, piece, true).await?;
        store::insert_accounts(&companies, &accounts, by.now).await?;
        companies.commit().await.map_err(WriteError::from)?;
        let beside = async {
            let tx = app.db.tenant(scope).await?;
            begin_writing(&tx, &import, piece, true).await?;
            second.write(&tx, &import, &by).await?;
            store::insert_done(&tx, id, &Done::of(piece.to.offset, &lanes.rows, second.counts)).await?;
            tx.commit().await.map_err(WriteError::from)?;
            Ok::<(), StoreError>(())
        };
        let (first, second) = tokio::join!(first.write(&tx, &import, &by), beside);
        second?;
        first?;
    } else {
        store::insert_accounts(&tx, &accounts, by.now).await?;
        let all = Lanes { leads: vec![false; batch.leads.len()], rows: vec![false; rows.len()] };
        Half::of(&batch, &rows, &taken, &all, false).write(&tx, &import, &by).await?;
    }
    store::update_accounts(&tx, &accounts, by.now).await?;
    store::forget_done(&tx, id).await?;
    import.counts += counts;
    import.rows_done += counts.rows();
    import.next = piece.to;
    import.worked_ms += u64::try_from(began.elapsed().as_millis()).unwrap_or_default().max(1);
    store::advance(&tx, &import).await?;
    tell(&tx, app, &import, "import.progressed").await?;
    tx.commit().await.map_err(WriteError::from)?;
    Ok(Some(import.progress()))
}

/// What each transaction that writes leads begins with. `beside`: the one that holds the import goes on at the same time.
async fn begin_writing(tx: &TenantTx, import: &Import, piece: &Piece, beside: bool) -> Result<(), StoreError> {
    store::write_many(tx, !piece.last).await?;
    match import.change_sets.last() {
        Some(change_set) if beside => changes::capture_beside(tx, *change_set).await?,
        Some(change_set) => changes::capture(tx, *change_set).await?,
        None => {}
    }
    Ok(())
}

/// One of the two that are written side by side.
struct Half<'a> {
    leads: Vec<&'a LeadSlot>,
    rejections: Vec<Rejection>,
    /// Addresses whose owners want no mail.
    objected: Vec<&'a str>,
    counts: Counts,
}

impl<'a> Half<'a> {
    fn of(batch: &'a Batch, rows: &[&'a ReadRow], taken: &[Taken], lanes: &Lanes, second: bool) -> Self {
        let mut half =
            Self { leads: batch.changed_in(lanes, second), rejections: Vec::new(), objected: Vec::new(), counts: Counts::default() };
        for ((row, taken), _) in rows.iter().zip(taken).zip(&lanes.rows).filter(|(_, lane)| **lane == second) {
            half.counts.add(&taken.verdict);
            match (row, taken.verdict.refusal()) {
                (Err(rejection), _) => half.rejections.push(rejection.clone()),
                (Ok(row), Some(reason)) => {
                    half.rejections.push(Rejection { row: row.row, reason: reason.to_owned(), cells: row.cells.clone() })
                }
                (Ok(row), None) => half.objected.extend(batch.objected(row, taken)),
            }
        }
        half
    }

    async fn write(&self, tx: &TenantTx, import: &Import, by: &By<'_>) -> Result<(), StoreError> {
        store::insert_rejections(tx, import.id, &self.rejections).await?;
        store::write_leads(tx, &self.leads, by).await?;
        store::suppress(tx, &self.objected, &import.file_name, by.now).await?;
        Ok(())
    }
}

/// Lets the rows take effect on the batch; what became of each, in order.
pub(crate) fn merge<'a>(batch: &mut Batch, rows: impl Iterator<Item = &'a ReadRow>, plan: &Plan) -> Vec<Taken> {
    let rules = Rules { existing: plan.existing, tags: plan.tags.clone(), source: plan.source.clone() };
    for row in rows {
        match row {
            Ok(row) => batch.take(row, &rules),
            Err(rejection) => batch.reject(rejection.reason.clone()),
        }
    }
    batch.finish()
}
