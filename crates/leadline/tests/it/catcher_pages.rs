//! The mail catcher's screens and the list of suppressed addresses.

use serde_json::json;

use crate::support::{TestApp, Visitor};

async fn send_test(owner: &Visitor, name: &str, html: &str) {
    let body = json!({"name": name, "subject": name, "html": html});
    let id = owner.post_json("/api/v1/templates", &body).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    owner.post_form(&format!("/templates/{id}/test"), &[("lead", "")]).await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn caught_mail_is_listed_searched_read_and_downloaded() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    assert!(owner.get("/catcher").await.expect(200).text().contains("No mail yet"));
    send_test(&owner, "First", "<p>Hi <a href=\"https://acme.example/x\">there</a></p><script>alert(1)</script>").await;
    app.app.clock.advance(jiff::SignedDuration::from_secs(60));
    send_test(&owner, "Second", "<p>Hello</p>").await;

    let list = owner.get("/catcher").await.expect(200);
    assert_eq!(list.texts("tbody .is-title a"), ["[Test] Second", "[Test] First"]);
    assert_eq!(owner.get("/catcher?q=first").await.texts("tbody tr").len(), 1);
    assert!(owner.get("/catcher?q=nowhere").await.text().contains("No mail matches"));

    let address = list.attributes("tbody .is-title a", "href")[1].clone();
    let page = owner.get(&address).await.expect(200);
    assert_eq!(page.attributes("iframe", "sandbox"), ["allow-popups allow-popups-to-escape-sandbox"]);
    assert!(page.text().contains("Message-ID") && page.text().contains(&owner.email));
    let frame = owner.get(&format!("{address}/html")).await.expect(200);
    let policy = frame.header("content-security-policy");
    assert!(
        policy.starts_with("sandbox allow-popups") && !policy.contains("allow-scripts") && !policy.contains("allow-same-origin"),
        "{policy}"
    );
    assert!(policy.contains("default-src 'none'") && policy.contains(&app.address), "the open pixel loads from here: {policy}");
    assert!(frame.body.contains("<base target=\"_blank\">") && frame.body.contains("https://acme.example/x"));
    let raw = owner.get(&format!("{address}/raw")).await.expect(200);
    assert_eq!(raw.header("content-type"), "message/rfc822");
    assert!(raw.body.contains("Subject: [Test] First") && raw.header("content-disposition").contains(".eml"));

    let neighbour = app.sign_up("Neighbour").await;
    for path in [address.clone(), format!("{address}/html"), format!("{address}/raw")] {
        neighbour.get(&path).await.expect(404);
    }
    neighbour.post_form("/catcher/clear", &[("x", "y")]).await.expect(303);
    assert_eq!(owner.get("/catcher").await.texts("tbody tr").len(), 2, "another's catcher is not mine to empty");
    let viewer = app.colleague(&owner, "viewer").await;
    viewer.post_form("/catcher/clear", &[("x", "y")]).await.expect(403);
    owner.post_form("/catcher/clear", &[("x", "y")]).await.expect(303);
    owner.get(&address).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catcher_pages_by_place_not_by_number() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    send_test(&owner, "Seed", "<p>x</p>").await;
    app.sql(
        "INSERT INTO caught_mail (org_id, id, idempotency_key, message_id, from_address, to_address, subject, headers, html, text, raw, caught_at)
         SELECT org_id, gen_random_uuid(), 'copy/' || n, message_id, from_address, to_address, 'Copy ' || n, headers, html, text, raw, caught_at + n * interval '1 second'
         FROM caught_mail, generate_series(1, 120) n",
    )
    .await;
    let mut seen = Vec::new();
    let mut address = "/catcher".to_owned();
    loop {
        let page = owner.get(&address).await.expect(200);
        seen.extend(page.texts("tbody .is-title a"));
        match page.attributes("a[rel=next]", "href").first() {
            Some(next) => address = next.clone(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 121);
    assert_eq!((seen[0].as_str(), seen[120].as_str()), ("Copy 120", "[Test] Seed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_suppressed_searched_downloaded_and_removed() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    assert!(owner.get("/suppressions").await.expect(200).text().contains("Nobody is suppressed"));
    let wrong = owner.post_form("/suppressions", &[("email", "nonsense"), ("detail", "asked by phone")]).await.expect(422);
    assert_eq!(wrong.attributes("#field-email", "aria-invalid"), ["true"]);
    assert_eq!(wrong.attributes("#field-detail", "value"), ["asked by phone"]);
    for email in ["Ada@Engines.example", "=cmd@evil.example"] {
        owner.post_form("/suppressions", &[("email", email), ("detail", "")]).await.expect(303);
    }
    let list = owner.get("/suppressions?q=ENGINES").await.expect(200);
    assert_eq!(list.texts("tbody .is-title"), ["ada@engines.example"]);
    assert_eq!(owner.get("/suppressions?reason=bounced").await.texts("tbody tr").len(), 0);
    assert!(list.attributes("tbody button", "data-confirm")[0].contains("ada@engines.example"));

    let csv = owner.get("/suppressions/export").await.expect(200);
    assert!(
        csv.body.starts_with("email,reason,source,note,since\n") && csv.body.contains("\n'=cmd@evil.example,manual,person,"),
        "{}",
        csv.body
    );
    assert_eq!(csv.body.lines().count(), 3);

    let neighbour = app.sign_up("Neighbour").await;
    assert_eq!(neighbour.get("/suppressions/export").await.body.lines().count(), 1);
    neighbour.post_form("/suppressions/remove", &[("email", "ada@engines.example")]).await.expect(404);
    let viewer = app.colleague(&owner, "viewer").await;
    viewer.post_form("/suppressions", &[("email", "x@y.example")]).await.expect(403);
    owner.post_form("/suppressions/remove", &[("email", "ada@engines.example")]).await.expect(303);
    assert_eq!(owner.get("/suppressions").await.texts("tbody tr").len(), 1);
}
