//! What somebody means who does not mean well.

use std::time::{Duration, Instant};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use identity::{
    Client,
    mfa::{self, CodeAnswer, NewTotp, TotpEnrolment, VerifyError},
};
use jiff::SignedDuration;
use kernel::{SessionId, UserId};
use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::support::{TestApp, Visitor};

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_would_never_be_laid_out_is_refused_at_once() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let viewer = app.colleague(&owner, "viewer").await;
    let paragraphs: String = (0..9000).map(|n| format!("<p><b id={n}>")).collect();
    let loops = "{% for x in [1] * 4000 %}<div>{% endfor %}";
    for body in [&paragraphs, &"<div>".repeat(40_000), &"<ul><li>".repeat(20_000), loops] {
        let began = Instant::now();
        let shown = viewer.post_form("/templates/preview", &[("subject", "x"), ("html", body)]).await.expect(200);
        assert!(shown.body.contains("No preview yet") && shown.body.len() < 2000, "{:.300}", shown.body);
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
    // Stored in a campaign, it is told there, and the page around it opens.
    let campaign =
        owner.post_json("/api/v1/campaigns", &json!({"name": "Deep"})).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let steps = json!({"steps": [{"delay_minutes": 0, "subject": "x", "html": "<div>".repeat(30_000)}]});
    let began = Instant::now();
    owner.put_json(&format!("/api/v1/campaigns/{campaign}/steps"), &steps).await;
    owner.get(&format!("/campaigns/{campaign}")).await.expect(200);
    owner.get(&format!("/campaigns/{campaign}/preflight")).await.expect(200);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn bent_cursors_and_filters_are_the_callers_mistake() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for name in ["Engines", "Looms"] {
        owner.post_json("/api/v1/accounts", &json!({"name": name})).await.expect(201);
    }
    let cursor = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let nobody = "0".repeat(32);
    let nul = cursor(&format!(r#"{{"n":"a\u0000","i":"acct_{nobody}","t":1,"s":"name"}}"#));
    owner.get(&format!("/api/v1/accounts?cursor={nul}")).await.expect(422);
    let smallest = cursor(&format!(r#"{{"n":"a","i":"acct_{nobody}","t":{},"s":"name"}}"#, i64::MIN));
    owner.get(&format!("/api/v1/accounts?cursor={smallest}")).await.expect(200);
    for sort in ["created_at", "employees", "-revenue"] {
        let bent = cursor(&format!(r#"{{"n":"a","i":"acct_{nobody}","t":1,"s":"{sort}"}}"#));
        owner.get(&format!("/api/v1/accounts?sort={sort}&cursor={bent}")).await.expect(422);
        let first = owner.get(&format!("/api/v1/accounts?sort={sort}&limit=1")).await.expect(200).json();
        let next = first["next_cursor"].as_str().unwrap().to_owned();
        owner.get(&format!("/api/v1/accounts?sort={sort}&limit=1&cursor={next}")).await.expect(200);
    }
    let smallest = cursor(&format!(r#"{{"s":"-score","k":["5"],"i":"lead_{nobody}","t":{}}}"#, i64::MIN));
    owner.get(&format!("/api/v1/leads?cursor={smallest}")).await.expect(200);
    let ancient = json!({"field": "created_at", "op": "before", "value": "-009000-01-01T00:00:00Z"}).to_string();
    let request = owner.request("GET", "/api/v1/leads").query(&[("filter", &ancient)]);
    owner.send(request).await.expect(422);
    owner.delete("/api/v1/suppressions/a%00b").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_websites_change_nothing() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example"), ("origin", "null")]
    {
        for path in ["/demo-data", "/logout", "/api/v1/leads", "/signup", "/login", "/uuu", "/catcher/clear"] {
            let request = owner.request("POST", path).header(name, value).form(&[("first_name", "Eve")]);
            assert_eq!(owner.send(request).await.status, 403, "{path} {name}: {value}");
        }
    }
    owner.get("/api/v1/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_again_and_again_is_slowed_down() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let mut refused = None;
    for n in 0..70 {
        // Refused for its password, so that nothing is hashed.
        let email = format!("n{n}@x.example");
        let answer = stranger.post_form("/signup", &[("organisation", "X"), ("name", "X"), ("email", &email), ("password", "short")]).await;
        if answer.status == 429 {
            refused = Some(n);
            assert!(answer.header("retry-after").parse::<u64>().is_ok());
            break;
        }
        assert_eq!(answer.status, 422);
    }
    assert_eq!(refused, Some(60));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn uploaded_files_are_nobody_elses_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let text = "email,first_name\nada@x.example,Ada\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (name, bytes) in [("../../../etc/cron.d/utf8.csv", text.as_bytes().to_vec()), ("..\\..\\utf16.csv", utf16)] {
        let import = owner.upload("/api/v1/imports", "file", name, bytes).await.expect(201).json();
        assert!(import["file_name"].as_str().unwrap().starts_with("utf"), "{import}");
        let me = owner.get("/api/v1/me").await.json();
        let organisation = me["organisation_id"].as_str().unwrap().to_owned();
        let path = app.app.config.data_dir.join("imports").join(organisation).join(import["id"].as_str().unwrap());
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

/// Signs in with the password alone; the person and the session.
async fn by_password(app: &TestApp, email: &str) -> (UserId, SessionId) {
    app.stranger().post_form("/login", &[("email", email), ("password", Visitor::PASSWORD)]).await.expect(303);
    let sql = "SELECT u.id, s.id FROM users u JOIN sessions s ON s.user_id = u.id WHERE u.email = $1 ORDER BY s.id DESC LIMIT 1";
    let rows = app.app.db.read_system(sql, &[&email]).await.unwrap();
    (rows[0].get(0), rows[0].get(1))
}

async fn begin(app: &TestApp, user: UserId, aal: i16, name: &str) -> TotpEnrolment {
    let new = NewTotp { user, aal, email: "o@acme.example", friendly_name: name, issuer: "Acme" };
    mfa::enrol_totp(&app.app, new).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn show(app: &TestApp, user: UserId, session: SessionId, begun: &TotpEnrolment) -> Result<(), VerifyError> {
    let asked = mfa::challenge(&app.app, user, begun.id).await.map_err(|_| VerifyError::FactorNotFound)?;
    let secret = Secret::try_from_base32(&begun.secret).unwrap();
    let code = Builder::new().with_secret(secret).build().unwrap().generate(app.app.clock.now().as_second().unsigned_abs()).to_string();
    let client = Client::new("192.0.2.1".parse().unwrap(), "test");
    mfa::verify(&app.app, CodeAnswer { user, session, factor: begun.id, challenge: asked.id, code: &code }, &client).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_a_thief_of_the_password_began_opens_nothing_once_another_counts() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (user, _) = by_password(&app, &owner.email).await;
    let planted = begin(&app, user, 1, "Planted").await;
    let (_, theirs) = by_password(&app, &owner.email).await;
    let own = begin(&app, user, 1, "Own").await;
    show(&app, user, theirs, &own).await.unwrap();
    let (_, thief) = by_password(&app, &owner.email).await;
    // The enrolments that were under way ended with the first that counts,
    assert!(matches!(show(&app, user, thief, &planted).await, Err(VerifyError::FactorNotFound)));
    // and one that is begun later is shown only where the one that counts was.
    let later = begin(&app, user, 2, "Later").await;
    assert!(matches!(show(&app, user, thief, &later).await, Err(VerifyError::WrongCode)));
    assert_eq!(app.scalar(&format!("SELECT aal::bigint FROM sessions WHERE id = '{}'", thief.uuid())).await, 1);
    show(&app, user, theirs, &later).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_of_ones_own_making_is_no_fresh_proof_of_who_one_is() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (user, session) = by_password(&app, &owner.email).await;
    let fresh = format!("SELECT extract(epoch FROM fresh_at)::bigint FROM sessions WHERE id = '{}'", session.uuid());
    let before = app.scalar(&fresh).await;
    app.app.clock.advance(SignedDuration::from_hours(1));
    let made = begin(&app, user, 1, "Made by whoever found the session").await;
    show(&app, user, session, &made).await.unwrap();
    assert_eq!(app.scalar(&fresh).await, before);
    // Shown again later, it is the proof.
    app.app.clock.advance(SignedDuration::from_mins(1));
    show(&app, user, session, &made).await.unwrap();
    assert_eq!(app.scalar(&fresh).await, before + 3660);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_shows_a_key_only_what_its_scopes_open() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.post_json("/api/v1/leads", &json!({"first_name": "Secretia", "email": "s@x.example"})).await.expect(201);
    app.settle().await;
    let program = app.stranger();
    for (scopes, shown) in [(vec!["settings:read"], false), (vec!["leads:read"], true)] {
        let key = owner.post_json("/api/v1/keys", &json!({"name": "Program", "scopes": scopes})).await.expect(201).json();
        let start = program.send(program.request("GET", "/").bearer_auth(key["secret"].as_str().unwrap())).await.expect(200);
        assert_eq!(start.body.contains("Secretia"), shown, "{scopes:?}");
        assert!(!start.body.contains("Mails sent") && !start.body.contains("What happened"), "{scopes:?}");
    }
}
