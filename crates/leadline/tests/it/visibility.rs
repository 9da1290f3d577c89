//! Whoever sees some records only: what they read, count, change and give away, through the front door and at the database.

use db::{Db, DbConfig, Path, Scope, Sees};
use kernel::{OrgId, UserId, Uuid};
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::support::{Answer, TestApp, TestOptions, Visitor};

/// An organisation whose reps see their own records only.
struct Team {
    app: TestApp,
    owner: Visitor,
    /// Has a lead at Engines (as everybody has), and one at Looms alone.
    ada: Visitor,
    /// Has a lead at Engines, and one at Tools alone.
    bob: Visitor,
    org: OrgId,
    ada_id: UserId,
    bob_id: UserId,
    /// Of the lead at Engines that belongs to nobody, to Ada, to Bob; of Ada's at Looms, of Bob's at Tools.
    leads: [String; 5],
    accounts: [String; 5],
}

async fn add(visitor: &Visitor, body: Value) -> Value {
    visitor.post_json("/api/v1/leads", &body).await.expect(201).json()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

/// The ids of a list's page, sorted, and its total.
fn ids(answer: Answer) -> (Vec<String>, i64) {
    let list = answer.expect(200).json();
    let mut ids: Vec<String> = list["data"].as_array().unwrap().iter().map(|row| text(&row["id"])).collect();
    ids.sort();
    (ids, list["total"]["value"].as_i64().unwrap_or_default())
}

fn sorted<const N: usize>(ids: [&String; N]) -> Vec<String> {
    let mut ids = ids.map(Clone::clone).to_vec();
    ids.sort();
    ids
}

impl Team {
    async fn start() -> Self {
        let app = TestApp::start_with(TestOptions::default()).await;
        let owner = app.sign_up("Acme").await;
        app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
        let (ada, bob) = (app.colleague(&owner, "rep").await, app.colleague(&owner, "rep").await);
        let me = async |visitor: &Visitor| visitor.get("/api/v1/me").await.expect(200).json();
        let org = text(&me(&owner).await["organisation_id"]).parse().unwrap();
        let (ada_id, bob_id) = (text(&me(&ada).await["id"]).parse().unwrap(), text(&me(&bob).await["id"]).parse().unwrap());
        let at = |name: &str, company: &str| json!({"first_name": name, "email": format!("{}@{company}.example", name.to_lowercase()), "company_name": company, "company_domain": format!("{company}.example")});
        let made = [
            add(&owner, at("Nobodys", "engines")).await,
            add(&ada, at("Adas", "engines")).await,
            add(&bob, at("Bobs", "engines")).await,
            add(&ada, at("Lone", "looms")).await,
            add(&bob, at("Hidden", "tools")).await,
        ];
        let leads = made.each_ref().map(|lead| text(&lead["id"]));
        let accounts = made.each_ref().map(|lead| text(&lead["account_id"]));
        Self { app, owner, ada, bob, org, ada_id, bob_id, leads, accounts }
    }

    fn scope_of(&self, owners: &[UserId]) -> Scope {
        Scope::new(self.org, Sees::OwnedBy(owners.iter().map(|id| id.uuid()).collect()), None)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_searches_and_pages_hold_what_is_visible() {
    let team = Team::start().await;
    let [nobodys, adas, bobs, lone, hidden] = &team.leads;
    assert_eq!(ids(team.owner.get("/api/v1/leads").await), (sorted([nobodys, adas, bobs, lone, hidden]), 5));
    assert_eq!(ids(team.ada.get("/api/v1/leads").await), (sorted([adas, lone]), 2));
    assert_eq!(ids(team.bob.get("/api/v1/leads").await), (sorted([bobs, hidden]), 2));
    assert_eq!(ids(team.ada.get("/api/v1/leads?q=engines").await), (vec![adas.clone()], 1), "a search");
    assert_eq!(ids(team.ada.get("/api/v1/leads?q=tools").await), (vec![], 0));
    let filter = r#"{"field":"company_domain","op":"contains","value":"e"}"#;
    let filtered = team.ada.send(team.ada.request("GET", "/api/v1/leads").query(&[("filter", filter)])).await;
    assert_eq!(ids(filtered), (sorted([adas, lone]), 2), "a filter");
    let list = team.ada.get("/leads").await.expect(200);
    assert_eq!(list.texts("tr[data-row] .person-name").len(), 2);
    assert!(list.text().contains("2 leads"), "{}", list.text());
    // A lead that changes hands is counted anew at once, though the one who loses it sees no event of it.
    let give = json!({"owner_id": team.bob_id});
    team.owner.patch_json(&format!("/api/v1/leads/{lone}"), &give).await.expect(200);
    assert_eq!(ids(team.ada.get("/api/v1/leads").await), (vec![adas.clone()], 1));
    assert_eq!(ids(team.bob.get("/api/v1/leads").await).1, 3);
    // The palette.
    let found = team.ada.get("/search?q=engines").await.expect(200);
    assert!(found.body.contains("Adas") && !found.body.contains("Bobs") && !found.body.contains("Nobodys"), "{}", found.body);
    let found = team.ada.get("/search?q=tools").await.expect(200);
    assert!(!found.body.contains("Hidden") && !found.body.contains(&team.accounts[4]), "{}", found.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_visible_is_not_there() {
    let team = Team::start().await;
    let [nobodys, adas, bobs, ..] = &team.leads;
    for hidden in [nobodys, bobs] {
        for path in [
            format!("/leads/{hidden}"),
            format!("/leads/{hidden}/edit"),
            format!("/api/v1/leads/{hidden}"),
            format!("/api/v1/leads/{hidden}/timeline"),
        ] {
            team.ada.get(&path).await.expect(404);
        }
        team.ada.patch_json(&format!("/api/v1/leads/{hidden}"), &json!({"title": "Mine"})).await.expect(404);
        team.ada.post_form(&format!("/leads/{hidden}/status"), &[("status", "lost")]).await.expect(404);
        team.ada.delete(&format!("/api/v1/leads/{hidden}")).await.expect(404);
        assert_eq!(team.owner.get(&format!("/api/v1/leads/{hidden}")).await.expect(200).json()["title"], "");
    }
    for path in [format!("/leads/{adas}"), format!("/leads/{adas}/edit")] {
        team.ada.get(&path).await.expect(200);
    }
    let timeline = team.ada.get(&format!("/api/v1/leads/{adas}/timeline")).await.expect(200).json();
    assert_eq!(timeline["data"][0]["kind"], "lead.created");
    team.ada.patch_json(&format!("/api/v1/leads/{adas}"), &json!({"title": "CTO"})).await.expect(200);
    team.ada.delete(&format!("/api/v1/leads/{adas}")).await.expect(204);
    team.owner.get(&format!("/api/v1/leads/{adas}")).await.expect(404);
    // Files of leads match against everybody's.
    assert!([403, 404].contains(&team.ada.get("/imports/new").await.status));
    team.ada.upload("/api/v1/imports", "file", "two.csv", b"Email\na@b.example\n".to_vec()).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_visible_with_a_lead_and_change_for_whoever_sees_them_all() {
    let team = Team::start().await;
    let [engines, same, .., looms, tools] = &team.accounts;
    assert_eq!(engines, same, "a hidden account is linked, not doubled");
    assert_eq!(ids(team.owner.get("/api/v1/accounts").await), (sorted([engines, looms, tools]), 3));
    assert_eq!(ids(team.ada.get("/api/v1/accounts").await), (sorted([engines, looms]), 2));
    assert_eq!(ids(team.ada.get("/api/v1/accounts?q=tools").await), (vec![], 0));
    team.ada.get(&format!("/accounts/{tools}")).await.expect(404);
    team.ada.get(&format!("/api/v1/accounts/{tools}")).await.expect(404);
    team.ada.patch_json(&format!("/api/v1/accounts/{tools}"), &json!({"industry": "Taken"})).await.expect(404);

    let shared = team.ada.get(&format!("/accounts/{engines}")).await.expect(200);
    assert!(shared.text().contains("1 person") && !shared.text().contains("Bobs"), "{}", shared.text());
    assert!(!shared.attributes("a", "href").contains(&format!("/accounts/{engines}/edit")), "no button that leads nowhere");
    team.ada.get(&format!("/accounts/{engines}/edit")).await.expect(403);
    team.ada.post_form(&format!("/accounts/{engines}/edit"), &[("name", "Taken"), ("domain", "engines.example")]).await.expect(403);
    let refused = team.ada.patch_json(&format!("/api/v1/accounts/{engines}"), &json!({"industry": "Taken"})).await.expect(403).json();
    assert!(text(&refused["detail"]).contains("colleague who sees all leads"), "{refused}");

    team.ada.patch_json(&format!("/api/v1/accounts/{looms}"), &json!({"industry": "Weaving"})).await.expect(200);
    assert_eq!(team.ada.get(&format!("/api/v1/leads/{}", team.leads[3])).await.expect(200).json()["industry"], "Weaving");
    // With a lead of one's own the account appears, as it is.
    let moved = json!({"company_name": "tools", "company_domain": "tools.example"});
    let moved = team.ada.patch_json(&format!("/api/v1/leads/{}", team.leads[1]), &moved).await.expect(200).json();
    assert_eq!(text(&moved["account_id"]), *tools);
    team.ada.get(&format!("/accounts/{tools}")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_they_make_is_theirs_and_stays_with_those_they_see() {
    let team = Team::start().await;
    let new = add(&team.ada, json!({"first_name": "New"})).await;
    assert_eq!(text(&new["owner_id"]), team.ada_id.to_string());
    let page = team.ada.get("/leads/new").await.expect(200);
    assert_eq!(page.attributes("#field-owner-id option", "value"), [team.ada_id.to_string()], "only owners that may be chosen");

    let path = format!("/api/v1/leads/{}", text(&new["id"]));
    for owner in [json!(team.bob_id), Value::Null] {
        let refused = team.ada.patch_json(&path, &json!({"owner_id": owner})).await.expect(422).json();
        assert_eq!((&refused["errors"][0]["code"], &refused["errors"][0]["pointer"]), (&json!("owner_id.hidden"), &json!("/owner_id")));
        team.ada.post_json("/api/v1/leads/bulk", &json!({"action": "set_owner", "owner_id": owner, "filter": {}})).await.expect(422);
    }
    team.ada.post_json("/api/v1/leads", &json!({"first_name": "Gift", "owner_id": team.bob_id})).await.expect(422);
    let taken = team.ada.post_json("/api/v1/leads", &json!({"email": "bobs@engines.example"})).await.expect(422).json();
    assert!(text(&taken["errors"][0]["detail"]).contains("a colleague's"), "{taken}");
    team.owner.patch_json(&path, &json!({"owner_id": team.bob_id})).await.expect(200);
    team.ada.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_matches_is_everything_visible() {
    let team = Team::start().await;
    let tag = json!({"action": "add_tags", "tags": ["hers"], "filter": {}});
    assert_eq!(team.ada.post_json("/api/v1/leads/bulk", &tag).await.expect(200).json()["changed"], 2);
    // By their ids, too.
    let named = json!({"action": "add_tags", "tags": ["stolen"], "ids": team.leads});
    assert_eq!(team.ada.post_json("/api/v1/leads/bulk", &named).await.expect(200).json()["changed"], 2);
    assert_eq!(team.app.scalar("SELECT count(*) FROM leads WHERE tags && '{hers,stolen}' AND owner_id IS NOT NULL").await, 2);

    // More than fits a request: the job runs in the scope of whoever asked for it, and tells where they did.
    team.app
        .sql(&format!(
            "INSERT INTO leads (org_id, id, first_name, owner_id, created_at, updated_at)
             SELECT '{0}', gen_random_uuid(), 'Many', CASE WHEN n <= 1100 THEN '{1}' ELSE '{2}' END::uuid, '2026-01-05', '2026-01-05'
             FROM generate_series(1, 1500) n",
            team.org.uuid(),
            team.ada_id.uuid(),
            team.bob_id.uuid()
        ))
        .await;
    let lose = json!({"action": "set_status", "status": "lost", "filter": {}});
    let job = team.ada.post_json("/api/v1/leads/bulk", &lose).await.expect(202).json()["job_id"].as_i64().unwrap();
    team.app.settle().await;
    team.ada.get(&format!("/leads/bulk/{job}")).await.expect(200);
    assert_eq!(team.app.scalar("SELECT count(*) FROM leads WHERE status = 'lost'").await, 1102);
    let others = format!("SELECT count(*) FROM leads WHERE status = 'lost' AND owner_id IS DISTINCT FROM '{}'", team.ada_id.uuid());
    assert_eq!(team.app.scalar(&others).await, 0);
    let told = "SELECT count(*) FROM events WHERE kind = 'lead.status_changed' AND origin LIKE '%sess\\_%'";
    assert_eq!(team.app.scalar(told).await, 1102, "every event says where its act came from");
    let silent = "SELECT count(*) FROM events WHERE origin = '' AND actor LIKE 'user:%' AND kind LIKE 'lead.%'";
    assert_eq!(team.app.scalar(silent).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_colleague_who_sees_more_has_changed_is_not_theirs() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'team' FROM organisations").await;
    let (ada, bob) = (app.colleague(&owner, "rep").await, app.colleague(&owner, "rep").await);
    let boss = app.colleague(&owner, "admin").await;
    let team = text(&owner.post_json("/api/v1/teams", &json!({"name": "North"})).await.expect(201).json()["id"]);
    for who in [&ada, &bob, &boss] {
        let id = text(&who.get("/api/v1/me").await.expect(200).json()["id"]);
        owner.post_form(&format!("/settings/teams/{team}/members"), &[("user_id", id.as_str())]).await.expect(303);
    }
    add(&owner, json!({"first_name": "Secret"})).await;
    add(&ada, json!({"first_name": "Adas"})).await;
    let bulk = async |who: &Visitor, tag: &str| {
        let body = json!({"filter": {}, "action": "add_tags", "tags": [tag]});
        text(&who.post_json("/api/v1/leads/bulk", &body).await.expect(200).json()["change_set_id"])
    };
    let (bosses, adas) = (bulk(&boss, "all").await, bulk(&ada, "north").await);
    for path in ["", "/rows", "/conflicts"] {
        bob.get(&format!("/api/v1/changes/{bosses}{path}")).await.expect(404);
        boss.get(&format!("/api/v1/changes/{bosses}{path}")).await.expect(200);
    }
    bob.get(&format!("/changes/{bosses}")).await.expect(404);
    bob.get(&format!("/changes/{bosses}/conflicts.csv")).await.expect(404);
    bob.post_json(&format!("/api/v1/changes/{bosses}/undo"), &json!({})).await.expect(404);
    // What a colleague has changed who sees the same is theirs, too.
    assert_eq!(ids(bob.get("/api/v1/changes").await).0, std::slice::from_ref(&adas));
    let undone = bob.post_json(&format!("/api/v1/changes/{adas}/undo"), &json!({})).await.expect(200).json();
    assert_eq!(undone["change_set"]["undo_done"], 1, "{undone}");
    assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE tags = '{all}'").await, 2, "the admin's work stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_reaches_whom_its_launcher_sees_and_shows_whom_its_reader_sees() {
    let team = Team::start().await;
    team.app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'manager', 'own' FROM organisations").await;
    let cora = team.app.colleague(&team.owner, "manager").await;
    add(&cora, json!({"first_name": "Coras", "email": "coras@mills.example"})).await;
    team.owner.patch_json("/api/v1/organisation", &json!({"postal_address": "1 Main Street"})).await.expect(200);
    let draft = json!({
        "name": "Spring", "sender_name": "Olive", "sender_address": "olive@acme.example",
        "steps": [{"subject": "Hello", "html": "<p>Hi</p>", "delay_minutes": 0}]
    });
    let path = async |visitor: &Visitor| {
        let id = text(&visitor.post_json("/api/v1/campaigns", &draft).await.expect(201).json()["id"]);
        format!("/api/v1/campaigns/{id}")
    };
    let (hers, everybodys) = (path(&cora).await, path(&team.owner).await);
    assert_eq!(cora.get(&format!("{hers}/preflight")).await.expect(200).json()["audience"], 1, "an audience is of visible leads");
    assert_eq!(team.owner.get(&format!("{hers}/preflight")).await.expect(200).json()["audience"], 6);

    cora.post_json(&format!("{hers}/launch"), &Value::Null).await.expect(200);
    team.app.settle().await;
    let sends = async |visitor: &Visitor, path: &str| {
        visitor.get(&format!("{path}/sends")).await.expect(200).json()["data"].as_array().unwrap().len()
    };
    assert_eq!((sends(&team.owner, &hers).await, sends(&cora, &hers).await), (1, 1));

    team.owner.post_json(&format!("{everybodys}/launch"), &Value::Null).await.expect(200);
    team.app.settle().await;
    assert_eq!((sends(&team.owner, &everybodys).await, sends(&cora, &everybodys).await), (6, 1));
    assert_eq!(team.owner.get(&everybodys).await.expect(200).json()["status"], "finished", "the pump sees everybody");
    let letter = |to: &Visitor| {
        format!(
            "INSERT INTO caught_mail (org_id, id, idempotency_key, message_id, from_address, to_address, subject, headers, html, text, raw, caught_at)
             SELECT org_id, gen_random_uuid(), '{0}', '<{0}>', 'us@acme.example', '{0}', 'To {0}', '[]', '', '', '', created_at FROM organisations",
            to.email
        )
    };
    team.app.sql(&format!("{}; {}", letter(&cora), letter(&team.ada))).await;
    let caught = cora.get("/catcher").await.expect(200);
    assert!(caught.body.contains(&cora.email) && !caught.body.contains(&team.ada.email), "their own mail, and no colleague's");
    assert!(caught.body.contains("coras@mills.example") && !caught.body.contains("bobs@engines.example"));
    assert!(team.owner.get("/catcher").await.expect(200).body.contains("bobs@engines.example"));
}

/// Below the front door: whatever statement is run, and on a connection that has just served somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_hides_what_a_scope_does_not_name() {
    let team = Team::start().await;
    crate::routes::furnish(&team.app, &team.owner).await;
    let db = Db::new(&DbConfig { url: team.app.app.db.url().to_owned(), max_connections: 1 }).unwrap();
    let whole = Scope::whole(team.org);
    let (ada, both) = (team.scope_of(&[team.ada_id]), team.scope_of(&[team.ada_id, team.bob_id]));
    let nobody = team.scope_of(&[]);
    let all = team.app.scalar("SELECT count(*) FROM leads").await;
    // The same prepared statements, in turns, more often than a plan is made anew for.
    for _ in 0..8 {
        for (scope, leads, accounts) in [(&whole, all, 3), (&ada, 2, 2), (&both, 4, 3), (&nobody, 0, 0)] {
            for (sql, there) in [
                ("SELECT count(*) FROM leads", leads),
                ("SELECT count(*) FROM lead_rows", leads),
                ("SELECT count(*) FROM accounts", accounts),
                ("SELECT count(*) FROM account_rows", accounts),
            ] {
                let read: i64 = db.read(scope, sql, &[]).await.unwrap()[0].get(0);
                let planned: i64 = db.read_planned(scope, sql, &[]).await.unwrap()[0].get(0);
                assert_eq!((read, planned), (there, there), "{sql} for {scope:?}");
                // By plans that are made once, and must not be made once for everybody.
                for path in [Path::Order, Path::Collection, Path::CollectionOnly] {
                    let (rows, _) = db.read_by(path, scope, (sql, &[]), None).await.unwrap();
                    assert_eq!(rows[0].get::<_, i64>(0), there, "{sql} for {scope:?} by {path:?}");
                }
                for planned_once in [false, true] {
                    let tx = if planned_once { db.tenant_planned_once(scope).await.unwrap() } else { db.tenant(scope).await.unwrap() };
                    assert_eq!(tx.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), there, "{sql} for {scope:?}");
                    tx.commit().await.unwrap();
                }
            }
        }
    }
    // What belongs to leads goes with them, and files and batches are nobody's business.
    for table in
        ["enrollments", "sends", "intelligence_engagement", "caught_mail", "imports", "import_lanes", "import_rejections", "send_batches"]
    {
        let there = team.app.scalar(&format!("SELECT count(*) FROM {table}")).await;
        assert!(there > 0 || ["send_batches", "intelligence_engagement", "import_lanes"].contains(&table), "{table} holds nothing");
        let tx = db.tenant(&nobody).await.unwrap();
        let seen: i64 = tx.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0);
        assert_eq!(seen, 0, "{table}");
        assert!(tx.execute(&format!("DELETE FROM {table}"), &[]).await.map_or(true, |deleted| deleted == 0), "{table}");
    }
    let tx = db.tenant(&nobody).await.unwrap();
    let told: i64 = tx.query_one("SELECT count(*) FROM events WHERE subject_type = 'lead'", &[]).await.unwrap().get(0);
    assert_eq!(told, 0);
    // The views of everybody are empty for them, also by their full name, and theirs are nobody else's.
    for view in ["public.lead_rows", "public.account_rows"] {
        let seen: i64 = tx.query_one(&format!("SELECT count(*) FROM {view}"), &[]).await.unwrap().get(0);
        assert_eq!(seen, 0, "{view}");
    }
    drop(tx);
    let tx = db.tenant(&whole).await.unwrap();
    assert!(tx.query("SELECT FROM leadline_restricted.lead_rows", &[]).await.is_err());
    drop(tx);

    // Neither taken nor given, whatever the statement says.
    let (adas, bobs) = (team.ada_id.uuid(), team.bob_id.uuid());
    let write = async |sql: &str, owner: Uuid| {
        let tx = db.tenant(&ada).await.unwrap();
        tx.execute(sql, &[&owner]).await
    };
    assert_eq!(write("UPDATE leads SET title = 'x' WHERE owner_id = $1", bobs).await.unwrap(), 0);
    assert_eq!(write("UPDATE leads SET title = 'x' WHERE owner_id = $1", adas).await.unwrap(), 2);
    assert!(write("UPDATE leads SET owner_id = $1", bobs).await.is_err());
    assert!(
        write(
            "INSERT INTO leads (org_id, id, owner_id, created_at, updated_at) VALUES (leadline_org(), gen_random_uuid(), $1, now(), now())",
            bobs
        )
        .await
        .is_err()
    );
    assert_eq!(write("DELETE FROM leads WHERE owner_id = $1", bobs).await.unwrap(), 0);
    assert_eq!(
        write("UPDATE accounts SET city = 'x' WHERE $1::uuid IS NOT NULL", adas).await.unwrap(),
        1,
        "only the one that is hers alone"
    );
}

/// A table that shows leads must say to whom. A line more is a decision that a reviewer must see.
#[tokio::test(flavor = "multi_thread")]
async fn every_table_hides_what_belongs_to_leads_or_is_listed_here() {
    let app = TestApp::start().await;
    let (client, connection) = tokio_postgres::connect(app.app.db.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client
        .query(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
               AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'visible' AND NOT p.polpermissive)
             ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    let open: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let listed = [
        "api_keys",
        "audit_entries",
        "audit_heads",
        "campaign_pace",
        "campaign_steps",
        "campaigns",
        "custom_fields",
        "duplicate_keys",
        "duplicate_pending",
        "duplicate_prints",
        "duplicate_settings",
        "grid_choices",
        "idempotency_keys",
        "insights_daily",
        "insights_leads",
        "intelligence_pending",
        "invitations",
        "jobs",
        "lead_tags",
        "lead_terms",
        "memberships",
        "organisation_domains",
        "organisations",
        "provider_messages",
        "role_settings",
        "roles",
        "saved_views",
        "scoring_models",
        "security_events",
        "segment_uses",
        "segments",
        "sso_connections",
        "suppressions",
        "surroundings",
        "teams",
        "templates",
    ];
    assert_eq!(open, listed);
}
