//! A campaign from its draft to its end, by forms alone as a browser without scripts would send them.

use serde_json::json;

use crate::support::{Answer, TestApp, Visitor};

async fn leads(owner: &Visitor) {
    for (first, email, country) in
        [("Ada", "ada@engines.example", "GB"), ("Bob", "bob@tools.example", "US"), ("", "cy@void.example", "GB"), ("Dora", "", "GB")]
    {
        let body = json!({"first_name": first, "last_name": "Test", "email": email, "country": country, "company_name": "Engines"});
        owner.post_json("/api/v1/leads", &body).await.expect(201);
    }
}

async fn with_address(owner: &Visitor) {
    owner.post_form("/settings/organisation", &[("name", "Acme"), ("postal_address", "1 Main Street, Springfield")]).await.expect(303);
}

fn settings(name: &str) -> Vec<(&str, &str)> {
    vec![
        ("name", name),
        ("sender_name", "Olive"),
        ("sender_address", "olive@acme.example"),
        ("reply_to", ""),
        ("max_per_minute", ""),
        ("max_per_day", ""),
    ]
}

fn step<'a>(days: &'a str, subject: &'a str, html: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("delay_days", days), ("delay_hours", "0"), ("delay_minutes", ""), ("subject", subject), ("html", html), ("text", "")]
}

const GREETING: &str = "<p>Hi {{ first_name | default('there') }}</p>";
const BRITONS: &str = r#"{"all":[{"field":"country","op":"is","value":"GB"}]}"#;

/// A draft with one e-mail, over everybody in Great Britain.
async fn draft(owner: &Visitor) -> String {
    let mut form = settings("Spring");
    form.push(("filter", BRITONS));
    let address = owner.post_form("/campaigns", &form).await.expect(303).location().to_owned();
    owner.post_form(&format!("{address}/steps"), &step("0", "Hello {{ first_name | default('there') }}", GREETING)).await.expect(303);
    address
}

