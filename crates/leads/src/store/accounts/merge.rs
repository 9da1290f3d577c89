//! Accounts made by hand, and two made one.

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{AccountId, Actor};

use crate::model::CheckedAccount;

pub(crate) async fn insert(tx: &TenantTx, id: AccountId, account: &CheckedAccount, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO accounts (org_id, id, name, domain, industry, employee_count, annual_revenue, country, city, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        &[
            &tx.org(),
            &id,
            &account.name,
            &account.domain,
            &account.industry,
            &account.employee_count,
            &account.annual_revenue,
            &account.country,
            &account.city,
            &now,
        ],
    )
    .await?;
    Ok(())
}

/// Gives the people of `from` to `into` with its facts as far as it has any, and deletes `from`. Returns how many people.
pub(crate) async fn absorb(
    tx: &TenantTx,
    from: AccountId,
    into: AccountId,
    facts: &CheckedAccount,
    actor: Actor,
    now: Timestamp,
) -> Result<u64, DbError> {
    let moved = tx
        .execute(
            "WITH locked AS (SELECT id FROM leads WHERE org_id = $1 AND account_id = $2 ORDER BY id FOR NO KEY UPDATE),
             changed AS (
               UPDATE leads l SET account_id = $3,
                 company_name = coalesce(nullif($4, ''), company_name), company_domain = coalesce(nullif($5, ''), company_domain),
                 industry = coalesce(nullif($6, ''), industry), employee_count = coalesce($7, employee_count),
                 annual_revenue = coalesce($8, annual_revenue), updated_at = $9, version = version + 1
               FROM locked WHERE l.org_id = $1 AND l.id = locked.id RETURNING l.id)
             INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
             SELECT $1, 'lead.updated', 'lead', id, $10, $9,
               jsonb_build_object('fields', ARRAY['company_name', 'company_domain', 'industry', 'employee_count', 'annual_revenue'], 'account_id', $11::text)
             FROM changed",
            &[
                &tx.org(),
                &from,
                &into,
                &facts.name,
                &facts.domain,
                &facts.industry,
                &facts.employee_count,
                &facts.annual_revenue,
                &now,
                &actor.to_string(),
                &into.to_string(),
            ],
        )
        .await?;
    tx.execute("DELETE FROM accounts WHERE org_id = $1 AND id = $2", &[&tx.org(), &from]).await?;
    Ok(moved)
}
