use http_kit::{AuthConfig, ProviderName, SignUp};
use jiff::SignedDuration;
use serde_json::json;

use super::{
    address, is_somebody,
    provider::{Mistake, Provider},
    verified, visit, with_provider, with_provider_as,
};
use crate::support::{TestApp, TestOptions, Visitor};

const DOOR: &str = "/login/with/oidc";

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_comes_in_by_a_provider_and_is_the_same_person_next_time() {
    let (app, provider) = with_provider().await;
    let claims = verified("ida", "Ida@New.example");
    let ida = app.stranger();
    let back = visit(&provider, &ida, "/login/with/oidc?next=/leads%3Fq%3Dx", &claims).await.expect(303);
    assert_eq!(back.location(), "/leads?q=x");
    // They belong to no organisation yet.
    assert_eq!(ida.get("/leads").await.expect(303).location(), "/welcome?next=%2Fleads");
    let again = app.stranger();
    visit(&provider, &again, DOOR, &json!({ "sub": "ida", "email": "ida@moved.example", "email_verified": true })).await.expect(303);
    assert!(is_somebody(&again).await);
    assert_eq!(
        app.scalar(
            "SELECT count(*) FROM users WHERE email = 'ida@new.example' AND email_confirmed_at IS NOT NULL AND password_hash IS NULL"
        )
        .await,
        1
    );
    assert_eq!(app.scalar("SELECT count(*) FROM users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verified_address_opens_its_account_and_a_claimed_one_does_not() {
    let (app, provider) = with_provider().await;
    let owner = app.sign_up("Acme").await;
    for claims in [
        json!({ "sub": "eve", "email": owner.email, "email_verified": false }),
        json!({ "sub": "eve", "email": owner.email }),
        json!({ "sub": "eve", "email": owner.email, "email_verified": "yes" }),
        json!({ "sub": "eve" }),
    ] {
        let eve = app.stranger();
        let back = visit(&provider, &eve, DOOR, &claims).await.expect(303);
        assert!(back.location().starts_with("/login?next="), "{}", back.location());
        assert!(!is_somebody(&eve).await, "{claims}");
        let page = eve.get(back.location()).await;
        assert!(page.body.contains("Test ID"), "{}", page.body);
    }
    let friend = app.stranger();
    visit(&provider, &friend, DOOR, &verified("olive", &owner.email)).await.expect(303);
    assert_eq!(address(&friend).await, owner.email);
    assert_eq!(app.scalar("SELECT count(*) FROM identities WHERE provider = 'oidc'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_somebody_else_prepared_loses_what_they_prepared() {
    let (app, provider) = with_provider().await;
    // Mallory signed up with the address of somebody who has not come yet, and stays signed in.
    let mallory = app.sign_up("Acme").await;
    app.sql(&format!("UPDATE users SET email_confirmed_at = NULL WHERE email = '{}'", mallory.email)).await;
    let owner_of_address = app.stranger();
    visit(&provider, &owner_of_address, DOOR, &verified("real", &mallory.email)).await.expect(303);
    assert_eq!(address(&owner_of_address).await, mallory.email);
    assert!(!is_somebody(&mallory).await);
    let login = [("email", mallory.email.as_str()), ("password", Visitor::PASSWORD)];
    assert_eq!(app.stranger().post_form("/login", &login).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_says_wrongly_is_not_believed() {
    let (app, provider) = with_provider().await;
    let all = [
        Mistake::Nonce,
        Mistake::NoNonce,
        Mistake::Audience,
        Mistake::ManyAudiences,
        Mistake::OtherParty,
        Mistake::Issuer,
        Mistake::Expired,
        Mistake::FromTomorrow,
        Mistake::AlgNone,
        Mistake::Hs256,
        Mistake::ForeignKey,
        Mistake::NoSubject,
    ];
    for mistake in all {
        provider.mistake(mistake);
        let eve = app.stranger();
        let back = visit(&provider, &eve, DOOR, &verified("eve", "eve@evil.example")).await.expect(303);
        assert!(back.location().starts_with("/login?"), "{mistake:?}: {}", back.location());
        assert!(!is_somebody(&eve).await, "{mistake:?}");
    }
    assert_eq!(app.scalar("SELECT count(*) FROM users").await, 0);
    provider.mistake(Mistake::None);
    let ida = app.stranger();
    visit(&provider, &ida, DOOR, &verified("ida", "ida@new.example")).await.expect(303);
    assert!(is_somebody(&ida).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_works_once_in_its_own_browser_and_for_ten_minutes() {
    let (app, provider) = with_provider().await;
    let eve_claims = verified("eve", "eve@evil.example");
    let lost = |location: &str| location.contains("error_code=bad_oauth_state");

    let (eve, victim) = (app.stranger(), app.stranger());
    for forged in ["", "state=x&code=y", "code=y"] {
        assert!(lost(eve.get(&format!("/auth/v1/callback?{forged}")).await.expect(303).location()), "{forged}");
    }
    // Login CSRF: Eve's own answer, slipped to somebody who has visits of their own.
    let begun = eve.get(DOOR).await.expect(302);
    let answer = provider.agree(begun.location(), &eve_claims);
    victim.get(DOOR).await.expect(302);
    assert!(lost(victim.get(&answer).await.expect(303).location()));
    assert!(!is_somebody(&victim).await);
    // It is used up by that.
    assert!(lost(eve.get(&answer).await.expect(303).location()));

    let begun = eve.get(DOOR).await.expect(302);
    let answer = provider.agree(begun.location(), &eve_claims);
    assert_eq!(eve.get(&answer).await.expect(303).location(), "/");
    assert!(lost(eve.get(&answer).await.expect(303).location()));

    let late = app.stranger();
    let begun = late.get(DOOR).await.expect(302);
    app.app.clock.advance(SignedDuration::from_mins(11));
    assert!(lost(late.get(&provider.agree(begun.location(), &eve_claims)).await.expect(303).location()));
    assert!(!is_somebody(&late).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_visit_is_worth_nothing() {
    let (app, provider) = with_provider().await;
    let (eve, victim) = (app.stranger(), app.stranger());
    let theirs = victim.get(DOOR).await.expect(302);
    let (_, stolen) = provider.grant(theirs.location(), &verified("victim", "victim@new.example"));
    let own = eve.get(DOOR).await.expect(302);
    let (state, _) = provider.grant(own.location(), &verified("eve", "eve@evil.example"));
    let back = eve.get(&format!("/auth/v1/callback?state={state}&code={stolen}")).await.expect(303);
    assert!(back.location().starts_with("/login?"));
    assert!(!is_somebody(&eve).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_provider_is_refused() {
    let (app, provider) = with_provider().await;
    let ida = app.stranger();
    let claims = verified("ida", "ida@new.example");
    let begun = ida.get(DOOR).await.expect(302);
    let answer = provider.agree(begun.location(), &claims);
    ida.get(&format!("{answer}&iss=https%3A%2F%2Fother.example")).await.expect(303);
    assert!(!is_somebody(&ida).await);
    let begun = ida.get(DOOR).await.expect(302);
    let answer = provider.agree(begun.location(), &claims);
    let named: String = url::form_urlencoded::byte_serialize(provider.issuer.as_bytes()).collect();
    ida.get(&format!("{answer}&iss={named}")).await.expect(303);
    assert!(is_somebody(&ida).await);

    // One that says it names itself must.
    let (app, provider) = with_provider().await;
    provider.name_itself();
    let ida = app.stranger();
    visit(&provider, &ida, DOOR, &claims).await.expect(303);
    assert!(!is_somebody(&ida).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_at_the_provider_is_told() {
    let (app, provider) = with_provider().await;
    let ida = app.stranger();
    let begun = ida.get(DOOR).await.expect(302);
    let (state, _) = provider.grant(begun.location(), &json!({}));
    let back = ida.get(&format!("/auth/v1/callback?state={state}&error=access_denied&error_description=<b>no</b>")).await.expect(303);
    let page = ida.get(back.location()).await;
    assert!(page.body.contains("You did not allow Test ID") && !page.body.contains("<b>no"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_of_a_provider_are_found_and_linkedin_may_leave_things_out() {
    let (app, provider) = with_provider_as(ProviderName::LinkedinOidc).await;
    provider.mistake(Mistake::NoNonce);
    provider.userinfo(
        json!({ "sub": "ida", "email": "ida@new.example", "email_verified": "true", "given_name": "Ida", "family_name": "Link" }),
    );
    let ida = app.stranger();
    visit(&provider, &ida, "/login/with/linkedin_oidc", &json!({ "sub": "ida" })).await.expect(303);
    assert!(is_somebody(&ida).await);
    assert_eq!(app.scalar("SELECT count(*) FROM users WHERE name = 'Ida Link'").await, 1);
    // The userinfo endpoint speaks of somebody else.
    let eve = app.stranger();
    visit(&provider, &eve, "/login/with/linkedin_oidc", &json!({ "sub": "eve" })).await.expect(303);
    assert!(!is_somebody(&eve).await);
    // The first set of keys is remembered; a kid that is not in it is looked for again, a few seconds later.
    provider.rotate();
    tokio::time::sleep(std::time::Duration::from_millis(5100)).await;
    let again = app.stranger();
    visit(&provider, &again, "/login/with/linkedin_oidc", &json!({ "sub": "ida" })).await.expect(303);
    assert!(is_somebody(&again).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_server_takes_whom_it_expects() {
    let options = TestOptions { signup: SignUp::First, ..TestOptions::default() };
    let provider = Provider::start(&options.clock).await;
    let auth = AuthConfig { providers: vec![provider.config(ProviderName::Oidc)], ..AuthConfig::default() };
    let app = TestApp::start_with(TestOptions { auth, ..options }).await;
    let owner = app.sign_up("Acme").await;
    let stranger = app.stranger();
    visit(&provider, &stranger, DOOR, &verified("eve", "eve@evil.example")).await.expect(303);
    assert!(!is_somebody(&stranger).await);
    app.sql(&format!(
        "INSERT INTO organisation_domains (org_id, domain, role, created_at) SELECT m.org_id, 'acme.example', 'rep', now()
         FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = '{}'",
        owner.email
    ))
    .await;
    let colleague = app.stranger();
    visit(&provider, &colleague, DOOR, &verified("cole", "cole@acme.example")).await.expect(303);
    let me = colleague.get("/api/v1/me").await.expect(200).json();
    assert_eq!(me["role"], "rep");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_person_stays_outside() {
    let (app, provider) = with_provider().await;
    let owner = app.sign_up("Acme").await;
    app.sql("UPDATE users SET banned_until = '2030-01-01'").await;
    let back = app.stranger();
    visit(&provider, &back, DOOR, &verified("olive", &owner.email)).await.expect(303);
    assert!(!is_somebody(&back).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_auth_api_gets_its_code_at_an_address_that_is_listed() {
    let (app, provider) = with_provider().await;
    let browser = app.stranger();
    let unknown = browser.get("/auth/v1/authorize?provider=facebook").await.expect(400);
    assert_eq!(unknown.json()["error_code"], "validation_failed");
    assert_eq!(browser.get("/auth/v1/authorize?provider=oidc&code_challenge=short&code_challenge_method=s256").await.status, 400);
    let challenge = "x".repeat(43);
    let door =
        |to: &str| format!("/auth/v1/authorize?provider=oidc&redirect_to={to}&code_challenge={challenge}&code_challenge_method=s256");
    let claims = verified("ida", "ida@new.example");
    let back = visit(&provider, &browser, &door("https%3A%2F%2Fapp.example%2Fdone%3Fa%3Db"), &claims).await.expect(302);
    assert!(back.location().starts_with("https://app.example/done?a=b&code="), "{}", back.location());
    assert!(back.header("set-cookie").is_empty());
    for elsewhere in ["https%3A%2F%2Fevil.example%2F", "", "javascript%3Aalert(1)", "https%3A%2F%2Fapp.example.evil.example"] {
        let back = visit(&provider, &browser, &door(elsewhere), &claims).await.expect(302);
        assert!(back.location().starts_with(&format!("{}/?code=", app.address)), "{}", back.location());
    }
    // Without a challenge, the session is behind the #.
    let door = "/auth/v1/authorize?provider=oidc&redirect_to=https%3A%2F%2Fapp.example%2Fdone&scopes=calendar";
    let left = browser.get(door).await.expect(302);
    assert!(left.location().contains("scope=openid+email+profile+calendar"), "{}", left.location());
    let back = browser.get(&provider.agree(left.location(), &claims)).await.expect(302);
    let (address, fragment) = back.location().split_once('#').unwrap();
    assert_eq!(address, "https://app.example/done");
    for part in ["access_token=ey", "refresh_token=", "token_type=bearer", "provider_token=at-provider", "expires_in=3600"] {
        assert!(fragment.contains(part), "{part} in {fragment}");
    }
    // What went wrong stands where either flow looks.
    provider.mistake(Mistake::Nonce);
    let back = visit(&provider, &browser, door, &claims).await.expect(302);
    assert!(
        back.location().starts_with("https://app.example/done?error=server_error&error_code=unexpected_failure"),
        "{}",
        back.location()
    );
    assert!(back.location().contains("#error=server_error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_connects_a_provider_and_keeps_one_way_in() {
    let (app, provider) = with_provider().await;
    let (owner, other) = (app.sign_up("Acme").await, app.sign_up("Globex").await);
    let connect = async |visitor: &Visitor| {
        let page = visitor.post_form("/account/identities/with/oidc", &[("", "")]).await.expect(200);
        let refresh = page.header("refresh");
        refresh.strip_prefix("0; url=").unwrap_or_else(|| panic!("{refresh:?}: {}", page.body)).to_owned()
    };
    // An address that is not theirs at all: they have shown to be both.
    let claims = verified("private", "olive@private.example");
    let to = connect(&owner).await;
    assert_eq!(owner.get(&provider.agree(&to, &claims)).await.expect(303).location(), "/account");
    let again = app.stranger();
    visit(&provider, &again, DOOR, &claims).await.expect(303);
    assert_eq!(address(&again).await, owner.email);
    // Nobody else connects the same, and nobody finishes what another began.
    let to = connect(&other).await;
    assert!(other.get(&provider.agree(&to, &claims)).await.expect(303).location().starts_with("/account?"));
    let to = connect(&owner).await;
    let answer = provider.agree(&to, &verified("eve", "eve@evil.example"));
    assert!(other.get(&answer).await.expect(303).location().contains("bad_oauth_state"));
    assert_eq!(app.scalar("SELECT count(*) FROM identities WHERE provider = 'oidc'").await, 1);

    let id = app.text("SELECT id::text FROM identities WHERE provider = 'oidc'").await;
    assert_eq!(other.post_form(&format!("/account/identities/{id}/remove"), &[("", "")]).await.status, 404);
    app.sql("UPDATE users SET password_hash = NULL; DELETE FROM identities WHERE provider = 'email'").await;
    assert_eq!(owner.post_form(&format!("/account/identities/{id}/remove"), &[("", "")]).await.expect(303).location(), "/account");
    assert_eq!(app.scalar("SELECT count(*) FROM identities WHERE provider = 'oidc'").await, 1);
    app.sql("UPDATE users SET password_hash = 'something'").await;
    owner.post_form(&format!("/account/identities/{id}/remove"), &[("", "")]).await.expect(303);
    assert_eq!(app.scalar("SELECT count(*) FROM identities WHERE provider = 'oidc'").await, 0);
}
