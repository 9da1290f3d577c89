//! Campaigns by the API: written, checked, launched, paused, resumed, finished.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::mailing::{Mailing, THREE_STEPS};

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lead_gets_each_step_once_and_in_time() {
    let mailing = Mailing::start().await;
    for (name, email) in [("Ada", "ada@a.example"), ("Bob", "bob@b.example"), ("Cy", "cy@c.example")] {
        mailing.lead(name, email).await;
    }
    let campaign = mailing.launched(&THREE_STEPS).await;
    mailing.app.settle().await;
    assert_eq!(mailing.caught("true").await, 3);
    mailing.after(days(1)).await;
    assert_eq!(mailing.caught("true").await, 3, "step 2 is not due yet");
    mailing.after(days(1)).await;
    assert_eq!(mailing.caught("subject = 'Still there?'").await, 3);
    mailing.after(days(3)).await;
    assert_eq!(mailing.caught("true").await, 9);
    assert_eq!(mailing.caught("attempts > 1").await, 0);
    let read = mailing.read(&campaign).await;
    assert_eq!(read["status"], "finished", "{read}");
    let numbers = mailing.numbers(&campaign).await;
    assert_eq!(numbers["leads"]["finished"], 3, "{numbers}");
    assert_eq!(numbers["steps"].as_array().unwrap().iter().map(|step| step["sent"].as_i64().unwrap()).collect::<Vec<_>>(), [3, 3, 3]);
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM leads WHERE status = 'contacted' AND last_activity_at IS NOT NULL").await, 3);
    for (kind, count) in [("mail.sent", 9), ("campaign.launched", 1), ("campaign.finished", 1), ("lead.status_changed", 3)] {
        assert_eq!(mailing.app.scalar(&format!("SELECT count(*) FROM events WHERE kind = '{kind}'")).await, count, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_has_what_the_rules_ask_for() {
    let mailing = Mailing::start().await;
    mailing.lead("Ada", "ada@a.example").await;
    mailing.launched(&THREE_STEPS).await;
    mailing.app.settle().await;
    mailing.after(days(2)).await;
    mailing.after(days(3)).await;
    let first = mailing.mail("ada@a.example", "Hello Ada").await;
    let unsubscribe = first.header("List-Unsubscribe");
    assert!(
        unsubscribe.starts_with(&format!("<{}/u/", mailing.app.address)) && unsubscribe.contains("<mailto:olive@acme.example"),
        "{unsubscribe}"
    );
    assert_eq!(first.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert!(first.message_id.ends_with("@acme.example>"), "{}", first.message_id);
    assert!(first.html.contains("1 Main Street, Springfield") && first.text.contains("1 Main Street, Springfield"));
    assert!(first.html.contains(">Unsubscribe</a>") && first.text.contains("/u/"), "{}", first.text);
    assert!(
        first.text.contains("https://shop.example/?a=1&b=2") && !first.html.contains("https://shop.example"),
        "only the HTML is tracked"
    );
    assert!(!first.path("/u/").contains("/t/c/"), "the unsubscribe link is not tracked");
    assert!(first.header("In-Reply-To").is_empty());
    let third = mailing.mail("ada@a.example", "Goodbye").await;
    let second = mailing.mail("ada@a.example", "Still there?").await;
    assert_eq!(third.header("In-Reply-To"), second.message_id);
    assert_eq!(third.header("References"), format!("{} {}", first.message_id, second.message_id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_that_would_go_wrong_is_refused_with_the_reason() {
    let mailing = Mailing::start().await;
    let empty = mailing.draft(&THREE_STEPS).await;
    let refused = mailing.owner.post_json(&format!("/api/v1/campaigns/{empty}/launch"), &Value::Null).await.expect(422);
    assert!(refused.body.contains("finds no lead"), "{}", refused.body);

    mailing.lead("Ada", "ada@a.example").await;
    mailing.lead("", "nameless@b.example").await;
    mailing.owner.post_json("/api/v1/leads", &json!({"first_name": "Unmailable", "phone": "+1 555 0100"})).await.expect(201);
    mailing.lead("Sue", "sue@s.example").await;
    mailing.owner.post_json("/api/v1/suppressions", &json!({"email": "Sue@S.example", "detail": "asked by phone"})).await.expect(201);
    mailing.owner.patch_json("/api/v1/organisation", &json!({"postal_address": ""})).await.expect(200);
    let campaign = mailing.draft(&THREE_STEPS).await;
    let found = mailing.owner.get(&format!("/api/v1/campaigns/{campaign}/preflight")).await.expect(200).json();
    assert_eq!((&found["ready"], &found["audience"], &found["reachable"]), (&json!(false), &json!(4), &json!(2)), "{found}");
    assert_eq!((&found["without_address"], &found["suppressed"]), (&json!(1), &json!(1)));
    let check = |code: &str| found["checks"].as_array().unwrap().iter().find(|check| check["code"] == code).unwrap().clone();
    assert_eq!(check("postal_address")["verdict"], "fail");
    let variables = check("variables");
    assert_eq!(variables["verdict"], "fail");
    let detail = variables["detail"].as_str().unwrap();
    assert!(detail.contains("first_name") && detail.contains("Step 1") && detail.contains("1 lead"), "{detail}");
    assert!(variables["examples"][0].as_str().unwrap().contains("nameless@b.example"), "{variables}");
    let refused = mailing.owner.post_json(&format!("/api/v1/campaigns/{campaign}/launch"), &Value::Null).await.expect(422);
    assert!(refused.body.contains("preflight.variables") && refused.body.contains("preflight.postal_address"), "{}", refused.body);
    mailing.app.settle().await;
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM enrollments").await, 0);
    assert_eq!(mailing.caught("true").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_stops_at_once_and_a_resume_sends_nothing_twice() {
    let mailing = Mailing::start().await;
    mailing.many_leads(250).await;
    let campaign = mailing.launched(&THREE_STEPS).await;
    let post = async |verb: &str| mailing.owner.post_json(&format!("/api/v1/campaigns/{campaign}/{verb}"), &Value::Null).await;
    assert_eq!(post("pause").await.expect(200).json()["status"], "paused");
    assert_eq!(post("pause").await.expect(200).json()["status"], "paused", "again changes nothing");
    mailing.after(days(1)).await;
    assert_eq!(mailing.caught("true").await, 0);
    assert_eq!(post("launch").await.status, 409);
    assert_eq!(post("resume").await.expect(200).json()["status"], "running");
    mailing.app.settle().await;
    assert_eq!(mailing.caught("true").await, 250);
    post("pause").await.expect(200);
    mailing.after(days(10)).await;
    post("resume").await.expect(200);
    mailing.app.settle().await;
    assert_eq!(mailing.caught("true").await, 500);
    mailing.after(days(3)).await;
    assert_eq!(mailing.caught("true").await, 750);
    assert_eq!(mailing.caught("attempts > 1").await, 0);
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM events WHERE kind = 'campaign.paused'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_changed_by_version_and_a_launched_campaign_not_at_all() {
    let mailing = Mailing::start().await;
    mailing.lead("Ada", "ada@a.example").await;
    let campaign = mailing.draft(&THREE_STEPS).await;
    let path = format!("/api/v1/campaigns/{campaign}");
    let patch = |version: &str, body: Value| {
        mailing.owner.send(mailing.owner.request("PATCH", &path).header("if-match", version.to_owned()).json(&body))
    };
    let read = mailing.owner.get(&path).await.expect(200);
    assert_eq!(read.header("etag"), "\"1\"");
    assert_eq!(patch("\"1\"", json!({"name": "Summer"})).await.expect(200).json()["name"], "Summer");
    assert_eq!(patch("\"1\"", json!({"name": "Autumn"})).await.status, 412);
    assert_eq!(patch("*", json!({"reply_to": "nobody"})).await.expect(422).json()["errors"][0]["pointer"], "/reply_to");
    let unknown = json!({"steps": [{"subject": "{{ frist_name }}", "html": "x"}]});
    let refused = mailing.owner.put_json(&format!("{path}/steps"), &unknown).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/steps/0/subject");
    mailing.launch(&campaign).await;
    assert_eq!(patch("*", json!({"name": "Winter"})).await.status, 409);
    assert_eq!(mailing.owner.put_json(&format!("{path}/steps"), &json!({"steps": []})).await.status, 409);
    assert_eq!(mailing.owner.delete(&path).await.status, 409);
    let other = mailing.draft(&THREE_STEPS).await;
    assert_eq!(mailing.owner.delete(&format!("/api/v1/campaigns/{other}")).await.status, 204);
    assert_eq!(mailing.owner.get(&format!("/api/v1/campaigns/{other}")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audience_is_frozen_at_the_launch() {
    let mailing = Mailing::start().await;
    mailing.lead("Ada", "ada@a.example").await;
    mailing.lead("Bob", "bob@b.example").await;
    let campaign = mailing.draft(&[(0, "Hi", "<p>Hi</p>"), (1, "Again", "<p>Again</p>")]).await;
    let audience = json!({"audience": {"all": [{"field": "first_name", "op": "is", "value": "Ada"}]}});
    mailing.owner.patch_json(&format!("/api/v1/campaigns/{campaign}"), &audience).await.expect(200);
    mailing.launch(&campaign).await;
    mailing.launch(&campaign).await;
    mailing.app.settle().await;
    mailing.lead("Ada", "ada2@a.example").await;
    mailing.after(days(2)).await;
    assert_eq!(mailing.caught("to_address = 'ada@a.example'").await, 2);
    assert_eq!(mailing.caught("true").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_kept() {
    let mailing = Mailing::start().await;
    mailing.many_leads(130).await;
    let campaign = mailing.draft(&[(0, "Hi", "<p>Hi</p>")]).await;
    let limits = json!({"max_per_minute": 40, "max_per_day": 100});
    mailing.owner.patch_json(&format!("/api/v1/campaigns/{campaign}"), &limits).await.expect(200);
    mailing.launch(&campaign).await;
    mailing.app.settle().await;
    let mut sent = vec![mailing.caught("true").await];
    for wait in
        [SignedDuration::from_secs(30), SignedDuration::from_secs(31), SignedDuration::from_mins(2), SignedDuration::from_mins(2), days(1)]
    {
        mailing.after(wait).await;
        sent.push(mailing.caught("true").await);
    }
    assert_eq!(sent, [40, 40, 80, 100, 100, 130]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_who_answers_or_buys_gets_no_more() {
    let mailing = Mailing::start().await;
    let (ada, bob) = (mailing.lead("Ada", "ada@a.example").await, mailing.lead("Bob", "bob@b.example").await);
    mailing.lead("Cy", "cy@c.example").await;
    let campaign = mailing.launched(&THREE_STEPS).await;
    mailing.app.settle().await;
    mailing.owner.post_json(&format!("/api/v1/campaigns/{campaign}/leads/{ada}/replied"), &Value::Null).await.expect(200);
    mailing.owner.patch_json(&format!("/api/v1/leads/{bob}"), &json!({"status": "converted"})).await.expect(200);
    mailing.after(days(2)).await;
    mailing.after(days(3)).await;
    assert_eq!(mailing.caught("subject = 'Still there?'").await, 1);
    assert_eq!(mailing.caught("to_address = 'cy@c.example'").await, 3);
    let reasons = mailing.numbers(&campaign).await["leads"]["reasons"].to_string();
    assert!(reasons.contains("replied") && reasons.contains("converted"), "{reasons}");
    assert_eq!(mailing.owner.get(&format!("/api/v1/leads/{ada}")).await.json()["status"], "replied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_the_mail_the_lead_would_get() {
    let mailing = Mailing::start().await;
    let ada = mailing.lead("Ada", "ada@a.example").await;
    let campaign = mailing.draft(&THREE_STEPS).await;
    let preview = mailing.owner.get(&format!("/api/v1/campaigns/{campaign}/preview?lead={ada}&step=1")).await.expect(200).json();
    assert_eq!(preview["subject"], "Hello Ada");
    assert!(preview["html"].as_str().unwrap().contains("1 Main Street, Springfield"));
    assert!(preview["problems"].as_array().unwrap().is_empty());
    let bob = mailing.owner.post_json("/api/v1/leads", &json!({"phone": "+1 555 0100", "last_name": "Builder"})).await.expect(201).json();
    let preview = mailing
        .owner
        .get(&format!("/api/v1/campaigns/{campaign}/preview?lead={}&step=1", bob["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json();
    assert_eq!(preview["problems"].as_array().unwrap().len(), 2, "{preview}");
    assert_eq!(mailing.owner.get(&format!("/api/v1/campaigns/{campaign}/preview?lead={ada}&step=4")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_writes_campaigns_and_does_not_launch_them() {
    let mailing = Mailing::start().await;
    mailing.lead("Ada", "ada@a.example").await;
    let rep = mailing.app.colleague(&mailing.owner, "rep").await;
    let campaign = rep.post_json("/api/v1/campaigns", &json!({"name": "Mine"})).await.expect(201).json();
    assert_eq!(campaign["sender_address"], rep.email.as_str());
    let launch = format!("/api/v1/campaigns/{}/launch", campaign["id"].as_str().unwrap());
    assert_eq!(rep.post_json(&launch, &Value::Null).await.status, 403);
}
