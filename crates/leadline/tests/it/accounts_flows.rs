//! What a person does about their own way in: by mail, by a new password, from other devices.

use std::time::Duration;

use http_kit::AuthConfig;
use serde_json::json;
use tokio_postgres::NoTls;

use crate::support::{Answer, TestApp, TestOptions, Visitor};

const NEW_PASSWORD: &str = "tern vessel oboe 42";

/// The plain text of the letters to an address, the newest first.
async fn letters(app: &TestApp, to: &str) -> Vec<String> {
    app.run_jobs().await;
    let (client, connection) = tokio_postgres::connect(app.app.db.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows =
        client.query("SELECT subject || E'\\n' || text FROM caught_mail WHERE to_address = $1 ORDER BY id DESC", &[&to]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The path and query of the first link of ours in a letter.
fn link(app: &TestApp, letter: &str) -> String {
    let start = letter.find(&app.address).unwrap_or_else(|| panic!("no link in {letter}"));
    letter[start + app.address.len()..].split_whitespace().next().unwrap().to_owned()
}

fn code(letter: &str) -> String {
    letter.split("code: ").nth(1).unwrap_or_else(|| panic!("no code in {letter}"))[..6].to_owned()
}

/// The value of a parameter in a link.
fn token(link: &str) -> String {
    link.split("token=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

/// What a page says apart from its nonces.
fn without_nonces(answer: &Answer) -> String {
    let mut body = answer.body.clone();
    for nonce in answer.attributes("script", "nonce") {
        body = body.replace(&nonce, "");
    }
    body
}

async fn with_confirmation() -> TestApp {
    let auth = AuthConfig { confirm_email: true, ..AuthConfig::default() };
    TestApp::start_with(TestOptions { auth, ..TestOptions::default() }).await
}

fn sign_up_form(email: &str) -> [(&'static str, String); 4] {
    [("organisation", "Acme".into()), ("name", "Ada Lovelace".into()), ("email", email.into()), ("password", Visitor::PASSWORD.into())]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_link_signs_in_once_and_only_when_its_button_is_pressed() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let browser = app.stranger();
    let page = browser.post_form("/login/link", &[("email", ada.email.as_str()), ("next", "/leads?q=x")]).await.expect(200);
    assert!(page.text().contains("Check your mail") && page.text().contains(&ada.email), "{}", page.text());
    let letter = letters(&app, &ada.email).await.remove(0);
    assert!(letter.starts_with("Your link to sign in") && letter.contains("Hello Olive Owner"), "{letter}");
    let link = link(&app, &letter);
    // A scanner looks, several times.
    for _ in 0..3 {
        assert!(app.stranger().get(&link).await.expect(200).text().contains(&ada.email));
    }
    assert_eq!(browser.get("/api/v1/me").await.status, 401);
    let press = [("token", token(&link)), ("next", "/leads?q=x".to_owned())];
    let done = browser.post_form("/confirm", &press).await.expect(303);
    assert_eq!(done.location(), "/leads?q=x");
    assert_eq!(browser.get("/api/v1/me").await.expect(200).json()["email"], ada.email);
    // Used up, by the link and by the code of the same letter.
    assert_eq!(app.stranger().post_form("/confirm", &press).await.status, 410);
    assert_eq!(app.stranger().get(&link).await.status, 410);
    let late = [("email", ada.email.clone()), ("code", code(&letter))];
    assert_eq!(app.stranger().post_form("/login/code", &late).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_signs_in_on_another_device_and_bears_few_guesses() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let browser = app.stranger();
    browser.post_form("/login/link", &[("email", ada.email.as_str())]).await.expect(200);
    let letter = letters(&app, &ada.email).await.remove(0);
    let good = code(&letter);
    let spaced = format!(" {} {} ", &good[..3], &good[3..]);
    let wrong = if good == "000000" { "111111" } else { "000000" };
    for _ in 0..2 {
        let refused = browser.post_form("/login/code", &[("email", ada.email.as_str()), ("code", wrong)]).await.expect(422);
        assert!(refused.text().contains("This code is wrong"), "{}", refused.text());
    }
    assert_eq!(browser.post_form("/login/code", &[("email", ada.email.as_str()), ("code", &spaced)]).await.expect(303).location(), "/");
    assert_eq!(browser.get("/api/v1/me").await.status, 200);

    let grace = app.sign_up("Other").await;
    app.stranger().post_form("/login/link", &[("email", grace.email.as_str())]).await.expect(200);
    let good = code(&letters(&app, &grace.email).await[0]);
    let wrong = if good == "000000" { "111111" } else { "000000" };
    for _ in 0..5 {
        app.stranger().post_form("/login/code", &[("email", grace.email.as_str()), ("code", wrong)]).await.expect(422);
    }
    let late = app.stranger().post_form("/login/code", &[("email", grace.email.as_str()), ("code", &good)]).await;
    assert_eq!(late.status, 422, "after five wrong guesses the right code is worth nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_account_is_told_to_nobody() {
    let app = with_confirmation().await;
    // As `leadline admin create-owner` does: known and confirmed.
    let known = "known1@acme.example";
    let owner = identity::NewOrganisation {
        organisation: "Acme".into(),
        name: "Ada Lovelace".into(),
        email: known.into(),
        password: Visitor::PASSWORD.into(),
    };
    identity::sign_up(&app.app, owner).await.unwrap();
    for (path, which) in [("/login/link", 1), ("/recover", 2), ("/confirm/again", 3)] {
        let (known, unknown) = (format!("known{which}@acme.example"), format!("nobody{which}@acme.example"));
        app.sql(&format!("UPDATE users SET email = '{known}'")).await;
        let told = app.stranger().post_form(path, &[("email", &known)]).await.expect(200);
        let else_told = app.stranger().post_form(path, &[("email", &unknown)]).await.expect(200);
        assert_eq!(without_nonces(&told).replace(&known, ""), without_nonces(&else_told).replace(&unknown, ""), "{path}");
        assert!(letters(&app, &unknown).await.is_empty(), "{path}");
        assert_eq!(letters(&app, &known).await.len(), 1, "{path}");
        // And the second time within a minute as well.
        for email in [&known, &unknown] {
            let again = app.stranger().post_form(path, &[("email", email)]).await.expect(429);
            assert!(!again.text().contains("account"), "{path}");
        }
    }
    app.sql("UPDATE users SET email = 'known4@acme.example'").await;
    let told = app.stranger().post_form("/signup", &sign_up_form("known4@acme.example")).await.expect(200);
    let else_told = app.stranger().post_form("/signup", &sign_up_form("nobody4@acme.example")).await.expect(200);
    assert_eq!(without_nonces(&told).replace("known4@acme.example", ""), without_nonces(&else_told).replace("nobody4@acme.example", ""));
    assert!(letters(&app, "known4@acme.example").await[0].starts_with("You have an account already"));
    assert!(letters(&app, "nobody4@acme.example").await[0].starts_with("Confirm your e-mail address"));
    assert_eq!(app.scalar("SELECT count(*) FROM organisations").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_waits_for_the_link_where_addresses_must_be_confirmed() {
    let app = with_confirmation().await;
    let ada = app.stranger();
    let email = "ada@acme.example";
    ada.post_form("/signup", &sign_up_form(email)).await.expect(200);
    let letter = letters(&app, email).await.remove(0);
    let login = [("email", email), ("password", Visitor::PASSWORD)];
    let refused = ada.post_form("/login", &login).await.expect(422);
    assert!(refused.text().contains("has not been confirmed yet"), "{}", refused.text());
    assert_eq!(refused.attributes("form[action='/confirm/again'] input[name=email]", "value"), [email]);
    assert_eq!(app.scalar("SELECT count(*) FROM organisations").await, 0);

    let link = link(&app, &letter);
    assert!(link.starts_with("/confirm?token=") && link.contains("organisation=Acme"), "{link}");
    let page = ada.get(&link).await.expect(200);
    let fields = ["token", "next", "organisation"].map(|name| (name, page.attributes(&format!("input[name={name}]"), "value").remove(0)));
    assert_eq!(ada.post_form("/confirm", &fields).await.expect(303).location(), "/");
    assert_eq!(ada.get("/api/v1/me").await.expect(200).json()["role"], "owner");
    assert_eq!(ada.get("/api/v1/organisation").await.json()["name"], "Acme");
    assert_eq!(app.stranger().post_form("/login", &login).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_proves_the_address_does_not_share_the_account_with_whoever_only_claimed_it() {
    let app = with_confirmation().await;
    let email = "victim@acme.example";
    app.stranger().post_form("/signup", &sign_up_form(email)).await.expect(200);
    app.run_jobs().await;
    let request = identity::mailing::MailRequest {
        purpose: identity::one_time::Purpose::Recovery,
        email: email.to_owned(),
        via: identity::mailing::Via::Page { next: "/".to_owned(), organisation: None },
        challenge: None,
        create: None,
        from: None,
    };
    assert!(identity::mailing::request_mail(&app.app, request).await.is_ok(), "a stranger's request does not use up somebody's own turn");
    // The owner of the address follows a link of their own, knowing nothing of the sign-up.
    let tx = app.app.db.system().await.unwrap();
    let user = identity::store::credentials(&app.app.db, email).await.unwrap().unwrap().user;
    let now = app.app.clock.now();
    let issued = identity::mailing::generate(&tx, &app.app, user, identity::one_time::Purpose::MagicLink, email, None, now).await.unwrap();
    tx.commit().await.unwrap();
    let owner = app.stranger();
    owner.post_form("/confirm", &[("token", issued.token)]).await.expect(303);
    assert_eq!(owner.get("/welcome").await.status, 200);
    let claimed = app.stranger().post_form("/login", &[("email", email), ("password", Visitor::PASSWORD)]).await;
    assert_eq!(claimed.status, 422, "the password of whoever only claimed the address is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_and_every_other_device_signed_out() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let browser = app.stranger();
    browser.post_form("/recover", &[("email", ada.email.as_str())]).await.expect(200);
    let letter = letters(&app, &ada.email).await.remove(0);
    let link = link(&app, &letter);
    assert!(link.starts_with("/recover/reset?token="), "{link}");
    assert!(browser.get(&link).await.expect(200).text().contains(&ada.email));
    // The link is for this page and no other.
    assert_eq!(browser.post_form("/confirm", &[("token", token(&link))]).await.status, 410);
    let reset = |password: &str| [("token", token(&link)), ("email", ada.email.clone()), ("password", password.to_owned())];
    let weak = browser.post_form("/recover/reset", &reset("short")).await.expect(422);
    assert!(weak.text().contains("at least 10 characters"), "{}", weak.text());
    assert_eq!(browser.post_form("/recover/reset", &reset(NEW_PASSWORD)).await.expect(303).location(), "/");
    assert_eq!(browser.get("/api/v1/me").await.status, 200);
    assert_eq!(ada.get("/api/v1/me").await.status, 401);
    assert_eq!(browser.post_form("/recover/reset", &reset(NEW_PASSWORD)).await.status, 410);
    assert_eq!(app.stranger().post_form("/login", &[("email", ada.email.as_str()), ("password", Visitor::PASSWORD)]).await.status, 422);
    assert_eq!(app.stranger().post_form("/login", &[("email", ada.email.as_str()), ("password", NEW_PASSWORD)]).await.status, 303);
    assert!(letters(&app, &ada.email).await[0].starts_with("Your password was changed"));

    let grace = app.sign_up("Other").await;
    app.stranger().post_form("/recover", &[("email", grace.email.as_str())]).await.expect(200);
    let late = letters(&app, &grace.email).await.remove(0);
    app.app.clock.advance(jiff::SignedDuration::from_mins(61));
    assert_eq!(app.stranger().get(&self::link(&app, &late)).await.status, 410, "an hour is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_typed_with_a_new_password_is_a_way_back_too() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let browser = app.stranger();
    browser.post_form("/recover", &[("email", ada.email.as_str())]).await.expect(200);
    let code = code(&letters(&app, &ada.email).await[0]);
    let form = |code: &str| [("email", ada.email.clone()), ("code", code.to_owned()), ("password", NEW_PASSWORD.to_owned())];
    let wrong = if code == "000000" { "111111" } else { "000000" };
    browser.post_form("/recover/reset", &form(wrong)).await.expect(422);
    browser.post_form("/recover/reset", &form(&code)).await.expect(303);
    assert_eq!(browser.get("/api/v1/me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_their_person_only() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let stranger = app.sign_up("Other").await;
    let login = [("email", ada.email.as_str()), ("password", Visitor::PASSWORD)];
    let (phone, tablet, program) = (app.stranger(), app.stranger(), app.stranger());
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    phone.send(phone.request("POST", "/login").header("user-agent", agent).form(&login)).await.expect(303);
    for device in [&tablet, &program] {
        device.post_form("/login", &login).await.expect(303);
    }
    let listed = ada.get("/api/v1/sessions").await.expect(200).json();
    let sessions = listed["data"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 4);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let phone_session = sessions.iter().find(|session| session["device"] == "Firefox on Linux").unwrap();
    let id = phone_session["id"].as_str().unwrap();
    assert!(ada.get("/account/sessions").await.expect(200).text().contains("Firefox on Linux"));

    assert_eq!(stranger.delete(&format!("/api/v1/sessions/{id}")).await.status, 404);
    assert_eq!(stranger.post_form(&format!("/account/sessions/{id}/end"), &[("", "")]).await.status, 404);
    assert_eq!(phone.get("/api/v1/me").await.status, 200);
    ada.post_form(&format!("/account/sessions/{id}/end"), &[("", "")]).await.expect(303);
    assert_eq!(phone.get("/api/v1/me").await.status, 401);

    let end = || ada.send(ada.request("POST", "/api/v1/sessions/end-others").header("idempotency-key", "k-1"));
    assert_eq!(end().await.expect(200).json()["ended"], 2);
    assert_eq!(tablet.get("/api/v1/me").await.status, 401);
    phone.post_form("/login", &login).await.expect(303);
    assert_eq!(end().await.expect(200).json()["ended"], 2, "answered, not repeated");
    assert_eq!(phone.get("/api/v1/me").await.status, 200);
    ada.post_form("/account/sessions/end-others", &[("", "")]).await.expect(303);
    assert_eq!(phone.get("/api/v1/me").await.status, 401);
    assert_eq!(ada.get("/api/v1/me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_changes_when_the_new_one_is_proved_and_the_old_one_is_told() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let old = ada.email.clone();
    let asked = ada.post_form("/account/email", &[("email", "Ada@New.example")]).await.expect(303);
    assert_eq!(asked.location(), "/account");
    assert!(ada.get("/account").await.text().contains("ada@new.example"));
    let letter = letters(&app, "ada@new.example").await.remove(0);
    assert!(letter.contains(&old), "{letter}");
    assert_eq!(ada.get("/api/v1/me").await.json()["email"], old);
    let token = token(&link(&app, &letter));
    // Opened on a device that is not signed in: it changes the address and lets nobody in.
    let elsewhere = app.stranger();
    assert_eq!(elsewhere.post_form("/confirm", &[("token", &token)]).await.expect(303).location(), "/account");
    assert_eq!(elsewhere.get("/api/v1/me").await.status, 401);
    assert_eq!(ada.get("/api/v1/me").await.json()["email"], "ada@new.example");
    assert!(letters(&app, &old).await[0].starts_with("Your e-mail address was changed"));
    assert_eq!(app.stranger().post_form("/login", &[("email", old.as_str()), ("password", Visitor::PASSWORD)]).await.status, 422);

    // An address that somebody has looks like any other, and stays theirs.
    let other = app.sign_up("Other").await;
    let asked = ada.post_form("/account/email", &[("email", &other.email)]).await.expect(303);
    assert_eq!(asked.location(), "/account");
    assert!(letters(&app, &other.email).await.is_empty());

    // Changing one's mind ends the link.
    ada.post_form("/account/email", &[("email", "third@new.example")]).await.expect(303);
    let letter = letters(&app, "third@new.example").await.remove(0);
    ada.post_form("/account/email/keep", &[("", "")]).await.expect(303);
    assert_eq!(app.stranger().get(&link(&app, &letter)).await.status, 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_address_takes_a_fresh_proof() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    app.app.clock.advance(jiff::SignedDuration::from_mins(11));
    let asked = ada.post_form("/account/email", &[("email", "ada@new.example")]).await.expect(303);
    assert!(asked.location().starts_with("/login/confirm"), "{}", asked.location());
    assert!(letters(&app, "ada@new.example").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_with_the_present_one() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let phone = app.stranger();
    phone.post_form("/login", &[("email", ada.email.as_str()), ("password", Visitor::PASSWORD)]).await.expect(303);
    let change = |current: &str, new: &str| [("current", current.to_owned()), ("password", new.to_owned())];
    for (current, new, told) in [
        ("wrong wrong wrong", NEW_PASSWORD, "not your current password"),
        (Visitor::PASSWORD, "short", "at least 10 characters"),
        (Visitor::PASSWORD, Visitor::PASSWORD, "your password already"),
    ] {
        let refused = ada.post_form("/account/password", &change(current, new)).await.expect(422);
        assert!(refused.text().contains(told), "{told}: {}", refused.text());
    }
    ada.post_form("/account/password", &change(Visitor::PASSWORD, NEW_PASSWORD)).await.expect(303);
    assert_eq!(ada.get("/api/v1/me").await.status, 200);
    assert_eq!(phone.get("/api/v1/me").await.status, 401);
    assert!(letters(&app, &ada.email).await[0].starts_with("Your password was changed"));

    let renamed = ada.post_form("/account/name", &[("name", "Ada Lovelace")]).await.expect(303);
    assert_eq!(renamed.location(), "/account");
    assert_eq!(ada.get("/api/v1/me").await.json()["name"], "Ada Lovelace");
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_about_an_account_are_hidden_from_colleagues_in_the_catcher() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (rep, admin) = (app.colleague(&owner, "rep").await, app.colleague(&owner, "admin").await);
    app.stranger().post_form("/recover", &[("email", rep.email.as_str())]).await.expect(200);
    app.run_jobs().await;
    let hrefs = owner.get("/catcher").await.expect(200).attributes("tr[data-href]", "data-href");
    let href = hrefs.iter().find(|href| href.starts_with("/catcher/msg_")).unwrap().clone();
    for (reader, seen) in [(&owner, 200), (&rep, 200), (&admin, 404)] {
        for part in ["", "/html", "/raw"] {
            assert_eq!(reader.get(&format!("{href}{part}")).await.status, seen, "{} {part}", reader.email);
        }
        let listed = reader.get("/catcher?q=new+password").await.expect(200).attributes("tr[data-href]", "data-href").contains(&href);
        assert_eq!(listed, seen == 200, "{}", reader.email);
    }
    admin.post_form("/catcher/clear", &[("", "")]).await.expect(303);
    assert_eq!(owner.get(&href).await.status, 200, "what somebody cannot see they do not throw away");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_from_many_places_slows_strange_devices_and_not_the_person() {
    let app = TestApp::start_with(TestOptions { trusted_proxies: vec!["127.0.0.1".parse().unwrap()], ..TestOptions::default() }).await;
    let ada = app.sign_up("Acme").await;
    let try_from = async |visitor: &Visitor, place: &str, email: &str, password: &str| {
        let form = [("email", email), ("password", password)];
        visitor.send(visitor.request("POST", "/login").header("x-forwarded-for", place).form(&form)).await
    };
    // A phone that has signed in before, on a network of its own.
    let phone = app.stranger();
    try_from(&phone, "198.51.100.7", &ada.email, Visitor::PASSWORD).await.expect(303);
    for email in [ada.email.as_str(), "nobody@acme.example"] {
        for place in 0..21 {
            let guess = try_from(&app.stranger(), &format!("203.0.113.{place}"), email, "wrong wrong wrong").await;
            assert_eq!(guess.status, 422, "{email} from place {place}");
        }
        // Known or not, a strange place waits now, whatever it types.
        let refused = try_from(&app.stranger(), "203.0.113.99", email, Visitor::PASSWORD).await.expect(429);
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=180).contains(&wait), "{wait}");
    }
    // The phone travels, and somebody else sits in the network where the person has signed in.
    try_from(&phone, "192.0.2.55", &ada.email, Visitor::PASSWORD).await.expect(303);
    try_from(&app.stranger(), "198.51.100.7", &ada.email, Visitor::PASSWORD).await.expect(303);
    // The phone's cookie is the phone's person's alone.
    let other = app.sign_up("Other").await;
    for place in 0..21 {
        try_from(&app.stranger(), &format!("203.0.113.{place}"), &other.email, "wrong wrong wrong").await;
    }
    try_from(&phone, "192.0.2.56", &other.email, Visitor::PASSWORD).await.expect(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_ends_the_session_that_the_browser_held() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Acme").await, app.sign_up("Evil").await);
    let planted = eve.clone();
    planted.post_form("/login", &[("email", ada.email.as_str()), ("password", Visitor::PASSWORD)]).await.expect(303);
    assert_eq!(planted.get("/api/v1/me").await.json()["email"], ada.email);
    let sessions = "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email LIKE '%evil.example'";
    assert_eq!(app.scalar(sessions).await, 0);
    let out = ada.post_form("/logout", &[("", "")]).await.expect(303);
    assert_eq!(out.header("clear-site-data"), "\"cache\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_ends_with_its_session() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Acme").await;
    let mut stream = ada.request("GET", "/live?topics=lead").send().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(1500), stream.chunk()).await.is_err(), "it stays open meanwhile");
    ada.post_form("/logout", &[("", "")]).await.expect(303);
    let end = tokio::time::timeout(Duration::from_secs(3), async { while let Ok(Some(_)) = stream.chunk().await {} }).await;
    assert!(end.is_ok(), "the stream outlived its session");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strength_of_a_password_is_told_while_it_is_typed() {
    let app = TestApp::start().await;
    let judge = async |password: &str| app.stranger().post_form("/password/strength", &[("password", password), ("name", "Ada")]).await;
    let weak = judge("password123").await.expect(200).json();
    assert!(weak["score"].as_i64().unwrap() < 3 && weak["problem"].is_string(), "{weak}");
    assert_eq!(judge(NEW_PASSWORD).await.json(), json!({ "score": 4, "problem": null }));
}
