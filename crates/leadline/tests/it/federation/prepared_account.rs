//! An account that a hostile organisation, or its provider, has made for somebody's address, before they come.

use http_kit::AuthConfig;

use super::{is_somebody, provider::Provider, verified, visit};
use crate::support::{TestApp, TestOptions, Visitor};

const VICTIM: &str = "victim@corp.example";

/// Somebody at the hostile provider, signed in as the victim's address, which nobody has proved.
async fn prepared(app: &TestApp) -> Visitor {
    let mallory = app.sign_up("Evil").await;
    let hostile = Provider::start(&app.app.clock).await;
    let fields = [
        ("label", "Evil ID"),
        ("issuer", hostile.issuer.as_str()),
        ("client_id", "acme-leadline"),
        ("client_secret", Provider::SECRET),
        ("domains", ""),
        ("default_role", "rep"),
    ];
    mallory.post_form("/settings/security/sso", &fields).await.expect(303);
    let id = app.text("SELECT replace(id::text, '-', '') FROM sso_connections").await;
    let invitation = serde_json::json!({ "emails": [VICTIM], "role": "rep" });
    mallory.post_json("/api/v1/invitations", &invitation).await.expect(201);
    let eve = app.stranger();
    visit(&hostile, &eve, &format!("/login/sso/sso_{id}"), &verified("x", VICTIM)).await.expect(303);
    assert!(is_somebody(&eve).await);
    eve
}

fn link(letter: &str, path: &str) -> String {
    let at = letter.find(path).unwrap_or_else(|| panic!("no {path} in {letter}"));
    letter[at..].split_whitespace().next().unwrap().to_owned()
}

fn token(link: &str) -> String {
    link.split("token=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

/// Everything that such a session may add to the account.
async fn add_ways_in(app: &TestApp, eve: &Visitor) -> String {
    eve.post_form("/account/security/apps", &[("next", "")]).await.expect(303);
    eve.post_form("/account/email", &[("email", "mallory@evil.example")]).await.expect(303);
    let change = link(&app.letter_to("mallory@evil.example").await, "/confirm?");
    // Last: with a password, the account is more than that organisation's.
    eve.post_form("/account/password", &[("current", ""), ("password", Visitor::PASSWORD)]).await.expect(303);
    app.sql("UPDATE mfa_factors SET status = 'verified'").await;
    change
}

async fn opens_nothing_more(app: &TestApp, eve: &Visitor, change: &str) {
    assert!(!is_somebody(eve).await, "their session goes on");
    assert_eq!(app.scalar("SELECT count(*) FROM mfa_factors").await, 0);
    let by_password = app.stranger();
    by_password.post_form("/login", &[("email", VICTIM), ("password", Visitor::PASSWORD)]).await.expect(422);
    let changed = app.stranger().post_form("/confirm", &[("token", &token(change))]).await;
    assert_eq!(changed.status, 410, "{}", changed.body);
    assert_eq!(app.scalar(&format!("SELECT count(*) FROM users WHERE email = '{VICTIM}' AND new_email IS NULL")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_proves_the_address_by_a_link_has_the_account_alone() {
    let app = TestApp::start().await;
    let eve = prepared(&app).await;
    let change = add_ways_in(&app, &eve).await;
    let victim = app.stranger();
    victim.post_form("/login/link", &[("email", VICTIM)]).await.expect(200);
    let link = link(&app.letter_to(VICTIM).await, "/confirm?");
    victim.post_form("/confirm", &[("token", &token(&link))]).await.expect(303);
    assert!(is_somebody(&victim).await);
    opens_nothing_more(&app, &eve, &change).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_has_whoever_confirms_a_sign_up_that_they_never_made() {
    let app = TestApp::start().await;
    let eve = prepared(&app).await;
    let change = add_ways_in(&app, &eve).await;
    app.app.clock.advance(jiff::SignedDuration::from_mins(2));
    eve.post_form("/confirm/again", &[("email", VICTIM)]).await.expect(200);
    let link = link(&app.letter_to(VICTIM).await, "/confirm?");
    let victim = app.stranger();
    victim.post_form("/confirm", &[("token", &token(&link))]).await.expect(303);
    assert!(is_somebody(&victim).await);
    opens_nothing_more(&app, &eve, &change).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_another_chose_does_not_outlive_the_confirmation() {
    for by_invitation in [true, false] {
        let app = TestApp::start().await;
        let mallory = app.sign_up("Evil").await;
        // The same people under the rule that addresses are confirmed.
        let auth = AuthConfig { confirm_email: true, ..AuthConfig::default() };
        let strict = app.second_node(TestOptions { auth, ..TestOptions::default() }).await;
        let mallory = mallory.at(&strict.address);
        let new = serde_json::json!({ "name": "Vic", "email": VICTIM, "role": "rep", "password": Visitor::PASSWORD });
        mallory.post_json("/api/v1/members", &new).await.expect(201);
        let mut letter = strict.letter_to(VICTIM).await;
        if !by_invitation {
            strict.app.clock.advance(jiff::SignedDuration::from_mins(2));
            strict.stranger().post_form("/confirm/again", &[("email", VICTIM)]).await.expect(200);
            letter = strict.letter_to(VICTIM).await;
        }
        let victim = strict.stranger();
        victim.post_form("/confirm", &[("token", &token(&link(&letter, "/confirm?")))]).await.expect(303);
        assert!(is_somebody(&victim).await);
        strict.stranger().post_form("/login", &[("email", VICTIM), ("password", Visitor::PASSWORD)]).await.expect(422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_website_cannot_sign_its_visitors_in_as_somebody_of_its_own() {
    let app = TestApp::start().await;
    prepared(&app).await;
    let id = app.text("SELECT replace(id::text, '-', '') FROM sso_connections").await;
    let victim = app.sign_up("Acme").await;
    let led = |from: &'static str| {
        let request = victim.request("GET", &format!("/login/sso/sso_{id}")).header("sec-fetch-site", from);
        victim.send(request)
    };
    let asked = led("cross-site").await.expect(200);
    assert!(asked.text().contains("Another website has brought you here") && asked.text().contains("Evil"), "{}", asked.text());
    assert_eq!(asked.attributes("a[href*='/login/sso/']", "href").len(), 1);
    led("same-origin").await.expect(302);
}
