//! Segments as conditions of a filter: whoever is in one can be listed, counted, exported, changed and mailed like whoever matches.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn lead(owner: &Visitor, name: &str, country: &str) -> String {
    id(&owner.post_json("/api/v1/leads", &json!({"first_name": name, "country": country})).await.expect(201).json())
}

async fn fixed(owner: &Visitor, name: &str, ids: &[&String]) -> String {
    let made = id(&owner.post_json("/api/v1/segments", &json!({"name": name, "kind": "fixed"})).await.expect(201).json());
    if !ids.is_empty() {
        let add = json!({"action": "add", "ids": ids});
        owner.post_json(&format!("/api/v1/segments/{made}/members"), &add).await.expect(200);
    }
    made
}

async fn dynamic(owner: &Visitor, name: &str, filter: &Value) -> String {
    let new = json!({"name": name, "kind": "dynamic", "filter": filter});
    id(&owner.post_json("/api/v1/segments", &new).await.expect(201).json())
}

fn from(country: &str) -> Value {
    json!({"field": "country", "op": "is", "value": country})
}

fn inside(segments: &[&String]) -> Value {
    json!({"field": "segment", "op": "in", "value": segments})
}

fn outside(segments: &[&String]) -> Value {
    json!({"field": "segment", "op": "not_in", "value": segments})
}

fn address(path: &str, filter: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs([("filter", filter), ("sort", "name")]).finish();
    format!("{path}?{query}")
}

