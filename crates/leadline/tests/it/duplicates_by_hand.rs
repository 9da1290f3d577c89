//! Merging leads that nobody has proposed, and taking a rejection back.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

async fn add(visitor: &Visitor, first: &str, email: &str) -> String {
    let lead = json!({"first_name": first, "last_name": format!("{first}son"), "email": email, "tags": [first]});
    text(&visitor.post_json("/api/v1/leads", &lead).await.expect(201).json()["id"])
}

async fn clusters(visitor: &Visitor) -> Value {
    visitor.get("/api/v1/duplicates").await.expect(200).json()["data"].clone()
}

/// So many leads of one person, alike enough to be proposed.
async fn alike(app: &TestApp, owner: &Visitor, surname: &str, phone: &str, many: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for first in ["Robert", "Bob", "Robert"].into_iter().take(many) {
        let lead = json!({"first_name": first, "last_name": surname, "phone": phone, "company_domain": "acme.example"});
        ids.push(text(&owner.post_json("/api/v1/leads", &lead).await.expect(201).json()["id"]));
    }
    app.settle().await;
    ids.sort();
    ids
}

async fn leads(app: &TestApp) -> String {
    app.text(
        "SELECT string_agg((to_jsonb(l) - ARRAY['version', 'updated_at', 'score', 'score_reasons'])::text, E'\\n' ORDER BY id)
         FROM leads l",
    )
    .await
}

