use http_kit::AuthConfig;
use kernel::Clock;
use serde_json::json;

use super::{address, is_somebody, provider::Provider, verified, visit};
use crate::support::{Answer, TestApp, TestOptions, Visitor};

/// The fields of a connection to `issuer`.
fn fields<'a>(issuer: &'a str, domains: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("label", "Acme ID"),
        ("issuer", issuer),
        ("client_id", "acme-leadline"),
        ("client_secret", Provider::SECRET),
        ("domains", domains),
        ("default_role", "rep"),
    ]
}

async fn save(owner: &Visitor, issuer: &str, domains: &str) -> Answer {
    owner.post_form("/settings/security/sso", &fields(issuer, domains)).await
}

/// An organisation with its own provider; returns the door.
async fn connected(app: &TestApp, owner: &Visitor, provider: &Provider, domains: &str) -> String {
    let saved = save(owner, &provider.issuer, domains).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    let id = app.text("SELECT replace(id::text, '-', '') FROM sso_connections ORDER BY created_at DESC, id DESC LIMIT 1").await;
    format!("/login/sso/sso_{id}")
}

async fn provider_of(app: &TestApp) -> Provider {
    Provider::start(&app.app.clock).await
}

fn domain_of(visitor: &Visitor) -> String {
    visitor.email.split_once('@').unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_connects_a_provider_and_its_secret_is_never_shown() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let provider = provider_of(&app).await;
    let page = owner.get("/settings/security").await.expect(200);
    assert!(page.text().contains("/auth/v1/callback"));
    let refused = save(&owner, "http://127.0.0.1:1", "gmail.com").await.expect(422);
    assert!(
        refused.text().contains("The issuer cannot be reached") && refused.text().contains("Anybody can have an address"),
        "{}",
        refused.text()
    );
    assert_eq!(refused.attributes("input[name=issuer]", "value"), ["http://127.0.0.1:1"]);
    assert!(!refused.body.contains("s3cret"));
    let foreign = save(&owner, &provider.issuer, "globex.example").await.expect(422);
    assert!(foreign.text().contains("not shown to be yours"), "{}", foreign.text());
    let role = [fields(&provider.issuer, ""), vec![("default_role", "owner")]].concat();
    let role: Vec<_> =
        role.into_iter().rev().enumerate().filter(|(i, (name, _))| *name != "default_role" || *i == 0).map(|(_, pair)| pair).collect();
    assert_eq!(owner.post_form("/settings/security/sso", &role).await.status, 422);
    assert_eq!(app.scalar("SELECT count(*) FROM sso_connections").await, 0);

    let door = connected(&app, &owner, &provider, &domain_of(&owner)).await;
    let id = door.rsplit('/').next().unwrap();
    let page = owner.get(&format!("/settings/security?edit={id}")).await.expect(200);
    assert!(page.text().contains("Acme ID") && !page.body.contains("s3cret"));
    assert_eq!(app.scalar("SELECT count(*) FROM sso_connections WHERE position('s3cret'::bytea IN client_secret) > 0").await, 0);
    let tested = owner.post_form(&format!("/settings/security/sso/{id}/test"), &[("", "")]).await.expect(303);
    assert!(owner.get(tested.location()).await.body.contains("1 signing key"));
    // Nobody else's: neither a colleague without the permission nor a neighbour.
    let rep = app.colleague(&owner, "rep").await;
    assert_eq!(rep.get("/settings/security").await.status, 403);
    let neighbour = app.sign_up("Globex").await;
    for verb in ["", "/test", "/enforce", "/remove"] {
        let to = format!("/settings/security/sso/{id}{verb}");
        assert_eq!(neighbour.post_form(&to, &fields(&provider.issuer, "")).await.status, 404, "{to}");
    }
    assert!(!neighbour.get("/settings/security").await.text().contains("acme-leadline"));
    // Sensitive, so it takes a fresh proof.
    app.app.clock.advance(jiff::SignedDuration::from_mins(11));
    let stale = owner.post_form(&format!("/settings/security/sso/{id}/remove"), &[("", "")]).await.expect(303);
    assert_eq!(stale.location(), "/login/confirm?next=%2Fsettings%2Fsecurity");
    assert!(owner.get("/settings/security").await.text().contains("Confirm it is you"));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_the_domain_come_in_and_stay_inside() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let provider = provider_of(&app).await;
    let domain = domain_of(&owner);
    let door = connected(&app, &owner, &provider, &domain).await;
    let ida = app.stranger();
    let unknown = ida.post_form("/login/sso", &[("email", "x@nowhere.example")]).await.expect(422);
    assert!(unknown.text().contains("nowhere.example"));
    let email = format!("ida@{domain}");
    let led = ida.post_form("/login/sso", &[("email", email.as_str()), ("next", "/leads")]).await.expect(200);
    assert_eq!(led.header("refresh"), format!("0; url={door}?next=%2Fleads"));
    // Providers of companies often say nothing about verification.
    let claims = json!({ "sub": "u-1", "email": email, "name": "Ida" });
    assert_eq!(visit(&provider, &ida, &format!("{door}?next=/leads"), &claims).await.expect(303).location(), "/leads");
    let me = ida.get("/api/v1/me").await.expect(200).json();
    assert_eq!((me["email"].as_str().unwrap(), me["role"].as_str().unwrap()), (email.as_str(), "rep"));
    assert_eq!(app.scalar("SELECT count(*) FROM users WHERE name = 'Ida' AND email_confirmed_at IS NULL").await, 1);
    assert_eq!(app.scalar("SELECT count(*) FROM sessions WHERE only_org IS NOT NULL").await, 1);
    // Outside its domains, whom it denies, and whom it says nothing about.
    for claims in [
        json!({ "sub": "u-2", "email": "eve@elsewhere.example" }),
        json!({ "sub": "u-3", "email": format!("eve@{domain}"), "email_verified": false }),
        json!({ "sub": "u-4" }),
    ] {
        let eve = app.stranger();
        let back = visit(&provider, &eve, &door, &claims).await.expect(303);
        assert!(back.location().starts_with("/login/sso?"), "{}", back.location());
        assert!(!is_somebody(&eve).await, "{claims}");
    }
    // Who was removed does not come back by themselves.
    app.sql("DELETE FROM memberships WHERE role = 'rep'").await;
    let back = app.stranger();
    visit(&provider, &back, &door, &claims).await.expect(303);
    assert!(!is_somebody(&back).await);
    assert!(back.get("/login/sso").await.body.contains("Only an invitation brings you back"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_members_address_opens_the_organisation_and_not_their_account() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let colleague = app.colleague(&owner, "manager").await;
    // They work elsewhere, too.
    let globex = app.sign_up("Globex").await;
    app.sql(&format!(
        "INSERT INTO memberships (org_id, user_id, role, created_at)
         SELECT o.org_id, u.id, 'admin', now() FROM organisations o, users u WHERE o.name = 'Globex' AND u.email = '{}'",
        colleague.email
    ))
    .await;
    let provider = provider_of(&app).await;
    let door = connected(&app, &owner, &provider, "").await;
    let by_sso = app.stranger();
    visit(&provider, &by_sso, &door, &verified("u-1", &colleague.email)).await.expect(303);
    assert_eq!(address(&by_sso).await, colleague.email);
    assert_eq!(by_sso.get("/api/v1/organisation").await.expect(200).json()["name"], "Acme");
    for page in ["/account", "/account/security"] {
        assert_eq!(by_sso.get(page).await.status, 403, "{page}");
    }
    assert_eq!(by_sso.post_form("/account/identities/with/oidc", &[("", "")]).await.status, 403);
    // Their own session is what it was.
    assert_eq!(address(&colleague).await, colleague.email);
    // An owner is not found by address: who may set up the provider would become one.
    let eve = app.stranger();
    visit(&provider, &eve, &door, &verified("u-2", &owner.email)).await.expect(303);
    assert!(!is_somebody(&eve).await);
    // But connects it themselves.
    let id = door.rsplit('/').next().unwrap();
    let led = owner.post_form(&format!("/account/identities/with/{id}"), &[("", "")]).await.expect(200);
    let to = led.header("refresh").strip_prefix("0; url=").unwrap().to_owned();
    owner.get(&provider.agree(&to, &verified("boss", "whatever@else.example"))).await.expect(303);
    let again = app.stranger();
    visit(&provider, &again, &door, &verified("boss", "whatever@else.example")).await.expect(303);
    assert_eq!(address(&again).await, owner.email);
    // A neighbour cannot connect to it.
    assert_eq!(globex.post_form(&format!("/account/identities/with/{id}"), &[("", "")]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_organisations_provider_opens_nobody_elsewhere() {
    let app = TestApp::start().await;
    let victim = app.sign_up("Acme").await;
    let victims_provider = provider_of(&app).await;
    let victims_door = connected(&app, &victim, &victims_provider, &domain_of(&victim)).await;
    let employee = app.stranger();
    visit(&victims_provider, &employee, &victims_door, &json!({ "sub": "same-subject", "email": format!("emil@{}", domain_of(&victim)) }))
        .await;
    let mallory = app.sign_up("Evil").await;
    let hostile = provider_of(&app).await;
    // It would like to route the victim's people to itself.
    assert_eq!(save(&mallory, &hostile.issuer, &domain_of(&victim)).await.status, 422);
    let door = connected(&app, &mallory, &hostile, &domain_of(&mallory)).await;
    for claims in [
        verified("x", &victim.email),
        verified("same-subject", &format!("emil@{}", domain_of(&victim))),
        verified("same-subject", &victim.email.to_uppercase()),
        json!({ "sub": "x", "iss": victims_provider.issuer, "email": victim.email }),
    ] {
        let eve = app.stranger();
        visit(&hostile, &eve, &door, &claims).await.expect(303);
        assert!(!is_somebody(&eve).await, "{claims}");
    }
    assert_eq!(
        app.scalar(
            "SELECT count(DISTINCT org_id) FROM memberships WHERE user_id = (SELECT id FROM users WHERE email LIKE 'owner%@acme.example')"
        )
        .await,
        1
    );
    // An invitation does not help: the session it opens is confined.
    app.sql(&format!(
        "INSERT INTO invitations (org_id, id, email, role, token_hash, invited_by, created_at, expires_at)
         SELECT m.org_id, gen_random_uuid(), '{}', 'rep', 'x', m.user_id, '2026-01-05', '2026-01-12'
         FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = '{}'",
        victim.email, mallory.email
    ))
    .await;
    let eve = app.stranger();
    visit(&hostile, &eve, &door, &verified("y", &victim.email)).await.expect(303);
    assert_eq!(eve.get("/api/v1/organisation").await.expect(200).json()["name"], "Evil");
    assert_eq!(eve.get("/account").await.status, 403);
    let acme = app.text("SELECT 'org_' || replace(org_id::text, '-', '') FROM organisations WHERE name = 'Acme'").await;
    eve.post_form("/switch", &[("organisation", acme.as_str())]).await;
    assert_eq!(eve.get("/api/v1/organisation").await.expect(200).json()["name"], "Evil");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_issuer_or_a_removal_ends_what_the_provider_had_opened() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (first, second) = (provider_of(&app).await, provider_of(&app).await);
    let domain = domain_of(&owner);
    let door = connected(&app, &owner, &first, &domain).await;
    let id = door.rsplit('/').next().unwrap();
    let ida = app.stranger();
    visit(&first, &ida, &door, &json!({ "sub": "u-1", "email": format!("ida@{domain}") })).await.expect(303);
    assert!(is_somebody(&ida).await);
    // The label alone changes nothing; an empty secret keeps the one there is.
    let mut same = fields(&first.issuer, &domain);
    same.retain(|(name, _)| *name != "client_secret");
    owner.post_form(&format!("/settings/security/sso/{id}"), &same).await.expect(303);
    assert!(is_somebody(&ida).await);
    owner.post_form(&format!("/settings/security/sso/{id}"), &fields(&second.issuer, &domain)).await.expect(303);
    assert!(!is_somebody(&ida).await);
    // The same subject of the other issuer is found by address, as a member.
    visit(&second, &ida, &door, &json!({ "sub": "u-9", "email": format!("ida@{domain}") })).await.expect(303);
    assert!(is_somebody(&ida).await);
    owner.post_form(&format!("/settings/security/sso/{id}/remove"), &[("", "")]).await.expect(303);
    assert!(!is_somebody(&ida).await);
    assert_eq!(ida.get(&door).await.status, 404);
    assert_eq!(app.scalar("SELECT count(*) FROM identities WHERE provider LIKE 'sso:%'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_can_demand_its_provider_of_everybody_but_owners() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let colleague = app.colleague(&owner, "manager").await;
    let provider = provider_of(&app).await;
    let door = connected(&app, &owner, &provider, "").await;
    let id = door.rsplit('/').next().unwrap();
    owner.post_form(&format!("/settings/security/sso/{id}/enforce"), &[("enforced", "true")]).await.expect(303);
    assert_eq!(owner.get("/leads").await.status, 200);
    let sent = colleague.get("/leads").await.expect(303);
    assert_eq!(sent.location(), "/login/sso?next=%2Fleads");
    let page = colleague.get(sent.location()).await.expect(200);
    assert!(page.text().contains("Acme wants its people to come through its own identity provider"), "{}", page.text());
    assert_eq!(page.attributes("main a.button", "href"), [format!("{door}?next=%2Fleads")]);
    assert_eq!(colleague.get("/api/v1/me").await.status, 403);
    visit(&provider, &colleague, &door, &verified("u-1", &colleague.email)).await.expect(303);
    assert_eq!(colleague.get("/leads").await.status, 200);
    owner.post_form(&format!("/settings/security/sso/{id}/enforce"), &[("enforced", "false")]).await.expect(303);
    let login = [("email", colleague.email.as_str()), ("password", Visitor::PASSWORD)];
    let again = app.stranger();
    again.post_form("/login", &login).await.expect(303);
    assert_eq!(again.get("/leads").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_does_not_lead_into_our_own_network() {
    let clock = Clock::manual("2026-01-05T09:00:00Z".parse().unwrap());
    let auth = AuthConfig { allow_private_issuers: false, ..AuthConfig::default() };
    let app = TestApp::start_with(TestOptions { auth, clock, ..TestOptions::default() }).await;
    let owner = app.sign_up("Acme").await;
    let inside = provider_of(&app).await;
    for (issuer, why) in [
        (inside.issuer.as_str(), "private or reserved network"),
        ("https://127.0.0.1", "private or reserved network"),
        ("https://localhost", "private or reserved network"),
        ("https://[::ffff:169.254.169.254]", "private or reserved network"),
        ("https://169.254.169.254/latest", "private or reserved network"),
        ("https://0x7f000001", "private or reserved network"),
        ("http://login.example.com", "must begin with https://"),
        ("file:///etc/passwd", "is not an address"),
    ] {
        let refused = save(&owner, issuer, "").await.expect(422);
        assert!(refused.texts("#field-issuer-error").join(" ").contains(why), "{issuer}: {}", refused.text());
    }
    assert_eq!(app.scalar("SELECT count(*) FROM sso_connections").await, 0);
}
