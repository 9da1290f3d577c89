use std::time::Duration;

use crate::support::TestApp;
use serde_json::json;

/// Reads the live stream until a message contains `part`, for five seconds at most.
async fn wait_for(mut stream: reqwest::Response, part: &str) -> bool {
    let reading = async {
        let mut seen = String::new();
        while let Ok(Some(chunk)) = stream.chunk().await {
            seen.push_str(&String::from_utf8_lossy(&chunk));
            if seen.contains(part) {
                return true;
            }
        }
        false
    };
    tokio::time::timeout(Duration::from_secs(5), reading).await.unwrap_or(false)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_hears_of_a_change_and_a_neighbour_does_not() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.sign_up("Ours").await, app.sign_up("Theirs").await);
    let our_stream = ours.request("GET", "/live?topics=lead").send().await.unwrap();
    let their_stream = theirs.request("GET", "/live?topics=lead").send().await.unwrap();
    assert_eq!(our_stream.headers()["content-type"], "text/event-stream");
    tokio::time::sleep(Duration::from_millis(300)).await; // the follower takes its place at the end of the log
    ours.post_json("/api/v1/leads", &json!({"first_name": "Ada", "email": "ada@x.example"})).await.expect(201);
    assert!(wait_for(our_stream, "lead.created").await);
    let silent = tokio::time::timeout(Duration::from_secs(1), wait_for(their_stream, "lead.created")).await;
    assert!(!silent.unwrap_or(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_hears_nothing() {
    let app = TestApp::start().await;
    assert_eq!(app.stranger().get("/live?topics=lead").await.status, 303);
}
