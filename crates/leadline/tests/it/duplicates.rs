//! Duplicates: found, proposed, merged, undone, rejected for good; never a neighbour's, never mailable again.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

async fn add(visitor: &Visitor, lead: Value) -> String {
    text(&visitor.post_json("/api/v1/leads", &lead).await.expect(201).json()["id"])
}

async fn clusters(visitor: &Visitor) -> Vec<Value> {
    visitor.get("/api/v1/duplicates").await.expect(200).json()["data"].as_array().unwrap().clone()
}

fn bob() -> Value {
    json!({"first_name": "Robert", "last_name": "Miller", "email": "robert.miller@acme.example", "phone": "+1 555 010 2030",
        "company_name": "Acme Robotics Inc", "company_domain": "acme.example", "title": "VP Sales", "tags": ["vip"], "custom": {"size": "L"}})
}

fn bob_again() -> Value {
    json!({"first_name": "Bob", "last_name": "Miller", "email": "bmiller@mail.acme.example", "phone": "(555) 010-2030",
        "company_name": "ACME Robotics", "company_domain": "acme.example", "city": "Denver", "tags": ["event"], "custom": {"shirt": "blue"}})
}

/// Two leads that are one person, and one that only shares their company, inbox and telephone.
async fn pair(app: &TestApp, owner: &Visitor) -> (String, String) {
    let first = add(owner, bob()).await;
    let second = add(owner, bob_again()).await;
    let inbox = json!({"first_name": "Grace", "last_name": "Hopper", "email": "info@acme.example", "phone": "+1 555 010 2030", "company_domain": "acme.example"});
    add(owner, inbox).await;
    app.settle().await;
    (first, second)
}

