//! Resend's signed webhooks: delivered at least once, in any order.

use jiff::{SignedDuration, Timestamp};
use kernel::Clock;
use serde_json::{Value, json};

use crate::{
    mailing::{Mailing, THREE_STEPS},
    support::{Answer, TestOptions},
};

const SECRET: &str = "whsec_plJ3nmyCDGBKInavdOK15jsl";

struct Hooked {
    mailing: Mailing,
    campaign: String,
    tags: Value,
}

impl Hooked {
    /// One lead who got step 1.
    async fn start() -> Self {
        let mailing = Mailing::start_with(TestOptions { resend_webhook_secret: Some(SECRET.to_owned()), ..TestOptions::default() }).await;
        mailing.lead("Ada", "ada@a.example").await;
        let campaign = mailing.launched(&THREE_STEPS).await;
        mailing.app.settle().await;
        let send = mailing.sends(&campaign).await[0]["id"].clone();
        let org = mailing.owner.get("/api/v1/organisation").await.expect(200).json()["id"].clone();
        Self { mailing, campaign, tags: json!({"org": org, "send": send}) }
    }

    async fn deliver(&self, id: &str, kind: &str, more: Value) -> Answer {
        let mut data = json!({"email_id": "re_1", "tags": self.tags});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.signed(id, SECRET, Clock::system().now(), &json!({"type": kind, "data": data})).await
    }

    async fn signed(&self, id: &str, secret: &str, at: Timestamp, body: &Value) -> Answer {
        let body = body.to_string();
        let signature = mail::svix::sign(secret, id, at, body.as_bytes()).unwrap();
        let stranger = self.mailing.app.stranger();
        let request = stranger
            .request("POST", "/webhooks/resend")
            .header("content-type", "application/json")
            .header("svix-id", id)
            .header("svix-timestamp", at.as_second().to_string())
            .header("svix-signature", signature)
            .body(body);
        stranger.send(request).await
    }

    async fn send(&self) -> Value {
        self.mailing.sends(&self.campaign).await.into_iter().find(|send| send["step"] == 1).unwrap()
    }

    async fn events(&self, kind: &str) -> i64 {
        self.mailing.app.scalar(&format!("SELECT count(*) FROM events WHERE kind = '{kind}'")).await
    }
}

fn permanent() -> Value {
    json!({"bounce": {"type": "Permanent", "subType": "General", "message": "no such user"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_there_is_no_webhook_and_without_a_signature_no_belief() {
    let plain = Mailing::start().await;
    assert_eq!(plain.app.stranger().post_json("/webhooks/resend", &json!({})).await.status, 503);
    let hooked = Hooked::start().await;
    let body = json!({"type": "email.bounced", "data": {"email_id": "re_1", "tags": hooked.tags, "bounce": {"type": "Permanent"}}});
    let now = Clock::system().now();
    assert_eq!(hooked.signed("m1", "whsec_AAAA", now, &body).await.status, 401);
    assert_eq!(hooked.signed("m1", SECRET, now - SignedDuration::from_mins(6), &body).await.status, 401, "too old");
    assert_eq!(hooked.mailing.app.stranger().post_json("/webhooks/resend", &body).await.status, 400);
    assert_eq!(hooked.events("mail.bounced").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_bounce_suppresses_and_a_replay_changes_nothing() {
    let hooked = Hooked::start().await;
    for _ in 0..3 {
        hooked.deliver("m1", "email.bounced", permanent()).await.expect(200);
    }
    hooked.deliver("m2", "email.bounced", permanent()).await.expect(200);
    assert_eq!(hooked.events("mail.bounced").await, 1);
    assert!(hooked.send().await["bounced_at"].is_string());
    let list = hooked.mailing.owner.get("/api/v1/suppressions").await.expect(200).json();
    assert_eq!((&list["data"][0]["reason"], &list["data"][0]["source"]), (&json!("bounced"), &json!("provider")));
    hooked.mailing.after(SignedDuration::from_hours(49)).await;
    assert_eq!(hooked.mailing.caught("true").await, 1, "step 2 is not sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_bounce_suppresses_nobody() {
    let hooked = Hooked::start().await;
    hooked.deliver("m1", "email.bounced", json!({"bounce": {"type": "Transient", "message": "mailbox full"}})).await.expect(200);
    hooked.deliver("m2", "email.delivery_delayed", json!({})).await.expect(200);
    assert_eq!(hooked.mailing.app.scalar("SELECT count(*) FROM suppressions").await, 0);
    hooked.mailing.after(SignedDuration::from_hours(49)).await;
    assert_eq!(hooked.mailing.caught("true").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_ends_every_campaign_of_the_lead() {
    let hooked = Hooked::start().await;
    hooked.mailing.launched(&THREE_STEPS).await;
    hooked.mailing.app.settle().await;
    hooked.deliver("m1", "email.complained", json!({})).await.expect(200);
    assert_eq!(hooked.events("mail.complained").await, 1);
    assert_eq!(hooked.mailing.app.scalar("SELECT count(*) FROM enrollments WHERE reason = 'complained'").await, 2);
    hooked.mailing.after(SignedDuration::from_hours(49)).await;
    assert_eq!(hooked.mailing.caught("true").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_the_wrong_order_is_taken_in_all_the_same() {
    let hooked = Hooked::start().await;
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    hooked.mailing.after(SignedDuration::from_hours(1)).await;
    hooked.deliver("m3", "email.clicked", json!({"click": {"link": "https://x.example", "userAgent": browser}})).await.expect(200);
    hooked.deliver("m2", "email.opened", json!({})).await.expect(200);
    hooked.deliver("m1", "email.delivered", json!({"message_id": "<ses@amazonses.com>"})).await.expect(200);
    hooked.deliver("m0", "email.sent", json!({})).await.expect(200);
    let send = hooked.send().await;
    assert!(send["delivered_at"].is_string() && send["clicked_at"].is_string() && send["opened_at"].is_string(), "{send}");
    assert_eq!((&send["state"], &send["message_id"]), (&json!("sent"), &json!("<ses@amazonses.com>")));
    assert_eq!(hooked.events("mail.sent").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_send_is_settled_by_the_provider() {
    let hooked = Hooked::start().await;
    hooked
        .mailing
        .app
        .sql(
            "UPDATE sends SET state = 'unknown', sent_at = NULL; UPDATE enrollments SET step = 1, next_at = NULL;
             DELETE FROM events WHERE kind = 'mail.sent'",
        )
        .await;
    hooked.deliver("m1", "email.delivered", json!({})).await.expect(200);
    assert_eq!(hooked.send().await["state"], "sent");
    hooked.mailing.after(SignedDuration::from_hours(49)).await;
    assert_eq!(hooked.mailing.caught("subject = 'Still there?'").await, 1, "the sequence goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_found_by_the_providers_id_and_strangers_are_ignored() {
    let mut hooked = Hooked::start().await;
    hooked
        .mailing
        .app
        .sql("INSERT INTO provider_messages (provider, provider_id, org_id, send_id) SELECT 'resend', 're_1', org_id, id FROM sends")
        .await;
    hooked.tags = json!([]);
    hooked.deliver("m1", "email.delivered", json!({})).await.expect(200);
    assert!(hooked.send().await["delivered_at"].is_string());
    let foreign = hooked.deliver("m2", "email.complained", json!({"email_id": "re_other"})).await.expect(200);
    assert_eq!(foreign.json()["known"], json!(false));
    assert_eq!(hooked.mailing.app.scalar("SELECT count(*) FROM suppressions").await, 0);
}
