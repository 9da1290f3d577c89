//! Every SQL statement about saved views. Each names the person: somebody's personal view is there for nobody else.

use db::{Db, DbError, Json, Row, Scope, TenantTx};
use jiff::Timestamp;
use kernel::{UserId, ViewId};
use serde_json::Value;

use super::{Column, MOST, MOST_OWN, SavedView, ViewDraft};

const VIEW: &str =
    "v.id, v.name, v.personal_to IS NULL, v.made_by, v.filter, v.q, v.sort, v.columns, v.created_at, v.updated_at, v.version";
const MINE: &str = "(v.personal_to IS NULL OR v.personal_to = $2)";

fn view(row: &Row) -> Result<SavedView, DbError> {
    let filter: Json<Value> = row.try_get(4)?;
    Ok(SavedView {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        shared: row.try_get(2)?,
        made_by: row.try_get(3)?,
        filter: filter.0,
        q: row.try_get(5)?,
        sort: row.try_get(6)?,
        columns: row.try_get(7)?,
        created_at: row.try_get(8)?,
        updated_at: row.try_get(9)?,
        version: row.try_get(10)?,
    })
}

/// What a page of the grid needs to know of views and habits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Habits {
    pub(crate) default_view: Option<ViewId>,
    /// The columns chosen last; none: never chosen.
    pub(crate) columns: Vec<Column>,
    /// Some of the person's views: the one that is open, the default one, and the first by name.
    pub(crate) tabs: Vec<SavedView>,
    /// Whether there are more than that.
    pub(crate) more: bool,
}

/// What the grid shows of views, in one round trip: `wanted` (or else the default) is among the tabs if it is there
/// for this person.
pub(crate) async fn habits(db: &Db, scope: &Scope, user: UserId, wanted: Option<ViewId>, tabs: i64) -> Result<Habits, DbError> {
    let sql = format!(
        "SELECT {VIEW}, c.default_view, c.columns
         FROM (SELECT $1::uuid AS org_id) one
         LEFT JOIN grid_choices c ON c.org_id = one.org_id AND c.user_id = $2
         LEFT JOIN saved_views v ON v.org_id = one.org_id AND {MINE}
         ORDER BY (v.id = $3) DESC NULLS LAST, (v.id = c.default_view) DESC NULLS LAST, lower(v.name), v.id LIMIT $4"
    );
    let rows = db.read(scope, &sql, &[&scope.org(), &user, &wanted, &(tabs + 1)]).await?;
    let mut habits = Habits::default();
    for row in &rows {
        habits.default_view = row.try_get(11)?;
        let columns: Option<Vec<String>> = row.try_get(12)?;
        habits.columns = Column::list(&columns.unwrap_or_default());
        if row.try_get::<_, Option<ViewId>>(0)?.is_some() {
            habits.tabs.push(view(row)?);
        }
    }
    let kept = usize::try_from(tabs).unwrap_or(usize::MAX);
    habits.more = habits.tabs.len() > kept;
    habits.tabs.truncate(kept);
    habits.tabs.sort_by_key(|view| view.name.to_lowercase());
    Ok(habits)
}

/// All views that a person has, by name.
pub(super) async fn list(tx: &TenantTx, user: UserId) -> Result<Vec<SavedView>, DbError> {
    let sql =
        format!("SELECT {VIEW} FROM saved_views v WHERE v.org_id = $1 AND {MINE} ORDER BY lower(v.name), v.id LIMIT {}", MOST + MOST_OWN);
    tx.query(&sql, &[&tx.org(), &user]).await?.iter().map(view).collect()
}

/// One view, if the person has it; locked until the transaction ends with `lock`.
pub(super) async fn get(tx: &TenantTx, user: UserId, id: ViewId, lock: bool) -> Result<Option<SavedView>, DbError> {
    let lock = if lock { "FOR UPDATE" } else { "" };
    let sql = format!("SELECT {VIEW} FROM saved_views v WHERE v.org_id = $1 AND {MINE} AND v.id = $3 {lock}");
    tx.query_opt(&sql, &[&tx.org(), &user, &id]).await?.as_ref().map(view).transpose()
}

/// Whether there is room for one more, shared or of the person's own. Nobody else counts until the transaction ends.
pub(super) async fn has_room(tx: &TenantTx, user: UserId, shared: bool) -> Result<bool, DbError> {
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('saved_views ' || $1::uuid, 0))", &[&tx.org()]).await?;
    let (owner, most) = if shared { (None, MOST) } else { (Some(user), MOST_OWN) };
    let sql = "SELECT count(*) < $3 FROM saved_views WHERE org_id = $1 AND personal_to IS NOT DISTINCT FROM $2";
    Ok(tx.query_one(sql, &[&tx.org(), &owner, &most]).await?.try_get(0)?)
}

/// Keeps a new view; `personal_to` is its only reader, nobody: everybody has it.
pub(super) async fn insert(tx: &TenantTx, id: ViewId, user: UserId, new: &ViewDraft, now: Timestamp) -> Result<(), DbError> {
    let personal_to = (!new.shared).then_some(user);
    tx.execute(
        "INSERT INTO saved_views (org_id, id, name, personal_to, made_by, filter, q, sort, columns, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        &[&tx.org(), &id, &new.name, &personal_to, &user, &Json(Value::from(new.filter.clone())), &new.q, &new.sort, &new.columns, &now],
    )
    .await?;
    Ok(())
}

/// Writes what a view is now. One that is shared no longer belongs to `user`.
pub(super) async fn update(tx: &TenantTx, id: ViewId, user: UserId, now_is: &ViewDraft, now: Timestamp) -> Result<(), DbError> {
    let personal_to = (!now_is.shared).then_some(user);
    tx.execute(
        "UPDATE saved_views SET name = $3, personal_to = $4, filter = $5, q = $6, sort = $7, columns = $8, updated_at = $9, version = version + 1
         WHERE org_id = $1 AND id = $2",
        &[
            &tx.org(),
            &id,
            &now_is.name,
            &personal_to,
            &Json(Value::from(now_is.filter.clone())),
            &now_is.q,
            &now_is.sort,
            &now_is.columns,
            &now,
        ],
    )
    .await?;
    Ok(())
}

/// Forgets a view.
pub(super) async fn delete(tx: &TenantTx, id: ViewId) -> Result<(), DbError> {
    tx.execute("DELETE FROM saved_views WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

/// The view that the grid opens with for this person.
pub(super) async fn default_view(tx: &TenantTx, user: UserId) -> Result<Option<ViewId>, DbError> {
    let row = tx.query_opt("SELECT default_view FROM grid_choices WHERE org_id = $1 AND user_id = $2", &[&tx.org(), &user]).await?;
    row.map_or(Ok(None), |row| row.try_get(0).map_err(DbError::from))
}

/// Sets the view that the grid opens with for this person.
pub(super) async fn set_default(tx: &TenantTx, user: UserId, view: Option<ViewId>) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO grid_choices (org_id, user_id, default_view) VALUES ($1, $2, $3)
         ON CONFLICT (org_id, user_id) DO UPDATE SET default_view = $3",
        &[&tx.org(), &user, &view],
    )
    .await?;
    Ok(())
}

/// Remembers the columns that this person likes.
pub(super) async fn set_columns(tx: &TenantTx, user: UserId, columns: &[String]) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO grid_choices (org_id, user_id, columns) VALUES ($1, $2, $3)
         ON CONFLICT (org_id, user_id) DO UPDATE SET columns = $3",
        &[&tx.org(), &user, &columns],
    )
    .await?;
    Ok(())
}
