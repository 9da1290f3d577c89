//! Every statement over `imports` and `import_rejections`, and the bulk ones over leads and accounts.

use db::{Db, DbError, Json, Row, Scope, TenantTx};
use jiff::Timestamp;
use kernel::{ImportId, Uuid};

use super::{
    analysis::Analysis,
    copy_text::CopyText,
    merge::{AccountSlot, Batch, CompanyFacts, LeadFacts, LeadSlot},
    model::{Counts, Import, ImportStatus},
    plan::Plan,
    row::{LeadRow, Rejection},
};
use leads::model::Status;

const IMPORT: &str = "id, file_name, file_bytes, analysis, plan, status, total_rows, next_offset, next_row, rows_done, created, updated, unchanged, rejected, \
    worked_ms, failure, actor, created_at, started_at, finished_at";

fn import(row: &Row) -> Result<Import, DbError> {
    let Json(analysis): Json<Analysis> = row.try_get("analysis")?;
    let Json(plan): Json<Plan> = row.try_get("plan")?;
    let status: &str = row.try_get("status")?;
    let number = |name| row.try_get::<_, i64>(name).map(|value| u64::try_from(value).unwrap_or_default());
    Ok(Import {
        id: row.try_get("id")?,
        file_name: row.try_get("file_name")?,
        file_bytes: number("file_bytes")?,
        status: status.parse().unwrap_or(ImportStatus::Failed),
        total_rows: number("total_rows")?,
        rows_done: number("rows_done")?,
        counts: Counts {
            created: number("created")?,
            updated: number("updated")?,
            unchanged: number("unchanged")?,
            rejected: number("rejected")?,
        },
        analysis,
        plan,
        next: super::analysis::Place { offset: number("next_offset")?, row: number("next_row")? },
        worked_ms: number("worked_ms")?,
        failure: row.try_get("failure")?,
        actor: row.try_get("actor")?,
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) async fn insert(tx: &TenantTx, new: &Import) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO imports (org_id, id, file_name, file_bytes, analysis, plan, status, total_rows, actor, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            &tx.org(),
            &new.id,
            &new.file_name,
            &signed(new.file_bytes),
            &Json(&new.analysis),
            &Json(&new.plan),
            &new.status.as_str(),
            &signed(new.total_rows),
            &new.actor,
            &new.created_at,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &Db, scope: &Scope, id: ImportId) -> Result<Option<Import>, DbError> {
    let rows = db.read(scope, &format!("SELECT {IMPORT} FROM imports WHERE org_id = $1 AND id = $2"), &[&scope.org(), &id]).await?;
    rows.first().map(import).transpose()
}

/// The import, locked: nobody else moves it before the transaction ends.
pub(crate) async fn lock(tx: &TenantTx, id: ImportId) -> Result<Option<Import>, DbError> {
    let row = tx.query_opt(&format!("SELECT {IMPORT} FROM imports WHERE org_id = $1 AND id = $2 FOR UPDATE"), &[&tx.org(), &id]).await?;
    row.as_ref().map(import).transpose()
}

/// Newest first, after the one before `before`.
pub(crate) async fn list(db: &Db, scope: &Scope, before: Option<(Timestamp, Uuid)>, limit: i64) -> Result<Vec<Import>, DbError> {
    let (at, id) = before.map_or((None, None), |(at, id)| (Some(at), Some(id)));
    let sql = format!(
        "SELECT {IMPORT} FROM imports
         WHERE org_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    db.read(scope, &sql, &[&scope.org(), &at, &id, &limit]).await?.iter().map(import).collect()
}

pub(crate) async fn count(db: &Db, scope: &Scope) -> Result<i64, DbError> {
    let rows = db.read(scope, "SELECT count(*) FROM (SELECT FROM imports WHERE org_id = $1 LIMIT 10001) bounded", &[&scope.org()]).await?;
    rows.first().map_or(Ok(0), |row| Ok(row.try_get(0)?))
}

pub(crate) async fn save_plan(tx: &TenantTx, id: ImportId, plan: &Plan) -> Result<(), DbError> {
    tx.execute("UPDATE imports SET plan = $3 WHERE org_id = $1 AND id = $2", &[&tx.org(), &id, &Json(plan)]).await?;
    Ok(())
}

/// From `mapping` or `stopped` to `running`.
pub(crate) async fn start(tx: &TenantTx, import: &Import, actor: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE imports SET status = 'running', plan = $3, total_rows = $4, next_offset = $5, next_row = $6, actor = $7,
           started_at = coalesce(started_at, $8), finished_at = NULL, failure = ''
         WHERE org_id = $1 AND id = $2",
        &[
            &tx.org(),
            &import.id,
            &Json(&import.plan),
            &signed(import.total_rows),
            &signed(import.next.offset),
            &signed(import.next.row),
            &actor,
            &now,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn end(tx: &TenantTx, id: ImportId, status: ImportStatus, failure: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE imports SET status = $3, failure = $4, finished_at = $5 WHERE org_id = $1 AND id = $2",
        &[&tx.org(), &id, &status.as_str(), &failure, &now],
    )
    .await?;
    Ok(())
}

/// Moves an import on, in the transaction that stored the rows.
pub(crate) async fn advance(tx: &TenantTx, import: &Import) -> Result<(), DbError> {
    let counts = import.counts;
    tx.execute(
        "UPDATE imports SET next_offset = $3, next_row = $4, rows_done = $5, created = $6, updated = $7, unchanged = $8, rejected = $9, worked_ms = $10
         WHERE org_id = $1 AND id = $2",
        &[
            &tx.org(),
            &import.id,
            &signed(import.next.offset),
            &signed(import.next.row),
            &signed(import.rows_done),
            &signed(counts.created),
            &signed(counts.updated),
            &signed(counts.unchanged),
            &signed(counts.rejected),
            &signed(import.worked_ms),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn insert_rejections(tx: &TenantTx, id: ImportId, rejections: &[Rejection]) -> Result<(), DbError> {
    if rejections.is_empty() {
        return Ok(());
    }
    tx.batch("CREATE TEMP TABLE staged_rejections (row_no bigint, reason text, cells text[]) ON COMMIT DROP").await?;
    let mut copy = CopyText::default();
    for rejection in rejections {
        copy.number(signed(rejection.row)).text(&rejection.reason).array(&rejection.cells).end();
    }
    copy.send(tx, "COPY staged_rejections FROM STDIN").await?;
    tx.execute(
        "INSERT INTO import_rejections (org_id, import_id, row_no, reason, cells) SELECT $1, $2, row_no, reason, cells FROM staged_rejections",
        &[&tx.org(), &id],
    )
    .await?;
    Ok(())
}

/// Refused rows after row `after`, in the file's order.
pub(crate) async fn rejections(db: &Db, scope: &Scope, id: ImportId, after: u64, limit: i64) -> Result<Vec<Rejection>, DbError> {
    let rows = db
        .read(
            scope,
            "SELECT row_no, reason, cells FROM import_rejections WHERE org_id = $1 AND import_id = $2 AND row_no > $3 ORDER BY row_no LIMIT $4",
            &[&scope.org(), &id, &signed(after), &limit],
        )
        .await?;
    let row = |row: &Row| {
        Ok(Rejection { row: u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default(), reason: row.try_get(1)?, cells: row.try_get(2)? })
    };
    rows.iter().map(row).collect()
}

/// One import at a time writes the leads of an organisation: two would wait for each other's rows
/// in different orders, and deadlock.
pub(crate) async fn take_turns(tx: &TenantTx) -> Result<(), DbError> {
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('leads.import:' || $1::uuid::text, 0))", &[&tx.org()]).await?;
    Ok(())
}

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

/// Loads what the rows may mean into a fresh batch.
pub(crate) async fn load(tx: &TenantTx, rows: &[&LeadRow]) -> Result<Batch, DbError> {
    let org = tx.org();
    let mut batch = Batch::default();
    let distinct = |values: Vec<&str>| -> Vec<String> {
        let mut values: Vec<String> = values.into_iter().filter(|value| !value.is_empty()).map(str::to_owned).collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let texts = [
        (
            "email IS NOT NULL AND email",
            distinct(rows.iter().filter_map(|row| row.lead.email.as_ref()).map(|email| email.as_str()).collect()),
        ),
        ("external_id <> '' AND external_id", distinct(rows.iter().map(|row| row.lead.external_id.as_str()).collect())),
        (
            "linkedin_url <> '' AND linkedin_url",
            distinct(
                rows.iter()
                    .filter(|row| row.lead.email.is_none() && row.lead.external_id.is_empty())
                    .map(|row| row.lead.linkedin_url.as_str())
                    .collect(),
            ),
        ),
    ];
    let mut accounts: Vec<Uuid> = Vec::new();
    let mut know = |batch: &mut Batch, found: Vec<Row>| -> Result<(), DbError> {
        for row in &found {
            let (id, version, facts) = lead(row)?;
            accounts.extend(facts.account_id);
            batch.know_lead(id, version, facts);
        }
        Ok(())
    };
    for (column, values) in &texts {
        if !values.is_empty() {
            let sql = format!("SELECT {LEAD} FROM leads WHERE org_id = $1 AND {column} = ANY($2::text[]) ORDER BY id");
            know(&mut batch, tx.query(&sql, &[&org, values]).await?)?;
        }
    }
    let keys: Vec<&[u8]> = rows.iter().filter_map(|row| row.import_key.as_deref()).collect();
    if !keys.is_empty() {
        let sql = format!("SELECT {LEAD} FROM leads WHERE org_id = $1 AND import_key IS NOT NULL AND import_key = ANY($2::bytea[])");
        know(&mut batch, tx.query(&sql, &[&org, &keys]).await?)?;
    }
    let domains = distinct(rows.iter().map(|row| row.lead.company_domain.as_str()).collect());
    let names = distinct(rows.iter().map(|row| row.lead.company_name.as_str()).collect());
    for row in tx.query("SELECT name, lower(name) FROM unnest($1::text[]) g (name)", &[&names]).await? {
        batch.know_folding(row.try_get(0)?, row.try_get(1)?);
    }
    let account =
        "a.id, a.name, lower(a.name) AS folded, a.domain, a.industry, a.employee_count, a.annual_revenue, a.country, a.city, a.updated_at";
    accounts.sort_unstable();
    accounts.dedup();
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
    Ok(batch)
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
        if error.is_unique_violation() || error.is_retryable() { Self::Raced } else { Self::Db(error) }
    }
}

/// Writes what a batch has changed, with its events. `actor` and `now` are the events'.
pub(crate) async fn write(tx: &TenantTx, batch: &Batch, import: ImportId, actor: &str, now: Timestamp) -> Result<(), WriteError> {
    let accounts: Vec<&AccountSlot> = batch.changed_accounts().collect();
    let leads: Vec<&LeadSlot> = batch.changed_leads().collect();
    if !accounts.is_empty() {
        write_accounts(tx, &accounts, now).await?;
    }
    if !leads.is_empty() {
        write_leads(tx, &leads, import, actor, now).await?;
    }
    if accounts.iter().any(|slot| slot.before.is_some()) {
        tx.execute(
            "SELECT FROM leads l JOIN staged_accounts a ON a.id = l.account_id WHERE l.org_id = $1 AND a.seen IS NOT NULL ORDER BY l.id FOR NO KEY UPDATE OF l",
            &[&tx.org()],
        )
        .await?;
        tx.execute(
            // Their people take what they miss, as they would on being created.
            "UPDATE leads l SET company_name = CASE l.company_name WHEN '' THEN a.name ELSE l.company_name END,
               industry = CASE l.industry WHEN '' THEN a.industry ELSE l.industry END,
               employee_count = coalesce(l.employee_count, a.employee_count), annual_revenue = coalesce(l.annual_revenue, a.annual_revenue),
               country = CASE l.country WHEN '' THEN a.country ELSE l.country END, city = CASE l.city WHEN '' THEN a.city ELSE l.city END,
               updated_at = $2, version = l.version + 1
             FROM staged_accounts a
             WHERE a.seen IS NOT NULL AND l.org_id = $1 AND l.account_id = a.id
               AND (l.company_name = '' AND a.name <> '' OR l.industry = '' AND a.industry <> '' OR l.employee_count IS NULL AND a.employee_count IS NOT NULL
                 OR l.annual_revenue IS NULL AND a.annual_revenue IS NOT NULL OR l.country = '' AND a.country <> '' OR l.city = '' AND a.city <> '')",
            &[&tx.org(), &now],
        )
        .await?;
    }
    Ok(())
}

async fn write_accounts(tx: &TenantTx, slots: &[&AccountSlot], now: Timestamp) -> Result<(), WriteError> {
    tx.batch(
        "CREATE TEMP TABLE staged_accounts (id uuid, seen timestamptz, name text, domain text, industry text, employee_count int,
           annual_revenue bigint, country text, city text) ON COMMIT DROP",
    )
    .await?;
    let mut copy = CopyText::default();
    for slot in slots {
        let facts = &slot.now;
        copy.uuid(slot.id).optional(slot.before.as_ref().map(|(_, seen)| seen.to_string()).as_deref());
        copy.text(&facts.name).text(&facts.domain).text(&facts.industry);
        copy.optional_number(facts.employee_count.map(i64::from)).optional_number(facts.annual_revenue);
        copy.text(&facts.country).text(&facts.city).end();
    }
    copy.send(tx, "COPY staged_accounts FROM STDIN").await?;
    tx.execute(
        "INSERT INTO accounts (org_id, id, name, domain, industry, employee_count, annual_revenue, country, city, created_at, updated_at)
         SELECT $1, id, name, domain, industry, employee_count, annual_revenue, country, city, $2, $2 FROM staged_accounts WHERE seen IS NULL",
        &[&tx.org(), &now],
    )
    .await?;
    let known = slots.iter().filter(|slot| slot.before.is_some()).count() as u64;
    if known > 0 {
        let updated = tx
            .execute(
                "UPDATE accounts a SET name = s.name, industry = s.industry, employee_count = s.employee_count,
                   annual_revenue = s.annual_revenue, country = s.country, city = s.city, updated_at = $2
                 FROM staged_accounts s WHERE a.org_id = $1 AND a.id = s.id AND a.updated_at = s.seen",
                &[&tx.org(), &now],
            )
            .await?;
        if updated != known {
            return Err(WriteError::Raced);
        }
    }
    Ok(())
}

async fn write_leads(tx: &TenantTx, slots: &[&LeadSlot], import: ImportId, actor: &str, now: Timestamp) -> Result<(), WriteError> {
    tx.batch(
        "CREATE TEMP TABLE staged_leads (id uuid, version int, row_no bigint, status_before text, first_name text, last_name text, email text, phone text,
           title text, seniority text, department text, linkedin_url text, account_id uuid, company_name text, company_domain text, industry text,
           employee_count int, annual_revenue bigint, country text, city text, status text, tags text[], source text, external_id text,
           import_key bytea, custom jsonb, changed_fields text[]) ON COMMIT DROP",
    )
    .await?;
    let mut copy = CopyText::default();
    for slot in slots {
        let facts = &slot.now;
        let company = &facts.company;
        let status_before = slot.before.as_ref().map_or(Status::New, |before| before.status);
        copy.uuid(slot.id).number(i64::from(slot.version)).number(signed(slot.row)).text(status_before.as_str());
        copy.text(&facts.first_name).text(&facts.last_name).optional(facts.email.as_deref()).text(&facts.phone);
        copy.text(&facts.title).text(&facts.seniority).text(&facts.department).text(&facts.linkedin_url).optional_uuid(facts.account_id);
        copy.text(&company.name).text(&company.domain).text(&company.industry);
        copy.optional_number(company.employee_count.map(i64::from))
            .optional_number(company.annual_revenue)
            .text(&company.country)
            .text(&company.city);
        copy.text(facts.status.as_str()).array(&facts.tags).text(&facts.source).text(&facts.external_id);
        copy.bytes(facts.import_key.as_deref()).text(&serde_json::to_string(&facts.custom).unwrap_or_default());
        copy.array(&slot.changed_fields()).end();
    }
    copy.send(tx, "COPY staged_leads FROM STDIN").await?;
    let org = tx.org();
    let import = import.to_string();
    tx.execute(
        "WITH made AS (
           INSERT INTO leads (org_id, id, first_name, last_name, email, phone, title, seniority, department, linkedin_url, account_id, company_name,
             company_domain, industry, employee_count, annual_revenue, country, city, status, tags, source, external_id, import_key, custom, created_at, updated_at)
           SELECT $1, id, first_name, last_name, email, phone, title, seniority, department, linkedin_url, account_id, company_name,
             company_domain, industry, employee_count, annual_revenue, country, city, status, tags, source, external_id, import_key, custom, $2, $2
           FROM staged_leads WHERE version = 0)
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, 'lead.created', 'lead', id, $3, $2, jsonb_build_object('source', source, 'status', status, 'import_id', $4::text, 'row', row_no)
         FROM staged_leads WHERE version = 0",
        &[&org, &now, &actor, &import],
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
                 SELECT $1, 'lead.updated', 'lead', id, $3, $2, jsonb_build_object('fields', changed_fields, 'import_id', $4::text, 'row', row_no) FROM changed",
                &[&org, &now, &actor, &import],
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
             SELECT $1, kind, 'lead', id, $3, $2, jsonb_build_object('from', status_before, 'to', status, 'import_id', $4::text)
             FROM staged_leads, unnest(CASE status WHEN 'converted' THEN ARRAY['lead.status_changed', 'lead.converted'] ELSE ARRAY['lead.status_changed'] END) kind
             WHERE version > 0 AND status <> status_before",
            &[&org, &now, &actor, &import],
        )
        .await?;
    }
    Ok(())
}
