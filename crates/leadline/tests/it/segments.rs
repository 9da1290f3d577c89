//! Segments: dynamic and fixed, their sizes, members, overlaps and uses, and what each of their readers finds in them.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn lead(owner: &Visitor, name: &str, country: &str) -> String {
    let body = json!({"first_name": name, "country": country, "email": format!("{}@a.example", name.to_lowercase())});
    id(&owner.post_json("/api/v1/leads", &body).await.expect(201).json())
}

async fn segment(owner: &Visitor, body: Value) -> String {
    id(&owner.post_json("/api/v1/segments", &body).await.expect(201).json())
}

fn from(country: &str) -> Value {
    json!({"field": "country", "op": "is", "value": country})
}

/// What a reader finds in a segment: how many, and the names of the leads.
async fn found(reader: &Visitor, segment: &str) -> (i64, Vec<String>) {
    let read = reader.get(&format!("/api/v1/segments/{segment}")).await.expect(200).json();
    let list = reader.get(&format!("/api/v1/segments/{segment}/members")).await.expect(200).json();
    let mut names: Vec<String> =
        list["data"].as_array().unwrap().iter().map(|lead| lead["first_name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    (read["leads"]["value"].as_i64().unwrap(), names)
}

/// So many leads straight into the database, all in Norway.
async fn many(app: &TestApp, count: i64) {
    app.sql(&format!(
        "INSERT INTO leads (org_id, id, first_name, country, created_at, updated_at)
         SELECT org_id, gen_random_uuid(), 'N' || n, 'NO', '2026-01-04', '2026-01-04' FROM organisations, generate_series(1, {count}) n"
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dynamic_one_follows_its_filter_and_a_fixed_one_its_members() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = lead(&owner, "Ada", "GB").await;
    lead(&owner, "Bea", "GB").await;
    let cy = lead(&owner, "Cy", "FR").await;
    let british = segment(&owner, json!({"name": "British", "kind": "dynamic", "filter": from("GB")})).await;
    let then = segment(&owner, json!({"name": "British then", "kind": "fixed", "filter": from("GB")})).await;
    owner.patch_json(&format!("/api/v1/leads/{ada}"), &json!({"country": "FR"})).await.expect(200);
    assert_eq!(found(&owner, &british).await, (1, vec!["Bea".to_owned()]));
    assert_eq!(found(&owner, &then).await, (2, vec!["Ada".to_owned(), "Bea".to_owned()]), "who matched at that moment");

    let members = format!("/api/v1/segments/{then}/members");
    let add = json!({"action": "add", "ids": [cy, ada]});
    assert_eq!(owner.post_json(&members, &add).await.expect(200).json()["changed"], 1);
    let remove = json!({"action": "remove", "filter": from("FR")});
    assert_eq!(owner.post_json(&members, &remove).await.expect(200).json()["changed"], 2);
    assert_eq!(found(&owner, &then).await.1, ["Bea"]);
    let told = "SELECT count(*) FROM events WHERE kind IN ('segment.members_added', 'segment.members_removed')";
    assert_eq!(app.scalar(told).await, 3, "one event for each work");
    owner.post_json(&format!("/api/v1/segments/{british}/members"), &add).await.expect(409);
    for wrong in [json!({"action": "add"}), json!({"action": "add", "ids": []}), json!({"action": "add", "ids": [cy], "filter": {}})] {
        owner.post_json(&members, &wrong).await.expect(422);
    }

    // A deleted lead that comes back is again where it was.
    let bea = owner.get(&members).await.json()["data"][0]["id"].as_str().unwrap().to_owned();
    owner.delete(&format!("/api/v1/leads/{bea}")).await.expect(204);
    assert_eq!(found(&owner, &then).await, (0, vec![]));
    let change = owner.get("/api/v1/changes").await.expect(200).json()["data"][0]["id"].as_str().unwrap().to_owned();
    let undone = owner.post_json(&format!("/api/v1/changes/{change}/undo"), &json!({})).await.expect(200).json();
    assert_eq!(undone["change_set"]["undo_conflicts"], 0, "{undone}");
    assert_eq!(found(&owner, &then).await.1, ["Bea"]);
    let page = owner.get(&format!("/leads/{bea}")).await.expect(200);
    assert!(page.attributes("a", "href").contains(&format!("/segments/{then}")), "its page names the segment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_is_checked_changed_guarded_and_archived() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let path = format!("/api/v1/segments/{}", segment(&owner, json!({"name": "British", "kind": "dynamic", "filter": from("GB")})).await);
    for (body, pointer) in [
        (json!({"name": " ", "kind": "fixed"}), "/name"),
        (json!({"name": "british", "kind": "fixed"}), "/name"),
        (json!({"name": "No filter", "kind": "dynamic"}), "/filter"),
        (json!({"name": "Wrong", "kind": "dynamic", "filter": {"field": "shoe_size", "op": "is", "value": 40}}), "/filter"),
        (
            json!({"name": "Wrong", "kind": "dynamic", "filter": {"not": {"field": "custom.shoe_size", "op": "is_known"}}}),
            "/filter/not/field",
        ),
        (json!({"name": "Wrong", "kind": "fixed", "filter": {"field": "custom.shoe_size", "op": "is_empty"}}), "/filter/field"),
    ] {
        let refused = owner.post_json("/api/v1/segments", &body).await.expect(422).json();
        assert!(refused["errors"][0]["pointer"].as_str().unwrap().starts_with(pointer), "{refused}");
    }
    let stale = owner.request("PATCH", &path).header("if-match", "\"7\"").json(&json!({"name": "Late"}));
    owner.send(stale).await.expect(412);
    let changed = owner.patch_json(&path, &json!({"name": "Gauls", "filter": from("FR")})).await.expect(200);
    assert_eq!(
        (changed.header("etag"), changed.json()["filter"].clone()),
        ("\"2\"", json!({"all": [from("FR")]}).get("all").unwrap()[0].clone())
    );
    assert_eq!(owner.patch_json(&path, &json!({"name": "Gauls"})).await.expect(200).header("etag"), "\"2\"", "nothing changed");
    owner.patch_json(&path, &json!({"owner_id": kernel::UserId::new()})).await.expect(422);
    // A field that is not there would mean whom nobody meant, also for whoever is taken out, tagged or deleted.
    let nobodys = json!({"not": {"field": "custom.shoe_size", "op": "is_known"}});
    owner.patch_json(&path, &json!({"filter": nobodys})).await.expect(422);
    let hand = segment(&owner, json!({"name": "By hand", "kind": "fixed"})).await;
    owner.post_json(&format!("/api/v1/segments/{hand}/members"), &json!({"action": "add", "filter": nobodys})).await.expect(422);
    owner.post_json("/api/v1/leads/bulk", &json!({"action": "delete", "filter": nobodys})).await.expect(422);
    owner.delete(&format!("/api/v1/segments/{hand}")).await.expect(204);
    let campaign = json!({"name": "Shoes", "sender_name": "Olive", "sender_address": "olive@acme.example", "audience": nobodys});
    let refused = owner.post_json("/api/v1/campaigns", &campaign).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/audience/not/field", "{refused}");
    let form = [("name", "Shoes"), ("kind", "dynamic"), ("filter", &nobodys.to_string())];
    let refused = owner.post_form("/segments", &form).await.expect(422);
    assert!(refused.text().contains("there is no custom field"), "{}", refused.text());

    owner.patch_json(&path, &json!({"archived": true})).await.expect(200);
    let list =
        async |query: &str| owner.get(&format!("/api/v1/segments{query}")).await.expect(200).json()["data"].as_array().unwrap().len();
    assert_eq!(
        (list("").await, list("?archived=true").await, list("?archived=true&q=gau").await, list("?archived=true&q=bri").await),
        (0, 1, 1, 0)
    );
    let page = path.replace("/api/v1", "");
    owner.post_form(&format!("{page}/restore"), &[("x", "")]).await.expect(303);
    let copy = owner.post_form(&format!("{page}/duplicate"), &[("x", "")]).await.expect(303).location().to_owned();
    assert_eq!(owner.get(&copy).await.expect(200).attributes("#field-name", "value"), ["Copy of Gauls"]);
    let viewer = app.colleague(&owner, "viewer").await;
    viewer.get(&path).await.expect(200);
    viewer.patch_json(&path, &json!({"name": "x"})).await.expect(403);
    let neighbour = app.sign_up("Neighbour").await;
    neighbour.get(&path).await.expect(404);
    neighbour.post_json(&format!("{path}/members"), &json!({"action": "add", "filter": {}})).await.expect(404);
    owner.delete(&path).await.expect(204);
    owner.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_are_measured_once_a_day_and_drawn() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    lead(&owner, "Ada", "GB").await;
    let british = segment(&owner, json!({"name": "British", "kind": "dynamic", "filter": from("GB")})).await;
    app.settle().await;
    lead(&owner, "Bea", "GB").await;
    app.app.clock.advance(SignedDuration::from_hours(25));
    // A worker that lives on looks at the schedules by itself.
    app.sql("INSERT INTO jobs (kind, payload, run_at) VALUES ('segments.measure_all', '{\"after\": null}', '-infinity')").await;
    app.settle().await;
    let read = owner.get(&format!("/api/v1/segments/{british}")).await.expect(200).json();
    let sizes: Vec<(&str, i64)> =
        read["sizes"].as_array().unwrap().iter().map(|one| (one["day"].as_str().unwrap(), one["size"].as_i64().unwrap())).collect();
    assert_eq!(sizes, [("2026-01-05", 1), ("2026-01-06", 2)]);
    let page = owner.get(&format!("/segments/{british}")).await.expect(200);
    assert_eq!(page.texts("figure.chart tbody tr"), ["5 Jan1", "6 Jan2"], "the chart has its numbers as a table");
    assert!(page.text().contains("Country is United Kingdom"), "{}", page.text());
    assert_eq!(owner.get("/segments").await.expect(200).texts("td.num"), ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_members_are_put_in_by_a_job_that_shows_how_far_it_is() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    many(&app, 1500).await;
    let all = segment(&owner, json!({"name": "Norway", "kind": "fixed"})).await;
    let add = json!({"action": "add", "filter": from("NO")});
    let job = owner.post_json(&format!("/api/v1/segments/{all}/members"), &add).await.expect(202).json()["job_id"].as_i64().unwrap();
    let waiting = owner.get(&format!("/segments/jobs/{job}")).await.expect(200);
    assert!(waiting.text().contains("Waiting"), "{}", waiting.text());
    app.settle().await;
    let done = owner.get(&format!("/segments/jobs/{job}")).await.expect(200);
    assert!(done.text().contains("1,500 leads put in"), "{}", done.text());
    assert_eq!(found(&owner, &all).await.0, 1500);
    assert_eq!(app.scalar("SELECT size FROM segment_sizes").await, 1500, "measured when it was done");
    // From the list of leads: everything that matches, into a new one.
    let chosen = [("all_matching", "true"), ("filter", &from("NO").to_string()), ("q", "")];
    let asked = owner.post_form("/segments/choose", &chosen).await.expect(200);
    assert!(asked.attributes("#field-segment option", "value").contains(&all));
    // One by one, as many as the list keeps selected from page to page.
    let ids: Vec<String> = (0..5001).map(|_| kernel::LeadId::new().to_string()).collect();
    let selected: Vec<(&str, &str)> = ids.iter().map(|id| ("id", id.as_str())).collect();
    owner.post_form("/segments/choose", &selected[1..]).await.expect(200);
    owner.post_form("/segments/choose", &selected).await.expect(303);
    let named = [&chosen[..], &[("name", "Again"), ("segment", ""), ("action", "add")]].concat();
    let work = owner.post_form("/segments/members", &named).await.expect(303).location().to_owned();
    owner.post_form(&format!("{work}/stop"), &[("x", "")]).await.expect(303);
    app.settle().await;
    assert!(owner.get(&work).await.expect(200).text().contains("Stopped"));
    assert_eq!(app.scalar("SELECT count(*) FROM segment_members").await, 1500);
    let neighbour = app.sign_up("Neighbour").await;
    neighbour.get(&format!("/segments/jobs/{job}")).await.expect(404);
    // Numbers of jobs are guessed easily: another slice's is not stopped from here, and what sees more is not there.
    let bulk = json!({"action": "add_tags", "tags": ["x"], "filter": {}});
    let bulk = owner.post_json("/api/v1/leads/bulk", &bulk).await.expect(202).json()["job_id"].as_i64().unwrap();
    owner.post_form(&format!("/segments/jobs/{bulk}/stop"), &[("x", "")]).await.expect(404);
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations WHERE name = 'Acme'")
        .await;
    let rep = app.colleague(&owner, "rep").await;
    for path in [format!("/segments/jobs/{job}"), format!("/leads/bulk/{bulk}")] {
        owner.get(&path).await.expect(200);
        rep.get(&path).await.expect(404);
        rep.post_form(&format!("{path}/stop"), &[("x", "")]).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlap_is_exact_at_once_and_in_the_background() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for (name, country) in [("Ada", "GB"), ("Bea", "GB"), ("Cy", "FR"), ("Di", "DE")] {
        lead(&owner, name, country).await;
    }
    let british = segment(&owner, json!({"name": "British", "kind": "dynamic", "filter": from("GB")})).await;
    let some = json!({"any": [{"field": "first_name", "op": "is", "value": "Ada"}, from("FR"), from("DE")]});
    let some = segment(&owner, json!({"name": "Some", "kind": "fixed", "filter": some})).await;
    let expected = json!({"both": 1, "only_a": 1, "only_b": 2});
    let asked = owner.post_json("/api/v1/segments/overlap", &json!({"a": british, "b": some})).await.expect(200).json();
    assert_eq!(asked["overlap"], expected);
    let page = owner.get(&format!("/segments/{british}/overlap?with={some}")).await.expect(200);
    assert_eq!(page.texts(".stat-value"), ["1", "1", "2"]);
    let work = owner.post_form(&format!("/segments/{british}/overlap"), &[("with", &some)]).await.expect(303).location().to_owned();
    app.settle().await;
    assert_eq!(owner.get(&work).await.expect(200).texts(".stat-value"), ["1", "1", "2"]);
    let job = work.rsplit('/').next().unwrap();
    assert_eq!(owner.get(&format!("/api/v1/segments/overlap/{job}")).await.expect(200).json()["overlap"], expected);
    owner.post_json("/api/v1/segments/overlap", &json!({"a": british, "b": kernel::SegmentId::new()})).await.expect(404);
    owner.get(&format!("/segments/{british}/overlap")).await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_some_leads_finds_and_counts_those() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    lead(&owner, "Hidden", "GB").await;
    lead(&rep, "Hers", "GB").await;
    let british = segment(&owner, json!({"name": "British", "kind": "dynamic", "filter": from("GB")})).await;
    let fixed = segment(&owner, json!({"name": "Fixed", "kind": "fixed", "filter": from("GB")})).await;
    app.settle().await;
    for one in [&british, &fixed] {
        assert_eq!(found(&owner, one).await.0, 2);
        assert_eq!(found(&rep, one).await, (1, vec!["Hers".to_owned()]));
        let read = rep.get(&format!("/api/v1/segments/{one}")).await.json();
        assert!(read["sizes"].as_array().unwrap().is_empty() && read["size"].is_null(), "what everybody has is not theirs to know: {read}");
        let page = rep.get(&format!("/segments/{one}")).await.expect(200);
        assert!(
            page.text().contains("1 lead") && !page.text().contains("2 leads") && page.texts("figure.chart").is_empty(),
            "{}",
            page.text()
        );
    }
    assert!(rep.get("/segments").await.expect(200).texts("td.num").is_empty());
    // They put in and take out what they see, whatever they ask for.
    let all = json!({"action": "remove", "filter": {}});
    assert_eq!(rep.post_json(&format!("/api/v1/segments/{fixed}/members"), &all).await.expect(200).json()["changed"], 1);
    assert_eq!(found(&owner, &fixed).await.1, ["Hidden"]);
    let overlap = rep.post_json("/api/v1/segments/overlap", &json!({"a": british, "b": fixed})).await.expect(200).json();
    assert_eq!(overlap["overlap"], json!({"both": 0, "only_a": 1, "only_b": 0}));
    let work = owner.post_form(&format!("/segments/{british}/overlap"), &[("with", &fixed)]).await.expect(303).location().to_owned();
    let hers = rep.post_form(&format!("/segments/{british}/overlap"), &[("with", &fixed)]).await.expect(303).location().to_owned();
    app.settle().await;
    rep.get(&work).await.expect(404);
    assert_eq!(rep.get(&hers).await.expect(200).texts(".stat-value"), ["0", "1", "0"]);
    // What others have done to a segment counts their leads.
    let told = async |who: &Visitor| who.get("/api/v1/events?kinds=segment.*&limit=1000").await.expect(200).json()["data"].to_string();
    // A transaction that is open in another test's database holds the feed back for a while.
    for _ in 0..400 {
        if told(&owner).await.contains("segment.members_removed") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let hers = told(&rep).await;
    assert!(hers.contains("segment.created") && !hers.contains("segment.members_"), "{hers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_reaches_whoever_is_in_its_segment_at_launch() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.patch_json("/api/v1/organisation", &json!({"postal_address": "1 Main Street"})).await.expect(200);
    lead(&owner, "Ada", "GB").await;
    let cy = lead(&owner, "Cy", "FR").await;
    let british = segment(&owner, json!({"name": "British", "kind": "dynamic", "filter": from("GB")})).await;
    let fixed = segment(&owner, json!({"name": "Fixed", "kind": "fixed"})).await;
    let draft = json!({"name": "Spring", "sender_name": "Olive", "sender_address": "olive@acme.example", "segment_id": fixed, "steps": [{"subject": "Hello", "html": "<p>Hi</p>", "delay_minutes": 0}]});
    let path = format!("/api/v1/campaigns/{}", id(&owner.post_json("/api/v1/campaigns", &draft).await.expect(201).json()));
    let page = path.replace("/api/v1", "");
    let audience = async || owner.get(&format!("{path}/preflight")).await.expect(200).json()["audience"].as_i64().unwrap();
    assert_eq!(audience().await, 0);
    owner.post_json(&format!("/api/v1/segments/{fixed}/members"), &json!({"action": "add", "ids": [cy]})).await.expect(200);
    assert_eq!(audience().await, 1);
    owner.post_form(&format!("{page}/audience"), &[("segment", &british)]).await.expect(303);
    assert!(owner.get(&page).await.expect(200).attributes("a", "href").contains(&format!("/segments/{british}")));
    // The other one is free again; this one says who needs it.
    owner.delete(&format!("/api/v1/segments/{fixed}")).await.expect(204);
    let refused = owner.delete(&format!("/api/v1/segments/{british}")).await.expect(409).json();
    assert!(refused["detail"].as_str().unwrap().contains("“Spring”"), "{refused}");
    assert!(owner.get(&format!("/segments/{british}")).await.text().contains("Spring"));

    lead(&owner, "Bea", "GB").await;
    owner.post_json(&format!("{path}/launch"), &Value::Null).await.expect(200);
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM enrollments").await, 2, "Ada, and Bea who came later");
    owner.delete(&format!("/api/v1/segments/{british}")).await.expect(409);

    let other = json!({"name": "Other", "audience": from("GB"), "segment_id": british});
    let both = owner.post_json("/api/v1/campaigns", &other).await.expect(422).json();
    assert_eq!(both["errors"][0]["pointer"], "/segment_id");
    owner.post_json("/api/v1/campaigns", &json!({"name": "Gone", "segment_id": fixed})).await.expect(422);
    let draft = format!(
        "/api/v1/campaigns/{}",
        id(&owner.post_json("/api/v1/campaigns", &json!({"name": "Draft", "segment_id": british})).await.expect(201).json())
    );
    let filtered = owner.patch_json(&draft, &json!({"audience": from("FR")})).await.expect(200).json();
    assert!(filtered["segment_id"].is_null() && !filtered["audience"].is_null(), "a filter takes the segment's place: {filtered}");
    assert_eq!(app.scalar("SELECT count(*) FROM segment_uses").await, 1);
}
