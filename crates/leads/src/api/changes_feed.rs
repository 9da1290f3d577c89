use axum::{Json, extract::State};
use http_kit::{ApiQuery, App, Cursor, Problem, ProblemBody};
use identity::{Can, LeadsRead, Permission, Viewer};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::store::changes_feed::{self, ChangeEvent};

/// First words of the kinds that whoever sees leads may follow.
const OF_LEADS: &[&str] = &["lead", "leads", "account", "note", "task", "segment", "import", "change", "mail"];
/// And whoever sees campaigns.
const OF_CAMPAIGNS: &[&str] = &["campaign", "template"];

/// How far one call looks, whatever it finds there.
const WINDOW: i64 = 10_000;
const USUAL: i64 = 100;
const MOST: i64 = 1000;
/// Kinds that one call may name.
const MOST_KINDS: usize = 50;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FeedQuery {
    /// `next_cursor` of the call before; left out: from the beginning; `now`: what happens from now on.
    #[param(value_type = Option<String>)]
    since: String,
    /// Only these kinds, separated by commas: `lead.created,mail.*`.
    #[param(value_type = Option<String>, example = "lead.*,mail.replied")]
    kinds: String,
    /// 1 to 1000 events; 100 when left out.
    limit: Option<i64>,
}

/// What happened next.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangesFeed {
    data: Vec<ChangeEvent>,
    /// Where the next call goes on; unchanged while nothing new has happened. Keep it once `data` is dealt with.
    next_cursor: String,
    /// Whether to ask again at once: there is more to look at, even if `data` is empty.
    has_more: bool,
}

/// Follow what changes
///
/// Everything that happens to leads, accounts, notes, tasks, segments, imports and mails, in the order in which it was committed:
/// nothing is left out and nothing comes twice for whoever passes `next_cursor` on as `since`. Call it again at once while
/// `has_more` is true, else after a few seconds.
///
/// To keep a copy of the leads: take a cursor with `since=now`, read all leads, then follow from that cursor and read each
/// lead that an event names. An event says what changed, not the values.
///
/// Somebody who sees some leads only follows what happens to those. A lead that is deleted, or handed to somebody whose leads
/// they do not see, leaves the feed with all its events: look for it now and then. A work of many leads tells of each of them,
/// with `"bulk": true`.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(FeedQuery),
    responses((status = 200, body = ChangesFeed), (status = 422, description = "since, kinds or limit is wrong", body = ProblemBody)))]
pub(super) async fn list_events(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(query): ApiQuery<FeedQuery>,
) -> Result<Json<ChangesFeed>, Problem> {
    let limit = query.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::field("/limit", "limit.out_of_range", format!("A page has 1 to {MOST} events")));
    }
    let families = families(&viewer);
    let kinds = kinds(&query.kinds, &families)?;
    if query.since == "now" {
        let next_cursor = Cursor::encode(&events::end(&app.db).await?);
        return Ok(Json(ChangesFeed { data: Vec::new(), next_cursor, has_more: false }));
    }
    let from = since(&query.since)?;
    let Some((window, is_full)) = events::next_of_org(&app.db, viewer.org_id, from, WINDOW).await? else {
        return Ok(Json(ChangesFeed { data: Vec::new(), next_cursor: Cursor::encode(&from), has_more: false }));
    };
    let mut found = changes_feed::read(&app.db, &viewer.scope, window, &families, &kinds, limit + 1).await?;
    let kept = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_cut = found.len() > kept;
    found.truncate(kept);
    // Nothing between the last event found and the end of the window is for this reader.
    let to = found.last().filter(|_| is_cut).map_or(window.to, |(_, place)| *place);
    let data = found.into_iter().map(|(event, _)| event).collect();
    Ok(Json(ChangesFeed { data, next_cursor: Cursor::encode(&to), has_more: is_cut || is_full }))
}

fn families(viewer: &Viewer) -> Vec<&'static str> {
    let campaigns = if viewer.may(Permission::CampaignsRead) { OF_CAMPAIGNS } else { &[] };
    OF_LEADS.iter().chain(campaigns).copied().collect()
}

/// `lead.created,mail.*` as a list; a kind that nobody here may follow is a mistake.
fn kinds(text: &str, families: &[&str]) -> Result<Vec<String>, Problem> {
    let wrong = |why: String| Problem::field("/kinds", "kinds.unknown", why);
    let kinds: Vec<String> = text.split(',').map(str::trim).filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
    if kinds.len() > MOST_KINDS {
        return Err(wrong(format!("Name at most {MOST_KINDS} kinds; `lead.*` stands for all about leads")));
    }
    for kind in &kinds {
        let family = kind.split_once('.').filter(|(_, verb)| !verb.is_empty()).map(|(family, _)| family);
        if !family.is_some_and(|family| families.contains(&family)) {
            let words = families.iter().map(|family| format!("{family}.*")).collect::<Vec<_>>().join(", ");
            return Err(wrong(format!("{kind:?} is no kind that you can follow: name kinds such as lead.created, or all of {words}")));
        }
    }
    Ok(kinds)
}

/// The place after which to read on.
fn since(text: &str) -> Result<(i64, i64), Problem> {
    if text.is_empty() {
        return Ok((0, 0));
    }
    let wrong =
        || Problem::field("/since", "since.invalid", "is not a cursor of this feed: pass next_cursor unchanged, `now`, or leave it out");
    let (xid, seq) = Cursor::decode::<(i64, i64)>(text).map_err(|_| wrong())?;
    if xid < 0 || seq < 0 { Err(wrong()) } else { Ok((xid, seq)) }
}
