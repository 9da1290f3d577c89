//! What a mail may say about its recipient: the names, and the values of one lead.

use std::collections::BTreeMap;

use db::{DbError, Row, TenantTx};
use kernel::LeadId;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A variable that every mail can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    /// As people read it.
    pub label: &'static str,
    /// Stands in where there is no lead to preview as.
    pub example: &'static str,
    /// Whether some leads have none, so that a mail wants a fallback.
    pub may_be_empty: bool,
}

const fn field(name: &'static str, label: &'static str, example: &'static str) -> Variable {
    Variable { name, label, example, may_be_empty: true }
}

const fn always(name: &'static str, label: &'static str, example: &'static str) -> Variable {
    Variable { name, label, example, may_be_empty: false }
}

/// All of them, in the order of the panel. Custom fields follow as `custom.name`.
pub const VARIABLES: [Variable; 20] = [
    field("first_name", "First name", "Ada"),
    field("last_name", "Last name", "Lovelace"),
    field("full_name", "Full name", "Ada Lovelace"),
    always("email", "E-mail", "ada@analytical.example"),
    field("phone", "Phone", "+44 20 7946 0958"),
    field("title", "Title", "Head of Operations"),
    field("seniority", "Seniority", "Director"),
    field("department", "Department", "Operations"),
    field("linkedin_url", "LinkedIn", "https://www.linkedin.com/in/ada"),
    field("company", "Company", "Analytical Engines"),
    field("company_domain", "Company domain", "analytical.example"),
    field("industry", "Industry", "Manufacturing"),
    field("employee_count", "Employees", "120"),
    field("annual_revenue", "Annual revenue", "14000000"),
    field("country", "Country", "GB"),
    field("city", "City", "London"),
    always("sender_name", "Sender's name", "Grace Hopper"),
    always("sender_email", "Sender's e-mail", "grace@sender.example"),
    always("organisation", "Your organisation", "Leadline"),
    always("unsubscribe_url", "Unsubscribe link", "https://sender.example/u/example"),
];

/// A lead as a mail sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Recipient {
    pub id: LeadId,
    pub name: String,
    /// `null`: this lead cannot be mailed, only previewed.
    pub email: Option<String>,
    pub company: String,
    #[serde(skip)]
    values: Value,
}

/// Whom a mail comes from, as far as its text says so.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub organisation: &'a str,
}

/// The columns of `leads` that [`recipient`] reads; prefix-free, for `FROM leads`.
pub const LEAD_COLUMNS: &str = "id, first_name, last_name, email, phone, title, seniority, department, linkedin_url,
    company_name, company_domain, industry, employee_count, annual_revenue, country, city, custom";

/// Reads a row of [`LEAD_COLUMNS`], by name.
pub fn recipient(row: &Row) -> Result<Recipient, DbError> {
    let text = |name: &str| row.try_get::<_, String>(name);
    let (first, last, email) = (text("first_name")?, text("last_name")?, row.try_get::<_, Option<String>>("email")?);
    let full = [first.as_str(), last.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let company = text("company_name")?;
    let values = json!({
        "first_name": first,
        "last_name": last,
        "full_name": full,
        "email": email,
        "phone": text("phone")?,
        "title": text("title")?,
        "seniority": text("seniority")?,
        "department": text("department")?,
        "linkedin_url": text("linkedin_url")?,
        "company": company,
        "company_domain": text("company_domain")?,
        "industry": text("industry")?,
        "employee_count": row.try_get::<_, Option<i32>>("employee_count")?,
        "annual_revenue": row.try_get::<_, Option<i64>>("annual_revenue")?,
        "country": text("country")?,
        "city": text("city")?,
        "custom": row.try_get::<_, Value>("custom")?,
    });
    let name = if full.is_empty() { email.clone().unwrap_or_else(|| "Unnamed lead".to_owned()) } else { full };
    Ok(Recipient { id: row.try_get("id")?, name, email, company, values })
}

impl Recipient {
    /// Everything that a template can name, for this lead. A custom field that others have and this
    /// lead does not is empty, not unknown.
    pub fn values(&self, sender: Sender<'_>, unsubscribe_url: &str, custom: &[String]) -> Value {
        let mut values = self.values.clone();
        complete(&mut values, sender, unsubscribe_url, custom);
        values
    }
}

fn complete(values: &mut Value, sender: Sender<'_>, unsubscribe_url: &str, custom: &[String]) {
    let Some(map) = values.as_object_mut() else { return };
    map.insert("sender_name".to_owned(), json!(sender.name));
    map.insert("sender_email".to_owned(), json!(sender.email));
    map.insert("organisation".to_owned(), json!(sender.organisation));
    map.insert("unsubscribe_url".to_owned(), json!(unsubscribe_url));
    if let Some(fields) = map.entry("custom").or_insert_with(|| json!({})).as_object_mut() {
        for name in custom {
            fields.entry(name.as_str()).or_insert(Value::Null);
        }
    }
}

/// The examples, where there is no lead yet. Custom fields show their own name.
pub fn example_values(sender: Sender<'_>, custom: &[String]) -> Value {
    let fields: BTreeMap<&str, &str> = VARIABLES.iter().map(|variable| (variable.name, variable.example)).collect();
    let mut values = json!(fields);
    if let Some(map) = values.as_object_mut() {
        map.insert("custom".to_owned(), json!(custom.iter().map(|name| (name.as_str(), name.as_str())).collect::<BTreeMap<_, _>>()));
    }
    complete(&mut values, sender, "https://sender.example/u/example", custom);
    values
}

/// The names a template may use in this organisation.
pub fn known_names(custom: &[String]) -> Vec<String> {
    VARIABLES.iter().map(|variable| variable.name.to_owned()).chain(custom.iter().map(|name| format!("custom.{name}"))).collect()
}

/// The names of custom fields among the organisation's newest leads, at most 100. Bounded on purpose: a
/// million leads share the fields of their last imports. Names a template could not write are left out.
pub async fn custom_fields(tx: &TenantTx) -> Result<Vec<String>, DbError> {
    let rows = tx
        .query(
            "SELECT DISTINCT k.name FROM
               (SELECT custom FROM leads WHERE org_id = $1 ORDER BY created_at DESC, id DESC LIMIT 2000) l,
               LATERAL jsonb_object_keys(l.custom) AS k(name)
             WHERE k.name ~ '^[A-Za-z_][A-Za-z0-9_]*$' ORDER BY 1 LIMIT 100",
            &[&tx.org()],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// One lead to preview as, if it is this organisation's.
pub async fn find_recipient(tx: &TenantTx, lead: LeadId) -> Result<Option<Recipient>, DbError> {
    let sql = format!("SELECT {LEAD_COLUMNS} FROM leads WHERE org_id = $1 AND id = $2");
    tx.query_opt(&sql, &[&tx.org(), &lead]).await?.as_ref().map(recipient).transpose()
}

/// Up to eight leads whose name, address, company or title contains `q`, best score first.
pub async fn search_recipients(tx: &TenantTx, q: &str) -> Result<Vec<Recipient>, DbError> {
    let pattern = super::like(q);
    // Without a word there is nothing to search by, and the index by score alone answers.
    let condition = if pattern == "%%" { "$2 = '%%'" } else { "search LIKE $2" };
    let sql = format!("SELECT {LEAD_COLUMNS} FROM leads WHERE org_id = $1 AND {condition} ORDER BY score DESC, id DESC LIMIT 8");
    tx.query(&sql, &[&tx.org(), &pattern]).await?.iter().map(recipient).collect()
}
