//! Limits of the API, as a program sees them.

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
