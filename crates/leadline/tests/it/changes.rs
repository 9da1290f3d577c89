//! Change sets: undone exactly, or row by row where somebody has been since.

use std::time::Duration;

use db::{Scope, TenantTx};
use jiff::SignedDuration;
use jobs::Worker;
use kernel::{Actor, ChangeSetId, OrgId};
use leads::changes::{self, Kind};
use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

async fn add(visitor: &Visitor, body: Value) -> String {
    text(&visitor.post_json("/api/v1/leads", &body).await.expect(201).json()["id"])
}

async fn organisation(visitor: &Visitor) -> OrgId {
    text(&visitor.get("/api/v1/me").await.expect(200).json()["organisation_id"]).parse().unwrap()
}

/// Everything that a change set can change, but for the version, whose number only grows.
async fn checksum(app: &TestApp) -> String {
    let table = |name: &str, key: &str| {
        format!("coalesce((SELECT md5(string_agg((to_jsonb(t) - 'version')::text, '' ORDER BY {key})) FROM {name} t), '')")
    };
    let tables = [
        table("leads", "id"),
        table("accounts", "id"),
        table("enrollments", "campaign_id, lead_id"),
        table("sends", "id"),
        table("notes", "id"),
    ];
    app.text(&format!("SELECT {}", tables.join(" || ' ' || "))).await
}

/// The counters of insights.
async fn counters(app: &TestApp) -> String {
    app.text("SELECT coalesce(string_agg(day || metric || step_no || '=' || value, ' ' ORDER BY day, metric, step_no, campaign_id), '') FROM insights_daily WHERE value <> 0").await
}

/// What an import does: new accounts and leads, and changes to known ones, with their events.
async fn import_some(tx: &TenantTx, from: i64, to: i64) {
    let org = tx.org();
    tx.execute(
        "INSERT INTO accounts (org_id, id, name, domain, created_at, updated_at)
         SELECT $1, gen_random_uuid(), 'Company ' || n, 'company' || n || '.example', '2026-01-05T09:00Z', '2026-01-05T09:00Z' FROM generate_series($2::bigint, $3, 100) n",
        &[&org, &from, &to],
    )
    .await
    .unwrap();
    tx.execute(
        "WITH new AS (
           INSERT INTO leads (org_id, id, first_name, email, account_id, custom, tags, created_at, updated_at)
           SELECT $1, gen_random_uuid(), 'N' || n, 'n' || n || '@company.example',
             (SELECT a.id FROM accounts a WHERE a.org_id = $1 AND a.domain = 'company' || (n - (n - $2) % 100) || '.example'), '{\"a\": 1}', '{x}', '2026-01-05T09:00Z', '2026-01-05T09:00Z'
           FROM generate_series($2::bigint, $3) n RETURNING id)
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, 'lead.created', 'lead', id, 'system', '2026-01-05T09:00Z', '{\"import_id\": \"x\", \"status\": \"new\"}' FROM new",
        &[&org, &from, &to],
    )
    .await
    .unwrap();
    // Known ones, and its own once more.
    tx.execute(
        "WITH o AS MATERIALIZED (SELECT id, status FROM leads WHERE org_id = $1 AND (email LIKE 'known%' OR email LIKE '%9@company.example')),
         c AS (UPDATE leads l SET title = coalesce(nullif(title, '') || '+', 'CEO'), custom = custom || '{\"b\": null}', tags = tags || '{new}'::text[], status = 'qualified',
           version = version + 1, updated_at = updated_at + interval '1 minute' FROM o WHERE l.org_id = $1 AND l.id = o.id RETURNING l.id)
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, 'lead.status_changed', 'lead', id, 'system', '2026-01-05T09:00Z', jsonb_build_object('import_id', 'x', 'from', status, 'to', 'qualified')
         FROM o WHERE status <> 'qualified'",
        &[&org],
    )
    .await
    .unwrap();
}

/// An import in two transactions, of `count` leads.
async fn import(app: &TestApp, org: OrgId, count: i64) -> ChangeSetId {
    let scope = Scope::whole(org);
    let tx = app.app.db.tenant(&scope).await.unwrap();
    let set = changes::begin(&tx, Kind::Import, "people.csv", Actor::System, app.app.clock.now()).await.unwrap();
    import_some(&tx, 1, count / 2).await;
    tx.commit().await.unwrap();
    let tx = app.app.db.tenant(&scope).await.unwrap();
    changes::capture(&tx, set).await.unwrap();
    import_some(&tx, count / 2 + 1, count).await;
    changes::finish(&tx, set).await.unwrap();
    tx.commit().await.unwrap();
    set
}

