//! Tags: listed with how many leads have them, renamed, merged, deleted, and back again.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

async fn lead(owner: &Visitor, name: &str, tags: &[&str]) -> String {
    let made = owner.post_json("/api/v1/leads", &json!({"first_name": name, "tags": tags})).await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn tags_of(owner: &Visitor, lead: &str) -> Value {
    owner.get(&format!("/api/v1/leads/{lead}")).await.expect(200).json()["tags"].clone()
}

/// `vip 2, us 1`.
async fn listed(visitor: &Visitor) -> String {
    let tags = visitor.get("/api/v1/tags").await.expect(200).json();
    let each = tags["data"].as_array().unwrap().iter().map(|tag| format!("{} {}", tag["tag"].as_str().unwrap(), tag["leads"]));
    each.collect::<Vec<_>>().join(", ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_renamed_merged_deleted_and_comes_back() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    assert!(owner.get("/tags").await.expect(200).text().contains("No tags yet"));
    let ada = lead(&owner, "Ada", &["vip", "a/b & \"c\"", "emea"]).await;
    let bob = lead(&owner, "Bob", &["VIP", "emea", "key account"]).await;
    let neighbour = app.sign_up("Neighbour").await;
    let theirs = lead(&neighbour, "Eve", &["vip", "theirs"]).await;
    assert_eq!(listed(&owner).await, "a/b & \"c\" 1, emea 2, key account 1, VIP 1, vip 1");
    let page = owner.get("/tags").await.expect(200);
    assert_eq!(page.texts("td.is-title"), ["a/b & \"c\"", "emea", "key account", "VIP", "vip"]);
    for (at, name) in [(0, "Ada"), (2, "Bob")] {
        let to = &page.attributes("td.is-title a", "href")[at];
        assert_eq!(owner.get(to).await.expect(200).texts("tr[data-row] .person-name"), [name], "{to}");
    }

    // One spelling to another; a tag that is there takes the other's leads, and nobody has it twice.
    let rename = async |tag: &str, to: &str| owner.post_form("/tags/rename", &[("tag", tag), ("to", to)]).await.expect(303);
    rename("vip", "VIP").await;
    rename("emea", " key  account ").await;
    assert_eq!(listed(&owner).await, "a/b & \"c\" 1, key account 2, VIP 2");
    assert_eq!(
        (tags_of(&owner, &ada).await, tags_of(&owner, &bob).await),
        (json!(["VIP", "a/b & \"c\"", "key account"]), json!(["VIP", "key account"]))
    );
    assert_eq!(tags_of(&neighbour, &theirs).await, json!(["vip", "theirs"]));
    for to in ["", "VIP", &"x".repeat(300)] {
        let said = rename("VIP", to).await;
        assert!(!owner.get(said.location()).await.expect(200).texts(".toast").is_empty(), "{to:?}");
    }
    assert_eq!(listed(&owner).await, "a/b & \"c\" 1, key account 2, VIP 2");

    owner.post_form("/tags/delete", &[("tag", "VIP")]).await.expect(303);
    assert_eq!(listed(&owner).await, "a/b & \"c\" 1, key account 2");
    let sets = owner.get("/api/v1/changes").await.expect(200).json();
    let last = sets["data"][0]["id"].as_str().unwrap().to_owned();
    owner.post_json(&format!("/api/v1/changes/{last}/undo"), &json!({})).await;
    app.settle().await;
    assert_eq!(listed(&owner).await, "a/b & \"c\" 1, key account 2, VIP 2", "back as it was: {sets}");

    let api = json!({"filter": {}, "action": "rename_tag", "from": "VIP", "to": "vip"});
    assert_eq!(owner.post_json("/api/v1/leads/bulk", &api).await.expect(200).json()["changed"], 2);
    assert_eq!(owner.post_json("/api/v1/leads/bulk", &api).await.expect(200).json()["changed"], 0, "repeating does no harm");

    let viewer = app.colleague(&owner, "viewer").await;
    assert!(viewer.get("/tags").await.expect(200).attributes("form[action='/tags/rename']", "action").is_empty());
    viewer.post_form("/tags/rename", &[("tag", "vip"), ("to", "x")]).await.expect(403);
    viewer.post_form("/tags/delete", &[("tag", "vip")]).await.expect(403);
    assert_eq!(listed(&neighbour).await, "theirs 1, vip 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_leads_tags_are_counted_in_the_background_and_who_sees_few_is_told_of_few() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    lead(&rep, "Mine", &["mine"]).await;
    app.sql(
        "INSERT INTO leads (org_id, id, first_name, tags, created_at, updated_at)
         SELECT org_id, gen_random_uuid(), 'N', CASE WHEN n > 5500 THEN '{newer}'::text[] ELSE '{older}' END, timestamptz '2026-01-04 09:00Z' + n * interval '1 second', now()
         FROM organisations, generate_series(1, 6000) n",
    )
    .await;
    let first = owner.get("/api/v1/tags").await.expect(200).json();
    assert_eq!(first["complete"], false, "{first}");
    assert!(owner.get("/tags").await.expect(200).text().contains("your 5,000 newest leads"));
    app.settle().await;
    assert_eq!(listed(&owner).await, "mine 1, newer 500, older 5500");
    assert!(!owner.get("/tags").await.expect(200).text().contains("newest leads"));
    assert_eq!(listed(&rep).await, "mine 1");

    // A long change is a job; the count follows.
    let to = owner.post_form("/tags/rename", &[("tag", "older"), ("to", "newer")]).await.expect(303).location().to_owned();
    assert!(to.starts_with("/leads/bulk/"), "{to}");
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE tags = '{newer}'").await, 6000);
}
