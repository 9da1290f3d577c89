//! Keys of programs: what they may do, where from, for how long, and that nobody gets one by a side door.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Visitor};

/// A program with a key.
struct Program<'a> {
    visitor: Visitor,
    key: &'a str,
}

impl<'a> Program<'a> {
    fn new(app: &TestApp, key: &'a str) -> Self {
        Self { visitor: app.stranger(), key }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.visitor.request(method, path).bearer_auth(self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.visitor.send(request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }
}

async fn make(visitor: &Visitor, body: Value) -> Value {
    visitor.post_json("/api/v1/keys", &body).await.expect(201).json()
}

async fn key_with(visitor: &Visitor, scopes: &[&str]) -> String {
    make(visitor, json!({"name": "CRM", "scopes": scopes})).await["secret"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_kept_nowhere() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let body = json!({"name": "CRM sync", "scopes": ["leads:read"], "expires_at": "2026-04-01T00:00:00Z", "addresses": ["127.0.0.0/8"]});
    let send = async || owner.send(owner.request("POST", "/api/v1/keys").header("idempotency-key", "k1").json(&body)).await;
    let made = send().await.expect(201).json();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("llk_") && secret.len() == 47, "{secret}");
    assert!(secret.starts_with(made["prefix"].as_str().unwrap()));
    // The same answer again, without the key; and one key only.
    let again = send().await.expect(201).json();
    assert_eq!((&again["id"], &again["secret"]), (&made["id"], &Value::Null));
    let list = owner.get("/api/v1/keys").await.expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!((&list["data"][0]["addresses"], &list["data"][0]["made_by_name"]), (&json!(["127.0.0.0/8"]), &json!("Olive Owner")));
    // Nothing in the database holds it.
    app.settle().await;
    let everywhere = format!(
        "SELECT (SELECT count(*) FROM idempotency_keys WHERE position('{secret}'::bytea IN body) > 0)
          + (SELECT count(*) FROM api_keys k WHERE k::text LIKE '%{secret}%') + (SELECT count(*) FROM events e WHERE e::text LIKE '%{secret}%')
          + (SELECT count(*) FROM audit_entries e WHERE e::text LIKE '%{secret}%') + (SELECT count(*) FROM jobs j WHERE j::text LIKE '%{secret}%')"
    );
    assert_eq!(app.scalar(&everywhere).await, 0);
    let log = owner.get("/api/v1/audit?kind=key").await.json();
    assert_eq!((&log["data"][0]["kind"], &log["data"][0]["details"]["name"]), (&json!("key.created"), &json!("CRM sync")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_key_is_shown() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let key = key_with(&owner, &["leads:read"]).await;
    let listed = async || owner.get("/api/v1/keys").await.expect(200).json()["data"][0].clone();
    let unused = listed().await;
    assert_eq!((&unused["last_used_at"], &unused["last_used_from"]), (&Value::Null, &json!("")));
    Program::new(&app, &key).get("/api/v1/leads").await.expect(200);
    let used = listed().await;
    assert_eq!((&used["last_used_at"], &used["last_used_from"]), (&json!("2026-01-05T09:00:00Z"), &json!("127.0.0.1")));
    assert!(owner.get("/settings/keys").await.expect(200).texts("td[data-label='Last used']")[0].contains("127.0.0.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_what_its_scopes_say() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let lead = json!({"first_name": "Ada"});
    let read = key_with(&owner, &["leads:read"]).await;
    let write = key_with(&owner, &["leads:read", "leads:write"]).await;
    let admin = key_with(&owner, &["admin"]).await;
    let insights = key_with(&owner, &["insights:read"]).await;
    for (key, path, status) in [
        (&read, "/api/v1/leads", 200),
        (&read, "/api/v1/campaigns", 403),
        (&read, "/api/v1/members", 403),
        (&read, "/api/v1/audit", 403),
        (&insights, "/api/v1/leads", 403),
        (&insights, "/api/v1/me", 200),
        (&write, "/api/v1/leads", 200),
        (&admin, "/api/v1/campaigns", 200),
        (&admin, "/api/v1/audit", 200),
        // What takes a person is nothing for a key, whatever its scopes.
        (&admin, "/api/v1/keys", 403),
        (&admin, "/api/v1/audit/export", 403),
        (&admin, "/settings/keys", 403),
    ] {
        let answer = Program::new(&app, key).get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    assert_eq!(Program::new(&app, &read).call("POST", "/api/v1/leads", Some(lead.clone())).await.status, 403);
    Program::new(&app, &write).call("POST", "/api/v1/leads", Some(lead)).await.expect(201);
    let key = json!({"name": "child", "scopes": ["leads:read"]});
    for parent in [&admin, &write] {
        assert_eq!(Program::new(&app, parent).call("POST", "/api/v1/keys", Some(key.clone())).await.status, 403);
    }
    let found = owner.get("/api/v1/audit?kind=lead").await;
    app.settle().await;
    drop(found);
    let log = owner.get("/api/v1/audit?kind=lead").await.json();
    assert!(log["data"][0]["origin"].as_str().unwrap().starts_with("key_"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_is_said_entry_by_entry() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let body = json!({"name": " ", "scopes": ["leads:read", "nonsense", "keys:write"], "expires_at": "2025-01-01T00:00:00Z", "addresses": ["10.0.0.0/8", "10.0.0.0/99"]});
    let errors = owner.post_json("/api/v1/keys", &body).await.expect(422).json()["errors"].clone();
    let pointers: Vec<&str> = errors.as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/name", "/scopes/1", "/scopes/2", "/expires_at", "/addresses/1"]);
    assert!(errors[4]["detail"].as_str().unwrap().contains("10.0.0.0/99"));
    // Nobody below an admin makes keys.
    let manager = app.colleague(&owner, "manager").await;
    assert_eq!(manager.post_json("/api/v1/keys", &json!({"name": "x", "scopes": ["leads:read"]})).await.status, 403);
    assert_eq!(manager.get("/settings/keys").await.status, 403);
    // And nobody with a stale session.
    app.app.clock.advance(SignedDuration::from_mins(11));
    let stale = owner.post_json("/api/v1/keys", &json!({"name": "x", "scopes": ["leads:read"]})).await.expect(403).json();
    assert_eq!(stale["remedy"], "/login/confirm");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_when_it_is_revoked_when_its_time_is_over_and_with_its_maker() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let made = make(&owner, json!({"name": "a", "scopes": ["leads:read"]})).await;
    let revoked = made["secret"].as_str().unwrap();
    Program::new(&app, revoked).get("/api/v1/leads").await.expect(200);
    let neighbour = app.sign_up("Neighbour").await;
    let path = format!("/api/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(neighbour.delete(&path).await.status, 404);
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(Program::new(&app, revoked).get("/api/v1/leads").await.status, 401);
    assert_eq!(owner.delete(&path).await.status, 404);

    let short = make(&owner, json!({"name": "b", "scopes": ["leads:read"], "expires_at": "2026-01-05T10:00:00Z"})).await;
    let short = Program { visitor: app.stranger(), key: short["secret"].as_str().unwrap() };
    short.get("/api/v1/leads").await.expect(200);

    let admin = app.colleague(&owner, "admin").await;
    let theirs = key_with(&admin, &["admin"]).await;
    let theirs = Program::new(&app, &theirs);
    theirs.get("/api/v1/campaigns").await.expect(200);
    // Less for the maker is less for the key, at once.
    let me = admin.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned();
    let bare = me.strip_prefix("user_").unwrap();
    app.sql(&format!("UPDATE memberships SET role = 'viewer' WHERE user_id = '{bare}'")).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(theirs.call("POST", "/api/v1/leads", Some(json!({"first_name": "x"}))).await.status, 403);
    theirs.get("/api/v1/campaigns").await.expect(200);
    app.sql(&format!("DELETE FROM memberships WHERE user_id = '{bare}'")).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(theirs.get("/api/v1/campaigns").await.status, 401);

    app.app.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(short.get("/api/v1/leads").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_bound_to_its_addresses_and_its_organisation() {
    let app = TestApp::start().await;
    let (owner, neighbour) = (app.sign_up("Ours").await, app.sign_up("Theirs").await);
    let elsewhere = make(&owner, json!({"name": "office", "scopes": ["leads:read"], "addresses": ["203.0.113.0/24"]})).await;
    let refused = Program { visitor: app.stranger(), key: elsewhere["secret"].as_str().unwrap() };
    let answer = refused.get("/api/v1/leads").await.expect(403).json();
    assert!(answer["detail"].as_str().unwrap().contains("127.0.0.1"), "{answer}");
    let here = make(&owner, json!({"name": "here", "scopes": ["admin"], "addresses": ["127.0.0.1"]})).await;
    let here = Program { visitor: app.stranger(), key: here["secret"].as_str().unwrap() };
    here.get("/api/v1/leads").await.expect(200);
    let lead = neighbour.post_json("/api/v1/leads", &json!({"first_name": "Bo"})).await.expect(201).json();
    let path = format!("/api/v1/leads/{}", lead["id"].as_str().unwrap());
    assert_eq!(here.get(&path).await.status, 404);
    assert_eq!(here.call("DELETE", &path, None).await.status, 404);
    assert_eq!(here.call("PATCH", &path, Some(json!({"first_name": "Mine"}))).await.status, 404);
    let mut found = json!([]);
    for _ in 0..100 {
        app.settle().await;
        found = owner.get("/api/v1/security-events?kind=key.refused").await.json()["data"].clone();
        if found[0].is_object() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!((&found[0]["severity"], &found[0]["address"]), (&json!("warning"), &json!("127.0.0.1")));
    assert!(neighbour.get("/api/v1/security-events").await.json()["data"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_in_the_authorization_header_alone() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let key = key_with(&owner, &["admin"]).await;
    let stranger = app.stranger();
    for name in ["api_key", "key", "access_token", "token"] {
        assert_eq!(stranger.get(&format!("/api/v1/me?{name}={key}")).await.status, 401, "{name}");
    }
    for header in ["x-api-key", "cookie"] {
        let request = stranger
            .request("GET", "/api/v1/me")
            .header(header, if header == "cookie" { format!("leadline_session={key}") } else { key.clone() });
        assert_eq!(stranger.send(request).await.status, 401, "{header}");
    }
    for scheme in ["Basic", "Token"] {
        let request = stranger.request("GET", "/api/v1/me").header("authorization", format!("{scheme} {key}"));
        assert_eq!(stranger.send(request).await.status, 401, "{scheme}");
    }
    // A typo, a part, another's characters.
    let typo = format!("{}{}", &key[..46], if key.ends_with('A') { 'B' } else { 'A' });
    for wrong in [typo.as_str(), &key[..40], "llk_", "llk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(Program::new(&app, wrong).get("/api/v1/me").await.status, 401, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_has_its_own_allowance() {
    let app = TestApp::start_with(crate::support::TestOptions { requests_per_minute: 5, ..Default::default() }).await;
    let owner = app.sign_up("Deep Line").await;
    let (one, two) = (key_with(&owner, &["leads:read"]).await, key_with(&owner, &["leads:read"]).await);
    let (one, two) = (Program::new(&app, &one), Program::new(&app, &two));
    let mut last = 200;
    for _ in 0..6 {
        last = one.get("/api/v1/me").await.status;
    }
    assert_eq!(last, 429);
    two.get("/api/v1/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_makes_shows_once_and_revokes() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    assert!(owner.get("/settings/keys").await.expect(200).text().contains("No keys yet"));
    let form = [
        ("name", "Importer"),
        ("scope", "leads:read"),
        ("scope", "leads:write"),
        ("expiry", "30"),
        ("addresses", "10.0.0.0/8\n127.0.0.1"),
        ("idempotency_key", "once"),
    ];
    let made = owner.post_form("/settings/keys", &form).await.expect(200);
    assert_eq!(made.header("cache-control"), "no-store");
    let key = made.texts(".secret code")[0].clone();
    Program::new(&app, &key).get("/api/v1/leads").await.expect(200);
    // Loading the page again shows it no more, and sending the form again makes no second one.
    assert!(!owner.get("/settings/keys").await.expect(200).body.contains(&key));
    assert_eq!(owner.post_form("/settings/keys", &form).await.status, 303);
    let list = owner.get("/api/v1/keys").await.json();
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["expires_at"]), (1, &json!("2026-02-04T09:00:00Z")));
    let refused = owner.post_form("/settings/keys", &[("name", ""), ("expiry", "date"), ("addresses", "nowhere")]).await.expect(422);
    let errors = refused.texts(".field-error").join(" ");
    assert!(errors.contains("last day"), "{errors}");
    let refused = owner.post_form("/settings/keys", &[("name", ""), ("expiry", "never"), ("addresses", "nowhere")]).await.expect(422);
    let errors = refused.texts(".field-error").join(" ");
    for part in ["name is missing", "at least one thing", "“nowhere” is neither"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    let path = format!("/settings/keys/{}/revoke", list["data"][0]["id"].as_str().unwrap());
    assert_eq!(owner.post_form(&path, &[("", "")]).await.status, 303);
    assert_eq!(Program::new(&app, &key).get("/api/v1/leads").await.status, 401);
}
