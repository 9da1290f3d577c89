//! How PostgreSQL answers the commonest lists: by which index, and never by reading all leads. Compared with `query_plans.golden`
//! are nodes and indexes, not costs, over enough leads that the planner has a choice.

use std::{collections::BTreeSet, fmt::Write};

use db::Scope;
use kernel::{OrgId, UserId, Uuid};
use leads::{ListQuery, Sort, explain, filter};
use serde_json::Value;

use crate::support::TestApp;

/// 200,000 leads in three organisations, as of the tests' present, ours with most of them, skewed like life: 40 % in one country, a score like a bell, 300 surnames,
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
      'Company' || chr(97 + h % 4000 % 26) || ' ' || (ARRAY['Energy','Foods','Labs'])[1 + h % 4000 % 3] || ' ' || h % 4000, 'c' || h % 4000 || '.example',
      (ARRAY['Software','Energy','Retail','Media'])[1 + h % 4], h % 5000,
      CASE WHEN h % 10 < 4 THEN 'US' ELSE (ARRAY['GB','DE','FR','IN','NL','SE'])[1 + h % 6] END, 'City ' || h % 500,
      (ARRAY['new','new','new','contacted','contacted','replied','qualified','converted','lost','unsubscribed'])[1 + h % 10],
      (SELECT user_id FROM memberships m WHERE m.org_id = o.org_id LIMIT 1),
      CASE h % 400 WHEN 0 THEN '{vip}'::text[] ELSE '{emea}' END, (h % 50 + h / 50 % 50), CASE WHEN h % 10 > 2 THEN c.now - h * interval '1 second' END,
      c.now - n * interval '1 minute', c.now
    FROM (SELECT org_id FROM memberships LIMIT 1) o, (SELECT timestamptz '2026-01-05 09:00Z' AS now) c, (SELECT n, abs(hashint4(n)) % 1000000 AS h FROM generate_series(1, 200000) n) numbers;
    INSERT INTO accounts (org_id, id, name, domain, industry, created_at, updated_at)
    SELECT o.org_id, md5(c::text)::uuid, 'Company ' || c, 'c' || c || '.example', (ARRAY['Software','Energy','Retail','Media'])[1 + c % 4], now(), now()
    FROM (SELECT org_id FROM memberships LIMIT 1) o, generate_series(0, 3999) c;
    UPDATE leads l SET account_id = a.id FROM accounts a WHERE a.org_id = l.org_id AND a.domain = l.company_domain;
    INSERT INTO intelligence_engagement (org_id, lead_id, sends, opens, last_opened_at)
    SELECT org_id, id, 1, score % 3, now() FROM leads WHERE score > 70;
    INSERT INTO custom_fields (org_id, key, label, kind, position, index_state, created_by, created_at)
    SELECT org_id, key, key, kind, 1, 'ready', 'system', now() FROM memberships, (VALUES ('plan', 'text'), ('visits', 'number')) f (key, kind);
    UPDATE leads SET custom = jsonb_build_object('plan', 'Plan ' || score, 'visits', employee_count) WHERE employee_count % 10 = 0;
    INSERT INTO segments (org_id, id, name, kind, filter, created_at, updated_at)
    SELECT org_id, id, kind, kind, filter, now(), now() FROM memberships,
      (VALUES ('00000000-0000-7000-8000-0000000000f1'::uuid, 'fixed', NULL::jsonb),
              ('00000000-0000-7000-8000-0000000000f2', 'dynamic', jsonb_build_object('field', 'industry', 'op', 'is', 'value', 'Energy'))) s (id, kind, filter);
    INSERT INTO segment_members (org_id, segment_id, lead_id, added_at)
    SELECT l.org_id, '00000000-0000-7000-8000-0000000000f1', l.id, now() FROM leads l JOIN memberships USING (org_id) WHERE score BETWEEN 60 AND 62;
    SELECT leadline_index_custom(org_id, array_agg(id)) FROM leads WHERE custom <> '{}' GROUP BY org_id;
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
async fn reads_of(app: &TestApp, scope: &Scope, q: &str, filter: &str, sort: &str) -> Vec<String> {
    let filter = filter::read(&app.app, scope, filter).await.unwrap();
    let query = ListQuery { filter, q: q.to_owned(), sort: Sort::parse(sort).unwrap(), limit: 50, cursor: None, count: false, lean: false };
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

/// The segments of these leads.
const FIXED: &str = "segment_000000000000700080000000000000f1";
const DYNAMIC: &str = "segment_000000000000700080000000000000f2";

/// Words, filter and order.
const LISTS: &[(&str, &str, &str)] = &[
    // What people open.
    ("", "", "-score"),
    ("", "", "-created_at"),
    ("", "", "name"),
    ("", "", "company"),
    ("", "", "-last_activity"),
    // What they filter by.
    ("", "status is new", "-score"),
    ("", "status is new", "-last_activity"),
    ("", "status in (new, contacted)", "-score"),
    ("", "owner is OWNER", "-score"),
    ("", "country is US", "-score"),
    ("", "country is US and seniority is c_level and employee_count >= 1000", "-score"),
    ("", "tags has vip", "-score"),
    ("", "score >= 80", "-score"),
    ("", "created_at within last 7 days", "-created_at"),
    ("", "last_activity_at older than 10 days", "-score"),
    ("", "email is n7@c1.example", "-score"),
    ("", "company_domain is c7.example", "-score"),
    ("", "industry is Energy", "-score"),
    ("", "title contains sales", "-score"),
    ("", "custom.plan is \"plan 7\"", "-score"),
    ("", "custom.visits > 4900", "-score"),
    ("", "", "-custom.visits"),
    ("", "country is US", "custom.plan"),
    ("", "engagement.opens >= 1", "-score"),
    ("", "account.domain is c7.example", "-score"),
    ("", "segment in (FIXED)", "-score"),
    ("", "segment in (FIXED) and status is new", "name"),
    ("", "segment not in (FIXED)", "-score"),
    ("", "segment in (DYNAMIC)", "-score"),
    ("", "segment in (DYNAMIC) and segment not in (FIXED)", "-score"),
    // What they search.
    ("sabson", "", "-score"),
    ("ada sabson", "", "-score"),
    ("companya energy 1", "", "-score"),
    ("n4711@", "", "-score"),
    ("engineer", "", "-score"),
    ("an", "title contains sales", "-score"),
    ("engineer", "", "title"),
    // Also inside a filter.
    ("", "search contains sabson and status is new", "-score"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_commonest_lists_are_answered_by_an_index() {
    let app = TestApp::start().await;
    app.sign_up("Acme").await;
    app.sql(PEOPLE).await;
    // As a vacuum of a quiet night leaves it: index-only scans count on it. Not in the transaction of the rest.
    for table in ["leads", "accounts", "intelligence_engagement", "lead_custom_values", "lead_terms", "segment_members"] {
        app.sql(&format!("VACUUM (ANALYZE) {table}")).await;
    }
    let org: OrgId = app.text("SELECT org_id::text FROM memberships LIMIT 1").await.parse::<Uuid>().unwrap().into();
    let owner: UserId = app.text("SELECT user_id::text FROM memberships LIMIT 1").await.parse::<Uuid>().unwrap().into();
    let scope = Scope::whole(org);
    let (mut list, mut whole) = (String::new(), Vec::new());
    for (q, filter, sort) in LISTS {
        let named = filter.replace("OWNER", &owner.to_string()).replace("FIXED", FIXED).replace("DYNAMIC", DYNAMIC);
        let found = reads_of(&app, &scope, q, &named, sort).await;
        assert!(!found.is_empty(), "{q} {filter} {sort}: no statement");
        writeln!(list, "[{q}] [{filter}] {sort}").unwrap();
        for reads in found {
            writeln!(list, "    {reads}").unwrap();
            if reads.contains("Seq Scan") {
                whole.push(format!("[{q}] [{filter}] {sort}: {reads}"));
            }
        }
    }
    assert!(whole.is_empty(), "read from one end to the other:\n{}", whole.join("\n"));

    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/query_plans.golden");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &list).unwrap();
    }
    let known = std::fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(known, list, "look at how these lists are answered, then write the file anew with UPDATE_GOLDEN=1");
}
