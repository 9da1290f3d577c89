//! The stored leads and accounts that rows may mean.

use db::{DbError, Row, TenantTx};
use kernel::Uuid;
use leads::model::Status;

use crate::{
    merge::{Batch, CompanyFacts, LeadFacts},
    row::LeadRow,
};

/// So many leads are asked for in one statement: its answer is held while it is read.
const AT_ONCE: usize = 1000;

const LEAD: &str = "id, version, first_name, last_name, email, phone, title, seniority, department, linkedin_url, account_id, company_name, company_domain, \
    industry, employee_count, annual_revenue, country, city, status, tags, source, external_id, import_key, custom";

fn lead(row: &Row) -> Result<(Uuid, i32, LeadFacts), DbError> {
    let status: &str = row.try_get("status")?;
    let custom: serde_json::Value = row.try_get("custom")?;
    let facts = LeadFacts {
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
        email: row.try_get("email")?,
        phone: row.try_get("phone")?,
        title: row.try_get("title")?,
        seniority: row.try_get("seniority")?,
        department: row.try_get("department")?,
        linkedin_url: row.try_get("linkedin_url")?,
        account_id: row.try_get("account_id")?,
        company: CompanyFacts {
            name: row.try_get("company_name")?,
            domain: row.try_get("company_domain")?,
            industry: row.try_get("industry")?,
            employee_count: row.try_get("employee_count")?,
            annual_revenue: row.try_get("annual_revenue")?,
            country: row.try_get("country")?,
            city: row.try_get("city")?,
        },
        status: status.parse().unwrap_or(Status::New),
        tags: row.try_get("tags")?,
        source: row.try_get("source")?,
        external_id: row.try_get("external_id")?,
        import_key: row.try_get("import_key")?,
        custom: custom.as_object().cloned().unwrap_or_default(),
    };
    Ok((row.try_get("id")?, row.try_get("version")?, facts))
}

fn found(rows: Vec<Row>, take: &mut impl FnMut(Uuid, i32, LeadFacts)) -> Result<(), DbError> {
    for row in rows {
        let (id, version, facts) = lead(&row)?;
        take(id, version, facts);
    }
    Ok(())
}

/// What leads are looked up by.
pub(super) struct Keys<'a> {
    pub(super) emails: Vec<&'a str>,
    pub(super) external_ids: Vec<&'a str>,
    pub(super) profiles: Vec<&'a str>,
    pub(super) import_keys: Vec<&'a [u8]>,
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut values: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
    values.sort_unstable();
    values.dedup();
    values
}

impl<'a> Keys<'a> {
    /// Those of some rows.
    pub(super) fn of(rows: &[&'a LeadRow]) -> Self {
        let by_profile = rows.iter().filter(|row| row.lead.email.is_none() && row.lead.external_id.is_empty());
        Self {
            emails: distinct(rows.iter().filter_map(|row| row.lead.email.as_ref()).map(|email| email.as_str())),
            external_ids: distinct(rows.iter().map(|row| row.lead.external_id.as_str())),
            profiles: distinct(by_profile.map(|row| row.lead.linkedin_url.as_str())),
            import_keys: rows.iter().filter_map(|row| row.import_key.as_deref()).collect(),
        }
    }
}

/// Loads what the rows may mean into a fresh batch.
pub(crate) async fn load(tx: &TenantTx, rows: &[&LeadRow]) -> Result<Batch, DbError> {
    let mut batch = Batch::default();
    load_leads(tx, &Keys::of(rows), |id, version, facts| batch.know_lead(id, version, facts)).await?;
    load_accounts(tx, rows, &mut batch).await?;
    Ok(batch)
}

/// Hands over the stored leads with these keys, one by one; one may come twice.
pub(super) async fn load_leads(tx: &TenantTx, keys: &Keys<'_>, mut take: impl FnMut(Uuid, i32, LeadFacts) + Send) -> Result<(), DbError> {
    let org = tx.org();
    for (column, values) in [
        ("email IS NOT NULL AND email", &keys.emails),
        ("external_id <> '' AND external_id", &keys.external_ids),
        ("linkedin_url <> '' AND linkedin_url", &keys.profiles),
    ] {
        for values in values.chunks(AT_ONCE) {
            let sql = format!("SELECT {LEAD} FROM leads WHERE org_id = $1 AND {column} = ANY($2::text[]) ORDER BY id");
            found(tx.query(&sql, &[&org, &values]).await?, &mut take)?;
        }
    }
    for keys in keys.import_keys.chunks(AT_ONCE) {
        let sql = format!("SELECT {LEAD} FROM leads WHERE org_id = $1 AND import_key IS NOT NULL AND import_key = ANY($2::bytea[])");
        found(tx.query(&sql, &[&org, &keys]).await?, &mut take)?;
    }
    Ok(())
}

/// The accounts that the rows name, and those of the leads in the batch.
pub(super) async fn load_accounts(tx: &TenantTx, rows: &[&LeadRow], batch: &mut Batch) -> Result<(), DbError> {
    let org = tx.org();
    let domains = distinct(rows.iter().map(|row| row.lead.company_domain.as_str()));
    let names = distinct(rows.iter().map(|row| row.lead.company_name.as_str()));
    for row in tx.query("SELECT name, lower(name) FROM unnest($1::text[]) g (name)", &[&names]).await? {
        batch.know_folding(row.try_get(0)?, row.try_get(1)?);
    }
    let mut accounts: Vec<Uuid> = batch.leads.iter().filter_map(|slot| slot.now.account_id).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let account =
        "a.id, a.name, lower(a.name) AS folded, a.domain, a.industry, a.employee_count, a.annual_revenue, a.country, a.city, a.updated_at";
    let found = [
        tx.query(
            &format!("SELECT {account} FROM account_rows a WHERE a.org_id = $1 AND a.domain <> '' AND a.domain = ANY($2::text[])"),
            &[&org, &domains],
        )
        .await?,
        tx.query(
            &format!(
                "SELECT {account} FROM unnest($2::text[]) g (name)
                 JOIN account_rows a ON a.org_id = $1 AND a.domain = '' AND lower(a.name) = lower(g.name)"
            ),
            &[&org, &names],
        )
        .await?,
        tx.query(&format!("SELECT {account} FROM accounts a WHERE a.org_id = $1 AND a.id = ANY($2::uuid[])"), &[&org, &accounts]).await?,
    ];
    for row in found.iter().flatten() {
        let facts = CompanyFacts {
            name: row.try_get("name")?,
            domain: row.try_get("domain")?,
            industry: row.try_get("industry")?,
            employee_count: row.try_get("employee_count")?,
            annual_revenue: row.try_get("annual_revenue")?,
            country: row.try_get("country")?,
            city: row.try_get("city")?,
        };
        batch.know_account(row.try_get("id")?, facts, row.try_get("folded")?, row.try_get("updated_at")?);
    }
    Ok(())
}
