use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{header, method, path},
};

use super::*;
use crate::{Rejection, RejectionKind, message::tests::sample};

fn mails(count: usize) -> Vec<OutgoingMail> {
    (0..count)
        .map(|i| {
            let mut mail = sample();
            mail.idempotency_key = format!("send/{i}");
            mail.to.address = format!("user{i}@recipient.example");
            mail
        })
        .collect()
}

fn resend(server: &MockServer) -> Resend {
    let mut config = ResendConfig::new("re_test".to_owned());
    config.base_url = server.uri();
    config.requests_per_second = 1000.0;
    config.timeout = Duration::from_millis(300);
    Resend::new(config).unwrap()
}

async fn send(resend: &Resend, mails: &[OutgoingMail]) -> Vec<Outcome> {
    resend.send_batch(Batch { org: OrgId::new(), key: "batch/1", mails }).await
}

async fn answering(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/emails/batch")).respond_with(response).mount(&server).await;
    server
}

fn problem(status: u16, name: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(serde_json::json!({"statusCode": status, "name": name, "message": "no"}))
}

fn keys(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|r| r.headers["idempotency-key"].to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_batch_goes_out_complete_and_in_order() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/emails/batch"))
        .and(header("authorization", "Bearer re_test"))
        .and(header("idempotency-key", "batch/1"))
        .and(header("x-batch-validation", "permissive"))
        .respond_with(ResponseTemplate::new(200).set_body_json(serde_json::json!({"data": [{"id": "e0"}, {"id": "e1"}]})))
        .expect(1)
        .mount(&server)
        .await;
    let mut mails = mails(2);
    mails[0].headers = vec![("List-Unsubscribe".to_owned(), "<https://u.example/1>".to_owned())];
    mails[0].tags = vec![("send_id".to_owned(), "abc-1".to_owned())];
    mails[0].from.name = "Lovelace, Ada".to_owned();
    let outcomes = send(&resend(&server), &mails).await;
    let id = |id: &str| Outcome::Accepted { provider_id: id.to_owned() };
    assert_eq!(outcomes, [id("e0"), id("e1")]);
    let body: serde_json::Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    assert_eq!(body[0]["from"], "\"Lovelace, Ada\" <ada@sender.example>");
    assert_eq!(body[0]["to"], serde_json::json!(["Grace Hopper <user0@recipient.example>"]));
    assert_eq!(body[0]["headers"]["List-Unsubscribe"], "<https://u.example/1>");
    assert!(body[0]["headers"]["Message-ID"].is_null(), "the provider sets its own");
    assert_eq!(body[0]["tags"], serde_json::json!([{"name": "send_id", "value": "abc-1"}]));
    assert_eq!((&body[1]["text"], &body[1]["html"]), (&"Hello Grace".into(), &"<p>Hello <b>Grace</b></p>".into()));
}

#[tokio::test]
async fn refused_messages_keep_their_place() {
    let server = answering(ResponseTemplate::new(200).set_body_json(serde_json::json!({
        "data": [{"id": "e0"}, {"id": "e3"}],
        "errors": [{"index": 1, "message": "Invalid `to` field."}, {"index": 2, "message": "Invalid `from` field."}]
    })))
    .await;
    let mut mails = mails(5);
    mails[4].text.clear();
    let outcomes = send(&resend(&server), &mails).await;
    assert_eq!(outcomes[0], Outcome::Accepted { provider_id: "e0".to_owned() });
    assert!(matches!(&outcomes[1], Outcome::Rejected(Rejection { kind: RejectionKind::Message, reason, .. }) if reason.contains("`to`")));
    assert!(matches!(&outcomes[2], Outcome::Rejected(Rejection { kind: RejectionKind::Sender, .. })));
    assert_eq!(outcomes[3], Outcome::Accepted { provider_id: "e3".to_owned() });
    assert!(matches!(&outcomes[4], Outcome::Rejected(Rejection { code, .. }) if code == "invalid_message"));
}

