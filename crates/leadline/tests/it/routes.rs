//! Every route, tried as a stranger and as a neighbour with our ids. A new route fails this test
//! until somebody has looked at its line of the golden list (`routes.golden`).

use std::{collections::BTreeMap, fmt::Write};

use crate::support::{TestApp, TestOptions, Visitor};
use serde_json::{Value, json};

/// Ids of things that belong to the organisation of `owner`, by the name of their path parameter's place.
pub type Ids = BTreeMap<&'static str, String>;

/// Gives an organisation one of each thing, through the API.
pub async fn furnish(app: &TestApp, owner: &Visitor) -> Ids {
    let id = |answer: Value| answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let mut ids = Ids::new();
    owner.patch_json("/api/v1/organisation", &json!({"postal_address": "1 Main Street, Springfield"})).await.expect(200);
    let lead = json!({"first_name": "Ada", "last_name": "Byron", "email": "ada@engines.example", "company_name": "Engines", "company_domain": "engines.example", "tags": ["vip"]});
    let lead = owner.post_json("/api/v1/leads", &lead).await.expect(201).json();
    ids.insert("accounts", lead["account_id"].as_str().unwrap().to_owned());
    ids.insert("leads", id(lead));
    let about = json!({"lead_id": ids["leads"], "title": "Call", "due": "2026-01-09"});
    ids.insert("tasks", id(owner.post_json("/api/v1/tasks", &about).await.expect(201).json()));
    ids.insert(
        "notes",
        id(owner.post_json("/api/v1/notes", &json!({"lead_id": ids["leads"], "body": "Likes looms"})).await.expect(201).json()),
    );
    let segment = json!({"name": "Everybody", "kind": "fixed", "filter": {"all": []}});
    ids.insert("segments", id(owner.post_json("/api/v1/segments", &segment).await.expect(201).json()));
    let csv = b"First name,Email,Company\nBea,bea@tools.example,Tools\nnobody,not-an-address,\n".to_vec();
    let imported = owner.upload("/api/v1/imports", "file", "two.csv", csv).await.expect(201).json();
    ids.insert("imports", id(imported));
    owner.post_json(&format!("/api/v1/imports/{}/start", ids["imports"]), &json!({})).await;
    app.settle().await;
    let tagged =
        owner.post_json("/api/v1/leads/bulk", &json!({"filter": {}, "action": "add_tags", "tags": ["ours"]})).await.expect(200).json();
    ids.insert("changes", tagged["change_set_id"].as_str().unwrap().to_owned());
    let export = owner.post_form("/leads/export/file", &[("format", "xlsx"), ("filter", "{}")]).await.expect(303);
    ids.insert("exports", export.location().trim_start_matches("/leads/exports/").to_owned());
    ids.insert("views", id(owner.post_json("/api/v1/views", &json!({"name": "Everybody", "shared": true})).await.expect(201).json()));
    let template = json!({"name": "Hello", "subject": "Hello {{ first_name | default('there') }}", "html": "<p>Hi {{ first_name | default('there') }}</p>"});
    ids.insert("templates", id(owner.post_json("/api/v1/templates", &template).await.expect(201).json()));
    let campaign = json!({
        "name": "First", "sender_name": "Olive", "sender_address": "olive@ours.example", "audience": {"all": []},
        "steps": [{"subject": "Hello", "html": "<p>Hi {{ first_name | default('there') }}</p>", "delay_minutes": 0}]
    });
    ids.insert("campaigns", id(owner.post_json("/api/v1/campaigns", &campaign).await.expect(201).json()));
    owner.post_json(&format!("/api/v1/campaigns/{}/launch", ids["campaigns"]), &json!({})).await.expect(200);
    app.settle().await;
    owner.post_json("/api/v1/suppressions", &json!({"email": "never@again.example", "detail": "asked by phone"})).await.expect(201);
    let colleague = app.colleague(owner, "rep").await;
    ids.insert("members", id(colleague.get("/api/v1/me").await.expect(200).json()));
    ids.insert("teams", id(owner.post_json("/api/v1/teams", &json!({"name": "North"})).await.expect(201).json()));
    let role = json!({"name": "Researcher", "permissions": ["leads:write"], "visibility": "own"});
    ids.insert("roles", id(owner.post_json("/api/v1/roles", &role).await.expect(201).json()));
    let invited = owner.post_json("/api/v1/invitations", &json!({"emails": ["soon@ours.example"], "role": "rep"})).await.expect(201).json();
    ids.insert("invitations", id(invited["data"][0].clone()));
    let domain = owner.email.split_once('@').unwrap().1.to_owned();
    owner.post_json("/api/v1/domains", &json!({"domain": domain, "role": "viewer"})).await.expect(201);
    ids.insert("domains", domain);
    let key = json!({"name": "CRM", "scopes": ["leads:read"]});
    ids.insert("keys", id(owner.post_json("/api/v1/keys", &key).await.expect(201).json()));
    let sessions = owner.get("/api/v1/sessions").await.expect(200).json();
    ids.insert("sessions", id(sessions["data"][0].clone()));
    let begun = owner.post_form("/account/security/apps", &[("next", "")]).await.expect(303);
    let factor = begun.location().trim_start_matches("/account/security/apps/").split('?').next().unwrap_or_default().to_owned();
    ids.insert("apps", factor.clone());
    ids.insert("factors", factor);
    let double = json!({"first_name": "Ada", "last_name": "Byron", "company_name": "Engines", "company_domain": "engines.example"});
    owner.post_json("/api/v1/leads", &double).await.expect(201);
    app.settle().await;
    let duplicates = owner.get("/api/v1/duplicates").await.expect(200).json();
    ids.insert("duplicates", id(duplicates["data"][0].clone()));
    let caught = owner.get("/catcher").await.expect(200);
    let mail = caught.attributes("a[href^='/catcher/msg_']", "href").first().cloned().unwrap_or_default();
    ids.insert("catcher", mail.trim_start_matches("/catcher/").to_owned());
    app.settle().await;
    ids
}

