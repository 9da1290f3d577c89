//! Blocking keys of leads, and who shares them.

use std::collections::HashMap;

use db::{DbError, TenantTx};
use kernel::LeadId;

use crate::model::{Key, keys::MOST};

/// Makes these the keys of the leads; an empty list takes a lead out.
pub(crate) async fn replace(tx: &TenantTx, wanted: &HashMap<LeadId, Vec<Key>>) -> Result<(), DbError> {
    let ids: Vec<LeadId> = wanted.keys().copied().collect();
    let rows = tx.query("SELECT lead_id, keys FROM duplicate_prints WHERE org_id = $1 AND lead_id = ANY($2)", &[&tx.org(), &ids]).await?;
    let mut stored: HashMap<LeadId, Vec<i64>> = HashMap::with_capacity(rows.len());
    for row in &rows {
        stored.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let (mut out_keys, mut out_ids, mut in_keys, mut in_ids): (Vec<i64>, Vec<LeadId>, Vec<i64>, Vec<LeadId>) = Default::default();
    // Arrays of different lengths cannot be unnested side by side: the prints travel as texts of arrays.
    let (mut print_ids, mut prints, mut gone): (Vec<LeadId>, Vec<String>, Vec<LeadId>) = Default::default();
    for (id, keys) in wanted {
        let now: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let before = stored.get(id).map_or(&[][..], Vec::as_slice);
        if before == now {
            continue;
        }
        for key in before.iter().filter(|key| !now.contains(key)) {
            out_keys.push(*key);
            out_ids.push(*id);
        }
        for key in now.iter().filter(|key| !before.contains(key)) {
            in_keys.push(*key);
            in_ids.push(*id);
        }
        if now.is_empty() {
            gone.push(*id);
        } else {
            print_ids.push(*id);
            prints.push(format!("{{{}}}", now.iter().map(i64::to_string).collect::<Vec<_>>().join(",")));
        }
    }
    if !out_keys.is_empty() {
        tx.execute(
            "DELETE FROM duplicate_keys k USING unnest($2::bigint[], $3::uuid[]) AS o (key, lead_id)
             WHERE k.org_id = $1 AND k.key = o.key AND k.lead_id = o.lead_id",
            &[&tx.org(), &out_keys, &out_ids],
        )
        .await?;
    }
    if !in_keys.is_empty() {
        tx.execute(
            "INSERT INTO duplicate_keys (org_id, key, lead_id) SELECT $1, key, lead_id FROM unnest($2::bigint[], $3::uuid[]) AS i (key, lead_id)
             ORDER BY key ON CONFLICT DO NOTHING",
            &[&tx.org(), &in_keys, &in_ids],
        )
        .await?;
    }
    if !print_ids.is_empty() {
        tx.execute(
            "INSERT INTO duplicate_prints (org_id, lead_id, keys) SELECT $1, lead_id, keys::bigint[] FROM unnest($2::uuid[], $3::text[]) AS i (lead_id, keys)
             ON CONFLICT (org_id, lead_id) DO UPDATE SET keys = excluded.keys",
            &[&tx.org(), &print_ids, &prints],
        )
        .await?;
    }
    if !gone.is_empty() {
        tx.execute("DELETE FROM duplicate_prints WHERE org_id = $1 AND lead_id = ANY($2)", &[&tx.org(), &gone]).await?;
    }
    Ok(())
}

/// Who has each of these keys: up to [`MOST`] and one more.
pub(crate) async fn holders(tx: &TenantTx, keys: &[i64]) -> Result<HashMap<i64, Vec<LeadId>>, DbError> {
    let most = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let rows = tx
        .query(
            "SELECT k.key, d.lead_id FROM unnest($2::bigint[]) AS k (key)
             CROSS JOIN LATERAL (SELECT lead_id FROM duplicate_keys d WHERE d.org_id = $1 AND d.key = k.key LIMIT $3) d",
            &[&tx.org(), &keys, &most],
        )
        .await?;
    let mut holders: HashMap<i64, Vec<LeadId>> = HashMap::with_capacity(keys.len());
    for row in &rows {
        holders.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
    }
    Ok(holders)
}
