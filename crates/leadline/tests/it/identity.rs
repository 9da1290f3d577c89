use crate::support::{TestApp, Visitor};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_up_signs_out_and_signs_in_again() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    assert_eq!(ada.get("/api/v1/me").await.expect(200).json()["role"], "owner");
    assert_eq!(ada.post_form("/logout", &[("", "")]).await.location(), "/login");
    assert_eq!(ada.get("/api/v1/me").await.status, 401);
    let again = [("email", ada.email.as_str()), ("password", Visitor::PASSWORD), ("next", "/leads?q=x")];
    assert_eq!(ada.post_form("/login", &again).await.expect(303).location(), "/leads?q=x");
    assert_eq!(ada.get("/api/v1/me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_names_each_field_that_is_wrong_and_keeps_what_was_typed() {
    let app = TestApp::start().await;
    let form = [("organisation", " "), ("name", "Ada"), ("email", "ada@nowhere"), ("password", "short")];
    let page = app.stranger().post_form("/signup", &form).await.expect(422);
    let text = page.text();
    for part in ["organisation's name is missing", "domain that cannot exist", "at least 10 characters"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(page.attributes("input[name=name]", "value"), ["Ada"]);
    assert!(page.attributes("input[name=password]", "value").iter().all(String::is_empty));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_and_a_wrong_password_are_answered_alike() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let wrong = app.stranger().post_form("/login", &[("email", ada.email.as_str()), ("password", "wrong wrong wrong")]).await.expect(422);
    let unknown =
        app.stranger().post_form("/login", &[("email", "nobody@acme.example"), ("password", "wrong wrong wrong")]).await.expect(422);
    assert_eq!(wrong.texts("[role=alert]"), unknown.texts("[role=alert]"));
    assert!(!wrong.texts("[role=alert]").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_also_over_redis() {
    for redis in [false, true] {
        let app = TestApp::start_with(crate::support::TestOptions { redis, ..Default::default() }).await;
        let ada = app.sign_up(if redis { "Redis Guess" } else { "Local Guess" }).await;
        let mut statuses = Vec::new();
        for _ in 0..12 {
            statuses
                .push(app.stranger().post_form("/login", &[("email", ada.email.as_str()), ("password", "wrong wrong wrong")]).await.status);
        }
        assert_eq!(statuses[..10], [422; 10]);
        assert_eq!(statuses[10..], [429; 2], "redis: {redis}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_from_another_website_does_nothing() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let forged = ada.request("POST", "/logout").header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
    assert_eq!(ada.send(forged).await.status, 403);
    assert_eq!(ada.get("/api/v1/me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_enforced_and_refusals_say_who_can_help() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for role in ["admin", "manager", "rep", "viewer"] {
        let colleague = app.colleague(&owner, role).await;
        let invitation = [("emails", format!("by-{role}@x.example")), ("role", "viewer".to_owned())];
        let invited = colleague.post_form("/settings/team/invitations", &invitation).await;
        assert_eq!(invited.status, if role == "admin" { 303 } else { 403 }, "{role}");
        let changed = colleague.patch_json("/api/v1/organisation", &json!({"name": "Taken over"})).await;
        assert_eq!(changed.status, if role == "admin" { 200 } else { 403 }, "{role}");
        if role == "viewer" {
            assert!(invited.text().contains("owner or admin"), "{}", invited.text());
        }
    }
    let promoted = owner.post_form("/settings/team/invitations", &[("emails", "x@y.example"), ("role", "owner")]).await;
    assert_eq!(promoted.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_post_with_the_same_key_is_answered_and_not_repeated() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let body = json!({"name": "Rae Rep", "email": "rae@acme.example", "role": "rep", "password": Visitor::PASSWORD});
    let post = |body: serde_json::Value| owner.send(owner.request("POST", "/api/v1/members").header("idempotency-key", "k-1").json(&body));
    let first = post(body.clone()).await.expect(201).json();
    assert_eq!(post(body.clone()).await.expect(201).json(), first);
    let mut other = body;
    other["name"] = json!("Somebody Else");
    let refused = post(other).await.expect(422);
    assert_eq!(refused.json()["errors"][0]["code"], "idempotency_key.reused");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(owner.get("/api/v1/members").await.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_errors_name_the_place() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let typo = owner.patch_json("/api/v1/organisation", &json!({"nam": "x"})).await.expect(422);
    assert!(typo.json()["detail"].as_str().unwrap().contains("nam"), "{}", typo.body);
    let kind = owner.patch_json("/api/v1/organisation", &json!({"name": 5})).await.expect(422);
    assert_eq!(kind.json()["errors"][0]["pointer"], "/name");
    let broken = owner.send(owner.request("PATCH", "/api/v1/organisation").header("content-type", "application/json").body("{")).await;
    assert_eq!(broken.status, 400);
    let nul = owner.patch_json("/api/v1/organisation", &json!({"name": "a\u{0}b"})).await;
    assert_eq!(nul.status, 400);
    let form = owner.send(owner.request("PATCH", "/api/v1/organisation").body("x")).await;
    assert_eq!(form.status, 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_is_no_session() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    app.app.clock.advance(jiff::SignedDuration::from_hours(24 * 30 + 1));
    assert_eq!(ada.get("/api/v1/me").await.status, 401);
    let page = ada.get("/settings/team").await.expect(303);
    assert_eq!(page.location(), "/login?next=%2Fsettings%2Fteam");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_carry_the_headers_that_confine_a_page() {
    let app = TestApp::start().await;
    let page = app.stranger().get("/login").await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    let other = app.stranger().get("/login").await.header("content-security-policy").to_owned();
    assert_ne!(policy, other, "a nonce is used once");
    assert!(page.attributes("script", "nonce").iter().all(|nonce| policy.contains(nonce.as_str()) && !nonce.is_empty()));
    assert!(!page.body.contains(" style=") && !page.body.contains("onclick="));
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_ends_with_the_first_organisation_or_is_closed() {
    for (signup, first) in [(http_kit::SignUp::First, 303), (http_kit::SignUp::Closed, 403)] {
        let app = TestApp::start_with(crate::support::TestOptions { signup, ..Default::default() }).await;
        let form = |email: &'static str| [("organisation", "Acme"), ("name", "Ada"), ("email", email), ("password", Visitor::PASSWORD)];
        assert_eq!(app.stranger().post_form("/signup", &form("ada@acme.example")).await.status, first);
        assert_eq!(app.stranger().post_form("/signup", &form("eve@acme.example")).await.status, 403);
        assert_eq!(app.stranger().get("/signup").await.status, 403);
    }
}
