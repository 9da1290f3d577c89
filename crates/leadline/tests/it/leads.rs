//! Leads through forms and API: written, refused, changed, listed, never a neighbour's.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

async fn create(owner: &Visitor, body: Value) -> Value {
    owner.post_json("/api/v1/leads", &body).await.expect(201).json()
}

fn id(lead: &Value) -> String {
    lead["id"].as_str().unwrap().to_owned()
}

async fn if_match(visitor: &Visitor, path: &str, tag: &str, body: &Value) -> crate::support::Answer {
    visitor.send(visitor.request("PATCH", path).header("if-match", tag).json(body)).await
}

async fn kinds(owner: &Visitor, id: &str) -> Vec<String> {
    let timeline = owner.get(&format!("/api/v1/leads/{id}/timeline")).await.expect(200).json();
    timeline["data"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_written_read_changed_and_deleted_by_forms() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let empty = owner.get("/leads").await.expect(200);
    assert!(empty.text().contains("No leads yet") && empty.attributes("a", "href").contains(&"/imports/new".to_owned()));
    owner.get("/leads/new").await.expect(200);

    let wrong = [
        ("first_name", "Ada"),
        ("email", "ada"),
        ("employee_count", "many"),
        ("phone", "call me"),
        ("custom", "no equals sign"),
        ("linkedin_url", "javascript:alert(1)"),
    ];
    let refused = owner.post_form("/leads", &wrong).await.expect(422);
    assert_eq!(
        refused.attributes("[aria-invalid]", "id"),
        ["field-email", "field-phone", "field-linkedin-url", "field-employee-count", "field-custom"]
    );
    assert!(refused.text().contains("5 fields need a look") && refused.text().contains("needs one @"), "{}", refused.text());
    assert_eq!(refused.attributes("#field-first-name", "value"), ["Ada"], "what was typed stays");

    let typed = [
        ("first_name", " Ada "),
        ("last_name", "Lovelace"),
        ("email", "Ada@Engines.example"),
        ("title", "CTO"),
        ("company_name", "Analytical Engines"),
        ("employee_count", "1,200"),
        ("country", "united kingdom"),
        ("tags", "VIP, vip, emea"),
        ("custom", "visits = 3\nnote = likes looms"),
        ("linkedin_url", "linkedin.com/in/ada"),
    ];
    let address = owner.post_form("/leads", &typed).await.expect(303).location().to_owned();
    let page = owner.get(&address).await.expect(200);
    assert_eq!(page.texts("h1"), ["Ada Lovelace"]);
    for part in
        ["CTO at Analytical Engines", "ada@engines.example", "United Kingdom", "likes looms", "VIP", "1,200 employees", "Added by hand"]
    {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    let taken = owner.post_form("/leads", &[("email", "ADA@engines.example")]).await.expect(422);
    assert!(taken.text().contains("Another lead has this e-mail address"));

    let edit = owner.get(&format!("{address}/edit")).await.expect(200);
    assert_eq!(edit.attributes("#field-email", "value"), ["ada@engines.example"]);
    assert_eq!(edit.attributes("#field-custom-visits", "value"), ["3"]);
    assert_eq!(edit.attributes("#field-custom-note", "value"), ["likes looms"]);
    let change = |version: &'static str| {
        [
            ("first_name", "Augusta Ada"),
            ("last_name", "Lovelace"),
            ("email", "ada@engines.example"),
            ("status", "qualified"),
            ("custom.visits", "4"),
            ("custom.note", ""),
            ("version", version),
        ]
    };
    owner.post_form(&format!("{address}/edit"), &change("1")).await.expect(303);
    let stale = owner.post_form(&format!("{address}/edit"), &change("1")).await.expect(412);
    assert!(stale.text().contains("Somebody changed this since you opened it"));
    let page = owner.get(&address).await.expect(200);
    assert!(page.text().contains("Status changed from New to Qualified") && !page.text().contains("likes looms"), "{}", page.text());

    owner.post_form(&format!("{address}/status"), &[("status", "converted")]).await.expect(303);
    owner.post_form(&format!("{address}/status"), &[("status", "happy")]).await.expect(422);
    owner.post_form(&format!("{address}/owner"), &[("owner_id", "")]).await.expect(303);
    assert_eq!(kinds(&owner, address.trim_start_matches("/leads/")).await[..2], ["lead.converted", "lead.status_changed"]);
    owner.post_form(&format!("{address}/delete"), &[("x", "")]).await.expect(303);
    owner.get(&address).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_names_what_is_wrong_and_guards_changes_by_etag() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let refused =
        owner.post_json("/api/v1/leads", &json!({"email": "x", "custom": {"A B": 1}, "annual_revenue": -1})).await.expect(422).json();
    let pointers: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/email", "/annual_revenue", "/custom/A B"]);
    assert_eq!(owner.post_json("/api/v1/leads", &json!({})).await.expect(422).json()["errors"][0]["code"], "first_name.required");
    owner.post_json("/api/v1/leads", &json!({"first_name": "Ada", "shoe_size": 40})).await.expect(422);
    owner.post_json("/api/v1/leads", &json!({"first_name": "a\u{0}b"})).await.expect(400);

    let lead =
        create(&owner, json!({"first_name": "Ada", "email": "ada@engines.example", "tags": ["a"], "custom": {"x": 1, "y": true}})).await;
    let path = format!("/api/v1/leads/{}", id(&lead));
    let read = owner.get(&path).await.expect(200);
    assert_eq!((read.header("etag"), read.json()["company_domain"].as_str()), ("\"1\"", Some("engines.example")));
    let patched =
        if_match(&owner, &path, "\"1\"", &json!({"title": "CTO", "custom": {"x": null, "z": "new"}, "email": null})).await.expect(200);
    let now = patched.json();
    assert_eq!((patched.header("etag"), &now["email"], &now["custom"]), ("\"2\"", &Value::Null, &json!({"y": true, "z": "new"})));
    if_match(&owner, &path, "\"1\"", &json!({"title": "CEO"})).await.expect(412);
    let wrong = owner.patch_json(&path, &json!({"employee_count": "many"})).await.expect(422).json();
    assert_eq!(wrong["errors"][0]["pointer"], "/employee_count");
    owner.patch_json(&path, &json!(["not an object"])).await.expect(422);
    assert_eq!(
        owner.patch_json(&path, &json!({"title": "CTO"})).await.expect(200).header("etag"),
        "\"2\"",
        "nothing changed, nothing is told"
    );
    assert_eq!(kinds(&owner, &id(&lead)).await, ["lead.updated", "lead.created"]);

    let twice = || owner.request("POST", "/api/v1/leads").header("idempotency-key", "one").json(&json!({"first_name": "Once"}));
    let (first, second) = (owner.send(twice()).await.expect(201), owner.send(twice()).await.expect(201));
    assert_eq!(first.body, second.body);
    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.expect(404);
}

/// All pages forward, then back again: every lead once, in the same order.
async fn walk(owner: &Visitor, sort: &str, expected: usize) {
    let mut seen: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = owner.get(&format!("/api/v1/leads?sort={sort}&limit=7&cursor={cursor}")).await.expect(200).json();
        assert_eq!(page["total"], json!({"value": expected, "exact": true}));
        seen.extend(page["data"].as_array().unwrap().iter().map(id));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!((seen.len(), once.len()), (expected, expected), "sort {sort}");
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_neither_skips_nor_repeats_under_equal_keys() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    create(&owner, json!({"first_name": "Seed", "last_name": "Seed", "company_name": "Seed"})).await;
    // Few different keys, so that the id has to decide; some unknown.
    app.sql(
        "INSERT INTO leads (org_id, id, first_name, last_name, company_name, score, employee_count, last_activity_at, created_at, updated_at)
         SELECT org_id, gen_random_uuid(), 'F' || n % 2, 'L' || n % 3, 'C' || n % 2, n % 3, CASE WHEN n % 4 > 0 THEN n % 3 END,
           CASE WHEN n % 3 > 0 THEN created_at + n % 2 * interval '1.000001 s' END, created_at + n % 3 * interval '1 us', created_at
         FROM leads, generate_series(1, 149) n",
    )
    .await;
    for sort in [
        "-score",
        "score",
        "-created_at",
        "created_at",
        "name",
        "-name",
        "company",
        "-company",
        "-employees",
        "employees",
        "-last_activity",
        "last_activity",
    ] {
        walk(&owner, sort, 150).await;
    }
    // The screen: three pages there and back.
    let names = |page: &crate::support::Answer| page.attributes("tr[data-row]", "id");
    let first = owner.get("/leads?sort=name").await.expect(200);
    let next = |page: &crate::support::Answer, rel: &str| page.attributes(&format!("a[rel={rel}]"), "href").first().cloned();
    let second = owner.get(&next(&first, "next").unwrap()).await.expect(200);
    let third = owner.get(&next(&second, "next").unwrap()).await.expect(200);
    assert_eq!((next(&third, "next"), next(&first, "prev")), (None, None));
    // The total is asked for when the rows stand there already.
    assert_eq!(second.attributes("[data-total-of]", "data-total-of"), ["50"]);
    assert!(second.text().contains("50 leads on this page"));
    assert_eq!(owner.get("/leads/count?filter=&q=").await.expect(200).json()["words"], "150 leads");
    let back = owner.get(&next(&third, "prev").unwrap()).await.expect(200);
    assert_eq!(names(&back), names(&second));
    let start = owner.get(&next(&back, "prev").unwrap()).await.expect(200);
    assert_eq!(names(&start), names(&first));
    assert_eq!(next(&start, "prev"), None);

    for bad in ["sort=shoe_size", "sort=score;drop", "limit=0", "limit=201", "cursor=x", "limit=x"] {
        owner.get(&format!("/api/v1/leads?{bad}")).await.expect(422);
    }
    let other = owner.get("/api/v1/leads?sort=name&limit=1").await.json()["next_cursor"].as_str().unwrap().to_owned();
    owner.get(&format!("/api/v1/leads?sort=-score&cursor={other}")).await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_finds_nothing_and_a_viewer_changes_nothing() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let lead = id(&create(&owner, json!({"first_name": "Ada", "last_name": "Lovelace", "email": "ada@engines.example"})).await);
    let neighbour = app.sign_up("Neighbour").await;
    for path in
        [format!("/leads/{lead}"), format!("/leads/{lead}/edit"), format!("/api/v1/leads/{lead}"), format!("/api/v1/leads/{lead}/timeline")]
    {
        neighbour.get(&path).await.expect(404);
        app.stranger().get(&path).await;
    }
    neighbour.patch_json(&format!("/api/v1/leads/{lead}"), &json!({"first_name": "Eve"})).await.expect(404);
    neighbour.delete(&format!("/api/v1/leads/{lead}")).await.expect(404);
    for path in ["edit", "status", "owner", "delete"] {
        neighbour.post_form(&format!("/leads/{lead}/{path}"), &[("first_name", "Eve"), ("status", "lost")]).await.expect(404);
    }
    assert_eq!(
        neighbour
            .post_json("/api/v1/leads/bulk", &json!({"ids": [lead], "action": "set_status", "status": "lost"}))
            .await
            .expect(200)
            .json()["changed"],
        0
    );
    assert_eq!(neighbour.get("/api/v1/leads?q=lovelace").await.expect(200).json()["total"]["value"], 0);
    assert_eq!(neighbour.get("/search?q=lovelace").await.expect(200).body, "");
    // The same address is another organisation's own.
    create(&neighbour, json!({"email": "ada@engines.example"})).await;

    let viewer = app.colleague(&owner, "viewer").await;
    viewer.get(&format!("/leads/{lead}")).await.expect(200);
    viewer.get(&format!("/leads/{lead}/edit")).await.expect(403);
    viewer.post_form("/leads", &[("first_name", "Eve")]).await.expect(403);
    viewer.post_form("/leads/bulk", &[("action", "set_status")]).await.expect(403);
    assert_eq!(owner.get(&format!("/api/v1/leads/{lead}")).await.json()["first_name"], "Ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_are_called_is_never_markup() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let evil = "<script>alert(1)</script>";
    let attribute = "\"><img src=x onerror=alert(1)>";
    let body = json!({"first_name": evil, "last_name": attribute, "title": evil, "company_name": evil, "tags": [evil], "city": attribute, "source": evil, "custom": {"note": evil}});
    let lead = create(&owner, body).await;
    let account = lead["account_id"].as_str().unwrap().to_owned();
    let filter = json!({"all": [{"field": "title", "op": "is", "value": evil}]}).to_string();
    let filtered: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", &filter).finish();
    for path in [
        "/leads".to_owned(),
        format!("/leads?{filtered}"),
        "/leads?q=%3Cscript%3E".to_owned(),
        format!("/leads/{}", id(&lead)),
        format!("/leads/{}/edit", id(&lead)),
        "/accounts".to_owned(),
        format!("/accounts/{account}"),
        format!("/accounts/{account}/edit"),
        "/search?q=script".to_owned(),
    ] {
        let page = owner.get(&path).await.expect(200);
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<img src=x"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_leads_change_at_once_or_in_the_background() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let first = id(&create(&owner, json!({"first_name": "A", "country": "DE", "tags": ["Old"]})).await);
    let second = id(&create(&owner, json!({"first_name": "B", "country": "US", "status": "unsubscribed"})).await);

    let tagged = owner
        .post_form(
            "/leads/bulk",
            &[("id", first.as_str()), ("id", &second), ("action", "add_tags"), ("tags", "vip, OLD"), ("sort", "name")],
        )
        .await
        .expect(303);
    assert_eq!(tagged.location(), "/leads?sort=name");
    assert_eq!(owner.get(&format!("/api/v1/leads/{first}")).await.json()["tags"], json!(["Old", "vip"]));
    let json = owner
        .post_json("/api/v1/leads/bulk", &json!({"ids": [first, second], "action": "remove_tags", "tags": ["VIP"]}))
        .await
        .expect(200)
        .json();
    assert_eq!(json["changed"], 2);
    let status = json!({"filter": {}, "action": "set_status", "status": "contacted"});
    assert_eq!(owner.post_json("/api/v1/leads/bulk", &status).await.expect(200).json()["changed"], 1, "unsubscribed leads stay");
    assert_eq!(owner.post_json("/api/v1/leads/bulk", &status).await.expect(200).json()["changed"], 0);
    assert_eq!(kinds(&owner, &first).await, ["lead.status_changed", "lead.tagged", "lead.tagged", "lead.created"]);
    let nobody = owner.post_form("/leads/bulk", &[("action", "set_status"), ("status", "lost")]).await.expect(303);
    assert!(owner.get(nobody.location()).await.expect(200).body.contains("Select at least one lead first"));
    for wrong in [
        json!({"ids": [first], "filter": {}, "action": "set_status", "status": "lost"}),
        json!({"action": "set_status", "status": "lost"}),
        json!({"ids": [first], "action": "set_status", "status": "happy"}),
        json!({"ids": [first], "action": "add_tags", "tags": []}),
        json!({"ids": [first], "action": "set_owner", "owner_id": "user_00000000000000000000000000000000"}),
        json!({"filter": {"field": "x", "op": "is"}, "action": "set_status", "status": "lost"}),
    ] {
        owner.post_json("/api/v1/leads/bulk", &wrong).await.expect(422);
    }

    app.sql(
        "INSERT INTO leads (org_id, id, first_name, country, created_at, updated_at)
         SELECT org_id, gen_random_uuid(), 'N' || n, 'DE', created_at, updated_at FROM leads, generate_series(1, 4500) n WHERE first_name = 'A'",
    )
    .await;
    let filter = r#"{"all":[{"field":"country","op":"is","value":"DE"}]}"#;
    let started = owner
        .post_form("/leads/bulk", &[("all_matching", "true"), ("filter", filter), ("action", "set_status"), ("status", "converted")])
        .await
        .expect(303);
    assert!(started.location().starts_with("/leads/bulk/"));
    assert!(owner.get(started.location()).await.expect(200).text().contains("Waiting"));
    app.sign_up("Neighbour").await.get(started.location()).await.expect(404);
    app.settle().await;
    let done = owner.get(started.location()).await.expect(200).text();
    assert!(done.contains("Done") && done.contains("4,501 leads changed"), "{done}");
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'lead.converted'").await, 4501);

    let stopped = owner.post_form("/leads/bulk", &[("all_matching", "true"), ("action", "set_owner"), ("owner", "")]).await.expect(303);
    owner.post_form(&format!("{}/stop", stopped.location()), &[("x", "")]).await.expect(303);
    app.settle().await;
    assert!(owner.get(stopped.location()).await.expect(200).text().contains("Stopped"));
}
