//! Templates: writing, checking, looking at them as a lead, trying them out.

use serde_json::{Value, json};

use crate::support::{TestApp, TestOptions, Visitor};

async fn lead(owner: &Visitor, body: Value) -> String {
    owner.post_json("/api/v1/leads", &body).await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn template(owner: &Visitor, subject: &str, html: &str) -> String {
    let body = json!({"name": format!("T {subject}"), "subject": subject, "html": html});
    owner.post_json("/api/v1/templates", &body).await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_empty_page_offers_texts_to_begin_with() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let page = owner.get("/templates").await.expect(200);
    assert!(page.text().contains("Write your first template"));
    let made = owner.post_form("/templates/starters/introduction", &[("idempotency_key", "k1")]).await.expect(303);
    let again = owner.post_form("/templates/starters/introduction", &[("idempotency_key", "k1")]).await.expect(303);
    assert_eq!(made.location(), again.location(), "a double click makes one template");
    let page = owner.get(made.location()).await.expect(200);
    assert_eq!(page.attributes("#field-name", "value"), ["Introduction"]);
    assert!(page.texts(".check.is-danger").is_empty() && page.texts(".check.is-warning").is_empty(), "{:?}", page.texts(".check"));
    owner.post_form("/templates/starters/nothing", &[("x", "y")]).await.expect(404);
    assert_eq!(owner.get("/templates?q=INTRO").await.texts("tbody tr").len(), 1);
    assert_eq!(owner.get("/templates?q=100%25").await.texts("tbody tr").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_written_changed_copied_and_deleted_by_forms() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let fields = |subject: &'static str, version: &'static str| {
        [
            ("name", "Hello"),
            ("subject", subject),
            ("html", "<p>Hi {{ first_name | default('there') }}</p>"),
            ("text", ""),
            ("version", version),
        ]
    };

    let refused = owner.post_form("/templates", &fields("Hi {{ frist_name }}", "0")).await.expect(422);
    assert!(refused.text().contains("did you mean `first_name`?"), "{}", refused.text());
    assert_eq!(refused.attributes("#field-subject", "value"), ["Hi {{ frist_name }}"], "what was typed is still there");
    assert_eq!(refused.attributes("#field-subject", "aria-invalid"), ["true"]);

    let made = owner.post_form("/templates", &fields("Hi {{ first_name }}", "0")).await.expect(303);
    let address = made.location().to_owned();
    let page = owner.get(&address).await.expect(200);
    assert!(page.texts(".check.is-warning")[0].contains("`first_name` is empty for some leads"), "{:?}", page.texts(".check"));
    assert!(page.texts("code[data-insert]").contains(&"company".to_owned()));

    let taken = owner.post_form("/templates", &fields("x", "0")).await.expect(422);
    assert!(taken.text().contains("Another template has this name"));

    owner.post_form(&address, &fields("Hello there", "1")).await.expect(303);
    let stale = owner.post_form(&address, &fields("Mine", "1")).await.expect(412);
    assert!(stale.text().contains("Somebody saved another version"));
    assert_eq!(stale.attributes("#field-subject", "value"), ["Mine"]);

    let copy = owner.post_form(&format!("{address}/duplicate"), &[("x", "y")]).await.expect(303);
    assert_eq!(owner.get(copy.location()).await.attributes("#field-name", "value"), ["Hello (copy)"]);
    owner.post_form(&format!("{address}/delete"), &[("x", "y")]).await.expect(303);
    owner.get(&address).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_is_the_mail_of_one_lead_in_a_sandbox() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = lead(&owner, json!({"first_name": "<script>alert(1)</script>", "email": "ada@engines.example", "company_name": "Engines", "custom": {"budget": 9}})).await;
    let evil = "<p>Hi {{ first_name }} of {{ company | default('x') }}, {{ custom.budget }}</p><script>alert(2)</script><img src=x onerror=alert(3)>";
    let id = template(&owner, "For {{ company }}", evil).await;

    let frame = owner.get(&format!("/templates/{id}/preview?lead={ada}")).await.expect(200);
    let policy = frame.header("content-security-policy");
    assert!(
        policy.starts_with("sandbox;") && policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("allow-scripts") && !policy.contains("script-src") && !policy.contains("allow-same-origin"), "{policy}");
    assert_eq!(frame.header("cross-origin-opener-policy"), "unsafe-none");
    assert!(frame.body.contains("&lt;script&gt;alert(1)") && frame.body.contains("of Engines, 9"), "values are escaped: {}", frame.body);

    let page = owner.get(&format!("/templates/{id}?lead={ada}&find=engines")).await.expect(200);
    assert_eq!(page.attributes("iframe", "sandbox"), [""]);
    assert_eq!(page.attributes("iframe", "src"), [format!("/templates/{id}/preview?lead={ada}")]);
    assert!(page.texts("#lead-results li").iter().any(|row| row.contains("Engines")));
    assert!(page.texts(".definitions dd").contains(&"For Engines".to_owned()));
    assert!(page.texts(".check.is-danger").iter().any(|check| check.contains("<script> is removed")), "{:?}", page.texts(".check"));

    let unsaved = [("subject", "Now {{ first_name }}"), ("html", "<b>{{ company }}</b>"), ("lead", ada.as_str())];
    let frame = owner.post_form("/templates/preview", &unsaved).await.expect(200);
    assert!(frame.body.contains("<b>Engines</b>") && frame.header("content-security-policy").starts_with("sandbox;"));
    let broken = owner.post_form("/templates/preview", &[("subject", "x"), ("html", "{{ compnay }}")]).await.expect(200);
    assert!(broken.body.contains("No preview yet") && broken.body.contains("compnay"), "{}", broken.body);

    let answer = owner.get(&format!("/api/v1/templates/{id}/preview?lead={ada}")).await.expect(200).json();
    assert_eq!(answer["subject"], "For Engines");
    assert_eq!(answer["lead"]["company"], "Engines");
    assert!(answer["text"].as_str().unwrap().contains("of Engines"));
    let example = owner.get(&format!("/api/v1/templates/{id}/preview")).await.expect(200).json();
    assert_eq!(example["subject"], "For Analytical Engines");

    let neighbour = app.sign_up("Neighbour").await;
    let theirs = lead(&neighbour, json!({"first_name": "Nia"})).await;
    for path in [
        format!("/templates/{id}"),
        format!("/templates/{id}/preview"),
        format!("/api/v1/templates/{id}"),
        format!("/api/v1/templates/{id}/preview"),
    ] {
        neighbour.get(&path).await.expect(404);
    }
    owner.get(&format!("/templates/{id}/preview?lead={theirs}")).await.expect(404);
    neighbour.post_form("/templates/preview", &[("subject", "x"), ("html", "{{ first_name }}"), ("lead", &ada)]).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_goes_to_whoever_asks_and_to_nobody_else() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = lead(&owner, json!({"first_name": "Ada", "email": "ada@engines.example"})).await;
    let id = template(&owner, "Hi {{ first_name | default('x') }}", "<p>Hello</p>").await;
    let sent = owner.post_form(&format!("/templates/{id}/test"), &[("lead", &ada)]).await.expect(303);
    assert!(sent.location().ends_with(&ada), "back to the same lead");
    assert_eq!(app.scalar("SELECT count(*) FROM caught_mail").await, 1);
    assert_eq!(
        app.scalar(&format!("SELECT count(*) FROM caught_mail WHERE to_address = '{}' AND subject = '[Test] Hi Ada'", owner.email)).await,
        1
    );

    let mail = mail::MailConfig { smtp_url: Some("smtp://127.0.0.1:1".to_owned()), ..mail::MailConfig::default() };
    let app = TestApp::start_with(TestOptions { mail, ..TestOptions::default() }).await;
    let owner = app.sign_up("Acme").await;
    let id = template(&owner, "Hi", "<p>Hello</p>").await;
    let failed = owner.post_form(&format!("/templates/{id}/test"), &[("lead", "")]).await.expect(303);
    assert!(owner.get(failed.location()).await.texts(".toast").join(" ").contains("Nothing was sent"));
    owner.get("/catcher").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_writes_pages_and_guards_templates() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let bad = owner
        .post_json("/api/v1/templates", &json!({"name": "", "subject": "{{ frist_name }}", "html": "{% if x"}))
        .await
        .expect(422)
        .json();
    let pointers: Vec<&str> = bad["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/name", "/subject", "/html"]);

    let mut made = Vec::new();
    for n in 0..5 {
        app.app.clock.advance(jiff::SignedDuration::from_secs(1));
        made.push(template(&owner, &format!("S{n}"), "<p>x</p>").await);
    }
    let first = owner.get("/api/v1/templates?limit=3").await.expect(200).json();
    assert_eq!(first["total"], json!({"value": 5, "exact": true}));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = owner.get(&format!("/api/v1/templates?limit=3&cursor={cursor}")).await.expect(200).json();
    assert_eq!(second["next_cursor"], Value::Null);
    let seen: Vec<&str> =
        [&first, &second].iter().flat_map(|page| page["data"].as_array().unwrap()).map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(seen, made.iter().rev().map(String::as_str).collect::<Vec<_>>());
    owner.get("/api/v1/templates?limit=0").await.expect(422);
    owner.get("/api/v1/templates?cursor=nonsense").await.expect(422);

    let path = format!("/api/v1/templates/{}", made[0]);
    assert_eq!(owner.get(&path).await.header("etag"), "\"1\"");
    let changed = owner.send(owner.request("PATCH", &path).header("if-match", "\"1\"").json(&json!({"subject": "New"}))).await.expect(200);
    assert_eq!((changed.header("etag"), changed.json()["html"].as_str().unwrap()), ("\"2\"", "<p>x</p>"));
    owner.send(owner.request("PATCH", &path).header("if-match", "\"1\"").json(&json!({"subject": "Late"}))).await.expect(412);
    let viewer = app.colleague(&owner, "viewer").await;
    viewer.get(&path).await.expect(200);
    viewer.patch_json(&path, &json!({"subject": "No"})).await.expect(403);
    assert!(viewer.get(&format!("/templates/{}", made[0])).await.expect(200).texts("#template-form").is_empty());
    viewer.get("/templates/new").await.expect(403);
    owner.delete(&path).await.expect(204);
    owner.delete(&path).await.expect(404);
}
