//! Many leads and accounts at once: copied beside the tables, and moved in by one statement each.

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::ImportId;
use leads::model::Status;

use super::signed;
use crate::{
    copy_text::{CopyText, Copying},
    merge::{AccountSlot, LeadSlot},
};

/// Whose rows these are, for their events.
#[derive(Debug, Clone)]
pub(crate) struct By<'a> {
    pub(crate) actor: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) import: Option<ImportId>,
}

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Somebody else has changed one of the leads meanwhile: load and merge again.
    #[error("a lead or account was changed meanwhile")]
    Raced,
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for WriteError {
    fn from(error: DbError) -> Self {
        // lock_not_available: the one we wait for may wait for our other half, which no detector sees.
        let stuck = error.sqlstate() == Some("55P03");
        if error.is_unique_violation() || error.is_retryable() || stuck { Self::Raced } else { Self::Db(error) }
    }
}

async fn stage(tx: &TenantTx, sql: &str, slots: &[&AccountSlot]) -> Result<(), DbError> {
    let mut copying = Copying::begin(tx, sql).await?;
    for slot in slots {
        let facts = &slot.now;
        copying
            .row(|copy| {
                copy.uuid(slot.id).optional(slot.before.as_ref().map(|(_, seen)| seen.to_string()).as_deref());
                copy.text(&facts.name).text(&facts.domain).text(&facts.industry);
                copy.optional_number(facts.employee_count.map(i64::from)).optional_number(facts.annual_revenue);
                copy.text(&facts.country).text(&facts.city);
            })
            .await?;
    }
    copying.finish().await
}

const STAGED_ACCOUNT: &str = "(id uuid, seen timestamptz, name text, domain text, industry text, employee_count int,
    annual_revenue bigint, country text, city text) ON COMMIT DROP";

/// Inserts the new ones among accounts.
pub(crate) async fn insert_accounts(tx: &TenantTx, slots: &[&AccountSlot], now: Timestamp) -> Result<(), WriteError> {
    let new: Vec<&AccountSlot> = slots.iter().copied().filter(|slot| slot.before.is_none()).collect();
    if new.is_empty() {
        return Ok(());
    }
    tx.batch(&format!("CREATE TEMP TABLE staged_new_accounts {STAGED_ACCOUNT}")).await?;
    stage(tx, "COPY staged_new_accounts FROM STDIN", &new).await?;
    tx.execute(
        "INSERT INTO accounts (org_id, id, name, domain, industry, employee_count, annual_revenue, country, city, created_at, updated_at)
         SELECT $1, id, name, domain, industry, employee_count, annual_revenue, country, city, $2, $2 FROM staged_new_accounts",
        &[&tx.org(), &now],
    )
    .await?;
    Ok(())
}

/// Updates the known ones among accounts, and lets their people take what they miss.
pub(crate) async fn update_accounts(tx: &TenantTx, slots: &[&AccountSlot], now: Timestamp) -> Result<(), WriteError> {
    let known: Vec<&AccountSlot> = slots.iter().copied().filter(|slot| slot.before.is_some()).collect();
    if known.is_empty() {
        return Ok(());
    }
    tx.batch(&format!("CREATE TEMP TABLE staged_accounts {STAGED_ACCOUNT}")).await?;
    stage(tx, "COPY staged_accounts FROM STDIN", &known).await?;
    let updated = tx
        .execute(
            "UPDATE accounts a SET name = s.name, industry = s.industry, employee_count = s.employee_count,
               annual_revenue = s.annual_revenue, country = s.country, city = s.city, updated_at = $2
             FROM staged_accounts s WHERE a.org_id = $1 AND a.id = s.id AND a.updated_at = s.seen",
            &[&tx.org(), &now],
        )
        .await?;
    if updated != known.len() as u64 {
        return Err(WriteError::Raced);
    }
    tx.execute(
        "SELECT FROM leads l JOIN staged_accounts a ON a.id = l.account_id WHERE l.org_id = $1 ORDER BY l.id FOR NO KEY UPDATE OF l",
        &[&tx.org()],
    )
    .await?;
    tx.execute(
        // As they would on being created.
        "UPDATE leads l SET company_name = CASE l.company_name WHEN '' THEN a.name ELSE l.company_name END,
           industry = CASE l.industry WHEN '' THEN a.industry ELSE l.industry END,
           employee_count = coalesce(l.employee_count, a.employee_count), annual_revenue = coalesce(l.annual_revenue, a.annual_revenue),
           country = CASE l.country WHEN '' THEN a.country ELSE l.country END, city = CASE l.city WHEN '' THEN a.city ELSE l.city END,
           updated_at = $2, version = l.version + 1
         FROM staged_accounts a
         WHERE l.org_id = $1 AND l.account_id = a.id
           AND (l.company_name = '' AND a.name <> '' OR l.industry = '' AND a.industry <> '' OR l.employee_count IS NULL AND a.employee_count IS NOT NULL
             OR l.annual_revenue IS NULL AND a.annual_revenue IS NOT NULL OR l.country = '' AND a.country <> '' OR l.city = '' AND a.city <> '')",
        &[&tx.org(), &now],
    )
    .await?;
    Ok(())
}

