//! `/live`: tells an open page what changed in its organisation, by ids only; the page refetches.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use events::FeedItem;
use futures_util::{Stream, StreamExt};
use http_kit::{ApiQuery, App};
use identity::Viewer;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Topics {
    topics: String,
}

/// A session may end while a page stays open: so often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The stream ends after this long and the page reconnects.
const AT_MOST: Duration = Duration::from_secs(300);

pub(crate) async fn stream(
    State(app): State<App>,
    viewer: Viewer,
    ApiQuery(query): ApiQuery<Topics>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let topics: Vec<String> =
        query.topics.split(',').map(str::trim).filter(|topic| !topic.is_empty()).take(32).map(str::to_owned).collect();
    // To somebody who sees some leads only, which one changed is not told: their page looks at what it shows anew.
    let names_leads = viewer.scope.sees_everything();
    let items = app.feed.subscribe(viewer.org_id).filter_map(move |item| {
        let event = message(&item, &topics, names_leads);
        async move { event }
    });
    Sse::new(items.map(Ok).take_until(end_of(app, viewer))).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)))
}

/// Ends when the viewer is no longer who they were, or has listened for long enough.
async fn end_of(app: App, viewer: Viewer) {
    let standing = async {
        while viewer.still_stands(&app).await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    // Either way the page asks anew, and is told what it may know then.
    let _ = tokio::time::timeout(AT_MOST, standing).await;
}

/// The word that pages use for a subject, where it differs from the prefix of its ids.
fn topic(prefix: &str) -> &str {
    match prefix {
        "camp" => "campaign",
        "imp" => "import",
        "acct" => "account",
        "tmpl" => "template",
        other => other,
    }
}

fn message(item: &FeedItem, topics: &[String], names_leads: bool) -> Option<Event> {
    let subject = topic(&item.subject_type);
    let family = item.kind.split('.').next().unwrap_or_default();
    if !topics.is_empty() && !topics.iter().any(|topic| topic == subject || topic == family) {
        return None;
    }
    let id = item.subject.filter(|_| names_leads || subject != "lead").map(|id| format!("{}_{}", item.subject_type, id.simple()));
    Some(Event::default().data(json!({ "kind": item.kind, "subject_type": subject, "subject_id": id }).to_string()))
}
