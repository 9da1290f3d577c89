//! Changing many leads: every action, what it refuses, a job that is killed, its undoing.

use std::time::Duration;

use jobs::Worker;
use serde_json::{Value, json};

use crate::{
    mailing::{Mailing, THREE_STEPS},
    support::{TestApp, Visitor},
};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

async fn add(visitor: &Visitor, body: Value) -> String {
    text(&visitor.post_json("/api/v1/leads", &body).await.expect(201).json()["id"])
}

async fn get(visitor: &Visitor, id: &str) -> Value {
    visitor.get(&format!("/api/v1/leads/{id}")).await.expect(200).json()
}

async fn many(app: &TestApp, count: usize) {
    app.sql(&format!(
        "INSERT INTO leads (org_id, id, first_name, title, country, created_at, updated_at)
         SELECT org_id, gen_random_uuid(), 'N' || n, 'T' || n, 'DE', created_at, created_at FROM organisations, generate_series(1, {count}) n;
         ANALYZE leads"
    ))
    .await;
}

async fn checksum(app: &TestApp) -> String {
    app.text("SELECT coalesce(md5(string_agg((to_jsonb(l) - 'version')::text, '' ORDER BY id)), '') FROM leads l").await
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_set_and_cleared_as_on_a_single_lead() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let first = add(&owner, json!({"first_name": "Ada", "title": "Head", "company_name": "Looms", "custom": {"visits": 3}})).await;
    let second = add(&owner, json!({"email": "bea@tools.example"})).await;
    let bulk = async |action: Value| {
        let mut body = json!({"ids": [first, second]});
        body.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
        owner.post_json("/api/v1/leads/bulk", &body).await
    };
    for (field, value, changed, stored) in [
        ("country", json!("germany"), 2, json!("DE")),
        ("country", json!("DE"), 0, json!("DE")),
        ("employee_count", json!("1.2k"), 2, json!(1200)),
        ("annual_revenue", json!(5_000_000), 2, json!(5_000_000)),
        ("title", json!(" Chief  of Looms "), 2, json!("Chief of Looms")),
        ("industry", json!("Textiles"), 2, json!("Textiles")),
    ] {
        let answer = bulk(json!({"action": "set_field", "field": field, "value": value})).await.expect(200).json();
        assert_eq!((&answer["changed"], get(&owner, &second).await[field].clone()), (&json!(changed), stored), "{field}");
    }
    let answer = bulk(json!({"action": "set_field", "field": "custom.visits", "value": "7"})).await.expect(200).json();
    assert_eq!((&answer["changed"], &get(&owner, &second).await["custom"]), (&json!(2), &json!({"visits": 7})));
    // Another company is another account, for whom no domain says which one it is.
    let (one, two) = (get(&owner, &first).await, get(&owner, &second).await);
    bulk(json!({"action": "set_field", "field": "company_name", "value": "Mills"})).await.expect(200);
    assert_ne!(get(&owner, &first).await["account_id"], one["account_id"]);
    assert_eq!(get(&owner, &second).await["account_id"], two["account_id"]);

    for (action, pointer) in [
        (json!({"action": "set_field", "field": "email", "value": "a@b.example"}), "/field"),
        (json!({"action": "set_field", "field": "score", "value": 5}), "/field"),
        (json!({"action": "set_field", "field": "custom.nothing", "value": 5}), "/field"),
        (json!({"action": "set_field", "field": "custom.visits", "value": "many"}), "/value"),
        (json!({"action": "set_field", "field": "phone", "value": "call me"}), "/value"),
        (json!({"action": "set_field", "field": "title", "value": ""}), "/value"),
        (json!({"action": "clear_field", "field": "id"}), "/field"),
    ] {
        let refused = bulk(action.clone()).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{action}: {refused}");
    }

    for (filter, pointer) in [
        (json!({"field": "custom.nothing", "op": "is_empty"}), "/filter/field"),
        (json!({"field": "custom.visits", "op": "contains", "value": "x"}), "/filter/op"),
    ] {
        let body = json!({"filter": {"not": filter}, "action": "delete"});
        let refused = owner.post_json("/api/v1/leads/bulk", &body).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer.replace("/filter", "/filter/not"), "{refused}");
    }

    assert_eq!(bulk(json!({"action": "clear_field", "field": "title"})).await.expect(200).json()["changed"], 2);
    assert_eq!(bulk(json!({"action": "clear_field", "field": "custom.visits"})).await.expect(200).json()["changed"], 2);
    assert_eq!(get(&owner, &first).await["custom"], json!({}));
    assert_eq!(
        bulk(json!({"action": "clear_field", "field": "email"})).await.expect(200).json()["changed"],
        0,
        "nothing would be left of her"
    );
    assert_eq!(bulk(json!({"action": "clear_field", "field": "first_name"})).await.expect(200).json()["changed"], 0);
    let kinds =
        app.scalar("SELECT count(*) FROM events WHERE kind = 'lead.updated' AND payload ? 'bulk' AND payload::text LIKE '%Looms%'").await;
    assert_eq!(kinds, 0, "values are not told");
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'leads.bulk_changed' AND payload ? 'value'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_change_is_one_set_and_can_be_taken_back() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    many(&app, 5000).await;
    // As if somebody had made them: they have their scores, which are computed anew with whatever is changed.
    app.sql(
        "INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT org_id, 'lead.created', 'lead', id, 'system', created_at, '{\"status\": \"new\", \"bulk\": true}' FROM leads",
    )
    .await;
    app.settle().await;
    let before = checksum(&app).await;
    let started = owner
        .post_form("/leads/bulk", &[("all_matching", "true"), ("action", "set_field"), ("field", "title"), ("value", "T1")])
        .await
        .expect(303);
    app.settle().await;
    let page = owner.get(started.location()).await.expect(200);
    assert!(page.text().contains("4,999 leads changed") && page.text().contains("the other 1 were"), "{}", page.text());
    let set = page.attributes("a[href^='/changes/change_']", "href").first().cloned().expect("the way to undo it");
    owner.post_form(&format!("{set}/undo"), &[("x", "")]).await.expect(303);
    app.settle().await;
    assert!(owner.get(&set).await.expect(200).text().contains("everything is as it was before"));
    assert_eq!(checksum(&app).await, before);

    // Everything deleted, and everything back.
    let answer = owner.post_json("/api/v1/leads/bulk", &json!({"filter": {}, "action": "delete"})).await.expect(202).json();
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 0);
    let page = owner.get(&format!("/leads/bulk/{}", answer["job_id"])).await.expect(200);
    let set = page.attributes("a[href^='/changes/change_']", "href").first().cloned().unwrap();
    owner.post_form(&format!("{set}/undo"), &[("x", "")]).await.expect(303);
    app.settle().await;
    assert_eq!(checksum(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_nothing_is_done_or_counted_twice() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    many(&app, 20_000).await;
    let tag = json!({"filter": {}, "action": "add_tags", "tags": ["once"]});
    let job = owner.post_json("/api/v1/leads/bulk", &tag).await.expect(202).json()["job_id"].as_i64().unwrap();
    let seen = format!("SELECT coalesce((progress ->> 'seen')::bigint, 0) FROM jobs WHERE id = {job}");
    let ended = format!("SELECT count(*) FROM jobs WHERE id = {job} AND state = 'done'");
    let mut kills = 0;
    while app.scalar(&ended).await == 0 {
        let before = app.scalar(&seen).await;
        let worker = Worker::new(app.app.db.clone(), app.app.clock.clone(), web::jobs(), app.app.clone(), 2);
        let running = tokio::spawn(async move { worker.drain().await });
        for _ in 0..2000 {
            if app.scalar(&seen).await > before || app.scalar(&ended).await == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        running.abort();
        let _ = running.await;
        app.sql("UPDATE jobs SET leased_until = clock_timestamp() - interval '1 second' WHERE state = 'running'").await;
        kills += 1;
        assert!(kills < 100);
    }
    assert!(kills >= 2, "only {kills} kills");
    assert_eq!(app.scalar(&format!("SELECT (progress ->> 'changed')::bigint FROM jobs WHERE id = {job}")).await, 20_000);
    assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE tags = '{once}'").await, 20_000);
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'lead.tagged'").await, 20_000);
    assert_eq!(app.scalar("SELECT count(*) FROM change_sets").await, 1);
    assert_eq!(app.scalar("SELECT sum(rows)::bigint FROM change_counts").await, 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_bulk_job_is_shown_and_stopped_there() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    many(&app, 1500).await;
    owner.post_json("/api/v1/leads/bulk", &json!({"filter": {}, "action": "set_status", "status": "lost"})).await.expect(202);
    app.sql("INSERT INTO jobs (org_id, kind, payload, run_at) SELECT org_id, 'leads.undo_changes', '{}', 'infinity' FROM organisations WHERE name = 'Acme'")
        .await;
    let other = app.scalar("SELECT id FROM jobs WHERE kind = 'leads.undo_changes'").await;
    let job = app.scalar("SELECT id FROM jobs WHERE kind = 'leads.bulk_change'").await;
    let neighbour = app.sign_up("Neighbour").await;
    neighbour.get(&format!("/leads/bulk/{job}")).await.expect(404);
    neighbour.post_form(&format!("/leads/bulk/{job}/stop"), &[("x", "")]).await.expect(404);
    assert!(owner.get(&format!("/leads/bulk/{job}")).await.expect(200).text().contains("Waiting"));
    neighbour.get(&format!("/api/v1/leads/bulk/{job}")).await.expect(404);
    neighbour.delete(&format!("/api/v1/leads/bulk/{job}")).await.expect(404);
    owner.delete(&format!("/api/v1/leads/bulk/{job}")).await.expect(204);
    let stopping = owner.get(&format!("/api/v1/leads/bulk/{job}")).await.expect(200).json();
    app.settle().await;
    let stopped = owner.get(&format!("/api/v1/leads/bulk/{job}")).await.expect(200).json();
    assert_eq!(
        (&stopped["state"], &stopped["changed"], &stopped["is_stopping"]),
        (&json!("stopped"), &json!(0), &json!(false)),
        "{stopping}"
    );
    assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE status = 'lost'").await, 0, "stopped before it began");
    owner.delete(&format!("/api/v1/leads/bulk/{other}")).await.expect(404);
    owner.get(&format!("/leads/bulk/{other}")).await.expect(404);
    owner.post_form(&format!("/leads/bulk/{other}/stop"), &[("x", "")]).await.expect(404);
    assert_eq!(app.scalar(&format!("SELECT count(*) FROM jobs WHERE id = {other} AND state = 'ready'")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_enter_a_campaign_and_nobody_gets_what_they_must_not() {
    let mailing = Mailing::start().await;
    let (app, owner) = (&mailing.app, &mailing.owner);
    mailing.lead("Ada", "ada@a.example").await;
    let campaign = mailing.launched(&THREE_STEPS).await;
    app.settle().await;
    mailing.lead("Bea", "bea@b.example").await;
    mailing.lead("", "nameless@c.example").await;
    mailing.lead("Sue", "sue@s.example").await;
    add(owner, json!({"first_name": "Una", "email": "una@u.example", "status": "unsubscribed"})).await;
    add(owner, json!({"first_name": "Unmailable", "phone": "+1 555 0100"})).await;
    owner.post_json("/api/v1/suppressions", &json!({"email": "sue@s.example", "detail": "asked by phone"})).await.expect(201);

    let enrol = |campaign: &str| json!({"filter": {}, "action": "enrol", "campaign_id": campaign});
    app.colleague(owner, "rep").await.post_json("/api/v1/leads/bulk", &enrol(&campaign)).await.expect(403);
    let form = [("all_matching", "true"), ("filter", "{}"), ("action", "enrol"), ("campaign", campaign.as_str())];
    app.colleague(owner, "rep").await.post_form("/leads/bulk", &form).await.expect(403);
    let draft = mailing.draft(&THREE_STEPS).await;
    let neighbour = app.sign_up("Neighbour").await;
    for (visitor, campaign) in [(owner, &draft), (&neighbour, &campaign)] {
        let refused = visitor.post_json("/api/v1/leads/bulk", &enrol(campaign)).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "/campaign_id", "{refused}");
    }
    let answer = owner.post_json("/api/v1/leads/bulk", &enrol(&campaign)).await.expect(200).json();
    assert_eq!((&answer["changed"], &answer["change_set_id"]), (&json!(1), &Value::Null), "{answer}");
    app.settle().await;
    mailing.mail("bea@b.example", "Hello Bea").await;
    assert_eq!(mailing.caught("true").await, 2, "Ada's first mail and Bea's, and no other");
    assert_eq!(owner.post_json("/api/v1/leads/bulk", &enrol(&campaign)).await.expect(200).json()["changed"], 0);

    // By the page; a campaign that has come to its end goes on with them.
    for days in [2, 3] {
        mailing.after(jiff::SignedDuration::from_hours(24 * days)).await;
    }
    assert_eq!(mailing.read(&campaign).await["status"], "finished");
    mailing.lead("Cy", "cy@c.example").await;
    let choose =
        owner.post_form("/campaigns/choose", &[("all_matching", "true"), ("filter", "{}"), ("q", "cy@c.example")]).await.expect(200);
    assert_eq!(choose.attributes("select[name=campaign] option", "value"), [campaign.as_str()], "launched ones alone");
    assert_eq!(choose.attributes("input[name=q]", "value"), ["cy@c.example"]);
    let done = owner.post_form("/leads/bulk", &form).await.expect(303);
    assert!(owner.get(done.location()).await.expect(200).texts("#toasts").join(" ").contains("1 lead added to the campaign"));
    assert_eq!(mailing.read(&campaign).await["status"], "running");
    app.settle().await;
    mailing.mail("cy@c.example", "Hello Cy").await;

    // Many: by a job, and nobody gets anything twice.
    mailing.many_leads(1200).await;
    let job = owner.post_json("/api/v1/leads/bulk", &enrol(&campaign)).await.expect(202).json()["job_id"].as_i64().unwrap();
    app.settle().await;
    let done = owner.get(&format!("/api/v1/leads/bulk/{job}")).await.expect(200).json();
    assert_eq!((&done["state"], &done["seen"], &done["changed"]), (&json!("done"), &json!(1207), &json!(1200)), "{done}");
    let page = owner.get(&format!("/leads/bulk/{job}")).await.expect(200).text();
    assert!(page.contains("1,200 leads added to the campaign"), "{page}");
    assert_eq!(
        app.scalar(
            "SELECT count(*) FROM (SELECT to_address FROM caught_mail WHERE subject LIKE 'Hello%' GROUP BY 1 HAVING count(*) > 1) x"
        )
        .await,
        0
    );
    assert_eq!(mailing.caught("subject LIKE 'Hello%'").await, 1203);
    assert_eq!(app.scalar("SELECT count(*) FROM change_sets").await, 0, "nothing of it is a change to a lead");
}
