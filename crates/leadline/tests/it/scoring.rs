//! Scores: their reasons add up, they follow the facts, the weights and what people do.

use crate::support::{Answer, TestApp, Visitor};
use serde_json::{Value, json};

/// Leads whose stored reasons do not add up to their stored score, or that have none.
const WRONG: &str = "SELECT count(*) FROM leads WHERE score <> coalesce((SELECT sum((r ->> 'points')::int) FROM jsonb_array_elements(score_reasons) r), -1)";

async fn lead(visitor: &Visitor, fields: Value) -> String {
    visitor.post_json("/api/v1/leads", &fields).await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn score(visitor: &Visitor, lead: &str) -> Value {
    visitor.get(&format!("/api/v1/leads/{lead}/score")).await.expect(200).json()
}

fn reasons(score: &Value) -> Vec<(String, i64)> {
    let lines = score["reasons"].as_array().unwrap();
    lines.iter().map(|line| (line["reason"].as_str().unwrap().to_owned(), line["points"].as_i64().unwrap())).collect()
}

/// Writes an event as the mail engine does.
async fn mail_event(app: &TestApp, lead: &str, kind: &str, payload: Value) {
    let uuid = lead.trim_start_matches("lead_");
    app.sql(&format!(
        "INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT org_id, '{kind}', 'lead', id, 'provider', '2026-01-05T10:00:00Z', '{payload}' FROM leads WHERE id = '{uuid}'"
    ))
    .await;
}

async fn put_weights(visitor: &Visitor, points: Value) -> Answer {
    visitor.put_json("/api/v1/scoring", &json!({ "weights": { "points": points } })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_scored_when_it_comes_and_when_it_changes() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let id = lead(&ada, json!({"first_name": "Bea", "email": "bea@tools.example", "title": "VP Sales", "department": "Sales"})).await;
    // Stored with its score: nothing follows that would write it once more.
    let at_once = score(&ada, &id).await;
    app.settle().await;
    let before = score(&ada, &id).await;
    assert_eq!(before, at_once);
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'lead.rescored'").await, 0);
    assert_eq!(before["score"].as_i64().unwrap(), reasons(&before).iter().map(|(_, points)| points).sum::<i64>());
    assert!(reasons(&before).contains(&("Vice president".to_owned(), 17)), "{before}");

    ada.patch_json(&format!("/api/v1/leads/{id}"), &json!({"title": "Clerk", "phone": "+49 40 1234567"})).await.expect(200);
    app.settle().await;
    let after = score(&ada, &id).await;
    assert!(reasons(&after).contains(&("Has a phone number".to_owned(), 5)), "{after}");
    assert!(!reasons(&after).iter().any(|(reason, _)| reason == "Vice president"), "{after}");
    // 17 less and 5 more is a change worth an event, and the event does not rescore again.
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'lead.scored'").await, 1);
    assert_eq!(app.scalar(WRONG).await, 0);
    let shown = ada.get(&format!("/leads/{id}")).await.expect(200).text();
    assert!(shown.contains("Has a phone number"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_move_a_score_once_each_and_machines_do_not() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let id = lead(&ada, json!({"first_name": "Bea", "email": "bea@tools.example"})).await;
    app.settle().await;
    let before = score(&ada, &id).await["score"].as_i64().unwrap();
    mail_event(&app, &id, "mail.opened", json!({"machine": true})).await;
    app.settle().await;
    assert_eq!(score(&ada, &id).await["score"].as_i64().unwrap(), before);
    for _ in 0..3 {
        mail_event(&app, &id, "mail.opened", json!({"machine": false})).await;
    }
    mail_event(&app, &id, "mail.replied", json!({})).await;
    app.settle().await;
    assert_eq!(score(&ada, &id).await["score"].as_i64().unwrap(), before + 6 + 25);
    mail_event(&app, &id, "mail.unsubscribed", json!({})).await;
    app.settle().await;
    let gone = score(&ada, &id).await;
    assert_eq!(gone["score"], 0);
    assert_eq!(reasons(&gone).last().unwrap().0, "Not below 0", "{gone}");
    mail_event(&app, &id, "mail.resubscribed", json!({})).await;
    app.settle().await;
    assert_eq!(score(&ada, &id).await["score"].as_i64().unwrap(), before + 6 + 25);
    assert_eq!(app.scalar(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_scored_in_batches_and_other_weights_rescore_everybody() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let mut csv = String::from("First name,Email,Phone,Title\n");
    for n in 0..3_000 {
        let phone = if n % 2 == 0 { format!("+1 555 {n:07}") } else { String::new() };
        csv.push_str(&format!("P{n},p{n}@tools.example,{phone},Head of Sales\n"));
    }
    let import = ada.upload("/api/v1/imports", "file", "many.csv", csv.into_bytes()).await.expect(201).json();
    ada.post_json(&format!("/api/v1/imports/{}/start", import["id"].as_str().unwrap()), &json!({})).await;
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE score > 0").await, 3_000);
    assert_eq!(app.scalar(WRONG).await, 0);
    // Batches are told together; 3,000 single events would have told of each.
    assert!(app.scalar("SELECT count(*) FROM events WHERE kind IN ('lead.scored', 'lead.rescored')").await <= 20);

    let with_phone = "SELECT sum(score) FROM leads WHERE phone <> ''";
    let without = "SELECT sum(score) FROM leads WHERE phone = ''";
    let (had, others) = (app.scalar(with_phone).await, app.scalar(without).await);
    put_weights(&ada, json!({"phone": 15})).await.expect(200);
    app.settle().await;
    assert_eq!(app.scalar(with_phone).await, had + 1_500 * 10);
    assert_eq!(app.scalar(without).await, others);
    assert_eq!(app.scalar(WRONG).await, 0);
    let done = ada.get("/api/v1/scoring/rescore").await.expect(200).json();
    assert_eq!(
        (done["state"].as_str().unwrap(), done["done"].as_i64(), done["changed"].as_i64()),
        ("done", Some(3_000), Some(1_500)),
        "{done}"
    );
    assert!(ada.get("/settings/scoring/progress").await.expect(200).text().contains("3,000 leads looked at, 1,500 changed"));
    let again = ada.post_json("/api/v1/scoring/rescore", &json!({})).await.expect(202).json();
    assert_eq!(again["state"], "ready");
    app.settle().await;
    assert_eq!(ada.get("/api/v1/scoring/rescore").await.json()["changed"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rescoring_can_be_stopped_and_started_again() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    lead(&ada, json!({"first_name": "Bea", "phone": "+49 40 1234567"})).await;
    app.settle().await;
    ada.post_form("/settings/scoring/rescore", &[("", "")]).await.expect(303);
    assert!(ada.get("/settings/scoring").await.text().contains("Waiting for a worker"));
    ada.post_form("/settings/scoring/stop", &[("", "")]).await.expect(303);
    assert_eq!(ada.get("/api/v1/scoring/rescore").await.json()["state"], "stopped");
    assert_eq!(ada.delete("/api/v1/scoring/rescore").await.status, 404);
    ada.post_form("/settings/scoring/rescore", &[("", "")]).await.expect(303);
    app.settle().await;
    assert_eq!(ada.get("/api/v1/scoring/rescore").await.json()["state"], "done");
}

/// The form as a browser would send it back.
async fn form(visitor: &Visitor) -> Vec<(String, String)> {
    let page = visitor.get("/settings/scoring").await.expect(200);
    page.attributes("#scoring-form input", "name").into_iter().zip(page.attributes("#scoring-form input", "value")).collect()
}

fn set(form: &mut [(String, String)], name: &str, value: &str) {
    form.iter_mut().find(|(field, _)| field == name).unwrap().1 = value.to_owned();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_previews_without_saving_names_wrong_fields_and_saves() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    lead(&ada, json!({"first_name": "Bea", "phone": "+49 40 1234567", "country": "Germany"})).await;
    app.settle().await;
    let mut fields = form(&ada).await;
    set(&mut fields, "phone", "42");
    set(&mut fields, "countries", "Deutschland, fr");
    let preview = ada.post_form("/settings/scoring/preview", &fields).await.expect(200);
    assert!(preview.texts("#preview").join(" ").contains("now 5 (+42)"), "{:?}", preview.texts("#preview"));
    assert_eq!(ada.get("/api/v1/scoring").await.json()["version"], 0);

    set(&mut fields, "vp", "much");
    set(&mut fields, "manager", "101");
    let refused = ada.post_form("/settings/scoring", &fields).await.expect(422);
    assert_eq!(refused.texts(".field-error").len(), 2, "{}", refused.text());
    assert_eq!(refused.attributes("input[name=vp]", "value"), ["much"]);

    set(&mut fields, "vp", "20");
    set(&mut fields, "manager", "9");
    ada.post_form("/settings/scoring", &fields).await.expect(303);
    app.settle().await;
    let model = ada.get("/api/v1/scoring").await.json();
    assert_eq!((model["version"].as_i64(), &model["weights"]["countries"]), (Some(1), &json!(["DE", "FR"])));
    assert_eq!(app.scalar("SELECT score::bigint FROM leads").await, 47);

    // The same form again was made on version 0, and a colleague's version 1 is in force.
    let stale = ada.post_form("/settings/scoring", &fields).await.expect(412);
    assert!(stale.text().contains("Somebody else changed the scoring model"), "{}", stale.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_change_settings_changes_weights() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for role in ["manager", "rep", "viewer"] {
        let colleague = app.colleague(&owner, role).await;
        assert_eq!(colleague.get("/settings/scoring").await.status, 200, "{role}");
        assert_eq!(put_weights(&colleague, json!({"phone": 1})).await.status, 403, "{role}");
        assert_eq!(colleague.post_form("/settings/scoring/rescore", &[("", "")]).await.status, 403, "{role}");
    }
    let typo = put_weights(&owner, json!({"fone": 1})).await.expect(422);
    assert!(typo.json()["detail"].as_str().unwrap().contains("fone"), "{}", typo.body);
    assert_eq!(put_weights(&owner, json!({"phone": 101})).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbours_weights_score_a_neighbours_leads() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.sign_up("Ours").await, app.sign_up("Theirs").await);
    let (mine, other) = (
        lead(&ours, json!({"first_name": "Bea", "phone": "+49 40 1234567"})).await,
        lead(&theirs, json!({"first_name": "Bob", "phone": "+49 40 1234567"})).await,
    );
    put_weights(&theirs, json!({"phone": 99})).await.expect(200);
    app.settle().await;
    assert_eq!(score(&ours, &mine).await["score"], 5);
    assert_eq!(score(&theirs, &other).await["score"], 99);
    assert_eq!(ours.get(&format!("/api/v1/leads/{other}/score")).await.status, 404);
}
