//! Numbers: exact whatever is replayed, and each organisation's own.

use crate::support::{TestApp, Visitor};
use jiff::SignedDuration;
use serde_json::{Value, json};

const PERSON: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn lead(visitor: &Visitor, fields: Value) -> String {
    visitor.post_json("/api/v1/leads", &fields).await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn summary(visitor: &Visitor) -> Value {
    visitor.get("/api/v1/insights/summary?days=7").await.expect(200).json()
}

fn stage(summary: &Value, name: &str) -> i64 {
    let stages = summary["funnel"].as_array().unwrap();
    stages.iter().find(|stage| stage["stage"] == name).unwrap()["leads"].as_i64().unwrap()
}

fn status(summary: &Value, name: &str) -> i64 {
    let statuses = summary["statuses"].as_array().unwrap();
    statuses.iter().find(|status| status["status"] == name).unwrap()["leads"].as_i64().unwrap()
}

/// A campaign of one step to four leads, sent.
async fn campaign(app: &TestApp, owner: &Visitor) -> String {
    owner.patch_json("/api/v1/organisation", &json!({"postal_address": "1 Main Street, Springfield"})).await.expect(200);
    for name in ["ada", "bea", "cam", "dee"] {
        lead(owner, json!({"first_name": name, "email": format!("{name}@tools.example")})).await;
    }
    let campaign = json!({
        "name": "Autumn", "sender_name": "Olive", "sender_address": "olive@ours.example", "audience": {"all": []},
        "steps": [{"subject": "Hello {{ first_name }}", "html": "<p>Hi, see <a href=\"https://ours.example/offer\">our offer</a>.</p>", "delay_minutes": 0}]
    });
    let id = owner.post_json("/api/v1/campaigns", &campaign).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    owner.post_json(&format!("/api/v1/campaigns/{id}/launch"), &json!(null)).await.expect(200);
    app.settle().await;
    id
}

/// The tracking addresses in the mail to one lead: its pixel and its link.
async fn addresses(app: &TestApp, lead: &str) -> (String, String) {
    let (client, connection) = tokio_postgres::connect(app.app.db.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let html: String =
        client.query_one("SELECT html FROM caught_mail WHERE to_address = $1", &[&format!("{lead}@tools.example")]).await.unwrap().get(0);
    let find = |path: &str| {
        let from = html.find(path).unwrap_or_else(|| panic!("{path} in {html}"));
        html[from..].split(['"', '\'']).next().unwrap().replace("&amp;", "&")
    };
    (find("/t/o/"), find("/t/c/"))
}

async fn visit(app: &TestApp, path: &str, agent: &str) -> u16 {
    let stranger = app.stranger();
    stranger.send(stranger.request("GET", path).header("user-agent", agent)).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_counted_exactly_people_and_machines_apart_also_after_a_replay() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let id = campaign(&app, &owner).await;
    app.app.clock.advance(SignedDuration::from_mins(5));
    let (ada, bea, cam) = (addresses(&app, "ada").await, addresses(&app, "bea").await, addresses(&app, "cam").await);
    for _ in 0..3 {
        visit(&app, &ada.0, PERSON).await;
    }
    visit(&app, &ada.1, PERSON).await;
    visit(&app, &ada.1, PERSON).await;
    visit(&app, &bea.0, "Googlebot/2.1").await;
    // A click alone shows that the mail was opened; the pixel that comes after it adds no second opening.
    visit(&app, &cam.1, PERSON).await;
    visit(&app, &cam.0, PERSON).await;
    app.settle().await;

    let report = owner.get(&format!("/api/v1/insights/campaigns/{id}")).await.expect(200).json();
    let expected = [
        ("enrolled", 4),
        ("sent", 4),
        ("opened_unique", 2),
        ("opened_machine", 1),
        ("clicked", 3),
        ("clicked_unique", 2),
        ("clicked_machine", 0),
    ];
    for (metric, value) in expected {
        assert_eq!(report[metric], value, "{metric} in {report}");
    }
    assert_eq!((report["steps"].as_array().unwrap().len(), &report["steps"][0]["sent"]), (1, &json!(4)));
    let now = summary(&owner).await;
    assert_eq!(["created", "contacted", "opened", "replied"].map(|name| stage(&now, name)), [4, 4, 2, 0], "{now}");
    assert_eq!((status(&now, "new"), status(&now, "contacted")), (0, 4), "{now}");

    // From the beginning of the log again, the same comes out.
    let counters = "SELECT sum(value * (1 + length(metric) + step_no))::bigint FROM insights_daily";
    let before = app.scalar(counters).await;
    app.sql(
        "BEGIN; LOCK event_cursors; DELETE FROM insights_daily; DELETE FROM insights_leads;
             UPDATE event_cursors SET xid = '0', seq = 0 WHERE consumer = 'insights.count'; COMMIT",
    )
    .await;
    app.settle().await;
    let after = app.scalar(counters).await;
    assert_eq!(before, after);
    assert_eq!(summary(&owner).await, now);

    let page = owner.get("/insights?days=7").await.expect(200);
    assert!(page.text().contains("Autumn"), "{}", page.text());
    assert!(owner.get(&format!("/insights/campaigns/{id}")).await.expect(200).text().contains("Automatic opens"));
    let home = owner.get("/").await.expect(200).text();
    assert!(home.contains("opened a mail of Autumn") && home.contains("Recently opened or clicked"), "{home}");
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_are_balances_and_a_lead_is_one_in_the_funnel() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let first = lead(&owner, json!({"first_name": "Ada"})).await;
    let second = lead(&owner, json!({"first_name": "Bea", "status": "qualified"})).await;
    let third = lead(&owner, json!({"first_name": "Cam"})).await;
    for next in ["contacted", "replied", "new", "converted"] {
        owner.patch_json(&format!("/api/v1/leads/{first}"), &json!({ "status": next })).await.expect(200);
    }
    app.settle().await;
    let now = summary(&owner).await;
    assert_eq!(
        (status(&now, "new"), status(&now, "qualified"), status(&now, "converted"), status(&now, "contacted")),
        (1, 1, 1, 0),
        "{now}"
    );
    assert_eq!(["created", "contacted", "opened", "replied", "converted"].map(|name| stage(&now, name)), [3, 2, 2, 2, 1], "{now}");
    for gone in [&second, &third] {
        owner.delete(&format!("/api/v1/leads/{gone}")).await.expect(204);
    }
    app.settle().await;
    let now = summary(&owner).await;
    assert_eq!((status(&now, "new"), status(&now, "qualified"), status(&now, "converted")), (0, 0, 1), "{now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_days_and_periods_are_compared() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    lead(&owner, json!({"first_name": "Ada"})).await;
    app.app.clock.advance(SignedDuration::from_hours(24 * 7));
    lead(&owner, json!({"first_name": "Bea"})).await;
    lead(&owner, json!({"first_name": "Cam"})).await;
    app.settle().await;
    let now = summary(&owner).await;
    assert_eq!((&now["from"], &now["to"]), (&json!("2026-01-06"), &json!("2026-01-12")));
    assert_eq!((&now["counts"]["leads_created"], &now["previous"]["leads_created"]), (&json!(2), &json!(1)));
    let days = owner.get("/api/v1/insights/daily?days=8").await.expect(200).json();
    let created: Vec<i64> = days["data"].as_array().unwrap().iter().map(|day| day["leads_created"].as_i64().unwrap()).collect();
    assert_eq!(created, [1, 0, 0, 0, 0, 0, 0, 2]);
    let refused = owner.get("/api/v1/insights/daily?days=367").await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/days");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_organisation_is_shown_the_way_and_the_way_ends() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let home = owner.get("/").await.expect(200);
    assert!(home.text().contains("Try demo data"), "{}", home.text());
    assert_eq!(home.texts(".step.is-done").len(), 0);
    assert!(owner.get("/insights").await.expect(200).text().contains("Nothing to count yet"));
    lead(&owner, json!({"first_name": "Eve", "email": "eve@tools.example"})).await;
    app.settle().await;
    let home = owner.get("/").await.expect(200);
    assert!(!home.text().contains("Try demo data") && home.text().contains("Best leads not contacted yet"));
    assert_eq!(home.texts(".step.is-done").len(), 2);
    campaign(&app, &owner).await;
    assert_eq!(owner.get("/").await.expect(200).texts(".step").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_sees_none_of_our_numbers() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.sign_up("Ours").await, app.sign_up("Theirs").await);
    let id = campaign(&app, &ours).await;
    let now = summary(&theirs).await;
    assert_eq!((stage(&now, "created"), &now["counts"]["sent"], status(&now, "contacted")), (0, &json!(0), 0));
    assert_eq!(theirs.get("/api/v1/insights/campaigns").await.json()["data"], json!([]));
    for path in [format!("/api/v1/insights/campaigns/{id}"), format!("/insights/campaigns/{id}")] {
        assert_eq!(theirs.get(&path).await.status, 404, "{path}");
    }
    assert!(!theirs.get("/").await.expect(200).text().contains("Autumn"));
}
