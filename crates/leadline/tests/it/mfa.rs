//! Second factors through the pages and through the actions that the Auth API calls.

use std::time::Duration;

use identity::{
    Client,
    mfa::{self, ChallengeError, CodeAnswer, NewTotp, UnenrolError, VerifyError},
};
use jiff::{SignedDuration, Timestamp};
use kernel::{FactorId, SessionId, UserId, Uuid};
use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::support::{Answer, TestApp, TestOptions, Visitor};

const STEP: SignedDuration = SignedDuration::from_secs(30);

/// An authenticator app.
struct Authenticator {
    factor: String,
    secret: String,
}

impl Authenticator {
    fn code(&self, at: Timestamp) -> String {
        let secret = Secret::try_from_base32(&self.secret).unwrap();
        Builder::new().with_secret(secret).build().unwrap().generate(at.as_second().unsigned_abs()).to_string()
    }
}

fn now(app: &TestApp) -> Timestamp {
    app.app.clock.now()
}

fn client() -> Client {
    Client::new("192.0.2.1".parse().unwrap(), "test")
}

/// Adds an authenticator app on the security page.
async fn enrol(app: &TestApp, visitor: &Visitor, next: &str) -> (Authenticator, Answer) {
    let begun = visitor.post_form("/account/security/apps", &[("next", next)]).await.expect(303);
    let path = begun.location().to_owned();
    let page = visitor.get(&path).await.expect(200);
    let secret = page.attributes("[data-copy]", "data-copy").remove(0);
    assert!(page.body.contains("<svg") && page.body.contains("otpauth://totp/"), "{}", page.body);
    let factor = path.trim_start_matches("/account/security/apps/").split('?').next().unwrap().to_owned();
    let authenticator = Authenticator { factor, secret };
    let form = [("friendly_name", "Phone"), ("code", &authenticator.code(now(app))), ("next", next)];
    let done = visitor.post_form(&format!("/account/security/apps/{}", authenticator.factor), &form).await.expect(303);
    (authenticator, done)
}

async fn sign_in(app: &TestApp, email: &str) -> Visitor {
    let mut visitor = app.stranger();
    visitor.email = email.to_owned();
    visitor.post_form("/login", &[("email", email), ("password", Visitor::PASSWORD)]).await.expect(303);
    visitor
}

async fn show_code(visitor: &Visitor, authenticator: &Authenticator, code: &str) -> Answer {
    let form = [("factor", authenticator.factor.as_str()), ("code", code), ("next", "/leads")];
    visitor.post_form("/login/factor/code", &form).await
}

/// The person and their newest session.
async fn ids(app: &TestApp, email: &str) -> (UserId, SessionId) {
    let sql = "SELECT u.id, s.id FROM users u JOIN sessions s ON s.user_id = u.id WHERE u.email = $1 ORDER BY s.id DESC LIMIT 1";
    let rows = app.app.db.read_system(sql, &[&email]).await.unwrap();
    (rows[0].get(0), rows[0].get(1))
}