/// Puts our ids into a route's path: the parameter after `leads/` is a lead, and so on.
fn fill(path: &str, ids: &Ids) -> String {
    let mut filled: Vec<String> = Vec::new();
    let mut before = "";
    for part in path.split('/') {
        let value = if !part.starts_with('{') {
            part.to_owned()
        } else if part == "{*path}" {
            "nothing.css".to_owned()
        } else {
            ids.get(before).cloned().unwrap_or_else(|| match part {
                "{job}" | "{job_id}" => "1".to_owned(),
                "{email}" => "never@again.example".to_owned(),
                _ => "forged".to_owned(),
            })
        };
        filled.push(value);
        before = part;
    }
    filled.join("/")
}

async fn attempt(visitor: &Visitor, method: &str, path: &str) -> u16 {
    let request = visitor.request(method, path).header("accept", "text/html");
    let request = match method {
        "GET" | "DELETE" => request,
        _ if path.starts_with("/api/") => request.json(&json!({})),
        _ => request.form(&[("x", "y")]),
    };
    // A live stream never ends: its status is enough.
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_was_tried_as_stranger_and_as_neighbour() {
    let secret = Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
    let app = TestApp::start_with(TestOptions { resend_webhook_secret: secret, ..TestOptions::default() }).await;
    let ours = app.sign_up("Ours").await;
    let ids = furnish(&app, &ours).await;
    let theirs = app.sign_up("Theirs").await;

    let before = fingerprint(&app).await;
    let mut list =
        String::from("# method path: status for a stranger, status for a neighbour with our ids (UPDATE_GOLDEN=1 writes this file)\n");
    for route in web::route_list() {
        let path = fill(&route.path, &ids);
        let stranger = attempt(&app.stranger(), route.method, &path).await;
        let neighbour = if path == "/logout" { 303 } else { attempt(&theirs, route.method, &path).await };
        assert!(stranger < 500 && neighbour < 500, "{} {path}: {stranger} {neighbour}", route.method);
        // Nothing but what is public lets a stranger in, and an id of ours is nothing to a neighbour.
        if path.starts_with("/api/") && !path.ends_with("openapi.json") {
            assert_eq!(stranger, 401, "{} {path} as a stranger", route.method);
        }
        if ids.values().any(|id| !id.is_empty() && path.contains(id.as_str())) {
            // 401: to the Auth API, which looks at no cookie, the neighbour is a stranger.
            assert!([303, 401, 404, 405, 412, 422].contains(&neighbour), "{} {path} as a neighbour: {neighbour}", route.method);
        }
        writeln!(list, "{} {}: {stranger} {neighbour}", route.method, route.path).unwrap();
    }
    app.settle().await;
    assert_eq!(fingerprint(&app).await, before, "a stranger or a neighbour has changed something of ours");

    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/routes.golden");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &list).unwrap();
    }
    let known = std::fs::read_to_string(golden).unwrap_or_default();
    for (known, now) in known.lines().zip(list.lines()) {
        assert_eq!(known, now, "look at this route, then write the list anew with UPDATE_GOLDEN=1");
    }
    assert_eq!(known.lines().count(), list.lines().count(), "routes came or went: look, then write the list anew with UPDATE_GOLDEN=1");
}

/// What our organisation holds, as one number per table that a neighbour might have changed.
async fn fingerprint(app: &TestApp) -> Vec<i64> {
    let ours = "org_id = (SELECT org_id FROM organisations WHERE name = 'Ours')";
    let mut counts = Vec::new();
    let outreach = ["leads", "accounts", "campaigns", "templates", "suppressions", "imports", "sends", "events", "jobs", "saved_views"];
    let people = ["memberships", "roles", "role_settings", "teams", "invitations", "organisation_domains", "sso_connections", "api_keys"];
    let our_people = format!("user_id IN (SELECT user_id FROM memberships WHERE {ours})");
    let accounts = ["sessions", "identities", "mfa_factors", "recovery_codes"];
    let tables = outreach.iter().chain(&people).map(|table| (table, ours)).chain(accounts.iter().map(|table| (table, our_people.as_str())));
    for (table, whose) in tables {
        counts.push(
            app.scalar(&format!("SELECT coalesce(sum(hashtextextended(t::text, 0) % 1000003), 0)::bigint FROM {table} t WHERE {whose}"))
                .await,
        );
    }
    counts
}