fn stage_lead(copy: &mut CopyText, slot: &LeadSlot) {
    let facts = &slot.now;
    let company = &facts.company;
    let status_before = slot.before.as_ref().map_or(Status::New, |before| before.status);
    copy.uuid(slot.id).number(i64::from(slot.version)).number(signed(slot.row)).text(status_before.as_str());
    copy.text(&facts.first_name).text(&facts.last_name).optional(facts.email.as_deref()).text(&facts.phone);
    copy.text(&facts.title).text(&facts.seniority).text(&facts.department).text(&facts.linkedin_url).optional_uuid(facts.account_id);
    copy.text(&company.name).text(&company.domain).text(&company.industry);
    copy.optional_number(company.employee_count.map(i64::from)).optional_number(company.annual_revenue);
    copy.text(&company.country).text(&company.city);
    copy.text(facts.status.as_str()).array(&facts.tags).text(&facts.source).text(&facts.external_id);
    copy.bytes(facts.import_key.as_deref()).text(&serde_json::to_string(&facts.custom).unwrap_or_default());
    copy.array(&slot.changed_fields());
}

/// Inserts and updates leads, with their events.
pub(crate) async fn write_leads(tx: &TenantTx, slots: &[&LeadSlot], by: &By<'_>) -> Result<(), WriteError> {
    if slots.is_empty() {
        return Ok(());
    }
    let By { actor, now, import } = by;
    tx.batch(
        "CREATE TEMP TABLE staged_leads (id uuid, version int, row_no bigint, status_before text, first_name text, last_name text, email text, phone text,
           title text, seniority text, department text, linkedin_url text, account_id uuid, company_name text, company_domain text, industry text,
           employee_count int, annual_revenue bigint, country text, city text, status text, tags text[], source text, external_id text,
           import_key bytea, custom jsonb, changed_fields text[]) ON COMMIT DROP",
    )
    .await?;
    let mut copying = Copying::begin(tx, "COPY staged_leads FROM STDIN").await?;
    for slot in slots {
        copying.row(|copy| stage_lead(copy, slot)).await?;
    }
    copying.finish().await?;
    let org = tx.org();
    let import = import.map(|id| id.to_string());
    tx.execute(
        "WITH made AS (
           INSERT INTO leads (org_id, id, first_name, last_name, email, phone, title, seniority, department, linkedin_url, account_id, company_name,
             company_domain, industry, employee_count, annual_revenue, country, city, status, tags, source, external_id, import_key, custom, created_at, updated_at)
           SELECT $1, id, first_name, last_name, email, phone, title, seniority, department, linkedin_url, account_id, company_name,
             company_domain, industry, employee_count, annual_revenue, country, city, status, tags, source, external_id, import_key, custom, $2, $2
           FROM staged_leads WHERE version = 0)
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, 'lead.created', 'lead', id, $3, $2, jsonb_strip_nulls(jsonb_build_object('source', source, 'status', status, 'bulk', true, 'import_id', $4::text, 'row', row_no))
         FROM staged_leads WHERE version = 0",
        &[&org, now, actor, &import],
    )
    .await?;
    let known = slots.iter().filter(|slot| slot.version > 0).count() as u64;
    if known > 0 {
        // In the order of their ids, like everybody who writes many leads: so two writers wait and do not deadlock.
        tx.execute(
            "SELECT FROM leads l JOIN staged_leads s ON s.id = l.id WHERE l.org_id = $1 AND s.version > 0 ORDER BY l.id FOR NO KEY UPDATE OF l",
            &[&org],
        )
        .await?;
        let updated = tx
            .execute(
                "WITH changed AS (
                   UPDATE leads l SET first_name = s.first_name, last_name = s.last_name, email = s.email, phone = s.phone, title = s.title,
                     seniority = s.seniority, department = s.department, linkedin_url = s.linkedin_url, account_id = s.account_id,
                     company_name = s.company_name, company_domain = s.company_domain, industry = s.industry, employee_count = s.employee_count,
                     annual_revenue = s.annual_revenue, country = s.country, city = s.city, status = s.status, tags = s.tags, source = s.source,
                     external_id = s.external_id, custom = s.custom, updated_at = $2, version = l.version + 1
                   FROM staged_leads s WHERE l.org_id = $1 AND l.id = s.id AND s.version > 0 AND l.version = s.version
                   RETURNING l.id, s.row_no, s.changed_fields)
                 INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
                 SELECT $1, 'lead.updated', 'lead', id, $3, $2, jsonb_strip_nulls(jsonb_build_object('fields', changed_fields, 'bulk', true, 'import_id', $4::text, 'row', row_no)) FROM changed",
                &[&org, now, actor, &import],
            )
            .await?;
        if updated != known {
            return Err(WriteError::Raced);
        }
    }
    // A new lead's status is part of its creation: nobody has moved it.
    if slots.iter().any(|slot| slot.before.as_ref().is_some_and(|before| before.status != slot.now.status)) {
        tx.execute(
            "INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
             SELECT $1, kind, 'lead', id, $3, $2, jsonb_strip_nulls(jsonb_build_object('from', status_before, 'to', status, 'bulk', true, 'import_id', $4::text))
             FROM staged_leads, unnest(CASE status WHEN 'converted' THEN ARRAY['lead.status_changed', 'lead.converted'] ELSE ARRAY['lead.status_changed'] END) kind
             WHERE version > 0 AND status <> status_before",
            &[&org, now, actor, &import],
        )
        .await?;
    }
    Ok(())
}
