//! What the grid shows around its leads is remembered by each node, and never older than the last change on any of them.

use serde_json::json;

use crate::support::{TestApp, TestOptions};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_one_node_shows_in_the_next_page_of_another() {
    let first = TestApp::start().await;
    let second = first.second_node(TestOptions::default()).await;
    let owner = first.sign_up("Acme").await;
    let rep = first.colleague(&owner, "rep").await;
    let body = json!({"first_name": "Ada", "email": "ada@x.example", "custom": {"plan": "gold"}});
    owner.post_json("/api/v1/leads", &body).await.expect(201);
    let there = owner.at(&second.address);
    let grid = async |path: &str| {
        // The second time out of memory.
        let pages = [there.get(path).await.expect(200).body, there.get(path).await.expect(200).body];
        assert_eq!(pages[0].matches("data-row ").count(), pages[1].matches("data-row ").count());
        pages
    };
    let has = |pages: &[String; 2], text: &str| pages.iter().all(|page| page.contains(text));
    let hasnt = |pages: &[String; 2], text: &str| pages.iter().all(|page| !page.contains(text));

    assert!(hasnt(&grid("/leads").await, "Hot Americans"));
    let view = json!({"name": "Hot Americans", "shared": true, "filter": {"field": "country", "op": "is", "value": "US"}});
    let view = owner.post_json("/api/v1/views", &view).await.expect(201).json();
    let id = view["id"].as_str().unwrap();
    assert!(has(&grid("/leads").await, "Hot Americans"));
    // What the view means is remembered with it.
    let path = format!("/leads?view={id}");
    assert!(hasnt(&grid(&path).await, ">Ada</span>"));
    let patch = owner.request("PATCH", &format!("/api/v1/views/{id}")).header("if-match", "\"1\"");
    owner.send(patch.json(&json!({"filter": {"field": "first_name", "op": "is", "value": "Ada"}}))).await.expect(200);
    assert!(has(&grid(&path).await, ">Ada</span>"));

    let columns = "/leads?columns=email,custom.plan";
    assert!(hasnt(&grid(columns).await, "Tariff"));
    owner
        .send(owner.request("PATCH", "/api/v1/custom-fields/plan").header("if-match", "\"1\"").json(&json!({"label": "Tariff"})))
        .await
        .expect(200);
    assert!(has(&grid(columns).await, "Tariff"));

    first.sql(&format!("UPDATE users SET name = 'Grace Hopper' WHERE email = '{}'", rep.email)).await;
    assert!(has(&grid("/leads").await, "Grace Hopper"));
    first.sql("DELETE FROM memberships WHERE role = 'rep'").await;
    assert!(hasnt(&grid("/leads").await, "Grace Hopper"));

    // Somebody else's choice of columns is theirs.
    let other = first.colleague(&owner, "rep").await.at(&second.address);
    let chosen = "data-columns=\"custom.plan\"";
    assert!(!other.get("/leads").await.expect(200).body.contains(chosen));
    assert!(hasnt(&grid("/leads").await, chosen));
    owner.post_form("/leads/columns", &[("columns", "custom.plan")]).await.expect(303);
    assert!(has(&grid("/leads").await, chosen));
    assert!(!other.get("/leads").await.expect(200).body.contains(chosen));
}
