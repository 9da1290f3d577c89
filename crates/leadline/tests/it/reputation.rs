//! A campaign that harms the sender's name pauses itself; what a recipient has said stands.

use serde_json::json;

use crate::{
    mailing::{Mailing, THREE_STEPS},
    support::TestApp,
};

async fn bouncing(leads: usize, bounces: usize) -> (Mailing, String) {
    let mailing = Mailing::start().await;
    mailing.many_leads(leads).await;
    for n in 0..bounces {
        mailing.lead("Gone", &format!("gone{n}+bounce-now@many.example")).await;
    }
    let campaign = mailing.launched(&THREE_STEPS).await;
    mailing.app.settle().await;
    (mailing, campaign)
}

#[tokio::test(flavor = "multi_thread")]
async fn five_percent_of_bounces_pause_a_campaign_and_fewer_do_not() {
    let (mailing, campaign) = bouncing(57, 3).await;
    let paused = mailing.read(&campaign).await;
    assert_eq!(paused["status"], "paused", "{paused}");
    let page = mailing.owner.get(&format!("/campaigns/{campaign}")).await.expect(200).text();
    assert!(page.contains("bounced"), "{page}");
    assert_eq!(TestApp::scalar(&mailing.app, "SELECT count(*) FROM suppressions WHERE reason = 'bounced'").await, 3);
    mailing.owner.post_json(&format!("/api/v1/campaigns/{campaign}/resume"), &json!({})).await.expect(200);

    let (mailing, campaign) = bouncing(99, 1).await;
    assert_eq!(mailing.read(&campaign).await["status"], "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsubscription_is_not_lifted_by_hand() {
    let mailing = Mailing::start().await;
    mailing
        .app
        .sql(
            "INSERT INTO suppressions (org_id, email, reason, source, detail, at)
             SELECT org_id, r || '@a.example', r, 'provider', '', created_at FROM organisations, unnest(ARRAY['unsubscribed', 'complained']) r",
        )
        .await;
    for email in ["unsubscribed@a.example", "complained@a.example"] {
        mailing.owner.delete(&format!("/api/v1/suppressions/{email}")).await.expect(409);
        mailing.owner.post_form("/suppressions/remove", &[("email", email)]).await.expect(409);
    }
    let page = mailing.owner.get("/suppressions").await.expect(200);
    assert!(page.attributes("form[action='/suppressions/remove']", "action").is_empty());
    mailing.owner.post_json("/api/v1/suppressions", &json!({"email": "by@hand.example"})).await.expect(201);
    let rep = mailing.app.colleague(&mailing.owner, "rep").await;
    assert_eq!(rep.delete("/api/v1/suppressions/by@hand.example").await.status, 403);
    mailing.owner.delete("/api/v1/suppressions/by@hand.example").await.expect(204);
}