#[tokio::test]
async fn throttling_says_when_and_then_holds_back() {
    let server = answering(problem(429, "rate_limit_exceeded").insert_header("retry-after", "7")).await;
    let resend = resend(&server);
    let outcomes = send(&resend, &mails(2)).await;
    assert_eq!(outcomes, vec![Outcome::Throttled { retry_after: Duration::from_secs(7) }; 2]);
    let outcomes = send(&resend, &mails(2)).await;
    assert!(matches!(&outcomes[0], Outcome::Throttled { retry_after } if *retry_after > Duration::from_secs(5)), "{outcomes:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "the second batch does not even ask");
}

#[tokio::test]
async fn a_used_up_quota_waits_longer() {
    let server = answering(problem(429, "daily_quota_exceeded")).await;
    let outcomes = send(&resend(&server), &mails(1)).await;
    assert_eq!(outcomes, [Outcome::Throttled { retry_after: Duration::from_secs(900) }]);
}

#[tokio::test]
async fn server_errors_timeouts_and_nonsense_are_unknown_and_repeatable_under_the_same_key() {
    for response in [
        problem(500, "internal_server_error"),
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_delay(Duration::from_secs(2)),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(serde_json::json!({"data": [{"id": "only-one"}]})),
        problem(409, "concurrent_idempotent_requests"),
    ] {
        let server = answering(response).await;
        let (resend, mails) = (resend(&server), mails(2));
        for _ in 0..2 {
            let outcomes = send(&resend, &mails).await;
            assert_eq!(outcomes.len(), 2);
            assert!(outcomes.iter().all(|o| matches!(o, Outcome::Unknown { safe_to_repeat: true, .. })), "{outcomes:?}");
        }
        let requests = server.received_requests().await.unwrap();
        assert_eq!(keys(&requests), ["batch/1", "batch/1"]);
        assert_eq!(requests[0].body, requests[1].body, "the key is tied to the payload");
    }
}

#[tokio::test]
async fn a_key_used_for_other_content_is_never_repeated() {
    let server = answering(problem(409, "invalid_idempotent_request")).await;
    let outcomes = send(&resend(&server), &mails(1)).await;
    assert!(matches!(&outcomes[0], Outcome::Unknown { safe_to_repeat: false, .. }), "{outcomes:?}");
}

#[tokio::test]
async fn our_account_is_not_the_recipients_fault() {
    for (status, name) in [(401, "missing_api_key"), (403, "invalid_api_key"), (403, "validation_error"), (400, "invalid_idempotency_key")]
    {
        let server = answering(problem(status, name)).await;
        let outcomes = send(&resend(&server), &mails(2)).await;
        let expected = |o: &Outcome| matches!(o, Outcome::Rejected(r) if r.kind == RejectionKind::Sender && r.code == name);
        assert!(outcomes.iter().all(expected), "{outcomes:?}");
    }
}

#[tokio::test]
async fn nothing_listening_is_unavailable() {
    let server = MockServer::start().await;
    let resend = resend(&server);
    drop(server);
    let mut config = ResendConfig::new("re_test".to_owned());
    config.base_url = "http://127.0.0.1:1".to_owned();
    let nowhere = Resend::new(config).unwrap();
    assert!(matches!(send(&nowhere, &mails(1)).await[0], Outcome::Unavailable { .. }));
    drop(resend);
}

#[tokio::test]
async fn a_batch_refused_as_a_whole_is_halved_until_the_culprit_stands_alone() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(|request: &Request| {
            let body: Vec<serde_json::Value> = request.body_json().unwrap();
            let to = |mail: &serde_json::Value| mail["to"][0].as_str().unwrap().to_owned();
            if body.iter().any(|mail| to(mail).contains("user5@")) {
                return problem(422, "validation_error");
            }
            let data: Vec<_> = body.iter().map(|mail| serde_json::json!({"id": to(mail)})).collect();
            ResponseTemplate::new(200).set_body_json(serde_json::json!({"data": data}))
        })
        .mount(&server)
        .await;
    let (resend, mails) = (resend(&server), mails(8));
    let outcomes = send(&resend, &mails).await;
    for (i, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Accepted { provider_id } => assert!(provider_id.contains(&format!("user{i}@")), "{i}: {provider_id}"),
            Outcome::Rejected(r) => assert_eq!((i, r.kind), (5, RejectionKind::Message)),
            other => panic!("{other:?}"),
        }
    }
    let first = keys(&server.received_requests().await.unwrap());
    send(&resend, &mails).await;
    let all = keys(&server.received_requests().await.unwrap());
    assert_eq!(all[first.len()..], first, "a repeat takes the same path with the same keys");
    assert_eq!(first.iter().collect::<std::collections::HashSet<_>>().len(), first.len());
}

#[test]
fn settings_are_checked() {
    let with = |url: &str| {
        let mut config = ResendConfig::new("re_test".to_owned());
        config.base_url = url.to_owned();
        Resend::new(config)
    };
    assert!(with("https://api.resend.com").is_ok());
    assert_eq!(with("http://api.resend.com").unwrap_err().variable, "RESEND_BASE_URL");
    assert_eq!(with("resend").unwrap_err().variable, "RESEND_BASE_URL");
    assert_eq!(Resend::new(ResendConfig::new("a\nb".to_owned())).unwrap_err().variable, "RESEND_API_KEY");
    assert!(!format!("{:?}", ResendConfig::new("re_secret".to_owned())).contains("re_secret"));
}
