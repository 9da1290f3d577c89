//! The grid of leads: cells changed where they stand, columns chosen and ordered, addresses that mean nothing, a page that
//! stays small.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Visitor};

async fn create(owner: &Visitor, body: Value) -> String {
    owner.post_json("/api/v1/leads", &body).await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// As the script saves a cell.
async fn save(visitor: &Visitor, lead: &str, version: &str, field: &str, value: &str) -> Answer {
    let request = visitor.request("POST", &format!("/leads/{lead}/fields")).header("accept", "application/problem+json");
    let fields = [("field", field), ("value", value), ("columns", "company,status,tags,custom.size,owner,employees,industry")];
    visitor.send(request.header("if-match", format!("\"{version}\"")).form(&fields)).await
}

fn headings(page: &Answer) -> Vec<String> {
    page.texts("table.grid thead th").into_iter().filter(|text| !text.is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_is_changed_where_it_stands() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let engines = create(
        &owner,
        json!({"first_name": "Bea", "company_name": "Engines", "company_domain": "engines.example", "industry": "Machines"}),
    )
    .await;
    let lead = create(&owner, json!({"first_name": "Ada", "tags": ["old"]})).await;
    let me = owner.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned();
    let mut version = 1;
    for (field, value, pointer, stored) in [
        ("title", " Countess ", "/title", json!("Countess")),
        ("employee_count", "1,200", "/employee_count", json!(1200)),
        ("annual_revenue", "", "/annual_revenue", Value::Null),
        ("status", "qualified", "/status", json!("qualified")),
        ("owner_id", "", "/owner_id", Value::Null),
        ("owner_id", me.as_str(), "/owner_id", json!(me)),
        ("tags", "vip, emea", "/tags", json!(["vip", "emea"])),
        ("country", "united kingdom", "/country", json!("GB")),
        ("custom.size", "12", "/custom/size", json!("12")),
        // The company of the address is known already.
        ("email", "Ada@Engines.example", "/company_name", json!("Engines")),
    ] {
        let answer = save(&owner, &lead, &version.to_string(), field, value).await.expect(200);
        let now = owner.get(&format!("/api/v1/leads/{lead}")).await.json();
        assert_eq!(now.pointer(pointer).cloned().unwrap_or_default(), stored, "{field}");
        version = now["version"].as_i64().unwrap();
        assert_eq!(answer.header("etag"), format!("\"{version}\""), "{field}");
    }
    // The row comes back as it is now, with the columns that are shown: what an account knows, too.
    let row = save(&owner, &lead, &version.to_string(), "company_name", "Engines Ltd").await.expect(200);
    let table = Answer { body: format!("<table>{}</table>", row.body), ..row };
    assert_eq!(table.attributes("tr", "id"), [lead.as_str()]);
    assert_eq!(table.attributes("tr", "data-version"), [(version + 1).to_string()]);
    let cells = table.texts("td");
    assert_eq!(
        (cells.len(), &cells[2..5]),
        (9, &["Engines Ltd".to_owned(), "Qualified".to_owned(), "vipemea".to_owned()][..]),
        "{cells:?}"
    );
    assert_eq!((cells[5].as_str(), cells[7].as_str()), ("12", "1,200"), "{cells:?}");

    let stale = save(&owner, &lead, "1", "title", "Nobody").await.expect(412).json();
    assert!(stale["detail"].as_str().unwrap().contains("Somebody changed this"), "{stale}");
    for (field, value, pointer) in [
        ("employee_count", "many", "/employee_count"),
        ("email", "ada", "/email"),
        ("status", "happy", "/status"),
        ("owner_id", "user_00000000000000000000000000000000", "/owner_id"),
        ("owner_id", "me", "/owner_id"),
        ("phone", "call me", "/phone"),
        ("first_name", "", "/first_name"),
        ("score", "100", "/field"),
        ("custom.Bad Key", "1", "/field"),
        ("id", "1", "/field"),
    ] {
        let answer = save(&owner, &lead, "", field, value).await;
        // Without a name, its address still says who it is.
        if field == "first_name" {
            continue;
        }
        let version = owner.get(&format!("/api/v1/leads/{lead}")).await.json()["version"].to_string();
        let answer = if answer.status == 412 { save(&owner, &lead, &version, field, value).await } else { answer };
        let problem = answer.expect(422).json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{field}: {problem}");
    }
    assert_eq!(owner.get(&format!("/api/v1/leads/{lead}")).await.json()["title"], "Countess");

    save(&app.sign_up("Neighbour").await, &lead, "1", "title", "x").await.expect(404);
    save(&app.colleague(&owner, "viewer").await, &lead, "1", "title", "x").await.expect(403);
    let reader = app.colleague(&owner, "viewer").await.get("/leads").await.expect(200);
    assert!(reader.attributes("th", "data-field").is_empty() && reader.texts("td.is-select").is_empty(), "no editors for who may not");

    // The reasons of a score are fetched when somebody looks.
    app.settle().await;
    assert!(!owner.get(&format!("/leads/{engines}/score")).await.expect(200).body.is_empty());
    app.sign_up("Stranger").await.get(&format!("/leads/{engines}/score")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_chosen_ordered_and_remembered() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    create(&owner, json!({"first_name": "Ada", "title": "CTO", "custom": {"region": "EMEA"}, "annual_revenue": 1_500_000})).await;
    assert_eq!(headings(&owner.get("/leads").await), ["Name", "Company", "Status", "Score", "Owner", "Tags", "Country", "Last activity"]);
    let picker = owner.get("/leads/columns?sort=name").await.expect(200);
    assert_eq!(picker.attributes("input[name=columns][checked]", "value").len(), 7);
    assert_eq!(picker.attributes("#columns input[name=sort]", "value"), ["name"], "the rest of the address is kept");

    let chosen = [("columns", "custom.region"), ("columns", "revenue"), ("columns", "title"), ("act", "show"), ("sort", "name")];
    let to = owner.post_form("/leads/columns", &chosen).await.expect(303).location().to_owned();
    assert_eq!(to, "/leads?sort=name&columns=custom.region%2Crevenue%2Ctitle");
    for address in [to.as_str(), "/leads"] {
        assert_eq!(headings(&owner.get(address).await), ["Name", "Region", "Annual revenue", "Job title"], "{address}");
    }
    let page = owner.get("/leads").await;
    assert_eq!(page.texts("tr[data-row] td")[2..], ["EMEA", "1,500,000", "CTO"]);
    assert_eq!(page.attributes("th[data-field]", "data-field"), ["custom.region", "annual_revenue", "title"]);
    // An address that names columns shows them, and changes nobody's habits; names that mean nothing are left out.
    assert_eq!(headings(&owner.get("/leads?columns=status,nonsense,custom.Bad+Key").await), ["Name", "Status"]);
    assert_eq!(headings(&owner.get("/leads").await).len(), 4);
    assert_eq!(headings(&app.colleague(&owner, "rep").await.get("/leads").await).len(), 8, "a colleague has their own");

    // Without scripts a column moves by asking for the picker again.
    let order = [("order", "status"), ("order", "title"), ("columns", "status"), ("columns", "title"), ("up", "title")];
    let moved = owner.post_form("/leads/columns", &order).await.expect(303).location().to_owned();
    let picker = owner.get(&moved).await.expect(200);
    assert_eq!(picker.attributes("input[name=order]", "value")[..2], ["title", "status"]);
    assert_eq!(headings(&owner.get("/leads").await).len(), 4, "not chosen yet");

    // With a view open they belong to the view, once it is saved.
    let view = owner.post_json("/api/v1/views", &json!({"name": "V", "columns": ["email"]})).await.expect(201).json();
    let view = view["id"].as_str().unwrap();
    assert_eq!(headings(&owner.get(&format!("/leads?view={view}")).await), ["Name", "E-mail"]);
    let to = owner.post_form("/leads/columns", &[("view", view), ("edited", "1"), ("columns", "phone"), ("act", "show")]).await.expect(303);
    let page = owner.get(to.location()).await.expect(200);
    assert_eq!((headings(&page), page.text().contains("Unsaved changes")), (vec!["Name".to_owned(), "Phone".to_owned()], true));
    assert_eq!(headings(&owner.get("/leads").await).len(), 4);
    owner.post_form("/leads/columns", &[("columns", "status"), ("act", "reset")]).await.expect(303);
    assert_eq!(headings(&owner.get("/leads").await).len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_means_nothing_is_answered_with_a_page_that_says_so() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    create(&owner, json!({"first_name": "Ada"})).await;
    for (address, words) in [
        (query(&[("filter", r#"{"field":"shoe","op":"is","value":1}"#)]), "This filter cannot be read"),
        (query(&[("filter", "{")]), "This filter cannot be read"),
        (query(&[("sort", "shoe_size")]), "The list cannot be sorted like that"),
        (query(&[("cursor", "forged")]), "This page of the list is not there"),
        (query(&[("view", "view_0190b5a4c3d27e8f9a0b1c2d3e4f5a6b")]), "This view is not there"),
        (query(&[("view", "nonsense")]), "This view is not there"),
    ] {
        let page = owner.get(&format!("/leads?{address}")).await.expect(422);
        assert!(page.text().contains(words) && page.text().contains("Add filter"), "{address}: {}", page.text());
        assert!(page.texts("tr[data-row]").is_empty(), "{address}: no rows for what cannot be read");
    }
    for press in ["by=shoe", "drop=x", "status=happy", "owner=me2"] {
        owner.get(&format!("/leads?{press}")).await.expect(422);
    }
    let me = owner.get("/leads?owner=me").await.expect(303).location().to_owned();
    assert!(owner.get(&me).await.expect(200).text().contains("Owner is"), "{me}");
    let back = owner.get(&format!("{me}&owner=me")).await.expect(303);
    assert_eq!(back.location(), "/leads", "the same press takes it back");
    assert_eq!(owner.get(&format!("{me}&drop=0")).await.expect(303).location(), "/leads");
    assert_eq!(owner.get("/leads?by=name&q=ada").await.expect(303).location(), "/leads?q=ada&sort=name");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_says_its_filter_so_that_it_can_be_read() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for (first, country, score) in [("Ada", "US", 70), ("Bob", "US", 5), ("Eve", "DE", 90)] {
        create(&owner, json!({"first_name": first, "country": country, "tags": [format!("rank {score}")]})).await;
    }
    let step = async |from: &str, press: &[(&str, &str)]| {
        let sign = if from.contains('?') { '&' } else { '?' };
        owner.get(&format!("{from}{sign}{}", query(press))).await.expect(303).location().to_owned()
    };
    let rows = async |address: &str| {
        let mut names = owner.get(address).await.expect(200).texts("tr[data-row] .person-name");
        names.sort();
        names
    };
    let one = step("/leads", &[("field", "country"), ("op", "is"), ("value", "US")]).await;
    assert_eq!(one, "/leads?filter=country+is+US");
    assert_eq!(rows(&one).await, ["Ada", "Bob"]);
    let two = step(&one, &[("field", "tags"), ("op", "has_any"), ("value", "x; y")]).await;
    assert_eq!(two, "/leads?filter=country+is+US+and+tags+has+any+(x,y)");
    let quoted = step(&one, &[("field", "first_name"), ("op", "is"), ("value", "A\"& b")]).await;
    assert_eq!(quoted, "/leads?filter=country+is+US+and+first_name+is+%22A%5C%22%26+b%22");
    assert_eq!(owner.get(&quoted).await.expect(200).texts(".chip").len(), 2);
    // With what else an address says.
    let sorted = step(&one, &[("by", "name"), ("q", "a b")]).await;
    assert_eq!(sorted, "/leads?filter=country+is+US&q=a+b&sort=name");
    // What was sent before in the other form means what it meant, part by part, and is written anew.
    let or = json!({"any": [{"field": "country", "op": "is", "value": "DE"}, {"field": "first_name", "op": "is", "value": "Bob"}]});
    let old = json!({"all": [or, {"field": "country", "op": "is_known"}]});
    let before = format!("/leads?{}", query(&[("filter", &old.to_string())]));
    assert_eq!(rows(&before).await, ["Bob", "Eve"]);
    assert_eq!(step(&before, &[("by", "name")]).await, "/leads?filter=(country+is+DE+or+first_name+is+Bob)+and+country+is+known&sort=name");
    assert_eq!(step(&before, &[("drop", "0")]).await, "/leads?filter=country+is+known");
    assert_eq!(step(&before, &[("drop", "1")]).await, "/leads?filter=country+is+DE+or+first_name+is+Bob");
    // A group within a group of one is one chip; read as text it would be two, so it stays as it is.
    let parts = json!([{"field": "country", "op": "is", "value": "US"}, {"field": "first_name", "op": "is", "value": "Ada"}]);
    let grouped = json!({"all": [{"all": parts}]});
    let address = format!("/leads?{}", query(&[("filter", &grouped.to_string())]));
    let page = owner.get(&address).await.expect(200);
    assert_eq!(page.texts(".chip").len(), 1);
    assert_eq!(page.attributes("#state input[name=filter]", "value"), [grouped.to_string()]);
    assert_eq!(step(&address, &[("drop", "0")]).await, "/leads");
    // What forms carry from page to page is the same.
    let page = owner.get(&two).await.expect(200);
    assert_eq!(page.attributes("#state input[name=filter]", "value"), ["country is US and tags has any (x,y)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_fields_are_called_what_people_call_them() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let field = json!({"label": "Visits a month", "key": "visits", "kind": "number"});
    owner.post_json("/api/v1/custom-fields", &field).await.expect(201);
    let label = json!({"label": "Site visits"});
    owner.patch_json("/api/v1/custom-fields/visits", &label).await.expect(200);
    let lead = create(&owner, json!({"first_name": "Ada", "custom": {"visits": 4.0}})).await;
    // Chips and sentences, with whole numbers as they were written.
    let between = json!({"all": [{"field": "custom.visits", "op": "between", "value": [1, 5.0]}]});
    let page = owner.get(&format!("/leads?{}", query(&[("filter", &between.to_string())]))).await.expect(200);
    let chip = page.texts(".chip").join(" ");
    assert!(chip.contains("Site visits is between 1 and 5"), "{chip}");
    assert_eq!(page.attributes("#state input[name=filter]", "value"), ["custom.visits between 1 and 5"]);
    owner.post_json("/api/v1/views", &json!({"name": "Some", "filter": between})).await.expect(201);
    let views = owner.get("/leads/views").await.expect(200).text();
    assert!(views.contains("Site visits is between 1 and 5"), "{views}");
    // The lead's own page, and what was done to many.
    let page = owner.get(&format!("/leads/{lead}")).await.expect(200);
    let (names, values) = (page.texts("dt"), page.texts("dd"));
    let at = names.iter().position(|name| name == "Site visits").unwrap_or_else(|| panic!("{names:?}"));
    assert_eq!(values[at], "4");
    let change = json!({"ids": [lead], "action": "set_field", "field": "custom.visits", "value": 6});
    owner.post_json("/api/v1/leads/bulk", &change).await.expect(200);
    let changes = owner.get("/changes").await.expect(200).text();
    assert!(changes.contains("Set field: Site visits"), "{changes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_deletes_a_lead_is_told_that_it_can_be_undone() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let lead = create(&owner, json!({"first_name": "Ada", "city": "London"})).await;
    let asked = owner.get(&format!("/leads/{lead}")).await.expect(200).body;
    assert!(asked.contains("You can undo this for 30 days") && !asked.contains("gone for good"));
    let gone = owner.post_form(&format!("/leads/{lead}/delete"), &[("x", "")]).await.expect(303).location().to_owned();
    let page = owner.get(&gone).await.expect(200);
    let undo = page.attributes("form[action^='/changes/']", "action").first().cloned().unwrap_or_else(|| panic!("{}", page.body));
    owner.post_form(&undo, &[("x", "")]).await.expect(303);
    assert_eq!(owner.get(&format!("/api/v1/leads/{lead}")).await.expect(200).json()["city"], "London");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_fifty_stays_small_and_says_its_filter_a_few_times_only() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    create(&owner, json!({"first_name": "Seed"})).await;
    app.sql(
        "INSERT INTO leads (org_id, id, first_name, last_name, title, company_name, email, country, status, tags, score, score_reasons, last_activity_at, owner_id, created_at, updated_at)
         SELECT l.org_id, gen_random_uuid(), 'Maximilian', 'Featherstone', 'VP Sales', 'Consolidated ' || n, 'm' || n || '@consolidated.example', 'GB',
           'contacted', '{enterprise, newsletter}', 77, (SELECT jsonb_agg(jsonb_build_object('reason', 'A reason that is quite long', 'points', 7)) FROM generate_series(1, 11)),
           now(), m.user_id, now(), now()
         FROM leads l JOIN memberships m USING (org_id), generate_series(1, 60) n",
    )
    .await;
    let page = owner.get("/leads").await.expect(200);
    assert_eq!(page.texts("tr[data-row]").len(), 50);
    assert!(page.body.len() < 64_000, "{} bytes", page.body.len());
    assert!(!page.body.contains("A reason that is quite long"), "reasons are fetched");

    let many: Vec<Value> = (0..40).map(|n| json!({"field": "city", "op": "is_not", "value": format!("Springfield {n}")})).collect();
    let address = format!("/leads?{}", query(&[("filter", &json!({ "all": many }).to_string())]));
    let page = owner.get(&address).await.expect(200);
    assert_eq!(page.texts(".chip").len(), 40);
    let times = page.body.matches("Springfield 7\"").count()
        + page.body.matches("Springfield 7&quot;").count()
        + page.body.matches("Springfield+7%22").count();
    assert!(times <= 12, "the filter stands {times} times on the page");
}
