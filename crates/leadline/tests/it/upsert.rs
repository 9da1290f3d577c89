use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Visitor};

async fn upsert(visitor: &Visitor, query: &str, body: impl Into<String>) -> Answer {
    let request = visitor.request("POST", &format!("/api/v1/leads/upsert{query}")).header("content-type", "application/x-ndjson");
    visitor.send(request.body(body.into())).await
}

fn outcomes(answer: &Value) -> Vec<&str> {
    answer["results"].as_array().unwrap().iter().map(|line| line["outcome"].as_str().unwrap()).collect()
}

const LINES: &str = r#"{"email":"ada@acme.example","first_name":"Ada","company_name":"Acme","custom":{"visits":3}}

{"email":"nope","first_name":"Bad"}
{"email":"ADA@acme.example","title":"CTO"}
{"external_id":"7","first_name":"Bob","status":"contacted"}
not json
{"email":"ada@acme.example","external_id":"7"}
{"email":"ada@acme.example","title":"CTO"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn each_line_has_its_outcome_and_all_of_them_one_undo() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let answer = upsert(&owner, "", LINES).await.expect(200).json();
    assert_eq!(outcomes(&answer), ["created", "rejected", "updated", "created", "rejected", "rejected", "unchanged"]);
    assert_eq!([&answer["created"], &answer["updated"], &answer["unchanged"], &answer["rejected"]], [2, 1, 1, 3]);
    let lines = answer["results"].as_array().unwrap();
    assert_eq!((&lines[1]["index"], &lines[1]["errors"][0]["pointer"]), (&json!(2), &json!("/email")), "blank lines count");
    assert!(lines[4]["errors"][0]["detail"].as_str().unwrap().contains("not JSON"));
    assert!(lines[5]["errors"][0]["detail"].as_str().unwrap().contains("belongs to one lead"));
    assert_eq!(lines[0]["id"], lines[6]["id"]);
    let ada = owner.get(&format!("/api/v1/leads/{}", lines[0]["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(
        (&ada["title"], &ada["company_name"], &ada["custom"], &ada["source"]),
        (&json!("CTO"), &json!("Acme"), &json!({"visits": 3}), &json!("api"))
    );
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'lead.created' AND payload->>'bulk' = 'true'").await, 2);

    // The same again changes nothing, and leaves nothing to undo.
    let again = upsert(&owner, "", LINES).await.expect(200).json();
    assert_eq!((&again["unchanged"], &again["change_set_id"]), (&json!(4), &Value::Null));
    // What is stored is replaced, filled or left, as the caller says.
    let other = r#"{"email":"ada@acme.example","title":"CEO","phone":"+44 20 7946 0000"}"#;
    assert_eq!(outcomes(&upsert(&owner, "?existing=skip", other).await.json()), ["unchanged"]);
    assert_eq!(outcomes(&upsert(&owner, "?existing=fill", other).await.json()), ["updated"]);
    assert_eq!(app.text("SELECT title FROM leads WHERE email = 'ada@acme.example'").await, "CTO");
    let replaced = upsert(&owner, "", other).await.json();
    assert_eq!(app.text("SELECT title FROM leads WHERE email = 'ada@acme.example'").await, "CEO");

    let set = replaced["change_set_id"].as_str().unwrap();
    owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(200);
    assert_eq!(app.text("SELECT title FROM leads WHERE email = 'ada@acme.example'").await, "CTO");
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_values_are_held_against_their_fields() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.post_json("/api/v1/custom-fields", &json!({"label": "Rank", "kind": "choice", "options": ["A", "B"]})).await.expect(201);
    let body = r#"{"email":"a@x.example","custom":{"rank":"a","visits":null}}
{"email":"b@x.example","custom":{"rank":"C","visits":3}}
{"email":"c@x.example","custom":{"visits":"many"}}
{"email":"d@x.example","custom":{"visits":4}}
"#;
    let answer = upsert(&owner, "", body).await.expect(200).json();
    assert_eq!(outcomes(&answer), ["created", "rejected", "rejected", "created"], "{answer}");
    assert_eq!(answer["results"][1]["errors"][0]["pointer"], "/custom/rank");
    assert_eq!(answer["results"][2]["errors"][0]["pointer"], "/custom/visits");
    assert_eq!(app.text("SELECT custom->>'rank' FROM leads WHERE email = 'a@x.example'").await, "A");
    assert_eq!(app.text("SELECT kind FROM custom_fields WHERE key = 'visits'").await, "number");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_bounded_repeatable_and_for_those_who_may() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let many: String = (0..10_001).map(|n| format!("{{\"email\":\"p{n}@x.example\"}}\n")).collect();
    let refused = upsert(&owner, "", many.clone()).await.expect(422).json();
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("at most 10,000 lines"), "{refused}");
    let huge = upsert(&owner, "", " ".repeat(33 << 20)).await.expect(413).json();
    assert!(huge["detail"].as_str().unwrap().contains("32 MB"), "{huge}");
    assert_eq!(upsert(&owner, "", "\n").await.status, 422);
    assert_eq!(owner.post_json("/api/v1/leads/upsert", &json!({"email": "a@x.example"})).await.status, 415);
    let viewer = app.colleague(&owner, "viewer").await;
    assert_eq!(upsert(&viewer, "", LINES).await.status, 403);
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 0);

    let keyed = |body: &str| {
        let request =
            owner.request("POST", "/api/v1/leads/upsert").header("content-type", "application/x-ndjson").header("idempotency-key", "k1");
        owner.send(request.body(body.to_owned()))
    };
    let (first, second) = (keyed(LINES).await.expect(200), keyed(LINES).await.expect(200));
    assert_eq!(first.json(), second.json(), "the answer is repeated, not the act");
    assert_eq!(keyed("{}").await.expect(422).json()["errors"][0]["code"], "idempotency_key.reused");

    let all = many.lines().take(10_000).collect::<Vec<_>>().join("\n");
    let begun = std::time::Instant::now();
    let answer = upsert(&owner, "", all).await.expect(200).json();
    println!("10,000 lines in {:?}", begun.elapsed());
    assert_eq!((&answer["created"], answer["results"].as_array().unwrap().len()), (&json!(10_000), 10_000));
}
