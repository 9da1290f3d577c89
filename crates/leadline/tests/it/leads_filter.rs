//! The filter language and the search, from the address to the rows.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn found(owner: &Visitor, filter: Value) -> Vec<String> {
    let address = format!("/api/v1/leads?{}", query(&[("filter", &filter.to_string()), ("sort", "name")]));
    names(&owner.get(&address).await.expect(200).json())
}

async fn searched(owner: &Visitor, q: &str) -> Vec<String> {
    names(&owner.get(&format!("/api/v1/leads?{}", query(&[("q", q), ("sort", "name")]))).await.expect(200).json())
}

fn names(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|lead| lead["first_name"].as_str().unwrap().to_owned()).collect()
}

async fn people(owner: &Visitor) {
    for body in [
        json!({"first_name": "Ada", "email": "ada@engines.example", "title": "Chief Technology Officer", "company_name": "Engines", "country": "GB", "employee_count": 400, "tags": ["vip", "emea"], "custom": {"visits": 7, "plan": "Pro", "trial": true}, "source": "Fair"}),
        json!({"first_name": "Bob", "email": "bob@tools.example", "title": "50% off_peak", "company_name": "Tools", "country": "United States", "employee_count": 20, "tags": ["us"], "custom": {"visits": "many", "plan": "pro"}, "status": "qualified"}),
        json!({"first_name": "Cy", "phone": "+1 555 0100", "country": "Atlantis", "status": "lost", "custom": {"trial": false}}),
        json!({"first_name": "Dora", "title": "Owner", "company_name": "O'Hara & Sons", "city": "Zürich"}),
    ] {
        owner.post_json("/api/v1/leads", &body).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operator_finds_what_it_says() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    let me = owner.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned();
    let one = |field: &str, op: &str, value: Value| json!({"all": [{"field": field, "op": op, "value": value}]});
    let bare = |field: &str, op: &str| json!({"field": field, "op": op});
    for (filter, expected) in [
        (json!({}), "Ada Bob Cy Dora"),
        (one("country", "is", json!("uk")), "Ada"),
        (one("country", "in", json!(["GB", "usa"])), "Ada Bob"),
        (one("country", "is", json!("atlantis")), "Cy"),
        (one("country", "is_not", json!("GB")), "Bob Cy Dora"),
        (one("title", "contains", json!("TECHNOLOGY")), "Ada"),
        (one("title", "contains", json!("50% off_")), "Bob"),
        (one("title", "contains", json!("%")), "Bob"),
        (one("title", "starts_with", json!("own")), "Dora"),
        (one("city", "is", json!("ZÜRICH")), "Dora"),
        (one("company_name", "is", json!("O'HARA & SONS")), "Dora"),
        (bare("email", "is_empty"), "Cy Dora"),
        (bare("email", "is_known"), "Ada Bob"),
        (one("email", "is", json!("ADA@engines.example")), "Ada"),
        (bare("phone", "is_known"), "Cy"),
        (one("employee_count", "gte", json!(20)), "Ada Bob"),
        (one("employee_count", "between", json!([10, 30])), "Bob"),
        (bare("employee_count", "is_empty"), "Cy Dora"),
        (json!({"not": {"field": "employee_count", "op": "gte", "value": 100}}), "Bob Cy Dora"),
        (one("tags", "has", json!("vip")), "Ada"),
        (one("tags", "has_any", json!(["us", "emea"])), "Ada Bob"),
        (one("tags", "has_none", json!(["vip"])), "Bob Cy Dora"),
        (bare("tags", "is_empty"), "Cy Dora"),
        (one("status", "in", json!(["lost", "qualified"])), "Bob Cy"),
        (one("status", "is_not", json!("new")), "Bob Cy"),
        (bare("owner", "is_empty"), "Ada Bob Cy Dora"),
        (one("owner", "is", json!(me)), ""),
        (one("custom.visits", "gte", json!(5)), "Ada"),
        (one("custom.visits", "is", json!("many")), "Bob"),
        (one("custom.plan", "is", json!("PRO")), "Ada Bob"),
        (one("custom.trial", "is", json!(true)), "Ada"),
        (one("custom.trial", "is_not", json!(true)), "Bob Cy Dora"),
        (bare("custom.plan", "is_empty"), "Cy Dora"),
        (one("created_at", "within_last_days", json!(1)), "Ada Bob Cy Dora"),
        (one("created_at", "before", json!("2026-01-05")), ""),
        (one("created_at", "between", json!(["2026-01-05", "2026-01-05"])), "Ada Bob Cy Dora"),
        (one("created_at", "after", json!("2026-01-05")), ""),
        (bare("last_activity_at", "is_empty"), "Ada Bob Cy Dora"),
        (one("search", "contains", json!("engines chief")), "Ada"),
        (
            json!({"any": [{"field": "country", "op": "is", "value": "GB"}, {"all": [{"field": "status", "op": "is", "value": "new"}, {"not": {"field": "tags", "op": "has", "value": "vip"}}]}]}),
            "Ada Dora",
        ),
        (json!({"any": []}), ""),
    ] {
        assert_eq!(found(&owner, filter.clone()).await.join(" "), expected, "{filter}");
    }
    for (q, expected) in [
        ("ada", "Ada"),
        ("ENGINES example", "Ada"),
        ("example", "Ada Bob"),
        ("o'h", "Dora"),
        ("50%", "Bob"),
        ("_peak", "Bob"),
        ("\\", ""),
        ("x", "Ada Bob"),
        ("nobody", ""),
        ("' OR 1=1 --", ""),
    ] {
        assert_eq!(searched(&owner, q).await.join(" "), expected, "{q}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_is_an_error_that_names_the_place() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    for (filter, pointer) in [
        (r#"{"all":[{"field":"country'; DROP TABLE leads; --","op":"is","value":"x"}]}"#, "/filter/all/0/field"),
        (r#"{"all":[{"field":"country","op":"= '' OR true --","value":"x"}]}"#, "/filter/all/0/op"),
        (r#"{"field":"custom.x') IS NULL OR ('1","op":"is_known"}"#, "/filter/field"),
        (r#"{"field":"score","op":"gte","value":"1 OR true"}"#, "/filter/value"),
        ("{", "/filter"),
    ] {
        let refused = owner.get(&format!("/api/v1/leads?{}", query(&[("filter", filter)]))).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{filter}");
        owner.get(&format!("/leads?{}", query(&[("filter", filter)]))).await.expect(422);
    }
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 4);
    // In the place of a value it is a value.
    for evil in ["'; DROP TABLE leads; --", "\" OR \"\"=\"", "$1", "%", "\\"] {
        assert_eq!(found(&owner, json!({"field": "city", "op": "is", "value": evil})).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_adds_shows_and_removes_conditions_without_scripts() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    let added = owner
        .get(&format!("/leads?{}", query(&[("field", "employee_count"), ("op", "gte"), ("value", "1k"), ("sort", "name")])))
        .await
        .expect(303);
    assert!(added.location().contains("sort=name"));
    let none = owner.get(added.location()).await.expect(200);
    assert!(none.text().contains("No lead matches"));
    assert_eq!(none.texts(".chip"), ["Employees is at least 1,000"]);
    let two =
        format!("{}&{}", added.location().replace("1000", "20"), query(&[("field", "country"), ("op", "is"), ("value", "united states")]));
    let address = owner.get(&two).await.expect(303).location().to_owned();
    let page = owner.get(&address).await.expect(200);
    assert_eq!(page.texts(".chip"), ["Employees is at least 20", "Country is United States"]);
    assert_eq!(page.texts("tr[data-row] .person-name"), ["Bob"]);
    assert!(page.text().contains("1 of 1 lead"));
    let without = page.attributes(".chip-remove", "href").pop().unwrap();
    assert_eq!(owner.get(&without).await.expect(200).texts("tr[data-row] .person-name"), ["Ada", "Bob"]);
    let refused = owner.get(&format!("/leads?{}", query(&[("field", "score"), ("op", "gte"), ("value", "high")]))).await.expect(422);
    assert!(refused.text().contains("A whole number is expected."), "{}", refused.text());

    let chosen = owner.get("/leads?columns=name&columns=email").await.expect(200);
    assert_eq!(chosen.texts("thead th").last().map(String::as_str), Some("E-mail"));
    assert_eq!(owner.get("/leads").await.texts("thead th").last().map(String::as_str), Some("E-mail"), "the choice is kept");
    let search = owner.get("/leads?q=tools").await.expect(200);
    assert_eq!(search.texts("tr[data-row] .person-name"), ["Bob"]);
    let palette = owner.get("/search?q=engin").await.expect(200);
    assert_eq!(palette.texts(".palette-title"), ["Ada", "Engines"]);
}
