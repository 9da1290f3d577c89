use db::{Db, DbError, Row, Scope, TenantTx};
use kernel::ImportId;

use super::signed;
use crate::{copy_text::Copying, row::Rejection};

/// Keeps refused rows with their reasons.
pub(crate) async fn insert(tx: &TenantTx, id: ImportId, rejections: &[Rejection]) -> Result<(), DbError> {
    if rejections.is_empty() {
        return Ok(());
    }
    tx.batch("CREATE TEMP TABLE staged_rejections (row_no bigint, reason text, cells text[]) ON COMMIT DROP").await?;
    let mut copying = Copying::begin(tx, "COPY staged_rejections FROM STDIN").await?;
    for rejection in rejections {
        copying
            .row(|copy| {
                copy.number(signed(rejection.row)).text(&rejection.reason).array(&rejection.cells);
            })
            .await?;
    }
    copying.finish().await?;
    tx.execute(
        "INSERT INTO import_rejections (org_id, import_id, row_no, reason, cells) SELECT $1, $2, row_no, reason, cells FROM staged_rejections",
        &[&tx.org(), &id],
    )
    .await?;
    Ok(())
}

/// Refused rows after row `after`, in the file's order.
pub(crate) async fn list(db: &Db, scope: &Scope, id: ImportId, after: u64, limit: i64) -> Result<Vec<Rejection>, DbError> {
    let rows = db
        .read(
            scope,
            "SELECT row_no, reason, cells FROM import_rejections WHERE org_id = $1 AND import_id = $2 AND row_no > $3 ORDER BY row_no LIMIT $4",
            &[&scope.org(), &id, &signed(after), &limit],
        )
        .await?;
    let row = |row: &Row| {
        Ok(Rejection { row: u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default(), reason: row.try_get(1)?, cells: row.try_get(2)? })
    };
    rows.iter().map(row).collect()
}
