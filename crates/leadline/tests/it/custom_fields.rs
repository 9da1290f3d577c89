//! Custom fields: made, typed on every way in, filtered by, indexed once they are used.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Visitor};

async fn add(owner: &Visitor, label: &str, kind: &str, options: &[&str]) {
    owner.post_json("/api/v1/custom-fields", &json!({"label": label, "kind": kind, "options": options})).await.expect(201);
}

async fn lead(owner: &Visitor, name: &str, custom: Value) -> String {
    let made = owner.post_json("/api/v1/leads", &json!({"first_name": name, "custom": custom})).await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn found(owner: &Visitor, filter: &str) -> Vec<String> {
    let request = owner.request("GET", "/api/v1/leads").query(&[("filter", filter), ("sort", "name")]);
    let page = owner.send(request).await.expect(200).json();
    page["data"].as_array().unwrap().iter().map(|lead| lead["first_name"].as_str().unwrap().to_owned()).collect()
}

async fn refused(owner: &Visitor, filter: &str) -> Value {
    owner.send(owner.request("GET", "/api/v1/leads").query(&[("filter", filter)])).await.expect(422).json()["errors"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_takes_values_of_its_kind_and_no_others() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    add(&owner, "Renewal date", "date", &[]).await;
    add(&owner, "Plan", "choice", &["Free", "Pro"]).await;
    add(&owner, "Visits", "number", &[]).await;
    for (wrong, pointer) in [
        (json!({"visits": "many"}), "/custom/visits"),
        (json!({"renewal_date": "31.01.2026"}), "/custom/renewal_date"),
        (json!({"plan": "Gold"}), "/custom/plan"),
        (json!({"plan": true}), "/custom/plan"),
    ] {
        let error = owner.post_json("/api/v1/leads", &json!({"first_name": "Ada", "custom": wrong})).await.expect(422).json();
        assert_eq!(error["errors"][0]["pointer"], pointer, "{error}");
    }
    let id = lead(&owner, "Ada", json!({"plan": "pro", "visits": 3, "renewal_date": "2026-03-01", "brand_new": true})).await;
    let path = format!("/api/v1/leads/{id}");
    assert_eq!(owner.get(&path).await.json()["custom"]["plan"], "Pro", "in the option's own spelling");
    let fields = owner.get("/api/v1/custom-fields").await.expect(200).json();
    let kinds: Vec<String> = fields["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| format!("{}:{}", f["key"].as_str().unwrap(), f["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(kinds, ["renewal_date:date", "plan:choice", "visits:number", "brand_new:bool"], "what nobody has named becomes a field");

    // A choice that is taken away stands in nobody's way, and cannot be chosen again.
    let field = owner.get("/api/v1/custom-fields/plan").await.expect(200);
    let change =
        |tag: &str, body: Value| owner.send(owner.request("PATCH", "/api/v1/custom-fields/plan").header("if-match", tag).json(&body));
    change("\"99\"", json!({"options": ["Free"]})).await.expect(412);
    change(field.header("etag"), json!({"options": ["Free"], "label": "Price plan"})).await.expect(200);
    owner.patch_json(&path, &json!({"custom": {"visits": 4}})).await.expect(200);
    owner.patch_json(&path, &json!({"custom": {"plan": "Free"}})).await.expect(200);
    owner.patch_json(&path, &json!({"custom": {"plan": "Pro"}})).await.expect(422);
    owner.patch_json("/api/v1/custom-fields/visits", &json!({"archived": true})).await.expect(200);
    owner.patch_json(&path, &json!({"custom": {"visits": 5}})).await.expect(422);
    owner.patch_json("/api/v1/custom-fields/nothing", &json!({"archived": true})).await.expect(404);
    owner.post_json("/api/v1/custom-fields", &json!({"label": "Plan", "kind": "text"})).await.expect(422);
    let viewer = app.colleague(&owner, "rep").await;
    viewer.get("/api/v1/custom-fields").await.expect(200);
    viewer.post_json("/api/v1/custom-fields", &json!({"label": "Mine", "kind": "text"})).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_held_against_the_fields_and_names_the_place() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    add(&owner, "Renewal", "date", &[]).await;
    add(&owner, "Plan", "choice", &["Free", "Pro"]).await;
    add(&owner, "Visits", "number", &[]).await;
    lead(&owner, "Ada", json!({"plan": "Pro", "visits": 7, "renewal": "2026-01-10"})).await;
    lead(&owner, "Bob", json!({"plan": "Free", "visits": 2.5, "renewal": "2025-12-01"})).await;
    lead(&owner, "Cy", json!({})).await;
    let asked: &[(&str, &str)] = &[
        ("custom.visits >= 3", "Ada"),
        ("custom.visits between 2 and 3", "Bob"),
        ("custom.visits is not 7", "Bob Cy"),
        ("custom.plan is \"PRO\"", "Ada"),
        ("custom.plan not in (Free)", "Ada Cy"),
        ("custom.renewal in next 7 days", "Ada"),
        ("custom.renewal older than 30 days", "Bob"),
        ("custom.renewal is 2026-01-10", "Ada"),
        ("custom.renewal is known", "Ada Bob"),
        ("not custom.renewal is known", "Cy"),
        (r#"{"field":"custom.visits","op":"lt","value":3}"#, "Bob"),
    ];
    for (filter, names) in asked {
        assert_eq!(found(&owner, filter).await.join(" "), *names, "{filter}");
    }
    for (filter, pointer, says) in [
        ("custom.visit > 3", "/filter", "line 1, column 1: there is no custom field \"visit\"; did you mean \"visits\"?"),
        ("city is known and custom.visits contains \"3\"", "/filter", "column 33: Visits holds numbers"),
        ("custom.plan is Gold", "/filter", "column 16: Plan has no choice \"Gold\"; it has Free, Pro"),
        (r#"{"all":[{"field":"custom.plan","op":"is","value":"Gold"}]}"#, "/filter/all/0/value", "Plan has no choice"),
        ("score > high", "/filter", "column 9: a whole number is expected"),
    ] {
        let error = refused(&owner, filter).await;
        assert_eq!(error["pointer"], pointer, "{filter}");
        assert!(error["detail"].as_str().unwrap().contains(says), "{filter}: {error}");
    }

    // Used once, they are indexed: by a job for what was there, by the trigger for what comes.
    assert_eq!(app.scalar("SELECT count(*) FROM custom_fields WHERE index_state = 'building'").await, 3);
    lead(&owner, "Dora", json!({"visits": 9})).await;
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM custom_fields WHERE index_state = 'ready'").await, 3);
    assert_eq!(app.scalar("SELECT count(*) FROM lead_custom_values").await, 7);
    for (filter, names) in asked.iter().filter(|(filter, _)| !filter.starts_with("not") && !filter.contains(" not ")) {
        let names = if *filter == "custom.visits >= 3" { "Ada Dora" } else { names };
        assert_eq!(found(&owner, filter).await.join(" "), names, "by index: {filter}");
    }
    let everybody = owner.get("/api/v1/leads?sort=name").await.json();
    let ada = everybody["data"][0]["id"].as_str().unwrap().to_owned();
    owner.patch_json(&format!("/api/v1/leads/{ada}"), &json!({"custom": {"visits": 1}})).await.expect(200);
    assert_eq!(found(&owner, "custom.visits >= 3").await, ["Dora"]);
    owner.delete(&format!("/api/v1/leads/{ada}")).await.expect(204);
    assert_eq!(app.scalar("SELECT count(*) FROM lead_custom_values").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_sorted_by_a_field_page_by_page() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for (label, kind) in [("Visits", "number"), ("Vip", "bool"), ("Renewal", "date"), ("Note", "text")] {
        add(&owner, label, kind, &[]).await;
    }
    for (name, custom) in [
        ("A", json!({"visits": 10, "vip": true, "renewal": "2026-03-01", "note": "émile"})),
        ("B", json!({"visits": -2.5, "vip": false, "renewal": "2025-12-31", "note": "Zoe"})),
        ("C", json!({"visits": 1e300, "note": "adam"})),
        ("D", json!({"visits": 9, "vip": true, "renewal": "2026-02-01"})),
        ("E", json!({})),
    ] {
        lead(&owner, name, custom).await;
    }
    let sorted = async |sort: &str| {
        let (mut names, mut cursor) = (String::new(), String::new());
        loop {
            let request = owner.request("GET", "/api/v1/leads").query(&[("sort", sort), ("limit", "2"), ("cursor", &cursor)]);
            let page = owner.send(request).await.expect(200).json();
            names.extend(page["data"].as_array().unwrap().iter().map(|lead| lead["first_name"].as_str().unwrap()));
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return names,
            }
        }
    };
    // Equal ones are in the order of their ids, which is that of their making; whoever has no value is last.
    let orders = [
        ("custom.visits", "BDACE"),
        ("-custom.visits", "CADBE"),
        ("custom.renewal", "BDACE"),
        ("-custom.vip", "DABEC"),
        ("custom.note", "CABDE"),
        ("-custom.note", "BACED"),
    ];
    for (sort, names) in orders {
        assert_eq!(sorted(sort).await, names, "{sort}");
    }
    // Sorted by once, they are indexed, and the order stays.
    assert_eq!(app.scalar("SELECT count(*) FROM custom_fields WHERE index_state = 'building'").await, 4);
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM custom_fields WHERE index_state = 'ready'").await, 4);
    for (sort, names) in orders {
        assert_eq!(sorted(sort).await, names, "by index: {sort}");
        let request = owner.request("GET", "/api/v1/leads").query(&[("sort", sort), ("filter", "not first_name is D")]);
        let others = owner.send(request).await.expect(200).json();
        let told: String = others["data"].as_array().unwrap().iter().map(|lead| lead["first_name"].as_str().unwrap()).collect();
        assert_eq!(told, names.replace('D', ""), "by index and filter: {sort}");
    }
    // Back and forth over both ends of those with a value, many of them equal; a text of which folding leaves nothing, one that is
    // behind all others, and one that is longer than the index keeps.
    app.sql(
        "INSERT INTO leads (org_id, id, first_name, custom, created_at, updated_at)
         SELECT org_id, gen_random_uuid(), 'F' || n, CASE WHEN n < 70 THEN jsonb_build_object('visits', n % 3,
           'note', CASE n % 3 WHEN 0 THEN U&'\\0301' WHEN 1 THEN U&'\\+10FFFF' ELSE repeat('n', 260) END) ELSE '{}' END, created_at, created_at
         FROM leads, generate_series(1, 135) n WHERE first_name = 'A'",
    )
    .await;
    for sort in ["custom.visits", "-custom.visits", "custom.note", "-custom.note"] {
        let names = |page: &Answer| page.texts("tr[data-row] .person-name");
        let link = |page: &Answer, rel: &str| page.attributes(&format!("a[rel='{rel}']"), "href").remove(0);
        let first = owner.get(&format!("/leads?sort={sort}")).await.expect(200);
        let second = owner.get(&link(&first, "next")).await.expect(200);
        let third = owner.get(&link(&second, "next")).await.expect(200);
        let mut all = [names(&first), names(&second), names(&third)].concat();
        let back = owner.get(&link(&third, "prev")).await.expect(200);
        assert_eq!(names(&back), names(&second), "{sort}");
        assert_eq!(names(&owner.get(&link(&back, "prev")).await.expect(200)), names(&first), "{sort}");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 140, "{sort}");
    }
    // A cursor from before the index goes on behind it.
    let indexed = owner.get("/api/v1/leads?sort=custom.note&limit=100").await.expect(200).json();
    app.sql("UPDATE custom_fields SET index_state = 'building'").await;
    let sorted = owner.get("/api/v1/leads?sort=custom.note&limit=100").await.expect(200).json();
    assert_eq!(sorted, indexed);
    let rest = format!("/api/v1/leads?sort=custom.note&limit=100&cursor={}", sorted["next_cursor"].as_str().unwrap());
    let after = owner.get(&rest).await.expect(200).json();
    app.sql("UPDATE custom_fields SET index_state = 'ready'").await;
    assert_eq!(owner.get(&rest).await.expect(200).json(), after);
    app.sql("DELETE FROM leads WHERE first_name LIKE 'F%'").await;
    let page = owner.get("/leads?columns=custom.visits,custom.note&sort=-custom.visits").await.expect(200);
    assert_eq!(page.texts("tr[data-row] .person-name"), ["C", "A", "D", "B", "E"]);
    assert_eq!(page.attributes("th[aria-sort]", "aria-sort"), ["descending"]);
    assert_eq!(page.attributes("th button[value='custom.visits']", "value").len(), 1, "a press turns it round");
    assert_eq!(page.attributes("th button[value='custom.note']", "value").len(), 1, "words begin at A");
    for (wrong, says) in [("custom.visit", "did you mean"), ("custom.Bad Key", "custom.KEY"), ("custom.x'--", "custom.KEY")] {
        let error = owner.send(owner.request("GET", "/api/v1/leads").query(&[("sort", wrong)])).await.expect(422).json();
        assert_eq!(error["errors"][0]["pointer"], "/sort", "{error}");
        assert!(error["detail"].as_str().unwrap().contains(says), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_made_ordered_and_archived_by_forms() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    assert!(owner.get("/settings/fields").await.expect(200).text().contains("No custom fields yet"));
    let wrong = owner.post_form("/settings/fields", &[("label", ""), ("kind", "choice"), ("options", "")]).await.expect(422);
    assert_eq!(wrong.attributes("[aria-invalid]", "id"), ["field-label", "field-options"]);
    owner.post_form("/settings/fields", &[("label", "Plan"), ("kind", "choice"), ("options", "Free\nPro")]).await.expect(303);
    owner.post_form("/settings/fields", &[("label", "VIP"), ("kind", "bool")]).await.expect(303);
    assert_eq!(owner.get("/settings/fields").await.texts("td.is-title"), ["Plan", "VIP"]);
    owner.post_form("/settings/fields/vip/move", &[("position", "1")]).await.expect(303);
    assert_eq!(owner.get("/settings/fields").await.texts("td.is-title"), ["VIP", "Plan"]);

    let form = owner.get("/leads/new").await.expect(200);
    assert_eq!(form.texts("#field-custom-plan option"), ["—", "Free", "Pro"]);
    let refused = owner.post_form("/leads", &[("first_name", "Ada"), ("custom.plan", "Gold")]).await.expect(422);
    assert_eq!(refused.attributes("[aria-invalid]", "id"), ["field-custom-plan"]);
    let made = owner.post_form("/leads", &[("first_name", "Ada"), ("custom.plan", "Pro"), ("custom.vip", "true")]).await.expect(303);
    let lead = owner.get(&made.location().replace("/leads/", "/api/v1/leads/")).await.expect(200).json();
    assert_eq!(lead["custom"], json!({"plan": "Pro", "vip": true}));

    owner.post_form("/settings/fields/plan", &[("label", "Price plan"), ("options", "Free")]).await.expect(303);
    let edit = format!("{}/edit", made.location());
    assert_eq!(owner.get(&edit).await.texts("#field-custom-plan option"), ["—", "Free", "Pro"], "who has it keeps it");
    owner.post_form(&edit, &[("first_name", "Ada"), ("title", "CTO"), ("custom.plan", "Pro"), ("custom.vip", "")]).await.expect(303);
    let page = owner.get("/settings/fields/plan").await.expect(200);
    assert!(page.text().contains("1 lead holds a value"), "{}", page.text());
    owner.post_form("/settings/fields/plan/archive", &[("x", "")]).await.expect(303);
    assert_eq!(owner.get("/leads/new").await.attributes("#field-custom-plan", "id"), Vec::<String>::new());
    owner.post_form("/settings/fields/plan/restore", &[("x", "")]).await.expect(303);
    owner.get("/settings/fields/nothing").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_builder_is_told_counts_places_and_values() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for (name, country, tag) in [("Ada", "GB", "vip"), ("Bob", "US", "vip"), ("Cy", "US", "50%")] {
        owner.post_json("/api/v1/leads", &json!({"first_name": name, "country": country, "tags": [tag], "score": 1})).await;
        owner.post_json("/api/v1/leads", &json!({"first_name": name, "country": country, "tags": [tag]})).await.expect(201);
    }
    let count = async |filter: &str| owner.send(owner.request("GET", "/leads/count").query(&[("filter", filter)])).await;
    let counted = count("country is US").await.expect(200).json();
    assert_eq!((&counted["words"], &counted["text"]), (&json!("2 leads"), &json!("country is \"US\"")));
    assert_eq!(counted["json"], r#"{"field":"country","op":"is","value":"US"}"#);
    let wrong = count("country is US and scor > 1").await.expect(422).json();
    assert_eq!((&wrong["column"], &wrong["offset"]), (&json!(19), &json!(18)));
    assert!(
        wrong["detail"].as_str().unwrap().contains("did you mean \\\"score\\\"")
            || wrong["detail"].as_str().unwrap().contains("did you mean \"score\"")
    );
    let suggest = async |field: &str, prefix: &str| {
        let answer =
            owner.send(owner.request("GET", "/leads/suggest").query(&[("field", field), ("prefix", prefix)])).await.expect(200).json();
        answer.as_array().unwrap().iter().map(|each| each["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(suggest("country", "").await, ["US", "GB"], "the frequent ones first");
    assert_eq!(suggest("tags", "V").await, ["vip"]);
    assert_eq!(suggest("tags", "%").await, ["50%"]);
    owner.get("/leads/suggest?field=phone&prefix=1").await.expect(422);
    app.stranger().get("/leads/count?filter=").await.expect(303);
    let neighbour = app.sign_up("Neighbour").await;
    assert_eq!(neighbour.get("/leads/suggest?field=tags&prefix=").await.expect(200).json(), json!([]));
}