/// Everything of the leads but what counts changes.
async fn snapshot(app: &TestApp) -> String {
    app.text(
        "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
           SELECT 'lead ' || (to_jsonb(l) - ARRAY['version', 'updated_at', 'score', 'score_reasons'])::text AS line FROM leads l
           UNION ALL SELECT 'account ' || (to_jsonb(a) - 'updated_at')::text FROM accounts a
           UNION ALL SELECT 'enrollment ' || to_jsonb(e)::text FROM enrollments e
           UNION ALL SELECT 'send ' || to_jsonb(s)::text FROM sends s
           UNION ALL SELECT 'note ' || (to_jsonb(n) - 'version')::text FROM notes n
           UNION ALL SELECT 'segment ' || to_jsonb(m)::text FROM segment_members m
           UNION ALL SELECT 'merge ' || to_jsonb(m)::text FROM lead_merges m) all_lines",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_double_is_proposed_and_a_shared_inbox_is_not() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (first, second) = pair(&app, &owner).await;
    let found = clusters(&owner).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let mut leads = [first.clone(), second.clone()];
    leads.sort();
    assert_eq!(found[0]["lead_ids"], json!(leads));
    assert!(found[0]["probability"].as_f64().unwrap() > 0.99, "{found:?}");
    let one = owner.get(&format!("/api/v1/duplicates/{}", text(&found[0]["id"]))).await.expect(200).json();
    let reasons: Vec<&str> =
        one["pairs"][0]["reasons"].as_array().unwrap().iter().map(|reason| reason["reason"].as_str().unwrap()).collect();
    assert!(reasons.contains(&"Same telephone number") && reasons.contains(&"Same last name, short form of the first name"), "{reasons:?}");

    let list = owner.get("/duplicates").await.expect(200);
    assert!(
        list.text().contains("Robert Miller") && list.text().contains("Bob Miller") && !list.text().contains("Grace"),
        "{}",
        list.text()
    );
    let page = owner.get(&format!("/duplicates/{}", text(&found[0]["id"]))).await.expect(200);
    assert!(page.text().contains("VP Sales") && page.text().contains("Denver"), "{}", page.text());
    assert!(owner.get(&format!("/leads/{first}")).await.expect(200).text().contains("Possible duplicates"));
    // What makes them two takes the proposal back.
    owner.patch_json(&format!("/api/v1/leads/{second}"), &json!({"first_name": "Zaphod", "last_name": "Beeblebrox"})).await.expect(200);
    app.settle().await;
    assert!(clusters(&owner).await.is_empty());

    let neighbour = app.sign_up("Theirs").await;
    neighbour.get(&format!("/api/v1/duplicates/{}", text(&found[0]["id"]))).await.expect(404);
    neighbour.post_json(&format!("/api/v1/duplicates/{}/merge", text(&found[0]["id"])), &json!({})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_keeps_the_best_of_both_and_undo_brings_both_back_exactly() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.patch_json("/api/v1/organisation", &json!({"postal_address": "1 Main Street, Springfield"})).await.expect(200);
    let first = add(&owner, bob()).await;
    let second = add(&owner, bob_again()).await;
    let campaign = json!({"name": "First", "sender_name": "Olive", "sender_address": "olive@ours.example",
        "audience": {"field": "email", "op": "is", "value": "bmiller@mail.acme.example"},
        "steps": [{"subject": "Hello", "html": "<p>Hi</p>", "delay_minutes": 0}, {"subject": "Again", "html": "<p>Hi</p>", "delay_minutes": 1440}]});
    let campaign = text(&owner.post_json("/api/v1/campaigns", &campaign).await.expect(201).json()["id"]);
    owner.post_json(&format!("/api/v1/campaigns/{campaign}/launch"), &json!({})).await.expect(200);
    app.settle().await;
    owner.post_json("/api/v1/notes", &json!({"lead_id": second, "body": "Met at the fair"})).await.expect(201);
    app.settle().await;
    let before = snapshot(&app).await;

    let cluster = text(&clusters(&owner).await[0]["id"]);
    let merged =
        owner.post_json(&format!("/api/v1/duplicates/{cluster}/merge"), &json!({"fields": {"email": second}})).await.expect(200).json();
    assert_eq!(text(&merged["lead_id"]), first, "the oldest stays");
    app.settle().await;
    owner.get(&format!("/api/v1/leads/{second}")).await.expect(404);
    let lead = owner.get(&format!("/api/v1/leads/{first}")).await.expect(200).json();
    assert_eq!(lead["first_name"], "Robert", "the fuller name");
    assert_eq!(
        (&lead["email"], &lead["city"], &lead["title"]),
        (&json!("bmiller@mail.acme.example"), &json!("Denver"), &json!("VP Sales"))
    );
    assert_eq!((&lead["tags"], &lead["custom"]), (&json!(["vip", "event"]), &json!({"size": "L", "shirt": "blue"})));
    assert_eq!(lead["status"], "contacted", "the further status");
    let timeline = owner.get(&format!("/api/v1/leads/{first}/timeline?limit=100")).await.expect(200).json();
    let kinds: Vec<&str> = timeline["data"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert!(
        kinds.contains(&"lead.merged") && kinds.contains(&"mail.sent") && kinds.contains(&"note.added") && !kinds.contains(&"lead.deleted"),
        "{kinds:?}"
    );
    let moved = "SELECT (SELECT count(*) FROM enrollments) * 100 + (SELECT count(*) FROM sends) * 10 + (SELECT count(*) FROM notes)";
    assert_eq!(app.scalar(moved).await, 111, "nothing was lost");
    assert!(clusters(&owner).await.is_empty());

    owner.post_json(&format!("/api/v1/changes/{}/undo", text(&merged["change_set_id"])), &json!({})).await.expect(200);
    app.settle().await;
    pretty_equal(&before, &snapshot(&app).await);
    let again = clusters(&owner).await;
    assert_eq!((again.len(), &again[0]["merge_undone"]), (1, &json!(true)), "proposed again, for a person to decide");
}

fn pretty_equal(before: &str, after: &str) {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    for line in &before {
        assert!(after.contains(line), "missing: {line}\n{after:#?}");
    }
    assert_eq!(before.len(), after.len(), "{after:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_for_silence_stays_silent() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (first, _) = pair(&app, &owner).await;
    owner.post_json("/api/v1/suppressions", &json!({"email": "bmiller@mail.acme.example", "detail": "asked by phone"})).await.expect(201);
    app.settle().await;
    let cluster = text(&clusters(&owner).await[0]["id"]);
    let wish = json!({"fields": {"email": first, "status": first}});
    owner.post_json(&format!("/api/v1/duplicates/{cluster}/merge"), &wish).await.expect(200);
    let lead = owner.get(&format!("/api/v1/leads/{first}")).await.expect(200).json();
    assert_eq!((&lead["status"], &lead["email"]), (&json!("unsubscribed"), &json!("robert.miller@acme.example")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rejected_never_comes_back() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (first, second) = pair(&app, &owner).await;
    let cluster = text(&clusters(&owner).await[0]["id"]);
    owner.post_form(&format!("/duplicates/{cluster}/reject"), &[("x", "")]).await.expect(303);
    assert!(clusters(&owner).await.is_empty());
    owner.patch_json(&format!("/api/v1/leads/{second}"), &json!({"first_name": "Robert"})).await.expect(200);
    app.settle().await;
    owner.post_form("/duplicates/scan", &[("x", "")]).await.expect(303);
    app.settle().await;
    assert!(clusters(&owner).await.is_empty(), "neither a change nor a scan brings it back");
    assert_eq!(owner.get("/api/v1/duplicates/scan").await.expect(200).json()["done"], 3);
    assert!(!owner.get(&format!("/leads/{first}")).await.expect(200).text().contains("Possible duplicates"));
    assert!(owner.get("/duplicates/settings").await.expect(200).text().contains("1 decision so far"));
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_merges_wait_for_the_switch_and_are_one_change_set() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (first, second) = pair(&app, &owner).await;
    owner.get(&format!("/api/v1/leads/{second}")).await.expect(200);
    let wrong = json!({"show_from": 0.8, "automatic": true, "automatic_from": 0.5});
    let refused = owner.send(owner.request("PUT", "/api/v1/duplicates/settings").json(&wrong)).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/automatic_from");
    let on = json!({"show_from": 0.8, "automatic": true, "automatic_from": 0.995});
    owner.send(owner.request("PUT", "/api/v1/duplicates/settings").json(&on)).await.expect(200);
    app.settle().await;
    owner.get(&format!("/api/v1/leads/{first}")).await.expect(200);
    owner.get(&format!("/api/v1/leads/{second}")).await.expect(404);
    assert_eq!(app.scalar("SELECT count(*) FROM change_sets WHERE kind = 'merge' AND made_by IS NULL AND status = 'done'").await, 1);
    // Taken back, it is left to people.
    let set = app.text("SELECT 'change_' || replace(id::text, '-', '') FROM change_sets").await;
    owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(200);
    app.settle().await;
    owner.get(&format!("/api/v1/leads/{second}")).await.expect(200);
    assert_eq!(clusters(&owner).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_which_one_is_hidden_is_hidden() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    let mine = add(&rep, bob()).await;
    let theirs = add(&owner, bob_again()).await;
    app.settle().await;
    let cluster = text(&clusters(&owner).await[0]["id"]);
    assert!(clusters(&rep).await.is_empty());
    rep.get(&format!("/api/v1/duplicates/{cluster}")).await.expect(404);
    rep.post_json(&format!("/api/v1/duplicates/{cluster}/merge"), &json!({})).await.expect(404);
    rep.post_json("/api/v1/duplicates/scan", &json!({})).await.expect(403);
    owner.post_json("/api/v1/duplicates/scan", &json!({})).await.expect(202);
    app.settle().await;
    rep.get("/api/v1/duplicates/scan").await.expect(403);
    let page = rep.get("/duplicates").await.expect(200);
    assert!(!page.text().contains("leads compared"), "how many leads everybody has is not theirs to know: {}", page.text());
    assert!(owner.get("/duplicates").await.expect(200).text().contains("2 leads compared"));
    assert!(!rep.get(&format!("/leads/{mine}")).await.expect(200).text().contains("Possible duplicates"));
    let me = rep.get("/api/v1/me").await.expect(200).json();
    owner.patch_json(&format!("/api/v1/leads/{theirs}"), &json!({"owner_id": me["id"]})).await.expect(200);
    app.settle().await;
    assert_eq!(clusters(&rep).await.len(), 1);
    rep.post_json(&format!("/api/v1/duplicates/{cluster}/merge"), &json!({})).await.expect(200);
    app.settle().await;
    owner.get(&format!("/api/v1/leads/{theirs}")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_merged_by_a_job_and_form_by_form() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for n in 0..5 {
        for first in ["Robert", "Bob"] {
            let lead = json!({"first_name": first, "last_name": format!("Unusual{n}"), "phone": format!("+1 555 010 203{n}"), "company_domain": format!("acme{n}.example")});
            add(&owner, lead).await;
        }
    }
    app.settle().await;
    assert_eq!(clusters(&owner).await.len(), 5);
    let cluster = &clusters(&owner).await[0];
    let (id, keep) = (text(&cluster["id"]), text(&cluster["lead_ids"][1]));
    let form = [("into", keep.as_str()), ("name", keep.as_str())];
    let preview = owner.post_form(&format!("/duplicates/{id}/preview"), &form).await.expect(200);
    assert!(preview.text().contains("Result"));
    owner.post_form(&format!("/duplicates/{id}/merge"), &form).await.expect(303);
    owner.get(&format!("/api/v1/leads/{keep}")).await.expect(200);
    owner.post_json("/api/v1/duplicates/merge-all", &json!({"at_least": 0.2})).await.expect(422);
    owner.post_form("/duplicates/merge-all", &[("at_least", "0.9")]).await.expect(303);
    app.settle().await;
    assert!(clusters(&owner).await.is_empty());
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 5);
    assert!(owner.get("/duplicates").await.expect(200).text().contains("4 clusters merged."));
    let status = owner.get("/api/v1/duplicates/merge-all").await.expect(200).json();
    assert_eq!((&status["state"], &status["merged"], &status["failed"]), (&json!("done"), &json!(4), &json!(0)), "{status}");
    owner.post_json(&format!("/api/v1/changes/{}/undo", text(&status["change_set_id"])), &json!({})).await.expect(200);
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 9, "all four are two again");
    owner.delete("/api/v1/duplicates/merge-all").await.expect(404);
}
