//! Tokens and links that somebody forged, copied, replayed or bent.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http_kit::{AuthConfig, SignUp};
use identity::{Engine, token::Claims};
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use supabase::Keys;

use crate::support::{Answer, TestApp, TestOptions, Visitor};

/// A program that speaks the Auth API.
struct Program {
    app: TestApp,
    visitor: Visitor,
    anon: String,
    service: String,
}

impl Program {
    async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    async fn start_with(options: TestOptions) -> Self {
        let app = TestApp::start_with(options).await;
        let keys = Keys::of(&app.app).unwrap();
        let (anon, service) = (keys.anon().to_owned(), keys.service_role().to_owned());
        Self { visitor: app.stranger(), app, anon, service }
    }

    async fn call(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let request = self.visitor.request(method, &format!("/auth/v1{path}"));
        let request = request.header("apikey", &self.anon).header("x-supabase-api-version", "2024-01-01");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        self.visitor.send(if method == "GET" { request } else { request.json(body) }).await
    }

    async fn user(&self, token: &str) -> Answer {
        self.call("GET", "/user", Some(token), &Value::Null).await
    }

    async fn refresh(&self, token: &str) -> Answer {
        self.call("POST", "/token?grant_type=refresh_token", None, &json!({ "refresh_token": token })).await
    }

    async fn exchange(&self, code: &str, verifier: &str) -> Answer {
        self.call("POST", "/token?grant_type=pkce", None, &json!({ "auth_code": code, "code_verifier": verifier })).await
    }

    /// The owner of a fresh organisation, and a session of the Auth API.
    async fn owner(&self, organisation: &str) -> (Visitor, Value) {
        let owner = self.app.sign_up(organisation).await;
        let session = self.sign_in(&owner.email).await;
        (owner, session)
    }

    async fn sign_in(&self, email: &str) -> Value {
        let body = json!({ "email": email, "password": Visitor::PASSWORD });
        self.call("POST", "/token?grant_type=password", None, &body).await.expect(200).json()
    }

    /// A link of `kind` that would be mailed to `email`, without its server.
    async fn link(&self, body: Value) -> String {
        let answer = self.call("POST", "/admin/generate_link", Some(&self.service), &body).await.expect(200).json();
        text(&answer["action_link"]).replace(&self.app.address, "")
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value}"))
}

fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn payload(token: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn key_of_nobody() -> EncodingKey {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    EncodingKey::from_ec_der(pkcs8.as_ref())
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_token_opens_nothing() {
    let program = Program::start().await;
    let (_, session) = program.owner("Acme").await;
    let token = text(&session["access_token"]).to_owned();
    program.user(&token).await.expect(200);

    let claims = payload(&token);
    let jwks = program.call("GET", "/.well-known/jwks.json", None, &Value::Null).await.expect(200).json();
    let jwk = &jwks["keys"][0];
    let kid = text(&jwk["kid"]);
    let (head, rest) = token.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let mut forged: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, token: String| forged.push((what.to_owned(), token));

    for alg in ["none", "None", "nOnE", "NONE", ""] {
        add(alg, format!("{}.{body}.", part(&json!({ "alg": alg, "typ": "JWT", "kid": kid }))));
        add(alg, format!("{}.{body}.{signature}", part(&json!({ "alg": alg, "typ": "JWT", "kid": kid }))));
    }
    // The public key taken for a shared secret, in every form that somebody could feed to a library.
    let point = [text(&jwk["x"]), text(&jwk["y"])].map(|half| BASE64_URL_SAFE_NO_PAD.decode(half).unwrap()).concat();
    let gateway = BASE64_URL_SAFE_NO_PAD.encode(program.app.app.config.secret.sign("jwt secret", b"HS256"));
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
    let secrets =
        [jwk.to_string().into_bytes(), jwks.to_string().into_bytes(), point.clone(), [vec![4], point].concat(), gateway.into_bytes()];
    for secret in secrets {
        add("HS256", encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap());
        add("HS256 without kid", encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(&secret)).unwrap());
    }
    // Somebody else's key, under names that could lead a verifier to it.
    let stranger = key_of_nobody();
    let kids = [
        kid,
        "../../../../dev/null",
        "/etc/passwd",
        "' OR '1'='1",
        "'; DROP TABLE signing_keys; --",
        "https://evil.example/jwks.json",
        "00000000-0000-0000-0000-000000000000",
        "",
    ];
    for kid in kids {
        let header = Header {
            kid: Some(kid.to_owned()),
            jku: Some("https://evil.example/jwks.json".to_owned()),
            x5u: Some("https://evil.example/key.pem".to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        add(kid, encode(&header, &claims, &stranger).unwrap());
    }
    add("no kid", encode(&Header::new(Algorithm::ES256), &claims, &stranger).unwrap());
    // Our signature under other words.
    for (name, value) in
        [("email", json!("eve@evil.example")), ("role", json!("service_role")), ("exp", json!(i64::MAX)), ("aal", json!("aal2"))]
    {
        let mut bent = claims.clone();
        bent[name] = value;
        add(name, format!("{head}.{}.{signature}", part(&bent)));
    }
    add("no signature", format!("{head}.{body}."));
    add("zeros", format!("{head}.{body}.{}", BASE64_URL_SAFE_NO_PAD.encode([0; 64])));
    add("two parts", format!("{head}.{body}"));
    add("more parts", format!("{token}.{signature}"));

    for (what, forged) in forged {
        refused(&program.user(&forged).await, 403, "bad_jwt");
        let api = program.visitor.request("GET", "/api/v1/me").bearer_auth(&forged);
        assert_eq!(program.visitor.send(api).await.status, 401, "{what}: {forged}");
    }
    program.user(&token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_ours_is_good_for_its_time_its_audience_and_its_issuer() {
    let program = Program::start().await;
    let (_, session) = program.owner("Acme").await;
    let token = text(&session["access_token"]);
    let claims: Claims = serde_json::from_value(payload(token)).unwrap();
    let engine = Engine::of(&program.app.app).unwrap();
    // Signed by our very key, so that nothing but the claim is wrong.
    let bent = [
        Claims { exp: claims.iat - 1, ..claims.clone() },
        Claims { exp: claims.iat, ..claims.clone() },
        Claims { aud: "anon".to_owned(), ..claims.clone() },
        Claims { aud: String::new(), ..claims.clone() },
        Claims { iss: "https://evil.example/auth/v1".to_owned(), ..claims.clone() },
        Claims { iss: program.app.address.clone(), ..claims.clone() },
    ];
    for bent in bent {
        refused(&program.user(&engine.sign(&bent).unwrap()).await, 403, "bad_jwt");
    }
    program.user(&engine.sign(&claims).unwrap()).await.expect(200);
    let nobody = Claims { sub: uuid::Uuid::now_v7(), ..claims.clone() };
    refused(&program.user(&engine.sign(&nobody).unwrap()).await, 403, "user_not_found");
    let elsewhere = Claims { session_id: uuid::Uuid::now_v7(), ..claims.clone() };
    refused(&program.user(&engine.sign(&elsewhere).unwrap()).await, 403, "session_not_found");
    program.app.app.clock.advance(SignedDuration::from_secs(3600));
    refused(&program.user(token).await, 403, "bad_jwt");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_keys_are_nobodys_tokens_and_tokens_are_no_keys() {
    let program = Program::start().await;
    let (_, session) = program.owner("Acme").await;
    let token = text(&session["access_token"]);
    for key in [&program.anon, &program.service] {
        refused(&program.user(key).await, 403, "bad_jwt");
        let api = program.visitor.request("GET", "/api/v1/leads").bearer_auth(key);
        assert_eq!(program.visitor.send(api).await.status, 401);
    }
    for (bearer, code) in
        [(Some(token), "not_admin"), (Some(program.anon.as_str()), "not_admin"), (None, "not_admin"), (Some("x"), "bad_jwt")]
    {
        refused(&program.call("GET", "/admin/users", bearer, &Value::Null).await, 403, code);
        let new = json!({ "email": "eve@evil.example", "email_confirm": true });
        refused(&program.call("POST", "/admin/users", bearer, &new).await, 403, code);
    }
    let as_key = program.visitor.request("GET", "/auth/v1/settings").header("apikey", token);
    assert_eq!(program.visitor.send(as_key).await.status, 401);
    // A key that the secret has not signed, and one whose claims say more than it may.
    let secret = EncodingKey::from_secret(b"another secret of thirty-two bytes");
    let forged = encode(&Header::new(Algorithm::HS256), &json!({ "role": "service_role" }), &secret).unwrap();
    let (head, rest) = program.anon.split_once('.').unwrap();
    let promoted = format!("{head}.{}.{}", part(&json!({ "role": "service_role" })), rest.split_once('.').unwrap().1);
    for key in [forged, promoted] {
        let request = program.visitor.request("GET", "/auth/v1/admin/users").header("apikey", &key).bearer_auth(&key);
        assert_eq!(program.visitor.send(request).await.status, 401);
        refused(&program.call("GET", "/admin/users", Some(&key), &Value::Null).await, 403, "bad_jwt");
    }
    program.call("GET", "/admin/users", Some(&program.service), &Value::Null).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_refresh_token_ends_the_family() {
    let program = Program::start().await;
    let (_, session) = program.owner("Acme").await;
    let wait = |seconds| program.app.app.clock.advance(SignedDuration::from_secs(seconds));
    let mut tokens = vec![text(&session["refresh_token"]).to_owned()];
    for _ in 0..3 {
        let next = program.refresh(tokens.last().unwrap()).await.expect(200).json();
        assert_eq!(payload(text(&next["access_token"]))["session_id"], payload(text(&session["access_token"]))["session_id"]);
        tokens.push(text(&next["refresh_token"]).to_owned());
    }
    // For ten seconds an older token is another tab that came late; its parent's answer may be lost for ever.
    wait(10);
    assert_eq!(program.refresh(&tokens[0]).await.expect(200).json()["refresh_token"], tokens[3].as_str());
    wait(1);
    assert_eq!(program.refresh(&tokens[2]).await.expect(200).json()["refresh_token"], tokens[3].as_str());
    // Fresh use by its owner does not cover the copy.
    let newest = program.refresh(&tokens[3]).await.expect(200).json();
    refused(&program.refresh(&tokens[1]).await, 400, "refresh_token_already_used");
    refused(&program.refresh(text(&newest["refresh_token"])).await, 400, "refresh_token_not_found");
    refused(&program.refresh(&tokens[3]).await, 400, "refresh_token_not_found");
    refused(&program.user(text(&newest["access_token"])).await, 403, "session_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_at_once_give_one_usable_session() {
    let program = Program::start().await;
    let (owner, _) = program.owner("Acme").await;
    for many in [2, 20] {
        let session = program.sign_in(&owner.email).await;
        let token = text(&session["refresh_token"]);
        let answers = futures_util::future::join_all((0..many).map(|_| program.refresh(token))).await;
        let mut tokens: Vec<String> =
            answers.into_iter().map(|answer| text(&answer.expect(200).json()["refresh_token"]).to_owned()).collect();
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "{many} at once");
        let next = program.refresh(&tokens[0]).await.expect(200).json();
        program.user(text(&next["access_token"])).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_sealed() {
    let program = Program::start().await;
    let (_, session) = program.owner("Acme").await;
    let token = text(&session["refresh_token"]);
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap();
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        refused(&program.refresh(&BASE64_URL_SAFE_NO_PAD.encode(bent)).await, 400, "refresh_token_not_found");
    }
    for bent in [&token[1..], "x", " ", &token.repeat(2)] {
        refused(&program.refresh(bent).await, 400, "refresh_token_not_found");
    }
    // None of that has hurt the session.
    program.refresh(token).await.expect(200);
    program.app.app.clock.advance(identity::session::LIFETIME);
    refused(&program.refresh(token).await, 400, "session_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_nowhere_else() {
    let auth = AuthConfig { redirect_allow: vec!["https://app.example/in/**".to_owned()], ..AuthConfig::default() };
    let program = Program::start_with(TestOptions { auth, ..TestOptions::default() }).await;
    let own = program.app.address.clone();
    let host = own.strip_prefix("http://").unwrap();
    let foreign = [
        "https://evil.example/".to_owned(),
        "//evil.example/".to_owned(),
        "///evil.example".to_owned(),
        "/\\evil.example".to_owned(),
        "https:evil.example".to_owned(),
        "https://app.example/other".to_owned(),
        "https://app.example/in/../other".to_owned(),
        "https://app.example/in/%2e%2e/other".to_owned(),
        "https://app.example:444/in/".to_owned(),
        "http://app.example/in/".to_owned(),
        "https://app.example.evil.example/in/".to_owned(),
        "https://app.example@evil.example/in/".to_owned(),
        "https://evil.example/https://app.example/in/".to_owned(),
        "https://evil.example#https://app.example/in/".to_owned(),
        "https://evil.example\\@app.example/in/".to_owned(),
        format!("http://{host}@evil.example/"),
        format!("http://{host}.evil.example/"),
        format!("https://{host}/"),
        format!("ftp://{host}/"),
        "javascript:alert(1)".to_owned(),
        "data:text/html,x".to_owned(),
        "\u{0}https://app.example/in/".to_owned(),
        "https://app.example/in/\r\nset-cookie: a=b".to_owned(),
    ];
    for (n, to) in foreign.iter().enumerate().filter(|(_, to)| !to.contains('\0')) {
        let visitor = program.app.stranger();
        // One visitor's network may redeem thirty links in five minutes.
        let path = if n % 2 == 0 { "/auth/v1/verify?token=forged&type=signup" } else { "/auth/v1/verify?token=pkce_forged&type=recovery" };
        let answer = visitor.send(visitor.request("GET", path).query(&[("redirect_to", to)])).await.expect(303);
        let location = answer.location();
        let stays = location.starts_with(&format!("{own}/")) || location.starts_with("https://app.example/in/");
        assert!(stays && !location.contains('\r') && location.contains("error_code=otp_expired"), "{to:?} leads to {location}");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    let listed = program.visitor.request("GET", "/auth/v1/verify?token=forged&type=signup&redirect_to=https://app.example/in/side?a=b");
    let answer = program.visitor.send(listed).await.expect(303);
    assert!(answer.location().starts_with("https://app.example/in/side?a=b#error="), "{}", answer.location());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_exchanged_by_its_program_once_and_soon() {
    let program = Program::start().await;
    let (owner, _) = program.owner("Acme").await;
    let verifiers = ["v".repeat(43), "w".repeat(64)];
    let now = || program.app.app.clock.now();
    let mut codes = Vec::new();
    for verifier in &verifiers {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(<sha2::Sha256 as sha2::Digest>::digest(verifier));
        let challenge = identity::one_time::Challenge { challenge, method: "s256".to_owned() };
        let tx = program.app.app.db.system().await.unwrap();
        let user = identity::store::credentials(&program.app.app.db, &owner.email).await.unwrap().unwrap().user;
        let method = identity::session::Method::MagicLink;
        let flow = identity::flow::Flow { user, method, only_org: None, provider_tokens: None };
        codes.push((identity::flow::issue(&tx, &program.app.app.vault, &flow, &challenge, now()).await.unwrap(), challenge.challenge));
        tx.commit().await.unwrap();
    }
    let [(first, first_challenge), (second, _)] = codes.try_into().unwrap();
    refused(&program.exchange(&first, &verifiers[1]).await, 400, "bad_code_verifier");
    refused(&program.exchange(&second, &verifiers[0]).await, 400, "bad_code_verifier");
    refused(&program.exchange(&first, &first_challenge).await, 400, "bad_code_verifier");
    refused(&program.exchange(&first, "").await, 400, "validation_failed");
    refused(&program.exchange("00000000-0000-0000-0000-000000000000", &verifiers[0]).await, 404, "flow_state_not_found");
    let answers = futures_util::future::join_all((0..5).map(|_| program.exchange(&first, &verifiers[0]))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "a code is good once");
    refused(&program.exchange(&first, &verifiers[0]).await, 404, "flow_state_not_found");
    program.app.app.clock.advance(SignedDuration::from_mins(5));
    refused(&program.exchange(&second, &verifiers[1]).await, 422, "flow_state_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_and_for_what_it_is() {
    let program = Program::start().await;
    let (owner, _) = program.owner("Acme").await;
    let link = program.link(json!({ "type": "recovery", "email": owner.email })).await;
    let stranger = program.app.stranger();
    let bent = link.replace("type=recovery", "type=magiclink");
    assert!(stranger.get(&bent).await.expect(303).location().contains("error_code=otp_expired"));
    assert!(stranger.get(&link).await.expect(303).location().contains("#access_token="));
    assert!(stranger.get(&link).await.expect(303).location().contains("error_code=otp_expired"));
    // Two at once: one wins.
    let link = program.link(json!({ "type": "magiclink", "email": owner.email })).await;
    let answers = futures_util::future::join_all((0..5).map(|_| stranger.get(&link))).await;
    assert_eq!(answers.iter().filter(|answer| answer.location().contains("#access_token=")).count(), 1);
    let late = program.link(json!({ "type": "magiclink", "email": owner.email })).await;
    program.app.app.clock.advance(SignedDuration::from_hours(1));
    assert!(stranger.get(&late).await.expect(303).location().contains("error_code=otp_expired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_keeps_an_owner() {
    let program = Program::start().await;
    let (owner, session) = program.owner("Acme").await;
    let colleague = program.app.colleague(&owner, "rep").await;
    let of = |session: &Value| text(&session["user"]["id"]).to_owned();
    let service = Some(program.service.as_str());
    let refusal = program.call("DELETE", &format!("/admin/users/{}", of(&session)), service, &json!({})).await;
    refused(&refusal, 409, "conflict");
    assert!(text(&refusal.json()["message"]).contains("Acme"));
    let rep = program.sign_in(&colleague.email).await;
    program.call("DELETE", &format!("/admin/users/{}", of(&rep)), service, &json!({})).await.expect(200);
    assert_eq!(colleague.get("/api/v1/me").await.status, 401);
    program.call("DELETE", &format!("/admin/users/{}", of(&session)), service, &json!({})).await.expect(200);
    assert_eq!(owner.get("/api/v1/me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_can_be_closed_and_the_whole_api_off() {
    let program = Program::start_with(TestOptions { signup: SignUp::Closed, ..TestOptions::default() }).await;
    assert_eq!(program.call("GET", "/settings", None, &Value::Null).await.expect(200).json()["disable_signup"], true);
    let new = json!({ "email": "eve@evil.example", "password": Visitor::PASSWORD });
    refused(&program.call("POST", "/signup", None, &new).await, 422, "signup_disabled");
    program.call("POST", "/otp", None, &new).await.expect(200);
    program.app.run_jobs().await;
    assert_eq!(program.app.scalar("SELECT count(*) FROM users").await, 0);

    let supabase_url = Some("https://project.supabase.example/".parse().unwrap());
    let auth = AuthConfig { supabase_url, ..AuthConfig::default() };
    let program = Program::start_with(TestOptions { auth, ..TestOptions::default() }).await;
    for path in ["/settings", "/health", "/user", "/.well-known/jwks.json", "/verify?token=x&type=signup", "/admin/users"] {
        refused(&program.call("GET", path, Some(&program.service), &Value::Null).await, 404, "not_found");
    }
}
