//! Two nodes over one database and one Redis: what one ends, the other honours at once.

use std::time::{Duration, Instant};

use crate::support::{TestApp, TestOptions, Visitor};
use serde_json::json;
use testkit::Redis;

/// What a revocation may take to reach the other node.
const SOON: Duration = Duration::from_secs(1);

async fn two_nodes(redis: &Redis) -> (TestApp, TestApp) {
    let options = || TestOptions { redis_at: Some(redis.url()), ..TestOptions::default() };
    let first = TestApp::start_with(options()).await;
    let second = first.second_node(options()).await;
    (first, second)
}

/// Signs in; returns the cookie, to be shown by hand: a browser forgets it when it signs out.
async fn cookie(node: &TestApp, visitor: &Visitor) -> String {
    let answer = visitor.post_form("/login", &[("email", visitor.email.as_str()), ("password", Visitor::PASSWORD)]).await.expect(303);
    let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let set = cookies
        .map(str::to_owned)
        .find(|value| value.starts_with("leadline_session="))
        .unwrap_or_else(|| panic!("no session at {}", node.address));
    set.split(';').next().unwrap_or_default().to_owned()
}

/// What `path` answers to whoever shows this cookie.
async fn status(node: &TestApp, cookie: &str, path: &str) -> u16 {
    let browser = node.stranger();
    browser.send(browser.request("GET", path).header("cookie", cookie)).await.status
}

/// Asks until `wanted` is answered; says how long that took.
async fn until(node: &TestApp, cookie: &str, path: &str, wanted: u16) -> Duration {
    let began = Instant::now();
    while status(node, cookie, path).await != wanted {
        assert!(began.elapsed() < Duration::from_secs(5), "{path} never answered {wanted}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_on_one_node_acts_on_the_other() {
    let redis = Redis::start().await.unwrap();
    let (first, second) = two_nodes(&redis).await;
    let ada = first.sign_up("Acme").await;
    let session = cookie(&first, &ada).await;
    // Asked more than once, so that the second node remembers her.
    for _ in 0..3 {
        assert_eq!(status(&second, &session, "/api/v1/me").await, 200);
    }
    ada.post_form("/logout", &[("", "")]).await.expect(303);
    let took = until(&second, &session, "/api/v1/me", 401).await;
    assert!(took < SOON, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_about_a_person_acts_on_the_other_node() {
    let redis = Redis::start().await.unwrap();
    let (first, second) = two_nodes(&redis).await;
    let owner = first.sign_up("Acme").await;
    let rep = first.colleague(&owner, "rep").await;
    let there = rep.at(&second.address);
    let lead = json!({"first_name": "Bo", "email": "bo@engines.example"});
    there.post_json("/api/v1/leads", &lead).await.expect(201);
    first.sql("UPDATE memberships SET role = 'viewer' WHERE role = 'rep'").await;
    let began = Instant::now();
    while there.post_json("/api/v1/leads", &lead).await.status != 403 {
        assert!(began.elapsed() < SOON, "the other node still lets a viewer write");
    }
    first.sql("DELETE FROM memberships WHERE role = 'viewer'").await;
    let began = Instant::now();
    while there.get("/api/v1/me").await.status != 403 {
        assert!(began.elapsed() < SOON, "the other node still knows who was removed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_dead_on_the_other_node() {
    let redis = Redis::start().await.unwrap();
    let (first, second) = two_nodes(&redis).await;
    let ada = first.sign_up("Acme").await;
    let key = ada.post_json("/api/v1/keys", &json!({"name": "CRM", "scopes": ["leads:read"]})).await.expect(201).json();
    let program = second.stranger();
    let ask = async || program.send(program.request("GET", "/api/v1/leads").bearer_auth(key["secret"].as_str().unwrap())).await.status;
    for _ in 0..3 {
        assert_eq!(ask().await, 200);
    }
    ada.delete(&format!("/api/v1/keys/{}", key["id"].as_str().unwrap())).await.expect(204);
    let began = Instant::now();
    while ask().await != 401 {
        assert!(began.elapsed() < SOON, "the key still opens the other node");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_people_stay_signed_in_and_throttles_go_on_locally() {
    let mut redis = Redis::start().await.unwrap();
    let (first, second) = two_nodes(&redis).await;
    let ada = first.sign_up("Acme").await;
    let bo = first.sign_up("Bolts").await;
    let bo_cookie = cookie(&first, &bo).await;
    let guess = [("email", ada.email.as_str()), ("password", "wrong wrong wrong")];
    // Together they count: five tries here, five there, and the eleventh is refused wherever it comes.
    for at in 0..10 {
        let node = if at % 2 == 0 { &first } else { &second };
        assert_eq!(node.stranger().post_form("/login", &guess).await.status, 422, "try {at}");
    }
    assert_eq!(second.stranger().post_form("/login", &guess).await.status, 429);

    redis.kill();
    assert_eq!(ada.get("/api/v1/me").await.status, 200);
    assert_eq!(ada.at(&second.address).get("/api/v1/me").await.status, 200);
    // Signing out still acts on both: that does not go through Redis.
    let statuses = guess_until_refused(&first, &guess).await;
    assert_eq!(statuses, 10, "this node counts by itself now");
    let session = bo_cookie;
    assert_eq!(status(&second, &session, "/api/v1/me").await, 200);
    bo.post_form("/logout", &[("", "")]).await.expect(303);
    assert!(until(&second, &session, "/api/v1/me", 401).await < SOON);
}

async fn guess_until_refused(node: &TestApp, guess: &[(&str, &str)]) -> usize {
    for tries in 0..20 {
        if node.stranger().post_form("/login", guess).await.status == 429 {
            return tries;
        }
    }
    20
}