/// The first names that a filter finds.
async fn found(reader: &Visitor, filter: &Value) -> String {
    let page = reader.get(&address("/api/v1/leads", &filter.to_string())).await.expect(200).json();
    page["data"].as_array().unwrap().iter().map(|lead| lead["first_name"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_is_a_condition_like_any_other() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (ada, bea, cy) = (lead(&owner, "Ada", "GB").await, lead(&owner, "Bea", "GB").await, lead(&owner, "Cy", "FR").await);
    lead(&owner, "Di", "").await;
    let vips = fixed(&owner, "VIPs", &[&ada, &cy]).await;
    let few = fixed(&owner, "Few", &[&bea]).await;
    let british = dynamic(&owner, "British", &from("GB")).await;
    for (filter, expected) in [
        (inside(&[&vips]), "Ada Cy"),
        (outside(&[&vips]), "Bea Di"),
        (inside(&[&vips, &few]), "Ada Bea Cy"),
        (inside(&[&british]), "Ada Bea"),
        // Of whom no country is known, it is not known to be Britain.
        (outside(&[&british]), "Cy Di"),
        (inside(&[&british, &vips]), "Ada Bea Cy"),
        (outside(&[&british, &vips]), "Di"),
        (json!({"all": [inside(&[&british]), outside(&[&vips])]}), "Bea"),
        (json!({"all": [inside(&[&vips]), from("FR")]}), "Cy"),
        (json!({"not": {"any": [inside(&[&british]), from("FR")]}}), "Di"),
    ] {
        assert_eq!(found(&owner, &filter).await, expected, "{filter}");
    }

    // The page of a segment leads there, and the list says what it shows.
    for (segment, name, leads) in [(&vips, "VIPs", ["Ada", "Cy"]), (&british, "British", ["Ada", "Bea"])] {
        let page = owner.get(&format!("/segments/{segment}")).await.expect(200);
        let links = page.attributes("a.button", "href");
        let link = links.iter().find(|href| href.starts_with("/leads?")).unwrap_or_else(|| panic!("{links:?}"));
        let list = owner.get(&format!("{link}&sort=name")).await.expect(200);
        assert_eq!(list.texts("tr[data-row] .person-name"), leads);
        assert_eq!(list.texts(".chip"), [format!("Segment is {name}")]);
    }
    let text = format!("segment not in ({vips}, {few}) and country is known");
    let list = owner.get(&address("/leads", &text)).await.expect(200);
    assert_eq!(list.texts(".chip"), ["Segment is none of VIPs, Few", "Country is known"]);
    let counted = owner.get(&address("/leads/count", &inside(&[&vips]).to_string())).await.expect(200).json();
    assert_eq!((&counted["words"], &counted["text"]), (&json!("2 leads"), &json!(format!("segment in ({vips})"))));
    // The builder offers them by name, also one from the archive that the filter names.
    owner.patch_json(&format!("/api/v1/segments/{few}"), &json!({"archived": true})).await.expect(200);
    let offered = async |filter: &Value| {
        let page = owner.get(&address("/leads/filter", &filter.to_string())).await.expect(200);
        let fields: Value = serde_json::from_str(&page.attributes("filter-builder", "data-fields")[0]).unwrap();
        fields.as_array().unwrap().iter().find(|field| field["name"] == "segment").unwrap()["options"].clone()
    };
    assert_eq!(offered(&json!({})).await, json!([[british, "British"], [vips, "VIPs"]]));
    assert_eq!(offered(&inside(&[&few])).await, json!([[british, "British"], [few, "Few"], [vips, "VIPs"]]));

    // What can be done with a filter can be done with them.
    let csv =
        owner.get(&format!("{}&columns=first_name", address("/api/v1/leads/export", &inside(&[&vips]).to_string()))).await.expect(200);
    assert_eq!(csv.body.lines().skip(1).collect::<Vec<_>>(), ["\"Ada\"", "\"Cy\""]);
    let bulk = json!({"action": "add_tags", "tags": ["vip"], "filter": {"all": [inside(&[&vips]), outside(&[&british])]}});
    assert_eq!(owner.post_json("/api/v1/leads/bulk", &bulk).await.expect(200).json()["changed"], 1);
    assert_eq!(found(&owner, &json!({"field": "tags", "op": "has", "value": "vip"})).await, "Cy");
    let add = json!({"action": "add", "filter": inside(&[&british])});
    assert_eq!(owner.post_json(&format!("/api/v1/segments/{vips}/members"), &add).await.expect(200).json()["changed"], 1);
    assert_eq!(found(&owner, &inside(&[&vips])).await, "Ada Bea Cy");
    let view = json!({"name": "Not British", "filter": {"all": [inside(&[&vips]), outside(&[&british])]}});
    let view = id(&owner.post_json("/api/v1/views", &view).await.expect(201).json());
    let list = owner.get(&format!("/leads?view={view}")).await.expect(200);
    assert_eq!(list.texts("tr[data-row] .person-name"), ["Cy"]);
    assert!(owner.get("/leads/views").await.expect(200).text().contains("Segment is VIPs and Segment is not British"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_segment_that_is_there_can_be_named() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let neighbour = app.sign_up("Neighbour").await;
    let ada = lead(&owner, "Ada", "GB").await;
    let theirs = fixed(&owner, "VIPs", &[&ada]).await;
    let dynamic_one = dynamic(&owner, "British", &from("GB")).await;
    lead(&neighbour, "Nora", "GB").await;
    for segment in [&theirs, &dynamic_one, &kernel::SegmentId::new().to_string()] {
        for filter in [inside(&[segment]), outside(&[segment])] {
            let filter = json!({"all": [from("GB"), filter]});
            let refused = neighbour.get(&address("/api/v1/leads", &filter.to_string())).await.expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], "/filter/all/1/value", "{refused}");
            assert!(refused["errors"][0]["detail"].as_str().unwrap().contains(&format!("there is no segment {segment}")), "{refused}");
            let list = neighbour.get(&address("/leads", &filter.to_string())).await.expect(422);
            assert!(list.text().contains("there is no segment") && !list.text().contains("VIPs"), "{}", list.text());
            for (path, body) in [
                ("/api/v1/leads/bulk", json!({"action": "delete", "filter": filter})),
                ("/api/v1/segments", json!({"name": "Theirs", "kind": "dynamic", "filter": filter})),
                ("/api/v1/campaigns", json!({"name": "Theirs", "audience": filter})),
            ] {
                neighbour.post_json(path, &body).await.expect(422);
            }
        }
    }
    let text = neighbour.get(&address("/leads/count", &format!("country is GB and\nsegment in ({theirs})"))).await;
    let wrong = text.expect(422).json();
    assert_eq!((&wrong["line"], &wrong["column"]), (&json!(2), &json!(12)), "{wrong}");
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 2);
    assert_eq!(app.scalar("SELECT count(*) FROM segment_uses").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_can_be_made_of_others_and_never_of_itself() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (ada, cy) = (lead(&owner, "Ada", "GB").await, lead(&owner, "Cy", "FR").await);
    lead(&owner, "Bea", "GB").await;
    let vips = fixed(&owner, "VIPs", &[&ada, &cy]).await;
    let british = dynamic(&owner, "British", &from("GB")).await;
    let both = dynamic(&owner, "Both", &json!({"all": [inside(&[&vips]), inside(&[&british])]})).await;
    let path = |segment: &String| format!("/api/v1/segments/{segment}");
    assert_eq!(found(&owner, &inside(&[&both])).await, "Ada");
    app.settle().await;
    assert_eq!(owner.get(&path(&both)).await.expect(200).json()["size"]["size"], 1);
    // It follows those that it is made of, and is measured with them.
    owner.patch_json(&path(&british), &json!({"filter": from("FR")})).await.expect(200);
    app.settle().await;
    assert_eq!(found(&owner, &inside(&[&both])).await, "Cy");
    let page = owner.get(&format!("/segments/{both}")).await.expect(200);
    assert!(page.text().contains("Segment is VIPs and Segment is British"), "{}", page.text());
    assert_eq!(page.texts("tr[data-row] .person-name"), ["Cy"]);

    // Not of itself: neither at once, nor by a detour, nor by the page.
    for filter in [inside(&[&british]), inside(&[&both]), json!({"any": [from("GB"), {"not": inside(&[&vips, &both])}]})] {
        let refused = owner.patch_json(&path(&british), &json!({"filter": filter})).await.expect(422).json();
        assert!(refused["errors"][0]["pointer"].as_str().unwrap().ends_with("/value"), "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("the segment “British” would be made of itself"), "{refused}");
    }
    let form = [("name", "British"), ("description", ""), ("filter", &inside(&[&both]).to_string())];
    let refused = owner.post_form(&format!("/segments/{british}/edit"), &form).await.expect(422);
    assert!(refused.text().contains("would be made of itself"), "{}", refused.text());
    // As deep as five; a change below leaves none above that cannot be asked.
    let mut chain = vec![both.clone()];
    for name in ["Third", "Fourth", "Fifth"] {
        chain.push(dynamic(&owner, name, &inside(&[chain.last().unwrap()])).await);
    }
    let sixth = json!({"name": "Sixth", "kind": "dynamic", "filter": inside(&[&chain[3]])});
    let refused = owner.post_json("/api/v1/segments", &sixth).await.expect(422).json();
    assert!(refused["detail"].as_str().unwrap().contains("more than 5 deep"), "{refused}");
    let more = dynamic(&owner, "More", &from("FR")).await;
    let refused = owner.patch_json(&path(&british), &json!({"filter": inside(&[&more])})).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/filter");
    assert!(refused["detail"].as_str().unwrap().contains("The segment “Fifth” is made of this one"), "{refused}");
    assert_eq!(found(&owner, &inside(&[&chain[3]])).await, "Cy", "as before");

    // Where it is used, by its name of today; and it is not deleted under them.
    owner.patch_json(&path(&both), &json!({"name": "French VIPs"})).await.expect(200);
    let campaign = json!({"name": "Spring", "audience": {"all": [inside(&[&vips]), outside(&[&british])]}});
    let campaign = id(&owner.post_json("/api/v1/campaigns", &campaign).await.expect(201).json());
    let used = owner.get(&path(&vips)).await.expect(200).json()["used_by"].clone();
    let names: Vec<&str> = used.as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["French VIPs", "Spring"]);
    let page = owner.get(&format!("/segments/{vips}")).await.expect(200);
    let links = page.attributes("a", "href");
    assert!(links.contains(&format!("/segments/{both}")) && links.contains(&format!("/campaigns/{campaign}")), "{links:?}");
    // Everybody's view counts; one's own is nobody else's business.
    let view = json!({"name": "Good ones", "filter": inside(&[&vips])});
    let view = format!("/api/v1/views/{}", id(&owner.post_json("/api/v1/views", &view).await.expect(201).json()));
    let uses = async || owner.get(&path(&vips)).await.expect(200).json()["used_by"].as_array().unwrap().len();
    assert_eq!(uses().await, 2);
    owner.patch_json(&view, &json!({"shared": true})).await.expect(200);
    assert_eq!(uses().await, 3);
    owner.delete(&view).await.expect(204);
    assert_eq!(uses().await, 2);
    let refused = owner.delete(&path(&vips)).await.expect(409).json();
    assert!(refused["detail"].as_str().unwrap().contains("“French VIPs”, “Spring”"), "{refused}");
    owner.patch_json(&format!("/api/v1/campaigns/{campaign}"), &json!({"audience": null})).await.expect(200);
    owner.patch_json(&path(&both), &json!({"filter": inside(&[&british])})).await.expect(200);
    owner.delete(&path(&vips)).await.expect(204);
    for segment in chain.iter().rev() {
        owner.delete(&path(segment)).await.expect(204);
    }
    owner.delete(&path(&british)).await.expect(204);
    assert_eq!(app.scalar("SELECT count(*) FROM segment_uses").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_looks_again_whom_a_segment_means() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = lead(&owner, "Ada", "GB").await;
    app.sql(
        "INSERT INTO leads (org_id, id, first_name, country, created_at, updated_at)
         SELECT org_id, gen_random_uuid(), 'N' || n, 'NO', '2026-01-04', '2026-01-04' FROM organisations, generate_series(1, 1500) n",
    )
    .await;
    let keep = fixed(&owner, "Keep", &[&ada]).await;
    let norway = dynamic(&owner, "Norway", &from("NO")).await;
    let tag = json!({"action": "add_tags", "tags": ["north"], "filter": {"all": [inside(&[&norway]), outside(&[&keep])]}});
    owner.post_json("/api/v1/leads/bulk", &tag).await.expect(202);
    let all = fixed(&owner, "All", &[]).await;
    let add = json!({"action": "add", "filter": {"all": [inside(&[&norway]), outside(&[&keep])]}});
    owner.post_json(&format!("/api/v1/segments/{all}/members"), &add).await.expect(202);
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE tags = '{north}'").await, 1500);
    assert_eq!(app.scalar("SELECT count(*) FROM segment_members").await, 1501);
    // Gone meanwhile: nobody is meant any more, and above all not everybody.
    let delete = json!({"action": "delete", "filter": outside(&[&keep])});
    let job = owner.post_json("/api/v1/leads/bulk", &delete).await.expect(202).json()["job_id"].as_i64().unwrap();
    owner.delete(&format!("/api/v1/segments/{keep}")).await.expect(204);
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 1501);
    let why = app.text(&format!("SELECT last_error FROM jobs WHERE id = {job}")).await;
    assert!(why.contains("there is no segment"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_some_leads_finds_those_of_a_segment() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    let hidden = lead(&owner, "Hidden", "GB").await;
    let hers = lead(&rep, "Hers", "GB").await;
    lead(&rep, "Other", "FR").await;
    let vips = fixed(&owner, "VIPs", &[&hidden, &hers]).await;
    let british = dynamic(&owner, "British", &inside(&[&vips])).await;
    for segment in [&vips, &british] {
        assert_eq!(found(&owner, &inside(&[segment])).await, "Hers Hidden");
        assert_eq!(found(&rep, &inside(&[segment])).await, "Hers");
        assert_eq!(found(&rep, &outside(&[segment])).await, "Other");
        let page = rep.get(&address("/leads", &inside(&[segment]).to_string())).await.expect(200);
        assert_eq!(page.texts("tr[data-row] .person-name"), ["Hers"]);
    }
    let bulk = json!({"action": "set_status", "status": "qualified", "filter": inside(&[&british])});
    assert_eq!(rep.post_json("/api/v1/leads/bulk", &bulk).await.expect(200).json()["changed"], 1);
    assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE status = 'qualified' AND first_name = 'Hers'").await, 1);
}
