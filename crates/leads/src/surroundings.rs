//! What pages show around their leads: colleagues, custom fields, saved views.
//!
//! It is the same for thousands of pages, so each node remembers it. Whatever changes it moves a number in the transaction of
//! the change (migration 27); a page asks for the number together with its rows, and reads anew when it has moved. So nobody ever
//! sees what was, on whichever node it was changed.

use std::sync::Arc;

use db::{DbError, Row, Scope};
use http_kit::{App, Problem};
use identity::{Member, Viewer};
use kernel::{OrgId, UserId, ViewId};
use moka::sync::Cache;

use crate::{
    custom_fields::{self, Registry},
    views::{self, store::Habits},
};

/// Organisations and people remembered by one node: a hundred kilobytes each at most, a few usually.
const ORGANISATIONS: u64 = 200;
const PEOPLE: u64 = 1_000;

/// With the number as of which it was true.
type AsOf<T> = (i64, Arc<T>);
/// A person in an organisation, and the view that their address names.
type Seat = (OrgId, UserId, Option<ViewId>);

/// Remembers; one in a process.
#[derive(Debug, Clone)]
pub struct Memory {
    of_organisations: Cache<OrgId, AsOf<Shared>>,
    of_people: Cache<Seat, AsOf<Habits>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { of_organisations: Cache::new(ORGANISATIONS), of_people: Cache::new(PEOPLE) }
    }
}

/// What everybody in an organisation shares.
#[derive(Debug)]
struct Shared {
    members: Vec<Member>,
    custom: Registry,
}

/// For one person, with the view that the address names or else their own.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    version: i64,
    shared: Arc<Shared>,
    pub(crate) habits: Arc<Habits>,
}

impl Surroundings {
    pub(crate) fn members(&self) -> &[Member] {
        &self.shared.members
    }

    pub(crate) fn custom(&self) -> &Registry {
        &self.shared.custom
    }

    /// Whether nothing has changed since; `rows` are those of [`VERSION`], if they have been asked for already.
    pub(crate) async fn are_true(&self, app: &App, scope: &Scope, rows: Option<Vec<Row>>) -> Result<bool, DbError> {
        let now = match rows {
            Some(rows) => number(&rows)?,
            None => version(app, scope).await?,
        };
        Ok(now == self.version)
    }
}

/// What is remembered, true or not any more.
pub(crate) fn remembered(app: &App, viewer: &Viewer, wanted: Option<ViewId>) -> Option<Surroundings> {
    let memory = app.extension::<Memory>()?;
    let (version, shared) = memory.of_organisations.get(&viewer.org_id)?;
    let (same, habits) = memory.of_people.get(&(viewer.org_id, viewer.user_id, wanted))?;
    (version == same).then_some(Surroundings { version, shared, habits })
}

/// As they are now.
pub(crate) async fn read(app: &App, viewer: &Viewer, wanted: Option<ViewId>) -> Result<Surroundings, Problem> {
    let scope = &viewer.scope;
    // Before the rest: what changes in between is asked for again.
    let version = version(app, scope).await?;
    let shared = async {
        let tx = app.db.tenant(scope).await?;
        let shared = Shared { members: identity::members(&tx).await?, custom: custom_fields::list(&tx).await? };
        tx.commit().await?;
        Ok::<_, DbError>(Arc::new(shared))
    };
    let habits = views::store::habits(&app.db, scope, viewer.user_id, wanted, views::pages::TABS);
    let (shared, habits) = tokio::try_join!(shared, habits)?;
    let habits = Arc::new(habits);
    if let Some(memory) = app.extension::<Memory>() {
        memory.of_organisations.insert(viewer.org_id, (version, shared.clone()));
        memory.of_people.insert((viewer.org_id, viewer.user_id, wanted), (version, habits.clone()));
    }
    Ok(Surroundings { version, shared, habits })
}

/// Asks for the number of an organisation.
pub(crate) const VERSION: &str = "SELECT version FROM surroundings WHERE org_id = $1";

async fn version(app: &App, scope: &Scope) -> Result<i64, DbError> {
    number(&app.db.read(scope, VERSION, &[&scope.org()]).await?)
}

fn number(rows: &[Row]) -> Result<i64, DbError> {
    rows.first().map_or(Ok(0), |row| row.try_get(0).map_err(DbError::from))
}
