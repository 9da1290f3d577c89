//! Companies: what their people add up to, made by hand, sorted, merged and taken apart again.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

async fn person(visitor: &Visitor, name: &str, domain: &str, more: Value) -> Value {
    let mut lead = json!({"first_name": name, "email": format!("{}@{domain}", name.to_lowercase()), "company_domain": domain});
    lead.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    visitor.post_json("/api/v1/leads", &lead).await.expect(201).json()
}

async fn names(visitor: &Visitor, query: &str) -> Vec<String> {
    let list = visitor.get(&format!("/api/v1/accounts?{query}")).await.expect(200).json();
    list["data"].as_array().unwrap().iter().map(|row| text(&row["name"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_by_hand_and_refused_twice() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.get("/accounts/new").await.expect(200);
    let refused = owner.post_form("/accounts", &[("name", ""), ("domain", "gmail.com")]).await.expect(422);
    assert!(refused.text().contains("gives mailboxes to anybody"), "{}", refused.text());
    let made =
        owner.post_form("/accounts", &[("name", "Engines"), ("domain", "engines.example"), ("employee_count", "1,200")]).await.expect(303);
    let page = owner.get(made.location()).await.expect(200);
    assert_eq!(page.texts("h1"), ["Engines"]);
    let twice =
        || owner.request("POST", "/api/v1/accounts").header("idempotency-key", "one").json(&json!({"name": "Looms", "annual_revenue": 5}));
    let (first, second) = (owner.send(twice()).await.expect(201), owner.send(twice()).await.expect(201));
    assert_eq!(first.body, second.body);
    let taken = owner.post_json("/api/v1/accounts", &json!({"name": "Other", "domain": "engines.example"})).await.expect(422).json();
    assert_eq!(taken["errors"][0]["code"], "domain.taken");
    // Its people find it.
    let lead = person(&owner, "Ada", "engines.example", json!({})).await;
    assert_eq!(format!("/accounts/{}", text(&lead["account_id"])), made.location());
    assert_eq!(names(&owner, "sort=-employees").await, ["Engines", "Looms"]);
    assert_eq!(names(&owner, "sort=-revenue").await, ["Looms", "Engines"]);
    assert_eq!(names(&owner, "sort=-name").await, ["Looms", "Engines"]);
    owner.get("/api/v1/accounts?sort=size").await.expect(422);
    let first = owner.get("/api/v1/accounts?sort=-employees&limit=1").await.expect(200).json();
    let cursor = text(&first["next_cursor"]);
    assert_eq!(names(&owner, &format!("sort=-employees&limit=1&cursor={cursor}")).await, ["Looms"]);
    owner.get("/accounts?sort=-created_at").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_add_up_and_a_colleague_in_conversation_is_told_of() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let rep = app.colleague(&owner, "rep").await;
    let me = rep.get("/api/v1/me").await.expect(200).json();
    let ada = person(&owner, "Ada", "engines.example", json!({"owner_id": me["id"], "status": "replied"})).await;
    person(&owner, "Bea", "engines.example", json!({})).await;
    app.sql("UPDATE leads SET last_activity_at = '2026-01-04T09:00:00Z' WHERE status = 'replied'").await;
    let account = text(&ada["account_id"]);
    let summary = owner.get(&format!("/api/v1/accounts/{account}/summary")).await.expect(200).json();
    assert_eq!((&summary["people"], &summary["in_conversation"][0]["lead_id"]), (&json!(2), &ada["id"]));
    assert_eq!(summary["statuses"], json!([{"status": "new", "people": 1}, {"status": "replied", "people": 1}]));
    let page = owner.get(&format!("/accounts/{account}")).await.expect(200);
    assert!(page.text().contains("Casey Colleague is in conversation with Ada"), "{}", page.text());
    let page = rep.get(&format!("/accounts/{account}")).await.expect(200);
    assert!(!page.text().contains("is in conversation"), "nobody is warned of themselves");
    // What is long ago warns nobody.
    app.sql("UPDATE leads SET last_activity_at = '2025-11-04T09:00:00Z' WHERE status = 'replied'").await;
    assert!(!owner.get(&format!("/accounts/{account}")).await.expect(200).text().contains("is in conversation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_become_one_and_two_again() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = person(&owner, "Ada", "engines.example", json!({"company_name": "Engines Inc", "industry": "Machines"})).await;
    let bea = person(&owner, "Bea", "mail.engines.co.uk", json!({"company_name": "Engines Ltd.", "city": "Leeds"})).await;
    let (into, from) = (text(&ada["account_id"]), text(&bea["account_id"]));
    let all =
        "SELECT string_agg((to_jsonb(t) - ARRAY['version', 'updated_at', 'score', 'score_reasons'])::text, E'\\n' ORDER BY t.id) FROM ";
    let state = async || format!("{}\n{}", app.text(&format!("{all} leads t")).await, app.text(&format!("{all} accounts t")).await);
    let before = state().await;
    assert!(owner.get("/accounts/duplicates").await.expect(200).text().contains("Engines"));
    assert!(owner.get(&format!("/accounts/{into}")).await.expect(200).text().contains("May be the same company"));
    owner.get(&format!("/accounts/{into}/merge")).await.expect(200);
    owner.get(&format!("/accounts/{into}/merge?with={from}")).await.expect(200);
    owner.post_json(&format!("/api/v1/accounts/{into}/merge"), &json!({"account_id": into})).await.expect(422);
    let form = [("with", from.as_str()), ("domain", "other"), ("name", "own")];
    let merged = owner.post_form(&format!("/accounts/{into}/merge"), &form).await.expect(303);
    assert_eq!(merged.location(), format!("/accounts/{into}"));
    owner.get(&format!("/accounts/{from}")).await.expect(404);
    let account = owner.get(&format!("/api/v1/accounts/{into}")).await.expect(200).json();
    assert_eq!(
        (&account["name"], &account["domain"], &account["city"]),
        (&json!("Engines Inc"), &json!("mail.engines.co.uk"), &json!("Leeds"))
    );
    for lead in [&ada, &bea] {
        let now = owner.get(&format!("/api/v1/leads/{}", text(&lead["id"]))).await.expect(200).json();
        assert_eq!((&now["account_id"], &now["company_name"], &now["industry"]), (&json!(into), &json!("Engines Inc"), &json!("Machines")));
    }
    let set = app.text("SELECT 'change_' || replace(id::text, '-', '') FROM change_sets WHERE kind = 'merge'").await;
    owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(200);
    app.settle().await;
    assert_eq!(before, state().await);
    // Who sees some records only merges nothing that is shared.
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    person(&rep, "Cyd", "engines.example", json!({})).await;
    rep.post_json(&format!("/api/v1/accounts/{into}/merge"), &json!({"account_id": from})).await.expect(404);
    rep.post_json("/api/v1/accounts", &json!({"name": "Mine"})).await.expect(403);
}
