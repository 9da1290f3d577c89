//! Accounts appear with their leads, and change them.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

async fn lead(owner: &Visitor, body: Value) -> Value {
    owner.post_json("/api/v1/leads", &body).await.expect(201).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_one_company_share_an_account() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    assert!(owner.get("/accounts").await.expect(200).text().contains("No accounts yet"));
    let ada =
        lead(&owner, json!({"first_name": "Ada", "email": "ada@engines.example", "company_name": "Engines", "industry": "Looms"})).await;
    let bob = lead(&owner, json!({"first_name": "Bob", "company_domain": "https://www.Engines.example/about", "employee_count": 40})).await;
    let cy = lead(&owner, json!({"first_name": "Cy", "email": "cy@gmail.com", "company_name": "Bakery"})).await;
    let dora = lead(&owner, json!({"first_name": "Dora", "company_name": "BAKERY", "company_domain": "gmail.com"})).await;
    let eve = lead(&owner, json!({"first_name": "Eve", "email": "eve@gmail.com"})).await;
    assert_eq!(ada["account_id"], bob["account_id"]);
    assert_eq!((&bob["industry"], &bob["company_name"]), (&json!("Looms"), &json!("Engines")), "what the account knows is filled in");
    assert_eq!(cy["account_id"], dora["account_id"]);
    assert_eq!(eve["account_id"], Value::Null, "a private mailbox is no company");

    let list = owner.get("/api/v1/accounts").await.expect(200).json();
    assert_eq!(list["total"]["value"], 2);
    let rows: Vec<(&str, i64)> =
        list["data"].as_array().unwrap().iter().map(|row| (row["name"].as_str().unwrap(), row["people"].as_i64().unwrap())).collect();
    assert_eq!(rows, [("Bakery", 2), ("Engines", 2)]);
    assert_eq!(list["data"][1]["employee_count"], 40, "the account learns what a lead knows");
    assert_eq!(owner.get("/accounts?q=engines.ex").await.expect(200).texts("tr[data-row] .person-name"), ["Engines"]);
    assert!(owner.get("/accounts?q=nothing").await.expect(200).text().contains("No account matches"));

    let id = ada["account_id"].as_str().unwrap();
    let page = owner.get(&format!("/accounts/{id}")).await.expect(200);
    assert!(page.text().contains("2 people"), "{}", page.text());
    let colleague = owner.get(&format!("/leads/{}", ada["id"].as_str().unwrap())).await.expect(200);
    assert!(colleague.text().contains("1 colleague") && colleague.text().contains("Bob"));

    // Moving to another company moves to another account.
    let moved = owner
        .patch_json(
            &format!("/api/v1/leads/{}", bob["id"].as_str().unwrap()),
            &json!({"company_name": "Tools", "company_domain": "tools.example"}),
        )
        .await
        .expect(200)
        .json();
    assert_ne!(moved["account_id"], ada["account_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_edited_with_all_of_its_leads() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = lead(&owner, json!({"first_name": "Ada", "email": "ada@engines.example", "company_name": "Engines", "city": "London"})).await;
    let bob = lead(&owner, json!({"first_name": "Bob", "email": "bob@engines.example", "company_name": "Engines", "city": "Leeds"})).await;
    lead(&owner, json!({"first_name": "Cy", "company_domain": "tools.example"})).await;
    let id = ada["account_id"].as_str().unwrap();
    let form = owner.get(&format!("/accounts/{id}/edit")).await.expect(200);
    assert_eq!(form.attributes("#field-domain", "value"), ["engines.example"]);
    let refused = owner
        .post_form(&format!("/accounts/{id}/edit"), &[("name", "Engines"), ("domain", "gmail.com"), ("employee_count", "x")])
        .await
        .expect(422);
    assert_eq!(refused.attributes("[aria-invalid]", "id"), ["field-domain", "field-employee-count"]);
    let taken = owner.post_form(&format!("/accounts/{id}/edit"), &[("name", "Engines"), ("domain", "tools.example")]).await.expect(422);
    assert!(taken.text().contains("Another account has this domain"));
    let change = [
        ("name", "Analytical Engines"),
        ("domain", "engines.example"),
        ("industry", "Computing"),
        ("employee_count", "1,200"),
        ("city", "London"),
    ];
    owner.post_form(&format!("/accounts/{id}/edit"), &change).await.expect(303);
    for (lead, city) in [(&ada, "London"), (&bob, "Leeds")] {
        let now = owner.get(&format!("/api/v1/leads/{}", lead["id"].as_str().unwrap())).await.json();
        assert_eq!(
            (&now["company_name"], &now["industry"], &now["employee_count"]),
            (&json!("Analytical Engines"), &json!("Computing"), &json!(1200))
        );
        assert_eq!(now["city"], city, "what did not change stays each lead's own");
        assert_eq!(now["version"], 2);
    }
    let patched = owner.patch_json(&format!("/api/v1/accounts/{id}"), &json!({"industry": null})).await.expect(200).json();
    assert_eq!((&patched["industry"], &patched["name"]), (&json!(""), &json!("Analytical Engines")));

    let neighbour = app.sign_up("Neighbour").await;
    for path in [format!("/accounts/{id}"), format!("/accounts/{id}/edit"), format!("/api/v1/accounts/{id}")] {
        neighbour.get(&path).await.expect(404);
    }
    neighbour.post_form(&format!("/accounts/{id}/edit"), &change).await.expect(404);
    neighbour.patch_json(&format!("/api/v1/accounts/{id}"), &json!({"name": "x"})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_page_both_ways() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    lead(&owner, json!({"first_name": "Ada", "company_domain": "seed.example"})).await;
    app.sql(
        "INSERT INTO accounts (org_id, id, name, domain, created_at, updated_at)
         SELECT org_id, gen_random_uuid(), 'Same', 'd' || n || '.example', created_at, updated_at FROM accounts, generate_series(1, 119) n",
    )
    .await;
    let mut seen = std::collections::BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = owner.get(&format!("/api/v1/accounts?limit=9&cursor={cursor}")).await.expect(200).json();
        assert_eq!(page["total"], json!({"value": 120, "exact": true}));
        for row in page["data"].as_array().unwrap() {
            assert!(seen.insert(row["id"].as_str().unwrap().to_owned()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 120);
    let rows = |page: &crate::support::Answer| page.attributes("tr[data-row]", "data-href");
    let first = owner.get("/accounts").await.expect(200);
    let second = owner.get(&first.attributes("a[rel=next]", "href")[0]).await.expect(200);
    let back = owner.get(&second.attributes("a[rel=prev]", "href")[0]).await.expect(200);
    assert_eq!(rows(&back), rows(&first));
    assert!(back.attributes("a[rel=prev]", "href").is_empty());
}
