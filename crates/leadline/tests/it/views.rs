//! Saved views: kept, shared, changed, opened; never a colleague's own, never a neighbour's.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Visitor};

fn id(view: &Value) -> String {
    view["id"].as_str().unwrap_or_else(|| panic!("{view}")).to_owned()
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn save(visitor: &Visitor, body: Value) -> Value {
    visitor.post_json("/api/v1/views", &body).await.expect(201).json()
}

async fn patch(visitor: &Visitor, path: &str, tag: &str, body: &Value) -> Answer {
    visitor.send(visitor.request("PATCH", path).header("if-match", tag).json(body)).await
}

async fn names(visitor: &Visitor) -> Vec<String> {
    let list = visitor.get("/api/v1/views").await.expect(200).json();
    list["data"].as_array().unwrap().iter().map(|view| view["name"].as_str().unwrap().to_owned()).collect()
}

/// Ada (US, qualified), Bob (US) and Eve (DE).
async fn people(owner: &Visitor) {
    for (first, country, status) in [("Ada", "US", "qualified"), ("Bob", "US", "new"), ("Eve", "DE", "new")] {
        let body = json!({"first_name": first, "country": country, "status": status, "email": format!("{first}@x.example")});
        owner.post_json("/api/v1/leads", &body).await.expect(201);
    }
}

const AMERICANS: &str = r#"{"all":[{"field":"country","op":"is","value":"US"}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_kept_read_changed_and_deleted_by_the_api() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let refused = owner
        .post_json("/api/v1/views", &json!({"name": " ", "sort": "shoe_size", "columns": ["status", "shoe"], "q": "x".repeat(201)}))
        .await
        .expect(422)
        .json();
    let pointers: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/name", "/q", "/sort", "/columns"]);
    owner.post_json("/api/v1/views", &json!({"name": "x", "filter": {"field": "shoe", "op": "is"}})).await.expect(422);
    owner.post_json("/api/v1/views", &json!({"name": "x", "colour": "red"})).await.expect(422);

    let body = json!({"name": " Hot  Americans ", "filter": serde_json::from_str::<Value>(AMERICANS).unwrap(), "sort": "name", "columns": ["email", "status"]});
    let twice = || owner.request("POST", "/api/v1/views").header("idempotency-key", "one").json(&body);
    let (first, second) = (owner.send(twice()).await.expect(201), owner.send(twice()).await.expect(201));
    assert_eq!(first.body, second.body, "answered, not repeated");
    let view = first.json();
    assert_eq!((view["name"].as_str(), view["shared"].as_bool(), view["version"].as_i64()), (Some("Hot Americans"), Some(false), Some(1)));
    assert_eq!((&view["columns"], &view["sort"]), (&json!(["email", "status"]), &json!("name")));
    let taken = owner.post_json("/api/v1/views", &json!({"name": "HOT americans"})).await.expect(422).json();
    assert_eq!(taken["errors"][0]["code"], "name.taken");
    save(&owner, json!({"name": "Hot Americans", "shared": true})).await;

    let path = first.location().to_owned();
    assert_eq!(owner.get(&path).await.expect(200).header("etag"), "\"1\"");
    let changed = patch(&owner, &path, "\"1\"", &json!({"q": " Ada ", "sort": null, "columns": null})).await.expect(200);
    assert_eq!(
        (changed.header("etag"), &changed.json()["q"], &changed.json()["columns"]),
        ("\"2\"", &json!("Ada"), &json!([])),
        "what is not named stays, null empties"
    );
    assert_eq!(changed.json()["filter"], view["filter"]);
    patch(&owner, &path, "\"1\"", &json!({"q": ""})).await.expect(412);
    assert_eq!(patch(&owner, &path, "\"2\"", &json!({"q": "Ada"})).await.expect(200).header("etag"), "\"2\"", "nothing changed");
    let wrong = patch(&owner, &path, "*", &json!({"columns": "status"})).await.expect(422).json();
    assert_eq!(wrong["errors"][0]["pointer"], "/columns");
    owner.patch_json(&path, &json!(["no object"])).await.expect(422);
    owner.delete(&path).await.expect(204);
    owner.get(&path).await.expect(404);
    owner.delete(&path).await.expect(404);
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind LIKE 'view.%'").await, 4, "created twice, changed, deleted");
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind LIKE 'view.%' AND payload::text ~ 'Ada'").await, 0, "no words");

    app.sql("INSERT INTO saved_views (org_id, id, name, filter, created_at, updated_at) SELECT org_id, gen_random_uuid(), 'N' || n, '{}', now(), now() FROM organisations, generate_series(1, 200) n").await;
    let full = owner.post_json("/api/v1/views", &json!({"name": "One more", "shared": true})).await.expect(409);
    assert!(full.body.contains("Your organisation shares 200 views"), "{}", full.body);
    // What others have filled up leaves room for one's own, and the other way round.
    let own = owner.post_json("/api/v1/views", &json!({"name": "One more"})).await.expect(201).json();
    patch(&owner, &format!("/api/v1/views/{}", id(&own)), "*", &json!({"shared": true})).await.expect(409);
    app.sql("INSERT INTO saved_views (org_id, id, name, personal_to, filter, created_at, updated_at) SELECT v.org_id, gen_random_uuid(), 'O' || n, v.personal_to, '{}', now(), now() FROM saved_views v, generate_series(1, 99) n WHERE v.personal_to IS NOT NULL").await;
    let full = owner.post_json("/api/v1/views", &json!({"name": "Yet another"})).await.expect(409);
    assert!(full.body.contains("You have 100 views of your own"), "{}", full.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shares_a_view_shares_the_question_and_nobody_reads_anothers_own() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    let (rep, admin) = (app.colleague(&owner, "rep").await, app.colleague(&owner, "admin").await);
    let own = id(&save(&owner, json!({"name": "Mine"})).await);
    let shared = id(&save(
        &owner,
        json!({"name": "Ours", "shared": true, "sort": "name", "filter": {"field": "country", "op": "is", "value": "US"}}),
    )
    .await);
    assert_eq!(names(&rep).await, ["Ours"]);
    for who in [&rep, &app.sign_up("Neighbour").await] {
        let path = format!("/api/v1/views/{own}");
        who.get(&path).await.expect(404);
        patch(who, &path, "*", &json!({"name": "Theirs"})).await.expect(404);
        who.delete(&path).await.expect(404);
        who.post_form("/leads/views/default", &[("view", own.as_str())]).await.expect(404);
        let page = who.get(&format!("/leads?view={own}")).await;
        assert!(!page.body.contains("Mine") && page.texts("tr[data-row]").is_empty(), "{}", page.body);
    }
    let path = format!("/api/v1/views/{shared}");
    patch(&rep, &path, "*", &json!({"name": "Theirs"})).await.expect(403);
    rep.delete(&path).await.expect(403);
    rep.post_form(&format!("/leads/views/{shared}/delete"), &[("x", "")]).await.expect(303);
    assert_eq!(names(&rep).await, ["Ours"], "refused, and said so");
    patch(&admin, &path, "*", &json!({"name": "Everybody's"})).await.expect(200);
    // Whoever reads only keeps views of their own, and gives nobody any.
    let viewer = app.colleague(&owner, "viewer").await;
    viewer.post_json("/api/v1/views", &json!({"name": "For all", "shared": true})).await.expect(403);
    let readers = id(&save(&viewer, json!({"name": "Readers own"})).await);
    patch(&viewer, &format!("/api/v1/views/{readers}"), "*", &json!({"shared": true})).await.expect(403);
    assert_eq!(names(&rep).await, ["Everybody's"]);
    assert!(!viewer.get("/leads").await.expect(200).body.contains("Share with everybody"));

    // Seeing some leads only, they see those of the view that are theirs.
    assert_eq!(rep.get(&format!("/leads?view={shared}")).await.expect(200).texts("tr[data-row] .person-name"), ["Ada", "Bob"]);
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations WHERE name = 'Acme'")
        .await;
    rep.post_json("/api/v1/leads", &json!({"first_name": "Own", "country": "US"})).await.expect(201);
    let few = app.colleague(&owner, "rep").await;
    assert!(few.get(&format!("/leads?view={shared}")).await.expect(200).texts("tr[data-row]").is_empty());

    // A personal view goes with its person, a shared one stays.
    save(&rep, json!({"name": "Reps own"})).await;
    save(&rep, json!({"name": "Reps gift", "shared": true})).await;
    let me = rep.get("/api/v1/me").await.expect(200).json();
    app.sql(&format!("DELETE FROM memberships WHERE user_id = '{}'", me["id"].as_str().unwrap().trim_start_matches("user_"))).await;
    assert_eq!(app.scalar("SELECT count(*) FROM saved_views WHERE name = 'Reps own'").await, 0);
    assert_eq!(names(&owner).await, ["Everybody's", "Mine", "Reps gift"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grid_saves_opens_changes_and_forgets_views() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    let rows = |page: &Answer| page.texts("tr[data-row] .person-name");
    let plain = owner.get("/leads").await.expect(200);
    assert!(plain.texts("nav.tabs").is_empty() && plain.texts(".view-bar").is_empty(), "nothing to choose, nothing to save");

    let narrowed = owner.get(&format!("/leads?{}", query(&[("filter", AMERICANS), ("sort", "name")]))).await.expect(200);
    assert_eq!(narrowed.texts(".view-bar summary"), ["Save as a view"]);
    // The form on the page, with a name.
    let mut fields: Vec<(String, String)> = vec![("name".into(), "Americans".into())];
    for name in ["filter", "q", "sort", "columns"] {
        let value = narrowed.attributes(&format!(".view-bar form input[name={name}]"), "value");
        fields.push((name.into(), value.first().cloned().unwrap_or_default()));
    }
    let view = owner.post_form("/leads/views", &fields).await.expect(303).location().to_owned();
    assert!(view.starts_with("/leads?view=view_"), "{view}");
    let opened = owner.get(&view).await.expect(200);
    assert_eq!(
        (rows(&opened), opened.texts("nav.tabs [aria-current]")),
        (vec!["Ada".to_owned(), "Bob".to_owned()], vec!["Americans".to_owned()])
    );
    assert!(opened.text().contains("Only you have this view") && !opened.text().contains("Unsaved changes"));
    let again = owner.post_form("/leads/views", &fields).await.expect(303).location().to_owned();
    let told = owner.get(&again).await.expect(200);
    assert!(told.body.contains("Another of your views has this name"), "{again}");
    assert_eq!(rows(&told), ["Ada", "Bob"], "what was filtered is still filtered");

    // A condition more is not part of it until it is saved.
    let more = format!("{view}&{}", query(&[("field", "status"), ("op", "is"), ("value", "qualified")]));
    let changed = owner.get(&more).await.expect(303).location().to_owned();
    assert!(changed.contains("edited=1"), "{changed}");
    let page = owner.get(&changed).await.expect(200);
    assert_eq!((rows(&page), page.text().contains("Unsaved changes")), (vec!["Ada".to_owned()], true));
    assert_eq!(rows(&owner.get(&view).await), ["Ada", "Bob"], "reset");
    // Taken back, it is the view as it was saved, however its filter was written then.
    let back = owner.get(&format!("{changed}&drop=1")).await.expect(303).location().to_owned();
    assert_eq!(back, view);
    // Everything can be taken away from a view, the search too.
    let bare = owner.get(&format!("{view}&edited=1")).await.expect(200);
    assert_eq!((rows(&bare).len(), bare.text().contains("Unsaved changes")), (3, true));
    let href = format!("/leads/views/{}", view.trim_start_matches("/leads?view="));
    let filter = page.attributes(".view-bar form input[name=filter]", "value").first().cloned().unwrap();
    let change = |version: &'static str| [("filter", filter.clone()), ("sort", "name".into()), ("version", version.into())];
    assert_eq!(owner.post_form(&href, &change("1")).await.expect(303).location(), view);
    assert_eq!(rows(&owner.get(&view).await), ["Ada"]);
    let stale = owner.post_form(&href, &change("1")).await.expect(303).location().to_owned();
    assert!(owner.get(&stale).await.body.contains("Somebody changed this view since you opened it"));

    // The bare address opens with it; everything else says what it shows.
    owner.post_form("/leads/views/default", &[("view", view.trim_start_matches("/leads?view="))]).await.expect(303);
    assert_eq!(rows(&owner.get("/leads").await), ["Ada"]);
    assert_eq!(rows(&owner.get("/leads?view=all").await).len(), 3);
    assert_eq!(rows(&owner.get("/leads?q=eve").await), ["Eve"]);
    let cleared = owner.get("/leads?q=nobody-at-all").await.expect(200);
    assert!(cleared.attributes("a", "href").contains(&"/leads?view=all".to_owned()), "clearing is all leads, not the default");
    owner.post_form(&href, &[("rename", "1"), ("name", "Hot ones"), ("shared", "true"), ("version", "2")]).await.expect(303);
    let list = owner.get("/leads/views").await.expect(200);
    assert_eq!(list.texts("tbody .is-title"), ["Hot ones Opens first"]);
    assert!(
        list.text().contains("Country is United States and Status is Qualified") && list.text().contains("Shared by"),
        "{}",
        list.text()
    );
    owner.post_form(&format!("{href}/delete"), &[("x", "")]).await.expect(303);
    assert_eq!(rows(&owner.get("/leads").await).len(), 3, "all leads again");
    let gone = owner.get(&view).await.expect(422);
    assert!(gone.text().contains("This view is not there") && rows(&gone).is_empty(), "{}", gone.text());

    // What nobody can read any more is said, and the page stays.
    app.sql("INSERT INTO saved_views (org_id, id, name, filter, created_at, updated_at) SELECT org_id, gen_random_uuid(), 'Old', '{\"field\":\"shoe\",\"op\":\"is\"}', now(), now() FROM organisations").await;
    let tabs = owner.get("/leads").await.expect(200);
    let old = tabs.attributes("nav.tabs a", "href").pop().unwrap();
    let page = owner.get(&old).await.expect(422);
    assert!(page.text().contains("This filter cannot be read") && rows(&page).is_empty(), "{}", page.text());
    owner.get("/leads/views").await.expect(200);
}