async fn pairs(app: &TestApp) -> String {
    app.text("SELECT string_agg(to_jsonb(p)::text, E'\\n' ORDER BY low, high) FROM duplicate_pairs p").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ticked_in_the_grid_is_compared_merged_and_parted_again() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = add(&owner, "Ada", "ada@engines.example").await;
    let zoe = add(&owner, "Zoe", "zoe@looms.example").await;
    let eve = add(&owner, "Eve", "eve@mills.example").await;
    app.settle().await;
    assert_eq!(clusters(&owner).await, json!([]), "nobody has proposed them");
    let before = leads(&app).await;
    assert_eq!(owner.get("/leads").await.expect(200).texts("[formaction='/duplicates/by-hand/choose']"), ["Merge…"]);

    // Too few, too many, or whoever matches: back to the grid, with why.
    let back = "/leads?q=son";
    owner.post_form("/duplicates/by-hand/choose", &[("id", ada.as_str()), ("id", ada.as_str()), ("back", back)]).await.expect(303);
    assert!(owner.get(back).await.expect(200).texts("#toasts").join(" ").contains("2 to 10 different leads"));
    let all = owner.post_form("/duplicates/by-hand/choose", &[("all_matching", "true"), ("back", back)]).await.expect(303);
    assert_eq!(all.location(), back);
    let elsewhere = owner.post_form("/duplicates/by-hand/choose", &[("back", "https://evil.example/")]).await.expect(303);
    assert_eq!(elsewhere.location(), "/leads");

    let ticked = [("id", ada.as_str()), ("id", zoe.as_str()), ("id", eve.as_str())];
    let chosen = owner.post_form("/duplicates/by-hand/choose", &ticked).await.expect(303);
    let page = owner.get(chosen.location()).await.expect(200);
    for shown in ["ada@engines.example", "zoe@looms.example", "eve@mills.example", "Others stay as they are"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    assert!(!page.text().contains("Not duplicates"), "what was never proposed cannot be rejected");
    let merge = page.attributes("#compare", "action").remove(0);
    let preview = page.attributes("#compare", "hx-post").remove(0);

    // One alone is refused where the choices stand; Eve gives nothing and stays.
    let alone = owner.post_form(&merge, &[("lead", ada.as_str())]).await.expect(422);
    assert!(alone.text().contains("2 to 10 different leads") && alone.text().contains("zoe@looms.example"), "{}", alone.text());
    let unticked = [("lead", ada.as_str()), ("lead", zoe.as_str()), ("into", eve.as_str())];
    assert!(owner.post_form(&merge, &unticked).await.expect(422).text().contains("Name one of the leads that are merged"));
    let choices = [("lead", ada.as_str()), ("lead", zoe.as_str()), ("into", zoe.as_str()), ("email", ada.as_str()), ("name", eve.as_str())];
    assert!(owner.post_form(&preview, &choices).await.expect(200).text().contains("ada@engines.example"));
    assert_eq!(leads(&app).await, before, "neither a refusal nor a preview changes anything");

    let merged = owner.post_form(&merge, &choices).await.expect(303);
    assert_eq!(merged.location(), format!("/leads/{zoe}"));
    let said = owner.get(merged.location()).await.expect(200);
    assert!(said.texts("#toasts").join(" ").contains("Merged into"), "{}", said.body);
    let undo = said.attributes("#toasts form", "action").remove(0);
    app.settle().await;
    owner.get(&format!("/leads/{ada}")).await.expect(404);
    owner.get(&format!("/leads/{eve}")).await.expect(200);
    let lead = owner.get(&format!("/api/v1/leads/{zoe}")).await.expect(200).json();
    assert_eq!((&lead["email"], &lead["tags"]), (&json!("ada@engines.example"), &json!(["Ada", "Zoe"])));
    assert_eq!(app.scalar("SELECT count(*) FROM audit_entries WHERE kind = 'lead.merged'").await, 1);
    assert!(owner.get("/changes").await.expect(200).text().contains("Leads merged"));

    // The address of before says who is left, or that nobody is.
    let rest = owner.get(chosen.location()).await.expect(200);
    assert!(rest.text().contains("1 lead is left out: gone, or not yours to see."), "{}", rest.text());
    owner.post_form(&undo, &[("x", "")]).await.expect(303);
    app.settle().await;
    assert_eq!(leads(&app).await, before, "both are there exactly as they were");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_merges_by_hand_once_and_names_what_it_refuses() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let mut ids = Vec::new();
    for n in 0..11 {
        ids.push(add(&owner, "Ada", &format!("ada{n}@engines.example")).await);
    }
    let neighbour = app.sign_up("Theirs").await;
    let theirs = add(&neighbour, "Zoe", "zoe@looms.example").await;
    let refused = async |body: Value| {
        let answer = owner.post_json("/api/v1/duplicates/merge", &body).await.expect(422).json();
        answer["errors"].as_array().unwrap().iter().map(|error| text(&error["pointer"])).collect::<Vec<_>>()
    };
    let two = [&ids[0], &ids[1]];
    assert_eq!(refused(json!({})).await, ["/lead_ids"]);
    assert_eq!(refused(json!({"lead_ids": [ids[0], ids[0]]})).await, ["/lead_ids"], "one lead twice is one lead");
    assert_eq!(refused(json!({"lead_ids": ids})).await, ["/lead_ids"], "11 are too many");
    assert_eq!(refused(json!({"lead_ids": [ids[0], theirs, ids[1]]})).await, ["/lead_ids/1"], "another organisation's is not there");
    assert_eq!(refused(json!({"lead_ids": two, "into": ids[2]})).await, ["/into"]);
    let strangers = json!({"lead_ids": two, "fields": {"email": ids[2]}, "custom": {"a/b": ids[3]}});
    assert_eq!(refused(strangers).await, ["/fields/email", "/custom/a~1b"]);
    assert_eq!(app.scalar("SELECT count(*) FROM change_sets").await, 0, "what was refused leaves nothing behind");

    let wish = json!({"lead_ids": two, "fields": {"email": ids[1]}});
    let once = || owner.send(owner.request("POST", "/api/v1/duplicates/merge").header("idempotency-key", "k1").json(&wish));
    let merged = once().await.expect(200).json();
    assert_eq!(text(&merged["lead_id"]), ids[0], "the oldest stays");
    assert_eq!(once().await.expect(200).json(), merged, "a repeated request is answered, not repeated");
    assert_eq!(owner.get(&format!("/api/v1/leads/{}", ids[0])).await.expect(200).json()["email"], "ada1@engines.example");
    assert_eq!(refused(json!({"lead_ids": two})).await, ["/lead_ids/1"], "it has gone");
    owner.post_json(&format!("/api/v1/changes/{}/undo", text(&merged["change_set_id"])), &json!({})).await.expect(200);
    owner.get(&format!("/api/v1/leads/{}", ids[1])).await.expect(200);
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 12);

    let viewer = app.colleague(&owner, "viewer").await;
    viewer.post_json("/api/v1/duplicates/merge", &json!({"lead_ids": two})).await.expect(403);
    assert!(viewer.get("/leads").await.expect(200).texts("[formaction='/duplicates/by-hand/choose']").is_empty());
    viewer.get(&format!("/duplicates/by-hand?lead={}&lead={}", ids[0], ids[1])).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_some_leads_merges_those_and_learns_of_no_others() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    let (one, other) = (add(&rep, "Ada", "ada@engines.example").await, add(&rep, "Zoe", "zoe@looms.example").await);
    let hidden = add(&owner, "Eve", "eve@mills.example").await;
    app.settle().await;
    let refused = rep.post_json("/api/v1/duplicates/merge", &json!({"lead_ids": [one, hidden]})).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/lead_ids/1");
    rep.get(&format!("/duplicates/by-hand?lead={one}&lead={hidden}")).await.expect(404);
    let page = rep.get(&format!("/duplicates/by-hand?lead={one}&lead={other}&lead={hidden}")).await.expect(200);
    assert!(page.text().contains("1 lead is left out") && !page.body.contains("mills.example"), "{}", page.text());
    let found = rep.get(&format!("/duplicates/by-hand?lead={one}&q=son")).await.expect(200);
    assert!(found.text().contains("Zoe") && !found.text().contains("Eve"), "{}", found.text());
    rep.get(&format!("/duplicates/by-hand?lead={hidden}")).await.expect(404);
    let merged = rep.post_json("/api/v1/duplicates/merge", &json!({"lead_ids": [one, other]})).await.expect(200).json();
    app.settle().await;
    rep.get(&format!("/api/v1/leads/{other}")).await.expect(404);
    rep.post_json(&format!("/api/v1/changes/{}/undo", text(&merged["change_set_id"])), &json!({})).await.expect(200);
    rep.get(&format!("/api/v1/leads/{other}")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_leads_page_the_other_one_is_searched_for() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = add(&owner, "Ada", "ada@engines.example").await;
    let zoe = add(&owner, "Zoe", "zoe@looms.example").await;
    app.settle().await;
    let way = owner.get(&format!("/leads/{ada}")).await.expect(200).attributes("a[href^='/duplicates/by-hand']", "href").remove(0);
    assert!(owner.get(&way).await.expect(200).text().contains("No lead looks like it"));
    let found = owner.get(&format!("{way}&q=zoe")).await.expect(200);
    let compare = found.attributes("#others a[href^='/duplicates/by-hand']", "href").remove(0);
    assert_eq!(compare, format!("/duplicates/by-hand?lead={ada}&lead={zoe}"));
    owner.get(&compare).await.expect(200);
    assert!(owner.get(&format!("{way}&q=ada")).await.expect(200).text().contains("No other lead matches"), "it is not its own double");
    owner.get("/duplicates/by-hand").await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_taken_back_by_its_toast() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ids = alike(&app, &owner, "Miller", "+1 555 010 2030", 2).await;
    let (found, stored) = (clusters(&owner).await, pairs(&app).await);
    let cluster = text(&found[0]["id"]);
    owner.post_json(&format!("/api/v1/duplicates/{cluster}/reject/undo"), &json!({})).await.expect(404);
    let rejected = owner.post_form(&format!("/duplicates/{cluster}/reject"), &[("x", "")]).await.expect(303);
    let undo = owner.get(rejected.location()).await.expect(200).attributes("#toasts form", "action").remove(0);
    assert_eq!(clusters(&owner).await, json!([]));
    // By hand they can be merged all the same; the page says what was decided.
    let page = owner.get(&format!("/duplicates/by-hand?lead={}&lead={}", ids[0], ids[1])).await.expect(200);
    assert!(page.text().contains("Somebody has said that some of these are different people"), "{}", page.text());
    let neighbour = app.sign_up("Theirs").await;
    neighbour.post_form(&undo, &[("x", "")]).await.expect(404);
    let viewer = app.colleague(&owner, "viewer").await;
    viewer.post_form(&undo, &[("x", "")]).await.expect(403);

    owner.post_form(&undo, &[("x", "")]).await.expect(303);
    assert!(owner.get("/duplicates").await.expect(200).texts("#toasts").join(" ").contains("proposed again"));
    assert_eq!(clusters(&owner).await, found, "the cluster is what it was, under its id");
    assert_eq!(pairs(&app).await, stored, "and so are its pairs");
    assert!(owner.get("/duplicates/settings").await.expect(200).text().contains("0 decisions so far"));
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM audit_entries WHERE kind = 'duplicates.rejection_undone'").await, 1);
    assert_eq!(clusters(&owner).await, found);

    // Once is enough; a new rejection can be taken back anew, by the API too.
    let again = owner.post_form(&undo, &[("x", "")]).await.expect(303);
    assert!(owner.get(again.location()).await.expect(200).texts("#toasts").join(" ").contains("taken back already"));
    owner.post_json(&format!("/api/v1/duplicates/{cluster}/reject/undo"), &json!({})).await.expect(409);
    owner.post_json(&format!("/api/v1/duplicates/{cluster}/reject"), &json!({})).await.expect(204);
    owner.post_json(&format!("/api/v1/duplicates/{cluster}/reject/undo"), &json!({})).await.expect(204);
    assert_eq!(clusters(&owner).await, found);
    owner.post_json(&format!("/api/v1/duplicates/{cluster}/reject"), &json!({})).await.expect(204);
    owner.delete(&format!("/api/v1/leads/{}", ids[1])).await.expect(204);
    owner.post_json(&format!("/api/v1/duplicates/{cluster}/reject/undo"), &json!({})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_three_comes_back_and_an_undone_merge_stays_for_people() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ids = alike(&app, &owner, "Miller", "+1 555 010 2030", 3).await;
    let merged = owner
        .post_json(&format!("/api/v1/duplicates/{}/merge", text(&clusters(&owner).await[0]["id"])), &json!({}))
        .await
        .expect(200)
        .json();
    owner.post_json(&format!("/api/v1/changes/{}/undo", text(&merged["change_set_id"])), &json!({})).await.expect(200);
    app.settle().await;
    let (found, stored) = (clusters(&owner).await, pairs(&app).await);
    assert_eq!((&found[0]["lead_ids"], &found[0]["merge_undone"]), (&json!(ids), &json!(true)), "{found}");
    let cluster = text(&found[0]["id"]);
    owner.post_json(&format!("/api/v1/duplicates/{cluster}/reject"), &json!({"only": ids[0]})).await.expect(204);
    assert_eq!(clusters(&owner).await[0]["lead_ids"], json!(ids[1..]));
    owner.post_json(&format!("/api/v1/duplicates/{cluster}/reject/undo"), &json!({})).await.expect(204);
    assert_eq!((clusters(&owner).await, pairs(&app).await), (found, stored));
    assert_eq!(app.scalar("SELECT count(*) FROM duplicate_clusters").await, 1, "what was left of it is no cluster of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_that_are_ticked_are_merged_and_no_others() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for n in 0..3 {
        alike(&app, &owner, &format!("Unusual{n}"), &format!("+1 555 010 203{n}"), 2).await;
    }
    let found = clusters(&owner).await;
    let ids: Vec<String> = found.as_array().unwrap().iter().map(|cluster| text(&cluster["id"])).collect();
    assert_eq!(ids.len(), 3);
    let list = owner.get("/duplicates").await.expect(200);
    assert_eq!(list.attributes("#selection", "action"), ["/duplicates/merge-all"]);
    assert_eq!(list.texts("#selection form"), Vec::<String>::new(), "a form within a form is none");
    assert_eq!(list.attributes("tbody button[form='decide-one']", "formaction").len(), 6);

    owner.post_form("/duplicates/merge-all", &[("id", ids[2].as_str()), ("id", ids[1].as_str())]).await.expect(303);
    // Another wish must not get lost in the one that waits.
    owner.post_json("/api/v1/duplicates/merge-all", &json!({"cluster_ids": [ids[0]]})).await.expect(409);
    owner.post_form("/duplicates/merge-all", &[("id", ids[0].as_str())]).await.expect(303);
    assert!(owner.get("/duplicates").await.expect(200).texts("#toasts").join(" ").contains("Other clusters are waiting"));
    app.settle().await;
    assert_eq!(clusters(&owner).await, json!([found[0]]), "what was not ticked is there");
    let status = owner.get("/api/v1/duplicates/merge-all").await.expect(200).json();
    assert_eq!((&status["state"], &status["merged"], &status["total"]), (&json!("done"), &json!(2), &json!(2)), "{status}");

    for (body, pointer) in [
        (json!({}), "/at_least"),
        (json!({"at_least": 0.9, "cluster_ids": [ids[0]]}), "/at_least"),
        (json!({"cluster_ids": []}), "/cluster_ids"),
        (json!({"cluster_ids": [ids[1]]}), "/cluster_ids"),
    ] {
        let refused = owner.post_json("/api/v1/duplicates/merge-all", &body).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}");
    }
    let neighbour = app.sign_up("Theirs").await;
    neighbour.post_json("/api/v1/duplicates/merge-all", &json!({"cluster_ids": [ids[0]]})).await.expect(422);
    owner.post_json(&format!("/api/v1/changes/{}/undo", text(&status["change_set_id"])), &json!({})).await.expect(200);
    app.settle().await;
    assert_eq!(clusters(&owner).await.as_array().unwrap().len(), 3);
}
