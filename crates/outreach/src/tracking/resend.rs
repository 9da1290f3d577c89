use axum::{Json, extract::State};
use bytes::Bytes;
use db::{DbError, Scope, SystemTx, TenantTx};
use http::HeaderMap;
use http_kit::{App, Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{Actor, Clock, OrgId, SendId};
use mail::svix;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::machine::is_machine_agent;
use crate::{
    actions::{StopWriting, guard_reputation, stop_writing},
    jobs::Pump,
    model::{SuppressionReason, SuppressionSource},
    store::{
        self,
        outcomes::{Accepted, Failed, TAKEN},
        tracking::Report,
    },
};

const PROVIDER: &str = "resend";

/// <https://resend.com/docs/dashboard/webhooks/event-types>
#[derive(Debug, Deserialize)]
struct Delivery {
    #[serde(rename = "type")]
    kind: String,
    created_at: Option<String>,
    #[serde(default)]
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    #[serde(default)]
    email_id: String,
    #[serde(default)]
    message_id: String,
    /// `{"send": "send_…"}`, or a list of names and values.
    #[serde(default)]
    tags: Value,
    #[serde(default)]
    bounce: Map<String, Value>,
    #[serde(default)]
    failed: Map<String, Value>,
    #[serde(default)]
    click: Map<String, Value>,
}

impl Data {
    fn tag(&self, name: &str) -> Option<&str> {
        match &self.tags {
            Value::Object(tags) => tags.get(name)?.as_str(),
            Value::Array(tags) => tags.iter().find(|tag| tag.get("name").and_then(Value::as_str) == Some(name))?.get("value")?.as_str(),
            _ => None,
        }
    }
}

fn text<'a>(of: &'a Map<String, Value>, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// `POST /webhooks/resend`: signed by Svix, delivered at least once and in any order. A delivery and what
/// follows from it are one transaction, so a repeat does nothing and a lost answer loses nothing.
pub(super) async fn webhook(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, Problem> {
    let Some(secret) = &app.config.resend_webhook_secret else {
        return Err(Problem::new(ProblemKind::Unavailable, "This server takes no webhooks from Resend: RESEND_WEBHOOK_SECRET is not set."));
    };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(timestamp), Some(signature)) = (header("svix-id"), header("svix-timestamp"), header("svix-signature")) else {
        return Err(Problem::bad_request("The delivery is not signed: svix-id, svix-timestamp or svix-signature is missing."));
    };
    // How old a delivery is has nothing to do with business time.
    let real = Clock::system().now();
    svix::verify(secret, id, timestamp, signature, &body, real, svix::TOLERANCE).map_err(|why| {
        tracing::warn!(%why, "a webhook was refused");
        Problem::unauthorized()
    })?;
    let delivery: Delivery =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(format!("The delivery cannot be read: {error}.")))?;

    let tx = app.db.system().await?;
    if !store::tracking::first_delivery(&tx, PROVIDER, id).await? {
        return Ok(Json(json!({ "received": true, "repeated": true })));
    }
    let Some((org, send)) = whose(&tx, &delivery.data).await? else {
        // Another system's mail of the same account.
        tx.commit().await?;
        return Ok(Json(json!({ "received": true, "known": false })));
    };
    let tx = tx.enter(&Scope::whole(org)).await?;
    let now = app.clock.now();
    let at = delivery.created_at.as_deref().and_then(read_time).filter(|at| *at <= now).unwrap_or(now);
    apply(&tx, send, &delivery, at, now).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(Json(json!({ "received": true })))
}

/// Our own tags name the send even when we were killed before we could note the provider's id.
async fn whose(tx: &SystemTx, data: &Data) -> Result<Option<(OrgId, SendId)>, DbError> {
    let tagged = data.tag("org").and_then(|org| org.parse().ok()).zip(data.tag("send").and_then(|send| send.parse().ok()));
    match tagged {
        Some(found) => Ok(Some(found)),
        None => store::tracking::by_provider_id(tx, PROVIDER, &data.email_id).await,
    }
}

/// RFC 3339, or with a blank in the middle as Resend writes it.
fn read_time(text: &str) -> Option<Timestamp> {
    let text = text.trim().replacen(' ', "T", 1);
    // PostgreSQL's short offset: +00.
    let text = if text.len() > 3 && matches!(text.as_bytes().get(text.len() - 3), Some(b'+' | b'-')) { format!("{text}:00") } else { text };
    text.parse().ok()
}

