//! What the rows of a trial have made of leads, kept beside the tables until its transaction ends: so a later row of
//! the file meets the earlier ones, and nothing is held in memory.

use std::collections::HashSet;

use db::{DbError, Json, Row, TenantTx};
use kernel::Uuid;

use super::{
    load::{Keys, load_accounts, load_leads},
    signed,
};
use crate::{
    copy_text::Copying,
    merge::{AccountSlot, Batch, CompanyFacts, LeadFacts},
    row::LeadRow,
};

/// Makes room for a trial in this transaction.
pub(crate) async fn begin_trial(tx: &TenantTx) -> Result<(), DbError> {
    tx.batch(
        "CREATE TEMP TABLE tried_leads (id uuid, row_no bigint, email text, external_id text, linkedin_url text, import_key bytea,
           facts jsonb, origin jsonb) ON COMMIT DROP;
         CREATE UNIQUE INDEX ON tried_leads (id);
         CREATE INDEX ON tried_leads (email);
         CREATE INDEX ON tried_leads (external_id) WHERE external_id <> '';
         CREATE INDEX ON tried_leads (linkedin_url) WHERE linkedin_url <> '';
         CREATE INDEX ON tried_leads (import_key) WHERE import_key IS NOT NULL;
         CREATE TEMP TABLE tried_accounts (id uuid, name text, domain text, facts jsonb) ON COMMIT DROP;
         CREATE UNIQUE INDEX ON tried_accounts (id);
         CREATE INDEX ON tried_accounts (domain) WHERE domain <> '';
         CREATE INDEX ON tried_accounts (lower(name)) WHERE domain = '';
         -- A table that has just been made has no statistics.
         SET LOCAL enable_seqscan = off",
    )
    .await
}

/// Loads what the rows may mean: as earlier rows have left it, else as it is stored.
pub(crate) async fn load_tried(tx: &TenantTx, rows: &[&LeadRow]) -> Result<Batch, DbError> {
    let mut batch = Batch::of_trial();
    let keys = Keys::of(rows);
    let mut stored = Vec::new();
    load_leads(tx, &keys, |id, version, facts| stored.push((id, version, facts))).await?;
    let ids: Vec<Uuid> = stored.iter().map(|(id, ..)| *id).collect();
    let tried = tx
        .query(
            "SELECT id, row_no, facts, origin FROM tried_leads
             WHERE id = ANY($1::uuid[]) OR email = ANY($2::text[]) OR (external_id <> '' AND external_id = ANY($3::text[]))
               OR (linkedin_url <> '' AND linkedin_url = ANY($4::text[])) OR (import_key IS NOT NULL AND import_key = ANY($5::bytea[]))
             ORDER BY id",
            &[&ids, &keys.emails, &keys.external_ids, &keys.profiles, &keys.import_keys],
        )
        .await?;
    let mut known = HashSet::new();
    for row in &tried {
        let (id, Json(facts)): (Uuid, Json<LeadFacts>) = (row.try_get("id")?, row.try_get("facts")?);
        let origin: Option<Json<LeadFacts>> = row.try_get("origin")?;
        known.insert(id);
        let at = u64::try_from(row.try_get::<_, i64>("row_no")?).unwrap_or_default();
        batch.know_tried(id, at, facts, origin.map(|Json(origin)| origin));
    }
    for (id, version, facts) in stored {
        if !known.contains(&id) {
            batch.know_lead(id, version, facts);
        }
    }
    let domains: Vec<&str> = rows.iter().map(|row| row.lead.company_domain.as_str()).filter(|domain| !domain.is_empty()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.lead.company_name.as_str()).filter(|name| !name.is_empty()).collect();
    let accounts: Vec<Uuid> = batch.leads.iter().filter_map(|slot| slot.now.account_id).collect();
    let tried = tx
        .query(
            "SELECT id, lower(name) AS folded, facts FROM tried_accounts WHERE (domain <> '' AND domain = ANY($1::text[])) OR id = ANY($3::uuid[])
               OR (domain = '' AND lower(name) IN (SELECT lower(name) FROM unnest($2::text[]) g (name)))",
            &[&domains, &names, &accounts],
        )
        .await?;
    tried.iter().try_for_each(|row| account(&mut batch, row))?;
    load_accounts(tx, rows, &mut batch).await?;
    Ok(batch)
}

fn account(batch: &mut Batch, row: &Row) -> Result<(), DbError> {
    let Json(facts): Json<CompanyFacts> = row.try_get("facts")?;
    batch.know_account(row.try_get("id")?, facts, row.try_get("folded")?, jiff::Timestamp::UNIX_EPOCH);
    Ok(())
}

/// Keeps what a finished batch has made.
pub(crate) async fn store_tried(tx: &TenantTx, batch: &Batch) -> Result<(), DbError> {
    let ids: Vec<Uuid> = batch.changed_leads().map(|slot| slot.id).collect();
    if !ids.is_empty() {
        tx.execute("DELETE FROM tried_leads WHERE id = ANY($1::uuid[])", &[&ids]).await?;
        let mut copying = Copying::begin(tx, "COPY tried_leads FROM STDIN").await?;
        for slot in batch.changed_leads() {
            let facts = &slot.now;
            copying
                .row(|copy| {
                    copy.uuid(slot.id).number(signed(slot.row)).optional(facts.email.as_deref()).text(&facts.external_id);
                    copy.text(&facts.linkedin_url).bytes(facts.import_key.as_deref()).text(&json(facts));
                    copy.optional(slot.stored().map(json).as_deref());
                })
                .await?;
        }
        copying.finish().await?;
    }
    let accounts: Vec<&AccountSlot> = batch.changed_accounts().collect();
    if !accounts.is_empty() {
        let ids: Vec<Uuid> = accounts.iter().map(|slot| slot.id).collect();
        tx.execute("DELETE FROM tried_accounts WHERE id = ANY($1::uuid[])", &[&ids]).await?;
        let mut copying = Copying::begin(tx, "COPY tried_accounts FROM STDIN").await?;
        for slot in accounts {
            copying
                .row(|copy| {
                    copy.uuid(slot.id).text(&slot.now.name).text(&slot.now.domain).text(&json(&slot.now));
                })
                .await?;
        }
        copying.finish().await?;
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
