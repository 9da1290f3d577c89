//! Single leads: insert, update, delete, and what other slices may change.

use db::{DbError, Json, TenantTx};
use jiff::Timestamp;
use kernel::{AccountId, Actor, LeadId};

use super::LEAD;
use crate::{
    model::{CheckedLead, Lead, Status},
    ports::Judged,
};

/// Inserts a lead and its `lead.created`; returns it as it stands.
pub(crate) async fn insert(
    tx: &TenantTx,
    id: LeadId,
    lead: &CheckedLead,
    account: Option<AccountId>,
    judged: &Judged,
    actor: Actor,
    now: Timestamp,
) -> Result<Lead, DbError> {
    let source = if lead.source.is_empty() { "manual" } else { &lead.source };
    let sql = format!(
        "WITH new AS (
           INSERT INTO leads AS l (org_id, id, first_name, last_name, email, phone, title, seniority, department, linkedin_url, account_id,
             company_name, company_domain, industry, employee_count, annual_revenue, country, city, status, owner_id, tags, source,
             external_id, custom, created_at, updated_at, score, score_reasons)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $25, $27, $28)
           RETURNING {LEAD}),
         logged AS (
           INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
           SELECT $1, 'lead.created', 'lead', id, $26, $25, jsonb_build_object('source', source, 'status', status) FROM new)
         SELECT * FROM new"
    );
    let row = tx
        .query_one(
            &sql,
            &[
                &tx.org(),
                &id,
                &lead.first_name,
                &lead.last_name,
                &lead.email.as_ref().map(kernel::EmailAddress::as_str),
                &lead.phone,
                &lead.title,
                &lead.seniority,
                &lead.department,
                &lead.linkedin_url,
                &account,
                &lead.company_name,
                &lead.company_domain,
                &lead.industry,
                &lead.employee_count,
                &lead.annual_revenue,
                &lead.country,
                &lead.city,
                &lead.status.as_str(),
                &lead.owner_id,
                &lead.tags,
                &source,
                &lead.external_id,
                &Json(&lead.custom),
                &now,
                &actor.to_string(),
                &judged.score,
                &Json(&judged.reasons),
            ],
        )
        .await?;
    super::lead(&row)
}

/// Writes every field of a lead that the caller has locked.
pub(crate) async fn update(
    tx: &TenantTx,
    id: LeadId,
    lead: &CheckedLead,
    account: Option<AccountId>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE leads SET first_name = $3, last_name = $4, email = $5, phone = $6, title = $7, seniority = $8, department = $9,
           linkedin_url = $10, account_id = $11, company_name = $12, company_domain = $13, industry = $14, employee_count = $15,
           annual_revenue = $16, country = $17, city = $18, status = $19, owner_id = $20, tags = $21, source = $22, external_id = $23,
           custom = $24, updated_at = $25, version = version + 1
         WHERE org_id = $1 AND id = $2",
        &[
            &tx.org(),
            &id,
            &lead.first_name,
            &lead.last_name,
            &lead.email.as_ref().map(kernel::EmailAddress::as_str),
            &lead.phone,
            &lead.title,
            &lead.seniority,
            &lead.department,
            &lead.linkedin_url,
            &account,
            &lead.company_name,
            &lead.company_domain,
            &lead.industry,
            &lead.employee_count,
            &lead.annual_revenue,
            &lead.country,
            &lead.city,
            &lead.status.as_str(),
            &lead.owner_id,
            &lead.tags,
            &lead.source,
            &lead.external_id,
            &Json(&lead.custom),
            &now,
        ],
    )
    .await?;
    Ok(())
}

/// Deletes a lead; returns the status it had.
pub(crate) async fn delete(tx: &TenantTx, id: LeadId) -> Result<Option<String>, DbError> {
    let gone = tx.query_opt("DELETE FROM leads WHERE org_id = $1 AND id = $2 RETURNING status", &[&tx.org(), &id]).await?;
    gone.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// Moves leads to `to` where they are in one of `from`, with `lead.status_changed` (and `lead.converted`) for each
/// that moved. `touch` makes `now` their last activity whether they moved or not. Returns the moved ones.
pub(crate) async fn move_status(
    tx: &TenantTx,
    ids: &[LeadId],
    from: &[Status],
    to: Status,
    touch: bool,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<LeadId>, DbError> {
    let from: Vec<&str> = from.iter().map(|status| status.as_str()).collect();
    let rows = tx
        .query(
            "WITH locked AS (SELECT id, status, status = ANY($3) AND status <> $4 AS moves FROM leads
               WHERE org_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE),
             changed AS (
               UPDATE leads l SET status = CASE WHEN o.moves THEN $4 ELSE l.status END,
                 updated_at = CASE WHEN o.moves THEN $6 ELSE l.updated_at END,
                 version = l.version + CASE WHEN o.moves THEN 1 ELSE 0 END,
                 last_activity_at = CASE WHEN $5 THEN greatest(l.last_activity_at, $6) ELSE l.last_activity_at END
               FROM locked o WHERE l.org_id = $1 AND l.id = o.id AND (o.moves OR $5)
               RETURNING l.id, o.status AS before, o.moves),
             told AS (
               INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
               SELECT $1, kind, 'lead', id, $7, $6, jsonb_build_object('from', before, 'to', $4::text)
               FROM changed, unnest(CASE $4 WHEN 'converted' THEN ARRAY['lead.status_changed', 'lead.converted'] ELSE ARRAY['lead.status_changed'] END) kind
               WHERE moves)
             SELECT id FROM changed WHERE moves",
            &[&tx.org(), &ids, &from, &to.as_str(), &touch, &now, &actor.to_string()],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Something happened with these leads now.
pub async fn touch(tx: &TenantTx, ids: &[LeadId], now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "WITH locked AS (SELECT id FROM leads WHERE org_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE)
         UPDATE leads l SET last_activity_at = greatest(l.last_activity_at, $3) FROM locked WHERE l.org_id = $1 AND l.id = locked.id",
        &[&tx.org(), &ids, &now],
    )
    .await?;
    Ok(())
}
