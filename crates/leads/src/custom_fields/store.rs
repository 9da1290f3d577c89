//! Every SQL statement about the registry.

use db::{Db, DbError, Row, Scope, TenantTx};
use jiff::Timestamp;
use kernel::Actor;

use super::{Field, FieldKind, IndexState, MOST_INDEXED, Registry};

const FIELD: &str = "key, label, kind, options, position, index_state, archived_at, created_at, version";
const ALL: &str = "SELECT key, label, kind, options, position, index_state, archived_at, created_at, version FROM custom_fields WHERE org_id = $1 ORDER BY position, key";

fn field(row: &Row) -> Result<Field, DbError> {
    let (kind, index): (&str, &str) = (row.try_get(2)?, row.try_get(5)?);
    let index = match index {
        "ready" => IndexState::Ready,
        "building" => IndexState::Building,
        _ => IndexState::None,
    };
    Ok(Field {
        key: row.try_get(0)?,
        label: row.try_get(1)?,
        kind: kind.parse().map_err(|error| DbError::Config(format!("custom_fields.kind: {error}")))?,
        options: row.try_get(3)?,
        position: row.try_get(4)?,
        indexed: index == IndexState::Ready,
        index,
        archived_at: row.try_get(6)?,
        created_at: row.try_get(7)?,
        version: row.try_get(8)?,
    })
}

/// Every field of the organisation: at most [`super::MOST_FIELDS`].
pub async fn list(tx: &TenantTx) -> Result<Registry, DbError> {
    let rows = tx.query(ALL, &[&tx.org()]).await?;
    Ok(Registry::new(rows.iter().map(field).collect::<Result<_, _>>()?))
}

/// The same in one round trip, for reading alone.
pub async fn read(db: &Db, scope: &Scope) -> Result<Registry, DbError> {
    let rows = db.read(scope, ALL, &[&scope.org()]).await?;
    Ok(Registry::new(rows.iter().map(field).collect::<Result<_, _>>()?))
}

/// One field, locked until the transaction ends.
pub(super) async fn lock(tx: &TenantTx, key: &str) -> Result<Option<Field>, DbError> {
    let sql = format!("SELECT {FIELD} FROM custom_fields WHERE org_id = $1 AND key = $2 FOR NO KEY UPDATE");
    tx.query_opt(&sql, &[&tx.org(), &key]).await?.as_ref().map(field).transpose()
}

/// A new field at the end of the list; nothing if its key is taken.
pub(super) async fn insert(
    tx: &TenantTx,
    key: &str,
    label: &str,
    kind: FieldKind,
    options: &[String],
    actor: Actor,
    now: Timestamp,
) -> Result<bool, DbError> {
    let inserted = tx
        .execute(
            "INSERT INTO custom_fields (org_id, key, label, kind, options, position, created_by, created_at)
             SELECT $1, $2, $3, $4, $5, coalesce(max(position), 0) + 1, $6, $7 FROM custom_fields WHERE org_id = $1
             ON CONFLICT DO NOTHING",
            &[&tx.org(), &key, &label, &kind.as_str(), &options, &actor.to_string(), &now],
        )
        .await?;
    Ok(inserted > 0)
}

/// Writes what can change of a field.
pub(super) async fn update(tx: &TenantTx, field: &Field) -> Result<(), DbError> {
    tx.execute(
        "UPDATE custom_fields SET label = $3, options = $4, position = $5, archived_at = $6, version = version + 1
         WHERE org_id = $1 AND key = $2",
        &[&tx.org(), &field.key, &field.label, &field.options, &field.position, &field.archived_at],
    )
    .await?;
    Ok(())
}

/// Numbers the fields anew in this order.
pub(super) async fn reorder(tx: &TenantTx, keys: &[String]) -> Result<(), DbError> {
    tx.execute(
        "UPDATE custom_fields f SET position = o.at FROM unnest($2::text[]) WITH ORDINALITY o (key, at)
         WHERE f.org_id = $1 AND f.key = o.key AND f.position <> o.at",
        &[&tx.org(), &keys],
    )
    .await?;
    Ok(())
}

/// From now on the values of these fields are kept in the index, unless there are too many already. Returns those for which that is new.
pub(super) async fn begin_index(tx: &TenantTx, keys: &[String]) -> Result<Vec<String>, DbError> {
    let rows = tx
        .query(
            "UPDATE custom_fields f SET index_state = 'building', index_xid = pg_current_xact_id()
             WHERE f.org_id = $1 AND f.key = ANY($2) AND f.index_state = 'none'
               AND (SELECT count(*) FROM custom_fields o WHERE o.org_id = $1 AND o.index_state <> 'none') < $3
             RETURNING f.key",
            &[&tx.org(), &keys, &MOST_INDEXED],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Whether everybody who may not yet have known that the field is indexed has ended: their leads could be missed otherwise.
pub(super) async fn is_known_to_all(tx: &TenantTx, key: &str) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "SELECT index_xid < pg_snapshot_xmin(pg_current_snapshot()) FROM custom_fields WHERE org_id = $1 AND key = $2",
            &[&tx.org(), &key],
        )
        .await?;
    Ok(row.map(|row| row.try_get::<_, Option<bool>>(0)).transpose()?.flatten().unwrap_or(true))
}

/// Indexes one field of the next leads; returns the last of them, nothing at the end. Their rows are locked against change, so that
/// an older value cannot come after a newer one.
pub(super) async fn index_some(tx: &TenantTx, key: &str, after: kernel::Uuid, limit: i64) -> Result<Option<kernel::Uuid>, DbError> {
    let row = tx
        .query_one(
            "WITH chunk AS MATERIALIZED (SELECT id FROM leads WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3 FOR SHARE),
             ids AS MATERIALIZED (SELECT array_agg(id ORDER BY id) AS all_of_them FROM chunk)
             SELECT all_of_them[cardinality(all_of_them)], leadline_index_custom($1, all_of_them, $4) FROM ids",
            &[&tx.org(), &after, &limit, &key],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// The index answers from now on.
pub(super) async fn end_index(tx: &TenantTx, key: &str) -> Result<(), DbError> {
    tx.execute(
        "UPDATE custom_fields SET index_state = 'ready' WHERE org_id = $1 AND key = $2 AND index_state = 'building'",
        &[&tx.org(), &key],
    )
    .await?;
    Ok(())
}

/// How many of the first 1,000 leads hold a value: for a page, where more would cost more than it tells.
pub(super) async fn usage(tx: &TenantTx, key: &str) -> Result<i64, DbError> {
    let row = tx
        .query_one(
            "SELECT count(*) FROM (SELECT l.custom FROM leads l WHERE l.org_id = $1 ORDER BY l.created_at DESC, l.id DESC LIMIT 1000) n
             WHERE n.custom ? $2",
            &[&tx.org(), &key],
        )
        .await?;
    Ok(row.try_get(0)?)
}
