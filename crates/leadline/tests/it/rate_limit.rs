//! Limits of the API, as a program sees them.

use serde_json::json;
use supabase::Keys;

use crate::support::{Answer, TestApp, TestOptions};

fn number(answer: &Answer, header: &str) -> u64 {
    answer.headers.get(header).unwrap_or_else(|| panic!("{header} is missing")).to_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_what_is_left_and_then_to_wait() {
    let app = TestApp::start_with(TestOptions { requests_per_minute: 5, ..TestOptions::default() }).await;
    let stranger = app.stranger();
    for remaining in (0..10).rev() {
        let answer = stranger.get("/api/v1/me").await;
        assert_eq!(answer.status, 401);
        assert_eq!((number(&answer, "ratelimit-limit"), number(&answer, "ratelimit-remaining")), (10, remaining));
        assert_eq!(answer.headers["ratelimit-policy"], "10;w=60");
        assert!(number(&answer, "ratelimit-reset") <= 60);
    }
    let refused = stranger.get("/api/v1/me").await;
    assert_eq!((refused.status, number(&refused, "ratelimit-remaining")), (429, 0));
    assert!((1..=6).contains(&number(&refused, "retry-after")));
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    // An address that does not exist counts too, and a page does not.
    assert_eq!(stranger.get("/api/v1/nothing").await.status, 429);
    let page = stranger.get("/login").await;
    assert_eq!(page.status, 200);
    assert!(!page.headers.contains_key("ratelimit-limit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_tells_its_limit() {
    const WRONG: &str = "wrong wrong wrong";
    type Form = &'static [(&'static str, &'static str)];
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let told = |answer: &Answer| (number(answer, "ratelimit-limit"), number(answer, "ratelimit-remaining"));
    let forms: [(&str, Form, (u64, u64)); 6] = [
        ("/login", &[("email", "a@x.example"), ("password", WRONG)], (10, 9)),
        ("/signup", &[("organisation", "X"), ("name", "X"), ("email", "b@x.example"), ("password", "short")], (60, 59)),
        ("/login/link", &[("email", "c@x.example")], (1, 0)),
        ("/recover", &[("email", "d@x.example")], (1, 0)),
        ("/login/code", &[("email", "e@x.example"), ("code", "000000")], (30, 29)),
        ("/password/strength", &[("password", WRONG)], (300, 299)),
    ];
    for (path, form, limit) in forms {
        assert_eq!(told(&stranger.post_form(path, form).await), limit, "{path}");
    }
    let anon = Keys::of(&app.app).unwrap().anon().to_owned();
    let calls = [
        ("/token?grant_type=password", json!({"email": "f@x.example", "password": WRONG}), (10, 9)),
        ("/token?grant_type=refresh_token", json!({"refresh_token": "x"}), (150, 149)),
        ("/signup", json!({"email": "g@x.example", "password": "short"}), (60, 59)),
        ("/otp", json!({"email": "h@x.example"}), (1, 0)),
        ("/verify", json!({"type": "email", "email": "h@x.example", "token": "000000"}), (30, 29)),
    ];
    for (path, body, limit) in calls {
        let call = stranger.request("POST", &format!("/auth/v1{path}")).header("apikey", &anon).json(&body);
        assert_eq!(told(&stranger.send(call).await), limit, "{path}");
    }
    // A refusal tells it, too.
    let refused = stranger.post_form("/login/link", &[("email", "c@x.example")]).await.expect(429);
    assert_eq!(told(&refused), (1, 0));
}
