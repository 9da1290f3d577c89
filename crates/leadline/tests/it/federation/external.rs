use axum::{Json, Router, routing::get};
use http_kit::AuthConfig;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::provider::Key;
use crate::support::{Answer, TestApp, TestOptions, Visitor};

const SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters";
const SUBJECT: &str = "7c0e6d9a-3b1f-4a55-9f7e-0f6a2c9d1e11";

/// A hosted Supabase Auth: its published key, and where it stands.
struct Hosted {
    url: String,
    key: Key,
}

impl Hosted {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = Key::new("hosted");
        let jwks = json!({ "keys": [key.jwk] });
        let router = Router::new().route("/auth/v1/.well-known/jwks.json", get(move || async move { Json(jwks) }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, key }
    }

    fn claims(&self, app: &TestApp) -> Value {
        let now = app.app.clock.now().as_second();
        json!({
            "iss": format!("{}/auth/v1", self.url), "sub": SUBJECT, "aud": "authenticated", "role": "authenticated", "exp": now + 3600, "iat": now,
            "email": "ext@hosted.example", "phone": "", "app_metadata": { "provider": "email" }, "user_metadata": { "full_name": "Exa Ternal" },
            "aal": "aal1", "amr": [{ "method": "password", "timestamp": now }], "session_id": "0d3f0f0e-6c1f-4d5c-8a1b-4f1e9c8f7a66",
            "is_anonymous": false
        })
    }
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn by_secret(claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

async fn me(app: &TestApp, token: &str) -> Answer {
    let visitor = app.stranger();
    visitor.send(visitor.request("GET", "/api/v1/me").bearer_auth(token)).await
}

async fn start(url: Option<&str>, secret: Option<&str>) -> TestApp {
    let auth = AuthConfig {
        supabase_url: url.map(|url| url.parse().unwrap()),
        supabase_jwt_secret: secret.map(str::to_owned),
        redirect_allow: vec!["https://app.example/**".to_owned()],
        ..AuthConfig::default()
    };
    TestApp::start_with(TestOptions { auth, ..TestOptions::default() }).await
}

/// An organisation straight into the database: nobody signs up here in this mode.
async fn organisation(app: &TestApp) -> String {
    app.sql("INSERT INTO organisations (org_id, name, created_at) VALUES (gen_random_uuid(), 'Hosted Inc', now())").await;
    app.text("SELECT 'org_' || replace(org_id::text, '-', '') FROM organisations").await
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_the_hosted_auth_are_people_here() {
    let hosted = Hosted::start().await;
    let app = start(Some(&hosted.url), None).await;
    let org = organisation(&app).await;
    let claims = hosted.claims(&app);
    // Known, and at home nowhere.
    assert_eq!(me(&app, &hosted.key.sign(&claims)).await.status, 403);
    let unknown = json!({ "org_id": "org_00000000000000000000000000000000", "role": "admin" });
    assert_eq!(
        me(&app, &hosted.key.sign(&with(with(claims.clone(), "iat", json!(claims["iat"].as_i64().unwrap() + 1)), "app_metadata", unknown)))
            .await
            .status,
        403
    );
    for (after, role, seen) in
        [(2, "rep", "rep"), (3, "admin", "admin"), (4, "owner", "admin"), (5, "superuser", "viewer"), (6, "manager", "manager")]
    {
        let placed = with(claims.clone(), "app_metadata", json!({ "org_id": org, "role": role }));
        let placed = with(placed, "iat", json!(claims["iat"].as_i64().unwrap() + after));
        assert_eq!(me(&app, &hosted.key.sign(&placed)).await.expect(200).json()["role"], seen, "{role}");
    }
    // An older token moves nobody back.
    let older = with(
        with(claims.clone(), "app_metadata", json!({ "org_id": org, "role": "admin" })),
        "iat",
        json!(claims["iat"].as_i64().unwrap() + 5),
    );
    assert_eq!(me(&app, &hosted.key.sign(&older)).await.expect(200).json()["role"], "manager");
    assert_eq!(
        app.scalar(&format!("SELECT count(*) FROM users WHERE id = '{SUBJECT}' AND email = 'ext@hosted.example' AND name = 'Exa Ternal'"))
            .await,
        1
    );
    assert_eq!(app.scalar("SELECT count(*) FROM sessions").await, 1);
    // Who owns it already owns it on.
    app.sql("UPDATE memberships SET role = 'owner'").await;
    let newest = with(
        with(claims.clone(), "app_metadata", json!({ "org_id": org, "role": "rep" })),
        "iat",
        json!(claims["iat"].as_i64().unwrap() + 9),
    );
    assert_eq!(me(&app, &hosted.key.sign(&newest)).await.expect(200).json()["role"], "owner");
    // Taken out of the organisation there, taken out here.
    app.sql("UPDATE memberships SET role = 'rep'").await;
    let out = with(claims.clone(), "iat", json!(claims["iat"].as_i64().unwrap() + 10));
    assert_eq!(me(&app, &hosted.key.sign(&out)).await.status, 403);
    assert_eq!(app.scalar("SELECT count(*) FROM memberships").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_tokens_are_nobody() {
    let hosted = Hosted::start().await;
    let app = start(Some(&hosted.url), Some(SECRET)).await;
    let claims = hosted.claims(&app);
    let good = [hosted.key.sign(&claims), by_secret(&claims, SECRET)];
    for token in &good {
        assert_eq!(me(&app, token).await.status, 403);
    }
    let now = claims["iat"].as_i64().unwrap();
    for (name, value) in [
        ("iss", json!("https://other.supabase.co/auth/v1")),
        ("aud", json!("anon")),
        ("exp", json!(now)),
        ("role", json!("service_role")),
        ("role", json!("anon")),
        ("is_anonymous", json!(true)),
        ("sub", json!("not-a-uuid")),
        ("email", json!("")),
    ] {
        let forged = with(claims.clone(), name, value);
        for token in [hosted.key.sign(&forged), by_secret(&forged, SECRET)] {
            let status = me(&app, &token).await.status;
            assert_eq!(status, if name == "email" { 403 } else { 401 }, "{name}");
        }
    }
    let public_key_as_secret = by_secret(&claims, &hosted.key.jwk.to_string());
    let foreign = Key::new("hosted").sign(&claims);
    let [head, body, _] = good[1].split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let none = format!("eyJhbGciOiJub25lIn0.{body}.");
    for token in [
        public_key_as_secret,
        foreign,
        by_secret(&claims, "another-secret-of-more-than-32-characters"),
        none,
        format!("{head}.{body}."),
        "x".to_owned(),
    ] {
        assert_eq!(me(&app, &token).await.status, 401, "{token}");
    }
    // Good now, and not for ever: also where it was seen before.
    app.app.clock.advance(SignedDuration::from_secs(3601));
    for token in &good {
        assert_eq!(me(&app, token).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_somebody_here_is_taken_over_by_nobody() {
    let app = start(None, Some(SECRET)).await;
    let hosted = Hosted::start().await;
    app.sql("INSERT INTO users (id, email, name, email_confirmed_at, created_at, updated_at) VALUES (gen_random_uuid(), 'ext@hosted.example', 'Old', now(), now(), now())").await;
    let claims = hosted.claims(&app);
    let refused = me(&app, &by_secret(&with(claims.clone(), "user_metadata", json!({ "email_verified": true })), SECRET)).await;
    assert!(refused.status == 403 && refused.body.contains("email_verified"), "{}", refused.body);
    assert_eq!(app.scalar("SELECT count(*) FROM identities").await, 0);
    let vouched = me(&app, &by_secret(&with(claims, "email_verified", json!(true)), SECRET)).await;
    assert!(vouched.status == 403 && vouched.body.contains("/welcome"), "{}", vouched.body);
    assert_eq!(app.scalar("SELECT count(*) FROM users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_doors_are_closed_and_a_token_opens_our_pages() {
    let app = start(None, Some(SECRET)).await;
    let hosted = Hosted::start().await;
    let org = organisation(&app).await;
    let browser = app.stranger();
    let page = browser.get("/login?next=/leads").await.expect(200);
    assert!(page.text().contains("does not keep passwords"));
    assert_eq!(page.attributes("input[name=next]", "value"), ["/leads"]);
    assert_eq!(browser.get("/signup").await.expect(303).location(), "/login");
    assert_eq!(browser.post_form("/login", &[("email", "a@b.example"), ("password", Visitor::PASSWORD)]).await.status, 403);
    for path in ["/auth/v1/settings", "/auth/v1/authorize?provider=oidc", "/auth/v1/.well-known/jwks.json"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    let claims = with(hosted.claims(&app), "app_metadata", json!({ "org_id": org, "role": "rep" }));
    let token = by_secret(&claims, SECRET);
    let open = async |origin: Option<&str>, token: &str| {
        let request =
            browser.request("POST", "/login/external").header("accept", "text/html").form(&[("access_token", token), ("next", "/leads")]);
        browser.send(if let Some(origin) = origin { request.header("origin", origin) } else { request }).await
    };
    for stranger in [None, Some("null"), Some("https://evil.example"), Some("https://app.example.evil.example"), Some("http://app.example")]
    {
        assert_eq!(open(stranger, &token).await.status, 403, "{stranger:?}");
    }
    let refused = open(Some(&app.address), "nonsense").await.expect(422);
    assert!(refused.text().contains("has expired"));
    assert_eq!(browser.get("/leads").await.status, 303);
    assert_eq!(open(Some("https://app.example"), &token).await.expect(303).location(), "/leads");
    assert_eq!(browser.get("/leads").await.status, 200);
    assert_eq!(browser.get("/api/v1/me").await.expect(200).json()["role"], "rep");
    app.app.clock.advance(SignedDuration::from_hours(12));
    assert_eq!(browser.get("/leads").await.status, 303);
}