async fn three_known(owner: &Visitor) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 1..=3 {
        let body = json!({"first_name": "Known", "last_name": format!("No {n}"), "email": format!("known{n}@home.example"), "company_name": "Home", "tags": ["a b"], "custom": {"note": "it's \"so\" \\ {,}"}, "title": if n == 1 { "" } else { "Head" }});
        ids.push(add(owner, body).await);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_undone_exactly() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let known = three_known(&owner).await;
    app.settle().await;
    let (before, counted) = (checksum(&app).await, counters(&app).await);
    let tag = owner.get(&format!("/api/v1/leads/{}", known[0])).await.expect(200).header("etag").to_owned();

    let set = import(&app, organisation(&owner).await, 2600).await;
    app.settle().await;
    assert_ne!(checksum(&app).await, before);
    let shown = owner.get(&format!("/api/v1/changes/{set}")).await.expect(200).json();
    assert_eq!(shown["state"], "done");
    let rows = |table: &str, op: &str| {
        shown["counts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|count| count["table"] == table && count["op"] == op)
            .map_or(json!(0), |count| count["rows"].clone())
    };
    assert_eq!((rows("leads", "insert"), rows("accounts", "insert")), (json!(2600), json!(26)));
    assert_eq!(rows("leads", "update"), json!(3 + 130 + 3 + 260));
    let page = owner.get("/changes").await.expect(200);
    assert!(page.text().contains("people.csv") && page.text().contains("2,600 leads created"), "{}", page.text());

    let begun = owner.post_form(&format!("/changes/{set}/undo"), &[("x", "")]).await.expect(303);
    assert_eq!(begun.location(), format!("/changes/{set}"));
    assert!(owner.get(begun.location()).await.expect(200).text().contains("Being undone"));
    owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(409);
    app.settle().await;
    let done = owner.get(&format!("/api/v1/changes/{set}")).await.expect(200).json();
    assert_eq!((&done["state"], &done["undo_conflicts"]), (&json!("undone"), &json!(0)));
    assert_eq!(checksum(&app).await, before, "everything is as it was");
    assert_eq!(counters(&app).await, counted, "and is counted as it was");
    owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(409);
    // Whoever read the lead before the import has not read what it is now.
    let stale = owner.request("PATCH", &format!("/api/v1/leads/{}", known[0])).header("if-match", tag).json(&json!({"city": "Ghent"}));
    assert_eq!(owner.send(stale).await.status, 412);
    let log = app.scalar("SELECT count(*) FROM audit_entries WHERE kind IN ('changes.undo_started', 'changes.undone')").await;
    assert_eq!(log, 2);
    assert_eq!(
        app.scalar("SELECT count(*) FROM changes c JOIN change_sets s ON s.id = c.change_set_id WHERE s.kind <> 'import'").await,
        0,
        "undoing is captured by nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_changed_since_stay_and_are_listed() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let known = three_known(&owner).await;
    let body = json!({"ids": known, "action": "set_field", "field": "title", "value": "Chief"});
    let answer = owner.post_json("/api/v1/leads/bulk", &body).await.expect(200).json();
    let tags = json!({"ids": known, "action": "add_tags", "tags": ["later"]});
    owner.post_json("/api/v1/leads/bulk", &tags).await.expect(200);
    let (set, [_, second, third]) = (text(&answer["change_set_id"]), <[String; 3]>::try_from(known.clone()).unwrap());
    owner.patch_json(&format!("/api/v1/leads/{second}"), &json!({"title": "Mine now"})).await.expect(200);
    owner.patch_json(&format!("/api/v1/leads/{third}"), &json!({"city": "Ghent"})).await.expect(200);

    let neighbour = app.sign_up("Neighbour").await;
    for path in [
        format!("/changes/{set}"),
        format!("/changes/{set}/conflicts.csv"),
        format!("/api/v1/changes/{set}"),
        format!("/api/v1/changes/{set}/rows"),
    ] {
        neighbour.get(&path).await.expect(404);
        assert_ne!(app.stranger().get(&path).await.status, 200);
    }
    neighbour.post_form(&format!("/changes/{set}/undo"), &[("x", "")]).await.expect(404);
    neighbour.post_form(&format!("/changes/{set}/stop"), &[("x", "")]).await.expect(404);
    neighbour.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(404);
    let viewer = app.colleague(&owner, "viewer").await;
    viewer.post_form(&format!("/changes/{set}/undo"), &[("x", "")]).await.expect(403);

    let rows = owner.get(&format!("/api/v1/changes/{set}/rows?limit=2")).await.expect(200).json();
    assert_eq!(rows["data"].as_array().unwrap().len(), 2);
    assert_eq!((&rows["data"][0]["before"]["title"], &rows["data"][0]["after"]["title"]), (&json!(""), &json!("Chief")));
    let rest = owner.get(&format!("/api/v1/changes/{set}/rows?cursor={}", text(&rows["next_cursor"]))).await.expect(200).json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &Value::Null));

    let undone = owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(200).json();
    assert_eq!((&undone["change_set"]["state"], &undone["change_set"]["undo_conflicts"]), (&json!("partly_undone"), &json!(1)));
    let lead = async |id: &str| owner.get(&format!("/api/v1/leads/{id}")).await.expect(200).json();
    let (one, two, three) = (lead(&known[0]).await, lead(&second).await, lead(&third).await);
    assert_eq!((&one["title"], &one["tags"]), (&json!(""), &json!(["a b", "later"])), "what others changed beside it stays");
    assert_eq!(two["title"], "Mine now");
    assert_eq!((&three["title"], &three["city"]), (&json!("Head"), &json!("Ghent")));
    let conflicts = owner.get(&format!("/api/v1/changes/{set}/conflicts")).await.expect(200).json();
    let conflict = &conflicts["data"][0];
    assert_eq!((&conflict["reason"], &conflict["fields"], &conflict["name"]), (&json!("changed"), &json!(["title"]), &json!("Known No 2")));
    assert!(text(&conflict["changed_by"]).starts_with("user:") && conflict["changed_at"].is_string());
    let page = owner.get(&format!("/changes/{set}")).await.expect(200);
    assert!(page.text().contains("Changed since: Job title") && page.text().contains("Olive Owner"), "{}", page.text());
    assert!(page.body.contains(&format!("/leads/{second}")));
    let file = owner.get(&format!("/changes/{set}/conflicts.csv")).await.expect(200).body;
    assert!(file.contains(&second) && file.contains("Job title"), "{file}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_lead_comes_back_with_what_belonged_to_it() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let known = three_known(&owner).await;
    app.sql(
        "INSERT INTO notes (org_id, id, lead_id, body, created_at, updated_at) SELECT org_id, gen_random_uuid(), id, 'Knows ' || first_name, created_at, created_at FROM leads;
         INSERT INTO campaigns (org_id, id, name, created_at, updated_at) SELECT org_id, gen_random_uuid(), 'C', created_at, created_at FROM organisations;
         INSERT INTO enrollments (org_id, campaign_id, lead_id, entered_as, enrolled_at) SELECT l.org_id, c.id, l.id, 'new', l.created_at FROM leads l, campaigns c",
    )
    .await;
    app.settle().await;
    let (before, counted) = (checksum(&app).await, counters(&app).await);
    owner.post_form(&format!("/leads/{}/delete", known[0]), &[("x", "")]).await.expect(303);
    owner.get(&format!("/leads/{}", known[0])).await.expect(404);
    let toast = owner.get("/leads").await.expect(200);
    let undo = toast.attributes("#toasts toast-item form", "action").first().cloned().expect("an Undo button");
    let back = owner.post_form(&undo, &[("x", "")]).await.expect(303);
    assert_eq!(back.location(), format!("/leads/{}", known[0]));
    app.settle().await;
    assert_eq!(checksum(&app).await, before);
    assert_eq!(counters(&app).await, counted);
    assert!(owner.get(&format!("/leads/{}", known[0])).await.expect(200).text().contains("Brought back"));

    // Meanwhile somebody has the address: that one stays deleted, and its note, which belonged to it.
    let all = owner.post_json("/api/v1/leads/bulk", &json!({"filter": {}, "action": "delete"})).await.expect(200).json();
    assert_eq!(all["changed"], 3);
    add(&owner, json!({"first_name": "Other", "email": "known2@home.example"})).await;
    let set = text(&all["change_set_id"]);
    let undone = owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(200).json();
    assert_eq!(undone["change_set"]["state"], "partly_undone");
    let conflicts = owner.get(&format!("/api/v1/changes/{set}/conflicts")).await.expect(200).json();
    let found: Vec<(String, String)> =
        conflicts["data"].as_array().unwrap().iter().map(|row| (text(&row["table"]), text(&row["reason"]))).collect();
    for wanted in [("leads", "taken"), ("enrollments", "missing"), ("notes", "missing")] {
        assert_eq!(
            found.iter().filter(|(table, reason)| (table.as_str(), reason.as_str()) == wanted).count(),
            1,
            "{wanted:?} in {found:?}"
        );
    }
    assert_eq!(conflicts["data"].as_array().unwrap().iter().find(|row| row["table"] == "leads").unwrap()["fields"], json!(["email"]));
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 3);
    assert_eq!(app.scalar("SELECT count(*) FROM notes").await, 2);
    app.settle().await;
    assert_eq!(app.scalar("SELECT sum(value)::bigint FROM insights_daily WHERE metric LIKE 'status:%'").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_import_made_stays_where_people_went_on_with_it() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let set = import(&app, organisation(&owner).await, 1200).await;
    let id = async |email: &str| text(&owner.get(&format!("/api/v1/leads?q={email}")).await.expect(200).json()["data"][0]["id"]);
    let (edited, noted) = (id("n5@company.example").await, id("n19@company.example").await);
    owner.patch_json(&format!("/api/v1/leads/{edited}"), &json!({"city": "Ghent"})).await.expect(200);
    app.sql("INSERT INTO notes (org_id, id, lead_id, body, created_at, updated_at) SELECT org_id, gen_random_uuid(), id, 'A note', created_at, created_at FROM leads WHERE email = 'n19@company.example'").await;
    app.sql("DELETE FROM leads WHERE email = 'n7@company.example'").await;
    owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(202);
    app.settle().await;
    let shown = owner.get(&format!("/api/v1/changes/{set}")).await.expect(200).json();
    assert_eq!(shown["state"], "partly_undone");
    // The edited one, the one with a note, and the account of both.
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 2);
    assert_eq!(app.scalar("SELECT count(*) FROM accounts").await, 1);
    let conflicts = owner.get(&format!("/api/v1/changes/{set}/conflicts")).await.expect(200).json();
    let reason = |id: &str| {
        let bare = kernel::LeadId::uuid(id.parse().unwrap()).to_string();
        conflicts["data"].as_array().unwrap().iter().find(|row| row["row_id"] == bare).map(|row| text(&row["reason"]))
    };
    assert_eq!((reason(&edited).as_deref(), reason(&noted).as_deref()), (Some("changed"), Some("in_use")));
    assert_eq!(conflicts["data"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_sees_some_records_undoes_their_own_sets_only() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let (ada, bob) = (app.colleague(&owner, "rep").await, app.colleague(&owner, "rep").await);
    let (hers, his) = (add(&ada, json!({"first_name": "Hers"})).await, add(&bob, json!({"first_name": "His"})).await);
    let tag = json!({"filter": {}, "action": "add_tags", "tags": ["x"]});
    let adas = text(&ada.post_json("/api/v1/leads/bulk", &tag).await.expect(200).json()["change_set_id"]);
    let everybodys = text(
        &owner.post_json("/api/v1/leads/bulk", &json!({"filter": {}, "action": "set_status", "status": "lost"})).await.expect(200).json()["change_set_id"],
    );
    for (visitor, set) in [(&bob, &adas), (&ada, &everybodys)] {
        visitor.get(&format!("/changes/{set}")).await.expect(404);
        visitor.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(404);
    }
    assert_eq!(bob.get("/api/v1/changes").await.expect(200).json()["data"], json!([]));
    assert_eq!(ada.get("/api/v1/changes").await.expect(200).json()["data"].as_array().unwrap().len(), 1);
    let undone = ada.post_json(&format!("/api/v1/changes/{adas}/undo"), &json!({})).await.expect(200).json();
    assert_eq!((&undone["change_set"]["state"], &undone["change_set"]["undo_done"]), (&json!("undone"), &json!(1)));
    let lead = owner.get(&format!("/api/v1/leads/{hers}")).await.expect(200).json();
    assert_eq!((&lead["tags"], &lead["status"]), (&json!([]), &json!("lost")));
    assert_eq!(owner.get(&format!("/api/v1/leads/{his}")).await.expect(200).json()["status"], "lost");
    // Deleted by her, back by her, hers again.
    let gone =
        text(&ada.post_json("/api/v1/leads/bulk", &json!({"ids": [hers], "action": "delete"})).await.expect(200).json()["change_set_id"]);
    ada.get(&format!("/api/v1/leads/{hers}")).await.expect(404);
    ada.post_json(&format!("/api/v1/changes/{gone}/undo"), &json!({})).await.expect(200);
    ada.get(&format!("/api/v1/leads/{hers}")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_days_it_is_forgotten() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let known = three_known(&owner).await;
    let set = text(
        &owner.post_json("/api/v1/leads/bulk", &json!({"ids": known, "action": "add_tags", "tags": ["x"]})).await.expect(200).json()["change_set_id"],
    );
    app.app.clock.advance(SignedDuration::from_hours(30 * 24 + 1));
    // Sessions do not last as long as that.
    owner.post_form("/login", &[("email", owner.email.as_str()), ("password", Visitor::PASSWORD)]).await.expect(303);
    let refused = owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(409);
    assert!(refused.body.contains("30 days"), "{}", refused.body);
    app.sweep("leads.sweep_changes").await;
    owner.get(&format!("/api/v1/changes/{set}")).await.expect(404);
    assert_eq!(app.scalar("SELECT count(*) FROM changes").await + app.scalar("SELECT count(*) FROM change_counts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_it_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    three_known(&owner).await;
    app.settle().await;
    let (before, counted) = (checksum(&app).await, counters(&app).await);
    let set = import(&app, organisation(&owner).await, 20_000).await;
    owner.post_json(&format!("/api/v1/changes/{set}/undo"), &json!({})).await.expect(202);
    let mut kills = 0;
    let (undoing, place) = ("SELECT count(*) FROM change_sets WHERE status = 'undoing'", "SELECT undo_seen FROM change_sets");
    while app.scalar(undoing).await == 1 {
        let worker = Worker::new(app.app.db.clone(), app.app.clock.clone(), web::jobs(), app.app.clone(), 2);
        let seen = app.scalar(place).await;
        let running = tokio::spawn(async move { worker.drain().await });
        // Dropped wherever it is, once it has done something more.
        for _ in 0..2000 {
            if app.scalar(undoing).await == 0 || app.scalar(place).await > seen {
                break;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        running.abort();
        let _ = running.await;
        app.sql("UPDATE jobs SET leased_until = clock_timestamp() - interval '1 second' WHERE state = 'running'").await;
        kills += 1;
        assert!(kills < 100);
    }
    assert!(kills >= 3, "only {kills} kills");
    app.settle().await;
    let done = owner.get(&format!("/api/v1/changes/{set}")).await.expect(200).json();
    let rows: i64 = done["counts"].as_array().unwrap().iter().map(|count| count["rows"].as_i64().unwrap()).sum();
    assert_eq!((&done["state"], done["undo_seen"].as_i64().unwrap()), (&json!("undone"), rows));
    assert_eq!(checksum(&app).await, before);
    assert_eq!(counters(&app).await, counted);
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_stops_when_asked_and_goes_on() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let before = checksum(&app).await;
    let set = import(&app, organisation(&owner).await, 1500).await;
    owner.post_form(&format!("/changes/{set}/undo"), &[("x", "")]).await.expect(303);
    owner.post_form(&format!("/changes/{set}/stop"), &[("x", "")]).await.expect(303);
    app.settle().await;
    let page = owner.get(&format!("/changes/{set}")).await.expect(200).text();
    assert!(page.contains("Undoing stopped") && page.contains("Go on undoing"), "{page}");
    owner.post_form(&format!("/changes/{set}/undo"), &[("x", "")]).await.expect(303);
    app.settle().await;
    assert_eq!(owner.get(&format!("/api/v1/changes/{set}")).await.expect(200).json()["state"], "undone");
    assert_eq!(checksum(&app).await, before);

    // Work that was left behind can be undone; work that goes on cannot.
    let tx = app.app.db.tenant(&Scope::whole(organisation(&owner).await)).await.unwrap();
    let open = changes::begin(&tx, Kind::Import, "torn.csv", Actor::System, app.app.clock.now()).await.unwrap();
    import_some(&tx, 1, 100).await;
    tx.commit().await.unwrap();
    owner.post_json(&format!("/api/v1/changes/{open}/undo"), &json!({})).await.expect(409);
    app.sql("UPDATE change_sets SET written_at = written_at - interval '2 hours'").await;
    owner.post_json(&format!("/api/v1/changes/{open}/undo"), &json!({})).await.expect(200);
    assert_eq!(checksum(&app).await, before);
}
