use db::{DbError, Row, TenantTx};
use jiff::Timestamp;
use kernel::{LeadId, TaskId, UserId};

use crate::model::{Due, Priority, Task, TaskRow};

const COLUMNS: &str = "t.id, t.lead_id, t.title, t.due_at, t.due_all_day, t.priority, t.assignee_id, t.created_by, t.done_at, t.done_by, \
    t.created_at, t.updated_at, t.version";

fn task(row: &Row) -> Result<Task, DbError> {
    let (due, all_day): (Option<Timestamp>, bool) = (row.try_get(3)?, row.try_get(4)?);
    let priority: &str = row.try_get(5)?;
    Ok(Task {
        id: row.try_get(0)?,
        lead_id: row.try_get(1)?,
        title: row.try_get(2)?,
        due: due.map(|at| Due::of(at, all_day)),
        priority: priority.parse().unwrap_or_default(),
        assignee_id: row.try_get(6)?,
        created_by: row.try_get(7)?,
        done_at: row.try_get(8)?,
        done_by: row.try_get(9)?,
        created_at: row.try_get(10)?,
        updated_at: row.try_get(11)?,
        version: row.try_get(12)?,
    })
}

/// Whose tasks a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Everybodys,
    Nobodys,
    Of(UserId),
}

/// Which tasks a list shows. Open ones come in the order in which they are due, done ones the last first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) whose: Whose,
    pub(crate) lead: Option<LeadId>,
    pub(crate) done: bool,
}

/// The last row of a page: when it is due or was done (nothing: never due), and its id.
pub(crate) type Edge = (Option<Timestamp>, TaskId);

impl TaskRow {
    pub(crate) fn edge(&self) -> Edge {
        let task = &self.task;
        (task.done_at.or(task.due.map(Due::moment)), task.id)
    }
}

pub(crate) async fn list(tx: &TenantTx, wanted: &Wanted, after: Option<Edge>, limit: i64) -> Result<Vec<TaskRow>, DbError> {
    // Each of these has an index of its own, so each is a statement of its own.
    let whose = match wanted.whose {
        Whose::Everybodys => "$2::uuid IS NULL",
        Whose::Nobodys => "$2::uuid IS NULL AND t.assignee_id IS NULL",
        Whose::Of(_) => "t.assignee_id = $2",
    };
    let lead = if wanted.lead.is_some() { "t.lead_id = $3" } else { "$3::uuid IS NULL" };
    let (open, key, order, beyond) = if wanted.done {
        ("NOT NULL", "t.done_at", "t.done_at DESC, t.id DESC", "<")
    } else {
        ("NULL", "coalesce(t.due_at, 'infinity')", "coalesce(t.due_at, 'infinity'), t.id", ">")
    };
    let edge = if after.is_some() {
        format!("({key}, t.id) {beyond} (coalesce($4::timestamptz, 'infinity'), $5::uuid)")
    } else {
        "$4::timestamptz IS NULL AND $5::uuid IS NULL".to_owned()
    };
    let sql = format!(
        "SELECT {COLUMNS}, coalesce(nullif(btrim(l.first_name || ' ' || l.last_name), ''), l.email, l.company_name), l.company_name
         FROM tasks t JOIN leads l ON l.org_id = t.org_id AND l.id = t.lead_id
         WHERE t.org_id = $1 AND t.done_at IS {open} AND {whose} AND {lead} AND {edge} ORDER BY {order} LIMIT $6"
    );
    let person = if let Whose::Of(person) = wanted.whose { Some(person) } else { None };
    let (at, id) = after.map_or((None, None), |(at, id)| (at, Some(id)));
    let rows = tx.query(&sql, &[&tx.org(), &person, &wanted.lead, &at, &id, &limit]).await?;
    rows.iter().map(|row| Ok(TaskRow { task: task(row)?, lead_name: row.try_get(13)?, lead_company: row.try_get(14)? })).collect()
}

pub(crate) async fn get(tx: &TenantTx, id: TaskId) -> Result<Option<Task>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM tasks t WHERE t.org_id = $1 AND t.id = $2");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(task).transpose()
}

/// A task, locked until the transaction ends.
pub(crate) async fn lock(tx: &TenantTx, id: TaskId) -> Result<Option<Task>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM tasks t WHERE t.org_id = $1 AND t.id = $2 FOR NO KEY UPDATE");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(task).transpose()
}

/// The parts of a task that people decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) title: String,
    pub(crate) due: Option<Due>,
    pub(crate) priority: Priority,
    pub(crate) assignee_id: Option<UserId>,
    pub(crate) done: Option<(Timestamp, Option<UserId>)>,
}

pub(crate) async fn insert(tx: &TenantTx, lead: LeadId, content: &Content, by: Option<UserId>, now: Timestamp) -> Result<Task, DbError> {
    let sql = format!(
        "INSERT INTO tasks AS t (org_id, id, lead_id, title, due_at, due_all_day, priority, assignee_id, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING {COLUMNS}"
    );
    let (due, all_day) = (content.due.map(Due::moment), matches!(content.due, Some(Due::Day(_))));
    let (title, priority, assignee) = (&content.title, content.priority.as_str(), content.assignee_id);
    task(&tx.query_one(&sql, &[&tx.org(), &TaskId::new(), &lead, title, &due, &all_day, &priority, &assignee, &by, &now]).await?)
}

pub(crate) async fn update(tx: &TenantTx, id: TaskId, content: &Content, now: Timestamp) -> Result<Task, DbError> {
    let sql = format!(
        "UPDATE tasks AS t SET title = $3, due_at = $4, due_all_day = $5, priority = $6, assignee_id = $7, done_at = $8, done_by = $9,
           updated_at = $10, version = t.version + 1
         WHERE t.org_id = $1 AND t.id = $2 RETURNING {COLUMNS}"
    );
    let (due, all_day) = (content.due.map(Due::moment), matches!(content.due, Some(Due::Day(_))));
    let (title, priority, assignee) = (&content.title, content.priority.as_str(), content.assignee_id);
    let (done_at, done_by) = content.done.map_or((None, None), |(at, by)| (Some(at), by));
    task(&tx.query_one(&sql, &[&tx.org(), &id, title, &due, &all_day, &priority, &assignee, &done_at, &done_by, &now]).await?)
}

pub(crate) async fn delete(tx: &TenantTx, id: TaskId) -> Result<(), DbError> {
    tx.execute("DELETE FROM tasks WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

/// How much somebody has before them; each counted to 100.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agenda {
    pub overdue: i64,
    /// Due before the day (in UTC) ends.
    pub today: i64,
}

/// What waits for `person` now.
pub async fn agenda(tx: &TenantTx, person: UserId, now: Timestamp) -> Result<Agenda, DbError> {
    let end = Due::Day(Due::At(now).day()).moment();
    let count = |which: &str| {
        format!(
            "(SELECT count(*) FROM (SELECT FROM tasks t WHERE t.org_id = $1 AND t.assignee_id = $2 AND t.done_at IS NULL AND {which} LIMIT 100) n)"
        )
    };
    let key = "coalesce(t.due_at, 'infinity')";
    // A task of this whole day is due exactly at its end.
    let sql = format!("SELECT {}, {}", count(&format!("{key} <= $3")), count(&format!("{key} > $3 AND {key} <= $4")));
    let row = tx.query_one(&sql, &[&tx.org(), &person, &now, &end]).await?;
    Ok(Agenda { overdue: row.try_get(0)?, today: row.try_get(1)? })
}
