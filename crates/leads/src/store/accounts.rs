//! Accounts.

mod list;
mod merge;
mod roll_up;
mod similar;

use db::{DbError, Row, TenantTx};
use jiff::Timestamp;
use kernel::{AccountId, Actor};

pub use list::AccountRow;
pub(crate) use list::{AccountKey, AccountSort, list};
pub(crate) use merge::{absorb, insert};
pub(crate) use roll_up::{InTalks, RollUp};
pub(crate) use roll_up::{in_talks, roll_up};
pub(crate) use similar::{groups, similar};

use crate::model::{Account, CheckedAccount, CheckedLead, Lead, company};

const ACCOUNT: &str =
    "a.id, a.name, a.domain, a.industry, a.employee_count, a.annual_revenue, a.country, a.city, a.created_at, a.updated_at";

fn account(row: &Row) -> Result<Account, DbError> {
    Ok(Account {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        domain: row.try_get(2)?,
        industry: row.try_get(3)?,
        employee_count: row.try_get(4)?,
        annual_revenue: row.try_get(5)?,
        country: row.try_get(6)?,
        city: row.try_get(7)?,
        created_at: row.try_get(8)?,
        updated_at: row.try_get(9)?,
    })
}

/// One account.
pub async fn get(tx: &TenantTx, id: AccountId) -> Result<Option<Account>, DbError> {
    let sql = format!("SELECT {ACCOUNT} FROM accounts a WHERE a.org_id = $1 AND a.id = $2");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(account).transpose()
}

pub(crate) async fn lock(tx: &TenantTx, id: AccountId) -> Result<Option<Account>, DbError> {
    let sql = format!("SELECT {ACCOUNT} FROM accounts a WHERE a.org_id = $1 AND a.id = $2 FOR NO KEY UPDATE");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(account).transpose()
}

/// The account of a lead's company: by domain unless it is a free-mail host, else by name; made when
/// there is none. What the account does not know yet is taken from the lead. `None` without a company.
pub(crate) async fn upsert_for(tx: &TenantTx, lead: &CheckedLead, now: Timestamp) -> Result<Option<Account>, DbError> {
    let domain = if company::is_free_mail(&lead.company_domain) { "" } else { lead.company_domain.as_str() };
    if domain.is_empty() && lead.company_name.is_empty() {
        return Ok(None);
    }
    if !tx.scope().sees_everything() {
        return link(tx, lead, domain, now).await.map(Some);
    }
    let (conflict, same) = if domain.is_empty() {
        ("(org_id, lower(name)) WHERE domain = ''", "a.domain = '' AND lower(a.name) = lower($3)")
    } else {
        ("(org_id, domain) WHERE domain <> ''", "a.domain = $4 AND a.domain <> ''")
    };
    // The second branch runs for every known company, so it must not write (and lock) when there is nothing to learn.
    let sql = format!(
        "WITH known AS (SELECT {ACCOUNT} FROM accounts a WHERE a.org_id = $1 AND {same}),
         written AS (
           INSERT INTO accounts AS a (org_id, id, name, domain, industry, employee_count, annual_revenue, country, city, created_at, updated_at)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10
           WHERE NOT EXISTS (SELECT FROM known k WHERE (k.name <> '' OR $3 = '') AND (k.industry <> '' OR $5 = '') AND (k.country <> '' OR $8 = '')
             AND (k.city <> '' OR $9 = '') AND (k.employee_count IS NOT NULL OR $6::int IS NULL) AND (k.annual_revenue IS NOT NULL OR $7::bigint IS NULL))
           ON CONFLICT {conflict} DO UPDATE SET name = CASE a.name WHEN '' THEN excluded.name ELSE a.name END,
             industry = CASE a.industry WHEN '' THEN excluded.industry ELSE a.industry END,
             employee_count = coalesce(a.employee_count, excluded.employee_count), annual_revenue = coalesce(a.annual_revenue, excluded.annual_revenue),
             country = CASE a.country WHEN '' THEN excluded.country ELSE a.country END, city = CASE a.city WHEN '' THEN excluded.city ELSE a.city END,
             updated_at = excluded.updated_at
           RETURNING {ACCOUNT})
         SELECT * FROM written UNION ALL SELECT * FROM known LIMIT 1"
    );
    let row = tx
        .query_one(
            &sql,
            &[
                &tx.org(),
                &AccountId::new(),
                &lead.company_name,
                &domain,
                &lead.industry,
                &lead.employee_count,
                &lead.annual_revenue,
                &lead.country,
                &lead.city,
                &now,
            ],
        )
        .await?;
    account(&row).map(Some)
}

