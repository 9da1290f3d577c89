use db::TenantTx;
use http_kit::App;
use jiff::Timestamp;
use jobs::{JobId, Options};
use kernel::{Actor, SegmentId};
use serde_json::json;

use super::{SegmentError, checked, measure, tell, user_of};
use crate::{
    jobs::ChangeMembers,
    model::{Kind, MemberAction, Source},
    store,
};

/// More leads than this are put in or taken out in the background.
pub(crate) const AT_ONCE: i64 = 1000;

/// How a change of members went, or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Done; so many leads were not yet as wanted.
    Done(i64),
    /// More than [`AT_ONCE`]: a job does it.
    Started(JobId),
}

/// Puts leads into a fixed segment, or takes them out.
pub(crate) async fn change_members(
    app: &App,
    tx: &TenantTx,
    id: SegmentId,
    source: Source,
    action: MemberAction,
    by: Actor,
    now: Timestamp,
) -> Result<Changed, SegmentError> {
    let segment = store::segments::get(tx, id).await?.ok_or(SegmentError::NotFound)?;
    if segment.kind == Kind::Dynamic {
        return Err(SegmentError::Kind(
            "The filter of a dynamic segment decides who is in it: change the filter, or choose a fixed segment.",
        ));
    }
    let source = match source {
        Source::Matching(filter) => Source::Matching(checked(app, tx, &filter, None).await?),
        other @ (Source::Ids(_) | Source::ChangeSet(_)) => other,
    };
    if store::members::size(&app.db, tx.scope(), &source, AT_ONCE, now).await? > AT_ONCE {
        let job = ChangeMembers { segment: id, source, action, actor: user_of(by), asked_at: now };
        let started = jobs::enqueue(tx, &job, Options::default()).await?;
        let started = started.ok_or_else(|| db::DbError::Config("a job without a unique key was refused".to_owned()))?;
        return Ok(Changed::Started(started));
    }
    let chunk = store::members::apply(tx, id, &source, action, None, AT_ONCE, now, now).await?;
    tell_of(tx, id, &source, action, chunk.changed, by, now).await?;
    Ok(Changed::Done(chunk.changed))
}

/// One event for the whole work, when it is done: a lead's facts stay as they were.
pub(crate) async fn tell_of(
    tx: &TenantTx,
    id: SegmentId,
    source: &Source,
    action: MemberAction,
    changed: i64,
    by: Actor,
    now: Timestamp,
) -> Result<(), SegmentError> {
    if changed == 0 {
        return Ok(());
    }
    let kind = match action {
        MemberAction::Add => "segment.members_added",
        MemberAction::Remove => "segment.members_removed",
    };
    let name = store::segments::get(tx, id).await?.map(|segment| segment.name);
    tell(tx, kind, id, by, now, json!({ "name": name, "leads": changed, "which": source.word() })).await?;
    measure(tx, id).await?;
    Ok(())
}