async fn apply(tx: &TenantTx, send: SendId, delivery: &Delivery, at: Timestamp, now: Timestamp) -> Result<(), DbError> {
    let data = &delivery.data;
    let Some(origin) = store::tracking::origin(tx, send).await? else { return Ok(()) };
    // Whatever is told, except that it failed, tells that it was taken: a parked send is settled by it.
    if !matches!(delivery.kind.as_str(), "email.failed" | "email.suppressed" | "email.scheduled") {
        let accepted = Accepted { send, provider_id: data.email_id.clone() };
        if store::outcomes::sent(tx, &[accepted], Some(PROVIDER), Actor::Provider, now).await? > 0 {
            Pump::enqueue(tx, origin.campaign).await?;
        }
    }
    if data.message_id.starts_with('<') && data.message_id.ends_with('>') && !data.message_id.chars().any(char::is_control) {
        store::tracking::set_message_id(tx, send, &data.message_id).await?;
    }
    match delivery.kind.as_str() {
        "email.delivered" => drop(store::tracking::report(tx, send, Report::Delivered, "", at).await?),
        "email.bounced" => {
            let (kind, message) = (text(&data.bounce, "type"), text(&data.bounce, "message"));
            if kind.eq_ignore_ascii_case("permanent") || kind.eq_ignore_ascii_case("hardbounce") {
                store::tracking::report(tx, send, Report::Bounced, message, at).await?;
                stop(tx, &origin, SuppressionReason::Bounced, message, now).await?;
                guard_reputation(tx, origin.campaign, now).await?;
            } else {
                // Never on a single soft one: the mailbox may be full today.
                store::tracking::note(tx, send, &format!("Bounced for now ({kind}): {message}")).await?;
            }
        }
        "email.complained" => {
            store::tracking::report(tx, send, Report::Complained, "", at).await?;
            stop(tx, &origin, SuppressionReason::Complained, "Reported as spam", now).await?;
            guard_reputation(tx, origin.campaign, now).await?;
        }
        "email.suppressed" => {
            stop(tx, &origin, SuppressionReason::Bounced, "The provider has this address on its own suppression list", now).await?;
            fail(tx, send, "The provider has this address on its own suppression list", now).await?;
        }
        "email.failed" => fail(tx, send, text(&data.failed, "reason"), now).await?,
        "email.opened" => store::tracking::opened(tx, send, false, at).await?,
        "email.clicked" => {
            let (link, agent) = (text(&data.click, "link"), data.click.get("userAgent").and_then(Value::as_str));
            store::tracking::clicked(tx, send, link, agent.is_some_and(is_machine_agent), at).await?;
        }
        "email.delivery_delayed" => {
            store::tracking::note(tx, send, "The receiving server asks for patience; the provider goes on trying.").await?
        }
        // email.sent is told by having come; others are not about what we track.
        _ => {}
    }
    Ok(())
}

async fn stop(
    tx: &TenantTx,
    origin: &store::tracking::Origin,
    reason: SuppressionReason,
    detail: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let what = StopWriting { email: &origin.email, lead: Some(origin.lead), reason, source: SuppressionSource::Provider, detail };
    stop_writing(tx, what, now).await.map(drop)
}

/// The provider had taken it and could not send it after all.
async fn fail(tx: &TenantTx, send: SendId, words: &str, now: Timestamp) -> Result<(), DbError> {
    let failed = Failed { send, reason: "failed".to_owned(), words: words.to_owned(), bounced: false };
    store::outcomes::failed(tx, &[failed], TAKEN, Actor::Provider, now).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_resend_writes_them() {
        for text in ["2026-11-22T23:41:12.126Z", "2026-11-22 23:41:11.894719+00", "2026-11-22 23:41:11.894719+00:00"] {
            assert!(read_time(text).is_some(), "{text}");
        }
        assert!(read_time("yesterday").is_none());
    }

    #[test]
    fn tags_come_as_an_object_or_a_list() {
        for tags in [json!({ "send": "x" }), json!([{ "name": "send", "value": "x" }])] {
            assert_eq!(Data { tags, ..Data::default() }.tag("send"), Some("x"));
        }
        assert_eq!(Data::default().tag("send"), None);
    }
}
