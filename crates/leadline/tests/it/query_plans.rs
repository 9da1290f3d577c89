//! How PostgreSQL answers the commonest lists: by which index, and never by reading all leads. Compared are nodes and indexes,
//! not costs, over enough leads that the planner has a choice.

use std::collections::BTreeSet;

use db::Scope;
use kernel::{OrgId, Uuid};
use leads::{Filter, ListQuery, Sort, explain};
use serde_json::{Value, json};

use crate::support::TestApp;

/// 200,000 leads in three organisations, ours with most of them, skewed like life: 40 % in one country, a score like a bell, 300 surnames,
/// 4,000 companies.
const PEOPLE: &str = "
    INSERT INTO organisations (org_id, name, created_at) VALUES ('00000000-0000-7000-8000-000000000001', 'A', now()), ('00000000-0000-7000-8000-000000000002', 'B', now());
    SET session_replication_role = replica;
    INSERT INTO leads (org_id, id, first_name, last_name, email, title, seniority, company_name, company_domain, industry, employee_count,
      country, city, status, owner_id, tags, score, last_activity_at, created_at, updated_at)
    SELECT CASE WHEN n % 10 < 7 THEN o.org_id ELSE ('00000000-0000-7000-8000-00000000000' || 1 + n % 2)::uuid END, gen_random_uuid(),
      (ARRAY['Ada','Grace','Alan','Edsger','Barbara','Donald','Tony','John','Lisa','Kurt'])[1 + h % 10],
      'S' || chr(97 + (h / 10) % 26) || chr(97 + (h / 260) % 11) || 'son', 'n' || n || '@c' || h % 4000 || '.example',
      (ARRAY['Engineer','Head of Sales','Chief Technology Officer','Sales Manager','Buyer'])[1 + h % 5],
      (ARRAY['entry','senior','manager','director','vp','c_level'])[1 + (sqrt(h % 36))::int % 6],
      'Company' || chr(97 + h % 26) || ' ' || (ARRAY['Energy','Foods','Labs'])[1 + h % 3] || ' ' || h % 4000, 'c' || h % 4000 || '.example',
      (ARRAY['Software','Energy','Retail','Media'])[1 + h % 4], h % 5000,
      CASE WHEN h % 10 < 4 THEN 'US' ELSE (ARRAY['GB','DE','FR','IN','NL','SE'])[1 + h % 6] END, 'City ' || h % 500,
      (ARRAY['new','new','new','contacted','contacted','replied','qualified','converted','lost','unsubscribed'])[1 + h % 10],
      (SELECT user_id FROM memberships m WHERE m.org_id = o.org_id LIMIT 1),
      CASE h % 400 WHEN 0 THEN '{vip}'::text[] ELSE '{emea}' END, (h % 50 + h / 50 % 50), CASE WHEN h % 10 > 2 THEN now() - h * interval '1 second' END,
      now() - n * interval '1 minute', now()
    FROM (SELECT org_id FROM memberships LIMIT 1) o, (SELECT n, abs(hashint4(n)) % 1000000 AS h FROM generate_series(1, 200000) n) numbers;
    SET session_replication_role = origin;
    SELECT leadline_learn_terms(org_id, array_agg(DISTINCT search)) FROM leads GROUP BY org_id;
    ANALYZE lead_terms;
    UPDATE lead_terms t SET leads = c.n
    FROM (SELECT l.org_id, key, count(*)::int AS n FROM leads l, unnest(leadline_search_keys(l.org_id, l.search)) key GROUP BY 1, 2) c
    WHERE t.org_id = c.org_id AND t.key = c.key;";

/// Nodes that read a table, with the index, and whether it was read whole.
fn reads(plan: &Value, found: &mut BTreeSet<String>) {
    let text = |name: &str| plan[name].as_str().unwrap_or_default();
    match text("Node Type") {
        "Seq Scan" => {
            found.insert(format!("Seq Scan {}", text("Relation Name")));
        }
        kind @ ("Index Scan" | "Index Only Scan" | "Bitmap Index Scan") => {
            found.insert(format!("{kind} {}", text("Index Name")));
        }
        _ => {}
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        reads(inner, found);
    }
}

