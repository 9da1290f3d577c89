//! Every SQL statement of the slice. Reads that filter or search go through the views `lead_rows`
//! and `account_rows` (migration 5 says why); writes and locks go to the tables.

pub(crate) mod accounts;
pub(crate) mod bulk;
pub(crate) mod changes_feed;
pub(crate) mod grid;
pub(crate) mod suggest;
pub(crate) mod timeline;
pub(crate) mod write;

use db::{DbError, Json, Row, TenantTx};
use kernel::{EmailAddress, LeadId};
use serde_json::{Map, Value};

use crate::model::{Lead, ScoreReason, Status};

macro_rules! lead_columns {
    ($custom:literal, $reasons:literal) => {
        concat!(
            "l.id, l.first_name, l.last_name, l.email, l.phone, l.title, l.seniority, l.department, l.linkedin_url, ",
            "l.account_id, l.company_name, l.company_domain, l.industry, l.employee_count, l.annual_revenue, l.country, l.city, l.status, ",
            "l.owner_id, l.tags, l.source, l.external_id, ",
            $custom,
            ", l.score, ",
            $reasons,
            ", l.last_activity_at, l.created_at, l.updated_at, l.version"
        )
    };
}

/// The columns of a [`Lead`], of `leads l` or `lead_rows l`, in the order that [`lead`] reads.
pub(crate) const LEAD: &str = lead_columns!("l.custom", "l.score_reasons");

/// The same without what takes longest to read and few tables show: its custom values and the reasons of its score are empty.
pub(crate) const LEAN_LEAD: &str = lead_columns!("'{}'::jsonb", "'[]'::jsonb");

/// How many columns [`LEAD`] has; what a statement selects besides follows them.
pub(crate) const LEAD_COLUMNS: usize = 29;

/// Reads the columns of [`LEAD`].
pub(crate) fn lead(row: &Row) -> Result<Lead, DbError> {
    let custom: Json<Map<String, Value>> = row.try_get(22)?;
    let reasons: Json<Vec<ScoreReason>> = row.try_get(24)?;
    Ok(Lead {
        id: row.try_get(0)?,
        first_name: row.try_get(1)?,
        last_name: row.try_get(2)?,
        email: row.try_get(3)?,
        phone: row.try_get(4)?,
        title: row.try_get(5)?,
        seniority: row.try_get(6)?,
        department: row.try_get(7)?,
        linkedin_url: row.try_get(8)?,
        account_id: row.try_get(9)?,
        company_name: row.try_get(10)?,
        company_domain: row.try_get(11)?,
        industry: row.try_get(12)?,
        employee_count: row.try_get(13)?,
        annual_revenue: row.try_get(14)?,
        country: row.try_get(15)?,
        city: row.try_get(16)?,
        status: status(row, 17)?,
        owner_id: row.try_get(18)?,
        tags: row.try_get(19)?,
        source: row.try_get(20)?,
        external_id: row.try_get(21)?,
        custom: custom.0,
        score: row.try_get(23)?,
        score_reasons: reasons.0,
        last_activity_at: row.try_get(25)?,
        created_at: row.try_get(26)?,
        updated_at: row.try_get(27)?,
        version: row.try_get(28)?,
    })
}

/// A status column; the table's CHECK lets no other text in.
pub(crate) fn status(row: &Row, column: usize) -> Result<Status, DbError> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error| DbError::Config(format!("leads.status: {error}")))
}

/// One lead, if it is there and ours.
pub async fn get(tx: &TenantTx, id: LeadId) -> Result<Option<Lead>, DbError> {
    let sql = format!("SELECT {LEAD} FROM leads l WHERE l.org_id = $1 AND l.id = $2");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(lead).transpose()
}

/// Several leads, in the order of their ids; those that are not there are left out.
pub async fn get_many(tx: &TenantTx, ids: &[LeadId]) -> Result<Vec<Lead>, DbError> {
    let sql = format!("SELECT {LEAD} FROM leads l WHERE l.org_id = $1 AND l.id = ANY($2) ORDER BY l.id");
    tx.query(&sql, &[&tx.org(), &ids]).await?.iter().map(lead).collect()
}

/// The lead with this address.
pub async fn find_by_email(tx: &TenantTx, email: &EmailAddress) -> Result<Option<Lead>, DbError> {
    let sql = format!("SELECT {LEAD} FROM leads l WHERE l.org_id = $1 AND l.email = $2");
    tx.query_opt(&sql, &[&tx.org(), &email.as_str()]).await?.as_ref().map(lead).transpose()
}

/// One lead, locked until the transaction ends.
pub(crate) async fn lock(tx: &TenantTx, id: LeadId) -> Result<Option<Lead>, DbError> {
    let sql = format!("SELECT {LEAD} FROM leads l WHERE l.org_id = $1 AND l.id = $2 FOR NO KEY UPDATE");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(lead).transpose()
}
