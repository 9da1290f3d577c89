//! Half of a stretch that has committed before the other: see migration 24.

use db::{DbError, TenantTx};
use kernel::ImportId;

use super::signed;
use crate::model::Counts;

/// The rows of the next stretch that are stored already.
#[derive(Debug)]
pub(crate) struct Done {
    /// Where the stretch ends.
    pub(crate) to_offset: u64,
    bits: Vec<u8>,
    pub(crate) counts: Counts,
}

impl Done {
    /// Those of these rows (by their place in the stretch) that are `true`.
    pub(crate) fn of(to_offset: u64, rows: &[bool], counts: Counts) -> Self {
        let bits = rows.chunks(8).map(|eight| eight.iter().rev().fold(0, |byte, done| byte << 1 | u8::from(*done))).collect();
        Self { to_offset, bits, counts }
    }

    /// Whether the row at this place is done.
    pub(crate) fn has(&self, place: usize) -> bool {
        self.bits.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1)
    }
}

/// What a crash has left behind, if anything.
pub(crate) async fn done(tx: &TenantTx, id: ImportId) -> Result<Option<Done>, DbError> {
    let sql = "SELECT to_offset, rows, created, updated, unchanged, rejected FROM import_lanes WHERE org_id = $1 AND import_id = $2";
    let Some(row) = tx.query_opt(sql, &[&tx.org(), &id]).await? else { return Ok(None) };
    let number = |name| row.try_get::<_, i64>(name).map(|value| u64::try_from(value).unwrap_or_default());
    Ok(Some(Done {
        to_offset: number("to_offset")?,
        bits: row.try_get("rows")?,
        counts: Counts {
            created: number("created")?,
            updated: number("updated")?,
            unchanged: number("unchanged")?,
            rejected: number("rejected")?,
        },
    }))
}

/// Says that these rows are stored, in the transaction that stores them.
pub(crate) async fn insert_done(tx: &TenantTx, id: ImportId, done: &Done) -> Result<(), DbError> {
    let Counts { created, updated, unchanged, rejected } = done.counts;
    tx.execute(
        "INSERT INTO import_lanes (org_id, import_id, to_offset, rows, created, updated, unchanged, rejected) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[&tx.org(), &id, &signed(done.to_offset), &done.bits, &signed(created), &signed(updated), &signed(unchanged), &signed(rejected)],
    )
    .await?;
    Ok(())
}

/// The whole stretch is stored.
pub(crate) async fn forget_done(tx: &TenantTx, id: ImportId) -> Result<(), DbError> {
    tx.execute("DELETE FROM import_lanes WHERE org_id = $1 AND import_id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_by_their_place() {
        let rows: Vec<bool> = (0..21).map(|n| n % 3 == 0).collect();
        let done = Done::of(7, &rows, Counts::default());
        assert_eq!((0..30).map(|n| done.has(n)).collect::<Vec<_>>()[..21], rows[..]);
        assert!(!done.has(21) && !done.has(400));
    }
}
