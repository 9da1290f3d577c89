//! Changing many leads: at once, or by a job.

mod action;
mod check;
pub(crate) mod field;

use db::{DbError, Scope, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use identity::Viewer;
use jiff::Timestamp;
use jobs::{JobId, Options};
use kernel::{Actor, ChangeSetId, LeadId, UserId};
use serde_json::{Value, json};

pub use action::{BulkAction, Target};

use crate::{
    changes, custom_fields, filter,
    jobs::BulkChange,
    ports::{Campaigns, Entrants},
    store::{
        self,
        bulk::{Chunk, Order},
    },
};

/// More leads than this are changed in the background.
pub const AT_ONCE: i64 = 1000;

/// How a bulk change went, or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkOutcome {
    /// Done; so many leads were not yet as wanted. `change_set` undoes it, if there was anything to change.
    Done { changed: i64, change_set: Option<ChangeSetId> },
    /// More than [`AT_ONCE`]: a job does it.
    Started(JobId),
}

/// Refuses what takes a permission beside `leads:write` that the person has not.
pub(crate) fn allow(viewer: &Viewer, action: &BulkAction) -> Result<(), Problem> {
    match action.demands() {
        Some(permission) if !viewer.may(permission) => {
            Err(Problem::forbidden(format!("Your role does not allow this: {}", permission.label())))
        }
        Some(_) | None => Ok(()),
    }
}

/// Changes many leads: at once up to [`AT_ONCE`], by a job enqueued in the same transaction beyond. Either way as one
/// change set.
pub async fn bulk_change(app: &App, tx: &TenantTx, target: Target, action: BulkAction, actor: Actor) -> Result<BulkOutcome, Problem> {
    let action = action.check(app, tx).await?;
    let target = match target {
        // A field that is not there must not mean whom nobody meant: "not known" would be everybody.
        Target::Matching { filter, q } => Target::Matching { filter: filter::read(app, tx.scope(), &filter.to_json()).await?, q },
        named @ Target::Ids(_) => named,
    };
    let now = app.clock.now();
    let meant = match &target {
        Target::Ids(ids) => i64::try_from(ids.len()).unwrap_or(i64::MAX),
        Target::Matching { filter, q } => {
            store::grid::count(&app.db, tx.scope(), filter, q, AT_ONCE, now).await.map(|total| total.value + i64::from(!total.exact))?
        }
    };
    if meant > AT_ONCE {
        let job = BulkChange { target, action, actor: user_of(actor), asked_at: now };
        let id = jobs::enqueue(tx, &job, Options::default()).await?;
        tell(tx, "leads.bulk_started", &job.target, &job.action, json!({}), actor, now).await?;
        return id.map(BulkOutcome::Started).ok_or_else(|| Problem::internal(&"a job without a unique key was refused"));
    }
    let title = action.title(&custom_fields::list(tx).await?);
    let set = changes::begin(tx, action.kind(), &title, actor, now).await?;
    let order = Order { target: &target, action: &action, asked_at: now, actor };
    let chunk = step(app, tx, &order, None, AT_ONCE, now).await?;
    let kept = changes::finish_or_forget(tx, set).await?;
    tell(tx, "leads.bulk_changed", &target, &action, json!({ "changed": chunk.changed }), actor, now).await?;
    Ok(BulkOutcome::Done { changed: chunk.changed, change_set: Some(set).filter(|_| kept) })
}

/// Does it to the next `limit` leads after `after`.
pub(crate) async fn step(
    app: &App,
    tx: &TenantTx,
    order: &Order<'_>,
    after: Option<LeadId>,
    limit: i64,
    now: Timestamp,
) -> Result<Chunk, DbError> {
    let BulkAction::Enrol { campaign_id } = order.action else { return store::bulk::apply(tx, order, after, limit, now).await };
    let leads = store::bulk::target(tx, order, after, limit).await?;
    let campaigns = app.extension::<Campaigns>().ok_or_else(|| DbError::Config("nobody knows the campaigns".to_owned()))?;
    let who = Entrants { campaign: *campaign_id, leads: &leads, by: order.actor, now };
    // A campaign that is gone meanwhile takes nobody.
    let entered = campaigns.enrol(app, tx, who).await?.unwrap_or_default();
    Ok(Chunk {
        seen: i64::try_from(leads.len()).unwrap_or(i64::MAX),
        changed: i64::try_from(entered).unwrap_or(i64::MAX),
        last: leads.last().copied(),
    })
}

/// One event for the whole work: those of its leads say that they are part of it. What was searched for, and what was
/// written into a field, may name people, so it is not told.
pub(crate) async fn tell(
    tx: &TenantTx,
    kind: &'static str,
    target: &Target,
    action: &BulkAction,
    counts: Value,
    actor: Actor,
    at: Timestamp,
) -> Result<(), DbError> {
    let mut payload = json!(action);
    let which = match target {
        Target::Ids(_) => "selected",
        Target::Matching { .. } => "matching",
    };
    if let (Value::Object(payload), Value::Object(counts)) = (&mut payload, counts) {
        payload.remove("value");
        payload.insert("target".to_owned(), json!(which));
        payload.extend(counts);
    }
    append(tx, &[NewEvent { kind, subject: Subject::of(tx.org()), actor, at, payload }]).await
}

/// How many leads a job has before it.
pub(crate) async fn size(app: &App, scope: &Scope, target: &Target, now: Timestamp) -> Result<i64, DbError> {
    match target {
        Target::Ids(ids) => Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX)),
        Target::Matching { filter, q } => store::grid::count(&app.db, scope, filter, q, i64::MAX - 1, now).await.map(|total| total.value),
    }
}

const fn user_of(actor: Actor) -> Option<UserId> {
    match actor {
        Actor::User(id) => Some(id),
        Actor::System | Actor::Provider => None,
    }
}
