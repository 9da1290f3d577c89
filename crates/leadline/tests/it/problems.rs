//! What a refusal tells the caller, and what a redirect tells the person.

use http_kit::{Problem, ProblemKind};

use crate::support::{TestApp, TestOptions, Visitor};

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_names_its_request() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let (one, two) = (stranger.get("/api/v1/me").await, stranger.get("/api/v1/me").await);
    for answer in [&one, &two] {
        assert_eq!(answer.json()["instance"], format!("urn:uuid:{}", answer.header("x-request-id")));
    }
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    assert_eq!(stranger.get("/login").await.header("x-request-id").len(), 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_the_database_cannot_take_is_the_callers_mistake() {
    let app = TestApp::start().await;
    let kind = async |sql: &str| {
        let tx = app.app.db.system().await.unwrap();
        Problem::from(tx.query(sql, &[]).await.unwrap_err()).kind
    };
    for theirs in ["SELECT 2147483647::int + 1", "SELECT 'x'::uuid", "SELECT '2026-02-31'::date"] {
        assert_eq!(kind(theirs).await, ProblemKind::Invalid, "{theirs}");
    }
    assert_eq!(kind("SELECT nothing").await, ProblemKind::Internal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_toast_travels_in_a_cookie_that_only_we_can_set() {
    for (public_url, name, secure) in [(None, "leadline_flash", false), (Some("https://sales.example.com"), "__Host-leadline_flash", true)]
    {
        let app = TestApp::start_with(TestOptions { public_url, ..TestOptions::default() }).await;
        let form = [("organisation", "Ours"), ("name", "Olive"), ("email", "olive@ours.example"), ("password", Visitor::PASSWORD)];
        let answer = app.stranger().post_form("/signup", &form).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let cookies: Vec<&str> = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
        let toast = cookies.iter().find(|cookie| cookie.starts_with(&format!("{name}="))).unwrap_or_else(|| panic!("{cookies:?}"));
        assert_eq!(toast.contains("; Secure"), secure, "{toast}");
        assert!(toast.contains("HttpOnly") && toast.contains("Path=/"), "{toast}");
    }
}