async fn events(app: &TestApp, kind: &str) -> i64 {
    app.scalar(&format!("SELECT count(*) FROM events WHERE kind = '{kind}'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_added_and_asked_for_at_the_next_sign_in() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    let (authenticator, done) = enrol(&app, &olive, "/leads").await;
    assert_eq!(done.location(), "/account/security/recovery-codes?next=%2Fleads");
    olive.get("/api/v1/me").await.expect(200);
    assert_eq!(olive.get("/api/v1/factors").await.expect(200).json()["data"][0]["friendly_name"], "Phone");

    let again = sign_in(&app, &olive.email).await;
    assert_eq!(again.get("/leads?q=x").await.expect(303).location(), "/login/factor?next=%2Fleads%3Fq%3Dx");
    let refused = again.get("/api/v1/leads").await.expect(403).json();
    assert_eq!(refused["remedy"], "/login/factor");
    for path in ["/api/v1/factors", "/account/security", "/api/v1/me"] {
        assert_ne!(again.get(path).await.status, 200, "{path}");
    }
    app.app.clock.advance(STEP);
    show_code(&again, &authenticator, "000000").await.expect(422);
    let done = show_code(&again, &authenticator, &authenticator.code(now(&app))).await.expect(303);
    assert_eq!(done.location(), "/leads");
    again.get("/leads").await.expect(200);
    // Whoever had shown one factor only is out.
    assert_eq!((events(&app, "person.mfa_enrolled").await, events(&app, "session.raised").await), (1, 2));
    let refused = "SELECT count(*) FROM events WHERE kind = 'session.refused' AND subject_type = 'user'";
    assert_eq!(app.scalar(refused).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once_and_no_code_before_it() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    let (authenticator, _) = enrol(&app, &olive, "").await;
    let replay = authenticator.code(now(&app));
    let second = sign_in(&app, &olive.email).await;
    show_code(&second, &authenticator, &replay).await.expect(422);
    app.app.clock.advance(STEP);
    show_code(&second, &authenticator, &replay).await.expect(422);
    show_code(&second, &authenticator, &authenticator.code(now(&app))).await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_requests_with_one_code_one_wins() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    let (authenticator, _) = enrol(&app, &olive, "").await;
    app.app.clock.advance(STEP);
    let (user, session) = ids(&app, &olive.email).await;
    let factor: FactorId = authenticator.factor.parse().unwrap();
    let code = authenticator.code(now(&app));
    let mut asked = Vec::new();
    for _ in 0..8 {
        asked.push(mfa::challenge(&app.app, user, factor).await.unwrap().id);
    }
    let racing = asked.into_iter().map(|challenge| {
        let (app, code) = (app.app.clone(), code.clone());
        tokio::spawn(async move { mfa::verify(&app, CodeAnswer { user, session, factor, challenge, code: &code }, &client()).await })
    });
    let mut won = 0;
    for race in racing.collect::<Vec<_>>() {
        won += i32::from(race.await.unwrap().is_ok());
    }
    assert_eq!(won, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_may_be_one_step_off_and_not_two() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    let (authenticator, _) = enrol(&app, &olive, "").await;
    app.app.clock.advance(STEP * 10);
    let visitor = sign_in(&app, &olive.email).await;
    for (steps, status) in [(-2, 422), (2, 422), (-1, 303), (0, 303), (1, 303)] {
        let code = authenticator.code(now(&app).checked_add(STEP * steps).unwrap());
        let answer = show_code(&visitor, &authenticator, &code).await;
        assert_eq!(answer.status, status, "{steps} steps off");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_ones_own_lasts_five_minutes_and_is_answered_once() {
    let app = TestApp::start().await;
    let (olive, mallory) = (app.sign_up("Acme").await, app.sign_up("Evil").await);
    let (authenticator, _) = enrol(&app, &olive, "").await;
    let (hers, _) = enrol(&app, &mallory, "").await;
    app.app.clock.advance(STEP);
    let (user, session) = ids(&app, &olive.email).await;
    let (other, other_session) = ids(&app, &mallory.email).await;
    let factor: FactorId = authenticator.factor.parse().unwrap();
    let her_factor: FactorId = hers.factor.parse().unwrap();
    assert!(matches!(mfa::challenge(&app.app, other, factor).await, Err(ChallengeError::NotFound)));
    let challenge = mfa::challenge(&app.app, user, factor).await.unwrap().id;
    let right = authenticator.code(now(&app));
    let answer = |user, session, factor, challenge, code| {
        let app = app.app.clone();
        async move { mfa::verify(&app, CodeAnswer { user, session, factor, challenge, code }, &client()).await }
    };
    // Another's factor, another's challenge, no challenge.
    assert!(matches!(answer(other, other_session, factor, challenge, &right).await, Err(VerifyError::FactorNotFound)));
    let her_code = hers.code(now(&app));
    assert!(matches!(answer(other, other_session, her_factor, challenge, &her_code).await, Err(VerifyError::ChallengeNotFound)));
    assert!(matches!(answer(user, session, factor, Uuid::now_v7(), &right).await, Err(VerifyError::ChallengeNotFound)));
    // Once.
    answer(user, session, factor, challenge, &right).await.unwrap();
    assert!(matches!(answer(user, session, factor, challenge, &right).await, Err(VerifyError::ChallengeNotFound)));
    // Five wrong codes end it.
    app.app.clock.advance(STEP);
    let guessed = mfa::challenge(&app.app, user, factor).await.unwrap().id;
    for _ in 0..5 {
        assert!(matches!(answer(user, session, factor, guessed, "000000").await, Err(VerifyError::WrongCode)));
    }
    let right = authenticator.code(now(&app));
    assert!(matches!(answer(user, session, factor, guessed, &right).await, Err(VerifyError::ChallengeNotFound)));
    // In time.
    let late = mfa::challenge(&app.app, user, factor).await.unwrap().id;
    app.app.clock.advance(SignedDuration::from_mins(5));
    let right = authenticator.code(now(&app));
    assert!(matches!(answer(user, session, factor, late, &right).await, Err(VerifyError::ChallengeExpired)));
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_stopped() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    let (authenticator, _) = enrol(&app, &olive, "").await;
    let visitor = sign_in(&app, &olive.email).await;
    let mut statuses = Vec::new();
    for _ in 0..18 {
        statuses.push(show_code(&visitor, &authenticator, "000000").await.status);
    }
    // One of the fifteen was the code that enrolled.
    assert_eq!(statuses[..14], [422; 14]);
    assert_eq!(statuses[14..], [429; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_factor_is_not_there() {
    let app = TestApp::start().await;
    let (olive, mallory) = (app.sign_up("Acme").await, app.sign_up("Evil").await);
    let (authenticator, _) = enrol(&app, &olive, "").await;
    enrol(&app, &mallory, "").await;
    let path = format!("/account/security/factors/{}", authenticator.factor);
    assert_eq!(mallory.post_form(&format!("{path}/remove"), &[("", "")]).await.status, 404);
    assert_eq!(mallory.post_form(&format!("{path}/name"), &[("friendly_name", "Mine")]).await.status, 404);
    let begun = olive.post_form("/account/security/apps", &[("next", "")]).await.expect(303);
    assert_eq!(mallory.get(begun.location()).await.status, 404);
    olive.get(begun.location()).await.expect(200);
    // One that counts does not show its secret again.
    assert_eq!(olive.get(&format!("/account/security/apps/{}", authenticator.factor)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_stands_in_once_and_the_person_is_told() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    assert_eq!(olive.get("/account/security/recovery-codes").await.expect(303).location(), "/account/security");
    enrol(&app, &olive, "").await;
    let codes = olive.post_form("/account/security/recovery-codes", &[("next", "")]).await.expect(200).texts(".recovery-codes code");
    assert_eq!(codes.len(), 10);
    let visitor = sign_in(&app, &olive.email).await;
    let show = |visitor: Visitor, code: String| async move {
        visitor.post_form("/login/factor/recovery", &[("code", code.as_str()), ("next", "/leads")]).await
    };
    show(visitor.clone(), "00000-00000".to_owned()).await.expect(422);
    let done = show(visitor.clone(), codes[0].to_uppercase().replace('-', " ")).await.expect(303);
    assert_eq!(done.location(), "/leads");
    visitor.get("/leads").await.expect(200);
    let third = sign_in(&app, &olive.email).await;
    show(third.clone(), codes[0].clone()).await.expect(422);
    assert!(visitor.get("/account/security").await.text().contains("9 of 10 left"));
    app.settle().await;
    let letter = app.scalar("SELECT count(*) FROM caught_mail WHERE subject = 'A recovery code was used'").await;
    assert_eq!((letter, events(&app, "person.recovery_code_used").await), (1, 1));
    // New ones end the old ones.
    visitor.post_form("/account/security/recovery-codes", &[("next", "")]).await.expect(200);
    show(third, codes[1].clone()).await.expect(422);
    // Nothing of them is readable in the database.
    let stored = app.scalar("SELECT count(*) FROM recovery_codes WHERE octet_length(code_hash) = 32").await;
    assert_eq!(stored, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_needs_a_second_factor_is_led_to_one_and_on() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let rep = app.colleague(&owner, "rep").await;
    rep.get("/leads").await.expect(200);
    app.sql("INSERT INTO role_settings (org_id, role, mfa_required) SELECT org_id, 'rep', true FROM organisations").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(rep.get("/leads?q=x").await.expect(303).location(), "/account/security?next=%2Fleads%3Fq%3Dx");
    assert_eq!(rep.get("/api/v1/leads").await.expect(403).json()["remedy"], "/account/security");
    owner.get("/leads").await.expect(200);
    let page = rep.get("/account/security?next=%2Fleads").await.expect(200);
    assert!(page.text().contains("Acme wants a second factor"), "{}", page.text());
    let (_, done) = enrol(&app, &rep, "/leads").await;
    let codes = rep.get(done.location()).await.expect(200);
    assert_eq!(codes.attributes("main a.button.is-ghost", "href"), ["/leads"]);
    rep.get("/leads").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sensitive_takes_a_proof_of_the_last_ten_minutes() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    olive.get("/suppressions/export").await.expect(200);
    app.app.clock.advance(SignedDuration::from_mins(11));
    let confirm = olive.get("/suppressions/export").await.expect(303).location().to_owned();
    assert_eq!(confirm, "/login/confirm?next=%2Fsuppressions%2Fexport");
    olive.get("/suppressions").await.expect(200);
    olive.get(&confirm).await.expect(200);
    let prove = |password: &'static str| {
        let olive = olive.clone();
        async move { olive.post_form("/login/confirm/password", &[("password", password), ("next", "/suppressions/export")]).await }
    };
    prove("wrong wrong wrong").await.expect(422);
    assert_eq!(prove(Visitor::PASSWORD).await.expect(303).location(), "/suppressions/export");
    olive.get("/suppressions/export").await.expect(200);
    // With a second factor, only that one counts.
    let (authenticator, _) = enrol(&app, &olive, "").await;
    app.app.clock.advance(SignedDuration::from_mins(11));
    olive.get("/suppressions/export").await.expect(303);
    assert_eq!(prove(Visitor::PASSWORD).await.location(), "/login/confirm?next=%2Flogin%2Fconfirm%2Fpassword");
    olive.get("/suppressions/export").await.expect(303);
    show_code(&olive, &authenticator, &authenticator.code(now(&app))).await.expect(303);
    olive.get("/suppressions/export").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_neither_confirms_by_a_mailed_code() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    app.sql("UPDATE users SET password_hash = NULL").await;
    app.app.clock.advance(SignedDuration::from_mins(11));
    let page = olive.get("/login/confirm?next=%2Fsuppressions%2Fexport").await.expect(200);
    assert!(page.text().contains(&olive.email));
    let sent = olive.post_form("/login/confirm/mail", &[("next", "/suppressions/export")]).await.expect(303);
    olive.get(sent.location()).await.expect(200);
    app.settle().await;
    let code = app.scalar("SELECT split_part(subject, ' ', 1)::bigint FROM caught_mail WHERE subject LIKE '% is your code'").await;
    let code = format!("{code:06}");
    let prove = |code: String| {
        let olive = olive.clone();
        async move { olive.post_form("/login/confirm/code", &[("code", code.as_str()), ("next", "/suppressions/export")]).await }
    };
    prove("123".to_owned()).await.expect(422);
    prove(code.clone()).await.expect(303);
    olive.get("/suppressions/export").await.expect(200);
    prove(code).await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_factor_takes_one_and_drops_the_sessions() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    let (authenticator, _) = enrol(&app, &olive, "").await;
    olive.post_form("/account/security/recovery-codes", &[("next", "")]).await.expect(200);
    let (user, _) = ids(&app, &olive.email).await;
    let factor: FactorId = authenticator.factor.parse().unwrap();
    assert!(matches!(mfa::unenrol(&app.app, user, 1, factor, &client()).await, Err(UnenrolError::InsufficientAal)));
    app.app.clock.advance(STEP);
    let second = sign_in(&app, &olive.email).await;
    show_code(&second, &authenticator, &authenticator.code(now(&app))).await.expect(303);
    let at_two = "SELECT count(*) FROM sessions WHERE aal = 2";
    assert_eq!(app.scalar(at_two).await, 2);
    let remove = format!("/account/security/factors/{}/remove", authenticator.factor);
    app.app.clock.advance(SignedDuration::from_mins(11));
    // A form cannot be sent again, so the proof leads back to the page that it stands on.
    let from = |page: String| second.send(second.request("POST", &remove).header("accept", "text/html").header("referer", page));
    let ours = from(format!("{}/account/security?next=%2F", app.address)).await.expect(303);
    assert_eq!(ours.location(), "/login/confirm?next=%2Faccount%2Fsecurity%3Fnext%3D%252F");
    let foreign = from("https://evil.example/account".to_owned()).await.expect(303);
    assert!(foreign.location().starts_with("/login/confirm?next=%2Faccount%2Fsecurity%2Ffactors%2F"), "{}", foreign.location());
    show_code(&second, &authenticator, &authenticator.code(now(&app))).await.expect(303);
    assert_eq!(second.post_form(&remove, &[("", "")]).await.expect(303).location(), "/account/security");
    assert_eq!(app.scalar(at_two).await, 0);
    assert_eq!(app.scalar("SELECT count(*) FROM recovery_codes").await, 0);
    assert_eq!(events(&app, "person.mfa_removed").await, 1);
    // Nothing is left to show, so they are let in.
    second.get("/leads").await.expect(200);
    olive.get("/leads").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_once_and_ten_factors_are_enough() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    let (user, _) = ids(&app, &olive.email).await;
    let begin = |name: String, aal| {
        let app = app.app.clone();
        async move { mfa::enrol_totp(&app, NewTotp { user, aal, email: "o@acme.example", friendly_name: &name, issuer: "Acme" }).await }
    };
    for number in 0..10 {
        let begun = begin(format!("App {number}"), 1).await.unwrap();
        assert!(begun.uri.starts_with("otpauth://totp/Acme:o%40acme.example?secret=") && begun.qr.starts_with("<svg"), "{}", begun.uri);
    }
    let conflict = begin("App 3".to_owned(), 1).await;
    assert!(matches!(conflict, Err(mfa::EnrolError::TooMany)));
    app.app.clock.advance(SignedDuration::from_hours(2));
    // What was begun and not finished is forgotten.
    begin("App 3".to_owned(), 1).await.unwrap();
    assert!(matches!(begin("App 3".to_owned(), 1).await, Err(mfa::EnrolError::NameConflict(name)) if name == "App 3"));
    olive.post_form("/login/confirm/password", &[("password", Visitor::PASSWORD), ("next", "/")]).await.expect(303);
    enrol(&app, &olive, "").await;
    assert!(matches!(begin("Other".to_owned(), 1).await, Err(mfa::EnrolError::InsufficientAal)));
    begin("Other".to_owned(), 2).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_can_reset_what_was_lost() {
    let app = TestApp::start().await;
    let olive = app.sign_up("Acme").await;
    enrol(&app, &olive, "").await;
    assert!(mfa::reset(&app.app, "nobody@acme.example", &client()).await.unwrap().is_none());
    let done = mfa::reset(&app.app, &olive.email.to_uppercase(), &client()).await.unwrap().unwrap();
    assert_eq!((done.factors, done.sessions), (1, 1));
    assert_eq!(olive.get("/leads").await.expect(303).location(), "/login?next=%2Fleads");
    sign_in(&app, &olive.email).await.get("/leads").await.expect(200);
    let by_system = "SELECT count(*) FROM events WHERE kind = 'person.mfa_removed' AND actor = 'system'";
    assert_eq!(app.scalar(by_system).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn managers_and_above_are_reminded_until_they_put_it_off() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (manager, rep) = (app.colleague(&owner, "manager").await, app.colleague(&owner, "rep").await);
    const REMINDER: &str = "Add a second factor";
    assert!(owner.get("/").await.text().contains(REMINDER) && manager.get("/").await.text().contains(REMINDER));
    assert!(!rep.get("/").await.text().contains(REMINDER));
    manager.post_form("/account/security/later", &[("", "")]).await.expect(303);
    assert!(!manager.get("/").await.text().contains(REMINDER));
    enrol(&app, &owner, "").await;
    assert!(!owner.get("/").await.text().contains(REMINDER));
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_need_a_name_and_a_ceremony_is_good_once() {
    let bare = TestApp::start().await;
    let olive = bare.sign_up("Acme").await;
    assert!(olive.get("/account/security").await.text().contains("bound to a host name"));
    assert_eq!(bare.stranger().post_json("/login/passkey/begin", &json!({"purpose": "sign_in"})).await.status, 503);
    assert!(!bare.stranger().get("/login").await.body.contains("passkey-form"));

    let app = TestApp::start_with(TestOptions { public_url: Some("http://localhost:8080"), ..TestOptions::default() }).await;
    let stranger = app.stranger();
    let post = |path: &'static str, body: serde_json::Value| {
        let request = stranger.request("POST", path).header("accept", "application/json").json(&body);
        stranger.send(request)
    };
    assert!(stranger.get("/login").await.body.contains("passkey-form"));
    let begun = post("/login/passkey/begin", json!({"purpose": "sign_in"})).await.expect(200).json();
    assert_eq!(begun["options"]["publicKey"]["rpId"], "localhost");
    assert_eq!(begun["options"]["publicKey"]["userVerification"], "required");
    // The purposes are told apart, and what is somebody's takes somebody.
    assert_eq!(post("/login/passkey/begin", json!({"purpose": "factor"})).await.status, 401);
    assert_eq!(post("/account/security/passkeys/begin", json!({})).await.status, 401);
    let credential = json!({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "extensions": {},
        "response": {"clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA", "userHandle": "AAAA"}});
    let finish = json!({"purpose": "sign_in", "challenge_id": begun["challenge_id"], "credential": credential});
    let first = post("/login/passkey/finish", finish.clone()).await.expect(422).json();
    assert_eq!(first["errors"][0]["code"], "passkey.refused");
    let second = post("/login/passkey/finish", finish.clone()).await.expect(422).json();
    assert_eq!(second["errors"][0]["code"], "passkey.ended");
    assert_eq!(app.scalar("SELECT count(*) FROM mfa_challenges").await, 0);
}