/// Reads that a list makes, one line for each of its statements.
async fn reads_of(app: &TestApp, scope: &Scope, q: &str, filter: &Value, sort: &str) -> Vec<String> {
    let query = ListQuery {
        filter: Filter::try_from(filter.clone()).unwrap(),
        q: q.to_owned(),
        sort: Sort::parse(sort).unwrap(),
        limit: 50,
        cursor: None,
        count: false,
    };
    let plans = explain(&app.app, scope, &query).await.unwrap();
    plans
        .iter()
        .map(|plan| {
            let mut found = BTreeSet::new();
            reads(&plan[0]["Plan"], &mut found);
            found.into_iter().collect::<Vec<_>>().join(", ")
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commonest_lists_are_answered_by_an_index() {
    let app = TestApp::start().await;
    app.sign_up("Acme").await;
    app.sql(PEOPLE).await;
    // As a vacuum of a quiet night leaves it: index-only scans count on it. Not in the transaction of the rest.
    app.sql("VACUUM (ANALYZE) leads").await;
    let org: OrgId = app.text("SELECT org_id::text FROM memberships LIMIT 1").await.parse::<Uuid>().unwrap().into();
    let scope = Scope::whole(org);
    let is = |field: &str, value: Value| json!({"field": field, "op": "is", "value": value});
    let all = |parts: &[Value]| json!({ "all": parts });
    let shown = "Index Scan leads_pkey";
    let none = json!({});
    for (q, filter, sort, expected) in [
        // What people open.
        ("", none.clone(), "-score", "Index Only Scan leads_by_score"),
        ("", none.clone(), "-created_at", "Index Scan leads_by_created"),
        ("", none.clone(), "name", "Index Scan leads_by_name"),
        ("", none.clone(), "company", "Index Scan leads_by_company"),
        ("", none.clone(), "-last_activity", "Index Only Scan leads_by_activity"),
        // What they filter by.
        ("", is("status", json!("new")), "-score", "Index Only Scan leads_by_score"),
        ("", is("status", json!("new")), "-last_activity", "Index Only Scan leads_by_activity"),
        ("", is("country", json!("US")), "-score", "Index Only Scan leads_by_country"),
        (
            "",
            all(&[
                is("country", json!("US")),
                is("seniority", json!("c_level")),
                json!({"field": "employee_count", "op": "gte", "value": 1000}),
            ]),
            "-score",
            "Index Only Scan leads_by_country",
        ),
        ("", json!({"field": "tags", "op": "has", "value": "vip"}), "-score", "Bitmap Index Scan leads_by_tag"),
        ("", is("email", json!("n7@c1.example")), "-score", "Index Scan leads_email_key"),
        // What they search.
        ("sabson", none.clone(), "-score", "Bitmap Index Scan leads_search"),
        ("ada sabson", none.clone(), "-score", "Bitmap Index Scan leads_search"),
        ("companya energy 1", none.clone(), "-score", "Bitmap Index Scan leads_search"),
        ("n4711@", none.clone(), "-score", "Bitmap Index Scan leads_search"),
        ("engineer", none.clone(), "-score", "Index Only Scan leads_by_score"),
    ] {
        let found = reads_of(&app, &scope, q, &filter, sort).await;
        let first = found.first().unwrap_or_else(|| panic!("{q} {filter} {sort}: no statement"));
        assert!(first.contains(expected), "{q:?} {filter} {sort}: {first}");
        assert!(first.contains(shown), "{q:?} {filter} {sort}: {first}");
        assert!(found.iter().all(|reads| !reads.contains("Seq Scan")), "{q:?} {filter} {sort}: {found:?}");
    }
}