fn steps(page: &Answer) -> Vec<String> {
    page.texts(".sequence-step h3 a")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_written_checked_launched_and_watched_by_forms() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    assert!(owner.get("/campaigns").await.expect(200).text().contains("No campaigns yet"));
    leads(&owner).await;

    // The leads grid hands its filter over in the address.
    let grid = owner.get(&format!("/leads?filter={}&q=test", percent(BRITONS))).await.expect(200);
    let handed = grid.attributes("a[href^='/campaigns/new']", "href")[0].clone();
    assert_eq!(owner.get(&handed).await.expect(200).texts(".chip").len(), 2);
    let new = owner.get(&format!("/campaigns/new?filter={}", percent(BRITONS))).await.expect(200);
    assert!(new.texts(".chip")[0].contains("Country"), "{:?}", new.texts(".chip"));
    assert_eq!(new.texts("#audience-size"), ["3 leads match, 2 with an e-mail address."]);
    let mut nameless = settings(" ");
    nameless.push(("filter", BRITONS));
    let refused = owner.post_form("/campaigns", &nameless).await.expect(422);
    assert!(refused.text().contains("The campaign needs a name") && refused.text().contains("3 leads match"));
    let address = draft(&owner).await;

    // Steps: added, from a template, refused, moved, removed.
    let refused = owner.post_form(&format!("{address}/steps"), &step("2", "{{ frist_name }}", "")).await.expect(422);
    assert!(refused.text().contains("did you mean `first_name`?") && refused.text().contains("A mail needs a body"), "{}", refused.text());
    assert_eq!(refused.attributes("#field-delay-days", "value"), ["2"]);
    let template = json!({"name": "Nudge", "subject": "Still there?", "html": "<p>Nudge</p>"});
    let template = owner.post_json("/api/v1/templates", &template).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let editor = owner.get(&format!("{address}/steps/new?template={template}")).await.expect(200);
    assert_eq!(editor.attributes("#field-subject", "value"), ["Still there?"]);
    owner.post_form(&format!("{address}/steps"), &step("3", "Still there?", "<p>Nudge</p>")).await.expect(303);
    owner.post_form(&format!("{address}/steps"), &step("4", "Goodbye", "<p>Bye</p>")).await.expect(303);
    let page = owner.get(&address).await.expect(200);
    assert_eq!(steps(&page), ["Hello {{ first_name | default('there') }}", "Still there?", "Goodbye"]);
    assert!(page.text().contains("3 days after the e-mail before"));
    let hrefs = page.attributes(".sequence-step h3 a", "href");
    owner.post_form(&format!("{}/move", hrefs[2]), &[("to", "up")]).await.expect(303);
    let page = owner.get(&address).await;
    assert_eq!(steps(&page)[1..], ["Goodbye", "Still there?"]);
    assert!(
        page.text().contains("At launch") && page.text().contains("3 days") && page.text().contains("4 days"),
        "pauses stay with their places"
    );
    owner.post_form(&format!("{}/remove", hrefs[2]), &[("x", "y")]).await.expect(303);
    assert_eq!(steps(&owner.get(&address).await).len(), 2);

    // A step as the lead gets it.
    let editor = owner.get(&hrefs[0]).await.expect(200);
    let frame = editor.attributes("iframe", "src")[0].clone();
    let shown = owner.get(&frame).await.expect(200);
    assert!(shown.header("content-security-policy").starts_with("sandbox;") && shown.body.contains("Hi "), "{}", shown.body);
    owner.post_form(&hrefs[0], &step("0", "Hello {{ company }}", GREETING)).await.expect(303);
    assert!(owner.get(&hrefs[0]).await.texts(".definitions dd").contains(&"Hello Engines".to_owned()));

    // Without a postal address nothing leaves, and the page says where to write it.
    let review = owner.get(&format!("{address}/preflight")).await.expect(200);
    assert!(review.texts(".check.is-danger").join(" ").to_lowercase().contains("postal address"), "{:?}", review.texts(".check"));
    assert!(review.attributes("form", "action").iter().all(|action| !action.ends_with("/launch")));
    owner.post_form(&format!("{address}/launch"), &[("x", "y")]).await.expect(422);
    with_address(&owner).await;
    let review = owner.get(&format!("{address}/preflight")).await.expect(200);
    assert!(review.texts(".check.is-danger").is_empty(), "{:?}", review.texts(".check"));
    assert!(review.attributes("form[action$='/launch'] button", "data-confirm")[0].contains("2 people"));

    owner.post_form(&format!("{address}/launch"), &[("x", "y")]).await.expect(303);
    owner.post_form(&format!("{address}/launch"), &[("x", "y")]).await.expect(303);
    app.settle().await;
    let page = owner.get(&address).await.expect(200);
    assert!(page.texts(".status").contains(&"Running".to_owned()), "{}", page.text());
    assert_eq!(page.attributes("#campaign", "data-live"), ["campaign mail"]);
    assert_eq!(page.texts("tbody tr:first-child td")[..3], ["1. Hello {{ company }}", "0", "2"]);
    let ledger = owner.get(&format!("{address}/ledger?state=sent&step=1")).await.expect(200);
    assert_eq!(ledger.texts("tbody tr").len(), 2);
    assert_eq!(owner.get(&format!("{address}/ledger?state=failed")).await.texts("tbody tr").len(), 0);
    let people = owner.get(&format!("{address}/people?state=active")).await.expect(200);
    assert!(people.texts("tbody tr").iter().all(|row| row.contains("E-mail 2")), "{:?}", people.texts("tbody tr"));
    assert_eq!(owner.get("/catcher").await.texts("tbody tr").len(), 2);
    let list = owner.get("/campaigns").await.expect(200);
    assert_eq!(list.texts("tbody tr:first-child td")[..4], ["Spring", "Running", "2", "2"]);

    // Paused, nothing leaves; resumed, the rest does, once.
    owner.post_form(&format!("{address}/pause"), &[("x", "y")]).await.expect(303);
    app.app.clock.advance(jiff::SignedDuration::from_hours(24 * 5));
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM caught_mail").await, 2);
    assert!(owner.get(&address).await.text().contains("Paused. Nothing is sent until somebody resumes"));
    owner.post_form(&format!("{address}/resume"), &[("x", "y")]).await.expect(303);
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM caught_mail").await, 4);
    let page = owner.get(&address).await.expect(200);
    assert!(page.texts(".status").contains(&"Finished".to_owned()), "{}", page.text());

    // What was launched is the record of what was sent.
    owner.post_form(&format!("{address}/delete"), &[("x", "y")]).await.expect(409);
    owner.post_form(&format!("{address}/audience"), &[("filter", "")]).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_is_looked_at_before_it_is_saved() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    leads(&owner).await;
    let address = draft(&owner).await;
    let all = owner.get(&format!("{address}?filter=%7B%7D")).await.expect(200);
    assert!(all.text().contains("This filter is not saved yet") && all.texts("#audience-size")[0].starts_with("4 leads match"));
    assert!(owner.get(&address).await.texts("#audience-size")[0].starts_with("3 leads match"), "looking changes nothing");
    // The chip's cross leads to the same proposal.
    assert_eq!(owner.get(&address).await.attributes(".chip-remove", "href"), [format!("{address}?filter=%7B%7D")]);
    owner.post_form(&format!("{address}/audience"), &[("filter", "{}")]).await.expect(303);
    assert!(owner.get(&address).await.texts("#audience-size")[0].starts_with("4 leads match"));
    owner.get(&format!("{address}?filter=%7Bbroken")).await.expect(422);
    owner.post_form(&format!("{address}/audience"), &[("filter", r#"{"all":[{"field":"no","op":"is","value":1}]}"#)]).await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_writes_and_does_not_launch_and_a_viewer_only_looks() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    leads(&owner).await;
    with_address(&owner).await;
    let rep = app.colleague(&owner, "rep").await;
    let address = draft(&rep).await;
    let review = rep.get(&format!("{address}/preflight")).await.expect(200);
    assert!(
        review.text().contains("Ask a manager") && review.attributes("form", "action").iter().all(|action| !action.ends_with("/launch"))
    );
    rep.post_form(&format!("{address}/launch"), &[("x", "y")]).await.expect(403);
    let viewer = app.colleague(&owner, "viewer").await;
    let page = viewer.get(&address).await.expect(200);
    assert!(page.attributes("main form", "action").is_empty(), "{:?}", page.attributes("main form", "action"));
    viewer.post_form(&format!("{address}/settings"), &settings("Mine")).await.expect(403);
    viewer.get("/campaigns/new").await.expect(403);

    let stale: Vec<(&str, &str)> = settings("Late").into_iter().chain([("version", "1")]).collect();
    let refused = owner.post_form(&format!("{address}/settings"), &stale).await.expect(412);
    assert_eq!(refused.attributes("#field-name", "value"), ["Late"], "what was typed is still there");
    let version = owner.get(&address).await.attributes("form[action$='/settings'] input[name=version]", "value")[0].clone();
    let wrong: Vec<(&str, &str)> = settings("Fine")
        .into_iter()
        .filter(|(name, _)| *name != "max_per_day")
        .chain([("max_per_day", "many"), ("version", &version)])
        .collect();
    assert!(owner.post_form(&format!("{address}/settings"), &wrong).await.expect(422).text().contains("whole number"));
    let good: Vec<(&str, &str)> = settings("Summer").into_iter().chain([("version", version.as_str())]).collect();
    owner.post_form(&format!("{address}/settings"), &good).await.expect(303);
    assert_eq!(owner.get(&address).await.texts("h1"), ["Summer"]);
    owner.post_form(&format!("{address}/delete"), &[("x", "y")]).await.expect(303);
    owner.get(&address).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_finds_nothing() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    leads(&owner).await;
    let address = draft(&owner).await;
    let step_at = owner.get(&address).await.attributes(".sequence-step h3 a", "href")[0].clone();
    let neighbour = app.sign_up("Neighbour").await;
    for path in [
        address.clone(),
        format!("{address}/steps/new"),
        step_at.clone(),
        format!("{address}/preflight"),
        format!("{address}/ledger"),
        format!("{address}/people"),
    ] {
        neighbour.get(&path).await.expect(404);
    }
    for path in ["steps", "launch", "pause", "resume", "delete", "audience"] {
        neighbour.post_form(&format!("{address}/{path}"), &step("0", "x", "y")).await.expect(404);
    }
    neighbour.post_form(&step_at, &step("0", "x", "y")).await.expect(404);
    neighbour.post_form(&format!("{step_at}/move"), &[("to", "up")]).await.expect(404);
    neighbour.post_form(&format!("{step_at}/remove"), &[("x", "y")]).await.expect(404);
    neighbour.post_form(&format!("{address}/settings"), &settings("Mine")).await.expect(404);
    assert_eq!(steps(&owner.get(&address).await).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_outcome_was_lost_waits_for_a_persons_word() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    leads(&owner).await;
    with_address(&owner).await;
    let address = draft(&owner).await;
    owner.post_form(&format!("{address}/launch"), &[("x", "y")]).await.expect(303);
    app.settle().await;
    app.sql("UPDATE sends SET state = 'unknown', sent_at = NULL; UPDATE campaigns SET status = 'running', finished_at = NULL").await;
    let page = owner.get(&address).await.expect(200);
    assert!(page.text().contains("2 mails may or may not have left"), "{}", page.text());
    assert!(owner.get("/campaigns").await.text().contains("2 to decide"));
    let parked = owner.get(&format!("{address}/ledger?state=unknown")).await.expect(200);
    let forms = parked.attributes("tbody form", "action");
    assert_eq!(forms.len(), 2);
    let rep = app.colleague(&owner, "rep").await;
    rep.post_form(&forms[0], &[("verdict", "sent")]).await.expect(403);
    let neighbour = app.sign_up("Neighbour").await;
    neighbour.post_form(&forms[0], &[("verdict", "sent")]).await.expect(404);
    owner.post_form(&forms[0], &[("verdict", "sent")]).await.expect(303);
    owner.post_form(&forms[0], &[("verdict", "sent")]).await.expect(303);
    owner.post_form(&forms[0], &[("verdict", "not_sent")]).await.expect(409);
    assert_eq!(app.scalar("SELECT count(*) FROM sends WHERE state = 'unknown'").await, 1);
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
