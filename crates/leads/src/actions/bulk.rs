use db::{DbError, Scope, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem};
use jiff::Timestamp;
use jobs::{JobId, Options};
use kernel::{Actor, LeadId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::check_owner;
use crate::{
    filter::Filter,
    jobs::BulkChange,
    model::{Status, clean_tags},
    store,
};

/// More leads than this are changed in the background.
pub const AT_ONCE: i64 = 1000;

/// What to do with many leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum BulkAction {
    /// Adds tags; leads that would have more than 50 are left as they are.
    AddTags { tags: Vec<String> },
    /// Removes tags, whatever their case.
    RemoveTags { tags: Vec<String> },
    /// Moves to a status. Unsubscribed leads stay: bringing one back is a decision about one person.
    SetStatus { status: Status },
    /// Gives to an owner, or to nobody.
    SetOwner { owner_id: Option<UserId> },
}

/// Which leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// These.
    Ids(Vec<LeadId>),
    /// Everything that matches.
    Matching { filter: Filter, q: String },
}

/// How a bulk change went, or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkOutcome {
    /// Done; so many leads were not yet as wanted.
    Done { changed: i64 },
    /// More than [`AT_ONCE`]: a job does it.
    Started(JobId),
}

impl BulkAction {
    /// Checks tags and owner, so that a job started later cannot stumble over them.
    pub async fn check(self, tx: &TenantTx) -> Result<Self, Problem> {
        let clean = |tags: &[String]| match clean_tags(tags) {
            Ok(tags) if tags.is_empty() => Err(Problem::field("/tags", "tags.required", "Name at least one tag")),
            Ok(tags) => Ok(tags),
            Err(why) => Err(Problem::field("/tags", "tags.invalid", why)),
        };
        match self {
            Self::AddTags { tags } => Ok(Self::AddTags { tags: clean(&tags)? }),
            Self::RemoveTags { tags } => Ok(Self::RemoveTags { tags: clean(&tags)? }),
            Self::SetOwner { owner_id: Some(owner) } => {
                let known = identity::members(tx).await?.iter().any(|member| member.id == owner);
                if !known {
                    let error = FieldError::new("/owner_id", "owner_id.unknown", "The owner is not a member of your organisation");
                    return Err(Problem::invalid(vec![error]));
                }
                check_owner(tx.scope(), Some(owner)).map_err(|error| Problem::invalid(vec![error]))?;
                Ok(self)
            }
            Self::SetOwner { owner_id: None } => {
                check_owner(tx.scope(), None).map_err(|error| Problem::invalid(vec![error]))?;
                Ok(self)
            }
            Self::SetStatus { .. } => Ok(self),
        }
    }
}

/// Changes many leads: at once up to [`AT_ONCE`], by a job enqueued in the same transaction beyond.
pub async fn bulk_change(app: &App, tx: &TenantTx, target: Target, action: BulkAction, actor: Actor) -> Result<BulkOutcome, Problem> {
    let action = action.check(tx).await?;
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
    let chunk = store::bulk::apply(tx, &target, &action, None, AT_ONCE, now, actor, now).await?;
    tell(tx, "leads.bulk_changed", &target, &action, json!({ "changed": chunk.changed }), actor, now).await?;
    Ok(BulkOutcome::Done { changed: chunk.changed })
}

/// One event for the whole work: those of its leads say that they are part of it. What was searched for
/// may name people, so it is not told.
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
