use db::{DbError, TenantTx};
use kernel::{SegmentId, TypedId};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that is built on a segment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Use {
    /// What it is: the prefix of its id, such as `camp`.
    pub kind: String,
    pub name: String,
    /// Its page.
    pub href: String,
}

/// Says that `user` is built on these segments and on no other, in the transaction that makes it so; saying it again
/// renames it. Segments that are not there are not used.
pub async fn use_segments<I: TypedId>(tx: &TenantTx, segments: &[SegmentId], user: I, name: &str, href: &str) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM segment_uses WHERE org_id = $1 AND used_by_type = $2 AND used_by_id = $3 AND segment_id <> ALL ($4)",
        &[&tx.org(), &I::PREFIX, &user.uuid(), &segments],
    )
    .await?;
    if segments.is_empty() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO segment_uses (org_id, segment_id, used_by_type, used_by_id, name, href) SELECT org_id, id, $3, $4, $5, $6 FROM segments WHERE org_id = $1 AND id = ANY ($2)
         ON CONFLICT (org_id, segment_id, used_by_type, used_by_id) DO UPDATE SET name = excluded.name, href = excluded.href",
        &[&tx.org(), &segments, &I::PREFIX, &user.uuid(), &name, &href],
    )
    .await?;
    Ok(())
}

/// Says that `user` is built on no segment any more.
pub async fn release<I: TypedId>(tx: &TenantTx, user: I) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM segment_uses WHERE org_id = $1 AND used_by_type = $2 AND used_by_id = $3",
        &[&tx.org(), &I::PREFIX, &user.uuid()],
    )
    .await?;
    Ok(())
}

/// What is built on a segment, up to `limit`.
pub(crate) async fn list(tx: &TenantTx, segment: SegmentId, limit: i64) -> Result<Vec<Use>, DbError> {
    let rows = tx
        .query(
            "SELECT used_by_type, name, href FROM segment_uses WHERE org_id = $1 AND segment_id = $2 ORDER BY lower(name), used_by_id LIMIT $3",
            &[&tx.org(), &segment, &limit],
        )
        .await?;
    rows.iter().map(|row| Ok(Use { kind: row.try_get(0)?, name: row.try_get(1)?, href: row.try_get(2)? })).collect()
}

/// The segments that are made of this one, directly or through others, up to `limit`.
pub(crate) async fn made_of(tx: &TenantTx, segment: SegmentId, limit: i64) -> Result<Vec<SegmentId>, DbError> {
    let rows = tx
        .query(
            "WITH RECURSIVE made AS (
               SELECT used_by_id AS id FROM segment_uses WHERE org_id = $1 AND segment_id = $2 AND used_by_type = $3
               UNION
               SELECT u.used_by_id FROM made m JOIN segment_uses u ON u.org_id = $1 AND u.segment_id = m.id AND u.used_by_type = $3)
             SELECT id FROM made LIMIT $4",
            &[&tx.org(), &segment, &SegmentId::PREFIX, &limit],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
