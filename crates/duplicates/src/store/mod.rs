//! Every SQL statement of the slice, except the projection's.

pub(crate) mod clusters;
pub(crate) mod keys;
pub(crate) mod pairs;
pub(crate) mod rejections;
pub(crate) mod settings;

use std::collections::HashMap;

use db::{DbError, TenantTx};
use kernel::{LeadId, OrgId};

use crate::model::{Facts, Person};

/// Waits until nobody else compares or merges leads of this organisation; held to the end of the transaction.
pub(crate) async fn lock(tx: &TenantTx) -> Result<(), DbError> {
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('duplicates:' || $1::uuid::text, 0))", &[&tx.org()]).await?;
    Ok(())
}

/// Whether this transaction is the one that compares leads of this organisation now.
pub(crate) async fn try_lock(tx: &TenantTx) -> Result<bool, DbError> {
    let row = tx.query_one("SELECT pg_try_advisory_xact_lock(hashtextextended('duplicates:' || $1::uuid::text, 0))", &[&tx.org()]).await?;
    Ok(row.try_get(0)?)
}

/// Locks these leads against changes; returns how many there are.
pub(crate) async fn lock_leads(tx: &TenantTx, ids: &[LeadId]) -> Result<usize, DbError> {
    Ok(tx.query("SELECT id FROM leads WHERE org_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE", &[&tx.org(), &ids]).await?.len())
}

/// What these leads say about who they are; those that are gone are left out.
pub(crate) async fn people(tx: &TenantTx, ids: &[LeadId]) -> Result<HashMap<LeadId, Person>, DbError> {
    let rows = tx
        .query(
            "SELECT id, first_name, last_name, coalesce(email, ''), phone, linkedin_url, company_name, company_domain, external_id, title, city, country
             FROM leads WHERE org_id = $1 AND id = ANY($2)",
            &[&tx.org(), &ids],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let id: LeadId = row.try_get(0)?;
            let facts = Facts {
                first_name: row.try_get(1)?,
                last_name: row.try_get(2)?,
                email: row.try_get(3)?,
                phone: row.try_get(4)?,
                linkedin_url: row.try_get(5)?,
                company_name: row.try_get(6)?,
                company_domain: row.try_get(7)?,
                external_id: row.try_get(8)?,
                title: row.try_get(9)?,
                city: row.try_get(10)?,
                country: row.try_get(11)?,
            };
            Ok((id, Person::new(id, &facts)))
        })
        .collect()
}

/// The next leads after `after`, in the order of their ids.
pub(crate) async fn leads_after(tx: &TenantTx, after: LeadId, limit: i64) -> Result<Vec<LeadId>, DbError> {
    let rows = tx.query("SELECT id FROM leads WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3", &[&tx.org(), &after, &limit]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// How many leads there are: for a job's progress, never for a page.
pub(crate) async fn count_leads(tx: &TenantTx) -> Result<i64, DbError> {
    Ok(tx.query_one("SELECT count(*) FROM leads WHERE org_id = $1", &[&tx.org()]).await?.try_get(0)?)
}

/// Organisations with leads that wait to be compared: a jump through the index from each to the next,
/// because one of them may have a million waiting.
const WAITING_ORGS: &str = "WITH RECURSIVE o AS (
       (SELECT org_id FROM duplicate_pending ORDER BY org_id LIMIT 1)
       UNION ALL
       SELECT (SELECT p.org_id FROM duplicate_pending p WHERE p.org_id > o.org_id ORDER BY p.org_id LIMIT 1) FROM o WHERE o.org_id IS NOT NULL)
     SELECT org_id FROM o WHERE org_id IS NOT NULL";

pub(crate) async fn waiting_orgs(db: &db::Db) -> Result<Vec<OrgId>, DbError> {
    db.read_system(WAITING_ORGS, &[]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Takes up to `limit` waiting leads off the list, except those that are being put on it right now.
pub(crate) async fn take_pending(tx: &TenantTx, limit: i64) -> Result<Vec<LeadId>, DbError> {
    let rows = tx
        .query(
            "DELETE FROM duplicate_pending p USING (
               SELECT lead_id FROM duplicate_pending WHERE org_id = $1 ORDER BY lead_id LIMIT $2 FOR UPDATE SKIP LOCKED) t
             WHERE p.org_id = $1 AND p.lead_id = t.lead_id RETURNING p.lead_id",
            &[&tx.org(), &limit],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Gives sends, enrollments and segments of `loser` to `survivor`; `false` while a mail to one of them is on its way.
pub(crate) async fn move_lead(tx: &TenantTx, loser: LeadId, survivor: LeadId, now: jiff::Timestamp) -> Result<bool, DbError> {
    Ok(tx.query_one("SELECT leadline_move_lead($1, $2, $3)", &[&loser, &survivor, &now]).await?.try_get(0)?)
}

/// Whether somebody has asked not to be written to at one of these addresses.
pub(crate) async fn asked_for_silence(tx: &TenantTx, addresses: &[&str]) -> Result<bool, DbError> {
    Ok(tx.query_one("SELECT leadline_asked_for_silence($1)", &[&addresses]).await?.try_get(0)?)
}