/// The same for somebody to whom the account may be hidden until they have a lead there: it is taken as it is.
async fn link(tx: &TenantTx, lead: &CheckedLead, domain: &str, now: Timestamp) -> Result<Account, DbError> {
    let sql = format!("SELECT {ACCOUNT} FROM leadline_restricted.account_for($1, $2, $3, $4, $5, $6, $7, $8, $9) a");
    let facts: db::Params<'_> = &[
        &AccountId::new(),
        &lead.company_name,
        &domain,
        &lead.industry,
        &lead.employee_count,
        &lead.annual_revenue,
        &lead.country,
        &lead.city,
        &now,
    ];
    account(&tx.query_one(&sql, facts).await?)
}

/// Whether others' leads belong to the account, so that the transaction may read but not change it.
pub(crate) async fn is_shared(tx: &TenantTx, id: AccountId) -> Result<bool, DbError> {
    if tx.scope().sees_everything() {
        return Ok(false);
    }
    Ok(tx.query_one("SELECT leadline_restricted.account_is_shared($1)", &[&id]).await?.try_get(0)?)
}

pub(crate) async fn update(tx: &TenantTx, id: AccountId, to: &CheckedAccount, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE accounts SET name = $3, domain = $4, industry = $5, employee_count = $6, annual_revenue = $7, country = $8, city = $9, updated_at = $10
         WHERE org_id = $1 AND id = $2",
        &[&tx.org(), &id, &to.name, &to.domain, &to.industry, &to.employee_count, &to.annual_revenue, &to.country, &to.city, &now],
    )
    .await?;
    Ok(())
}

/// Copies the facts that changed (`fields` are names of [`CheckedAccount`]'s) onto the account's leads, with their events.
pub(crate) async fn propagate(
    tx: &TenantTx,
    id: AccountId,
    to: &CheckedAccount,
    fields: &[&str],
    actor: Actor,
    now: Timestamp,
) -> Result<u64, DbError> {
    let lead_fields: Vec<&str> = fields
        .iter()
        .map(|field| match *field {
            "name" => "company_name",
            "domain" => "company_domain",
            same => same,
        })
        .collect();
    tx.execute(
        "WITH locked AS (SELECT id FROM leads WHERE org_id = $1 AND account_id = $2 ORDER BY id FOR NO KEY UPDATE),
         changed AS (
           UPDATE leads l SET
             company_name = CASE WHEN 'name' = ANY($3) THEN $4 ELSE company_name END,
             company_domain = CASE WHEN 'domain' = ANY($3) THEN $5 ELSE company_domain END,
             industry = CASE WHEN 'industry' = ANY($3) THEN $6 ELSE industry END,
             employee_count = CASE WHEN 'employee_count' = ANY($3) THEN $7 ELSE employee_count END,
             annual_revenue = CASE WHEN 'annual_revenue' = ANY($3) THEN $8 ELSE annual_revenue END,
             country = CASE WHEN 'country' = ANY($3) THEN $9 ELSE country END,
             city = CASE WHEN 'city' = ANY($3) THEN $10 ELSE city END,
             updated_at = $11, version = version + 1
           FROM locked WHERE l.org_id = $1 AND l.id = locked.id RETURNING l.id)
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, 'lead.updated', 'lead', id, $12, $11, jsonb_build_object('fields', $13::text[], 'account_id', $14::text) FROM changed",
        &[
            &tx.org(),
            &id,
            &fields,
            &to.name,
            &to.domain,
            &to.industry,
            &to.employee_count,
            &to.annual_revenue,
            &to.country,
            &to.city,
            &now,
            &actor.to_string(),
            &lead_fields,
            &id.to_string(),
        ],
    )
    .await
}

/// The people of an account, best score first, and how many there are.
pub(crate) async fn people(tx: &TenantTx, id: AccountId, limit: i64) -> Result<(Vec<Lead>, i64), DbError> {
    let sql = format!(
        "SELECT {}, count(*) OVER () FROM leads l WHERE l.org_id = $1 AND l.account_id = $2 ORDER BY l.score DESC, l.id DESC LIMIT $3",
        super::LEAD
    );
    let rows = tx.query(&sql, &[&tx.org(), &id, &limit]).await?;
    let total = rows.first().map_or(Ok(0), |row| row.try_get(super::LEAD_COLUMNS))?;
    Ok((rows.iter().map(super::lead).collect::<Result<_, _>>()?, total))
}
