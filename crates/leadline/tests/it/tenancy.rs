//! Row-level security holds by itself, whatever the code above it does.

use crate::support::TestApp;
use kernel::OrgId;
use tokio_postgres::NoTls;

#[tokio::test(flavor = "multi_thread")]
async fn every_table_with_an_org_id_forces_row_level_security() {
    let app = TestApp::start().await;
    let (client, connection) = tokio_postgres::connect(app.app.db.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client
        .query(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
               EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant'
                       AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL)
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    assert!(rows.len() > 10, "the query finds the tables");
    for row in &rows {
        let (name, forced, policy): (String, bool, bool) = (row.get(0), row.get(1), row.get(2));
        assert!(forced && policy, "{name}: forced {forced}, policy {policy}");
    }
}

/// So that the tables can be spread over machines by organisation one day. The queue stays in one place.
#[tokio::test(flavor = "multi_thread")]
async fn the_primary_key_of_a_tenants_table_starts_with_its_organisation() {
    let app = TestApp::start().await;
    let others = "SELECT count(*) FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped
        LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'jobs'
          AND i.indkey[0] IS DISTINCT FROM a.attnum";
    assert_eq!(app.scalar(others).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roles_cannot_bypass_row_level_security() {
    let app = TestApp::start().await;
    let loose =
        "SELECT count(*) FROM pg_roles WHERE rolname IN ('leadline_runtime', 'leadline_restricted', 'leadline_system', 'leadline_reader')
        AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole)";
    assert_eq!(app.scalar(loose).await, 0);
}

/// What the system role may reach across organisations: plumbing and derived data, never a lead, a
/// template or a mail. A line more is a decision that a reviewer must see.
#[tokio::test(flavor = "multi_thread")]
async fn the_system_role_reaches_what_is_listed_here_and_nothing_else() {
    let app = TestApp::start().await;
    let (client, connection) = tokio_postgres::connect(app.app.db.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client
        .query(
            "SELECT table_name::text || ': ' || string_agg(lower(privilege_type), ' ' ORDER BY privilege_type)
             FROM information_schema.role_table_grants WHERE grantee = 'leadline_system' GROUP BY table_name
             UNION ALL
             SELECT table_name || ' (' || string_agg(column_name, ' ' ORDER BY column_name) || '): ' || lower(privilege_type)
             FROM information_schema.role_column_grants c WHERE grantee = 'leadline_system'
               AND NOT EXISTS (SELECT FROM information_schema.role_table_grants t
                 WHERE t.grantee = c.grantee AND t.table_name = c.table_name AND t.privilege_type = c.privilege_type)
             GROUP BY table_name, privilege_type ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    let open: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let listed = [
        "api_keys: select update",
        "audit_entries: insert select",
        "audit_heads: insert select update",
        "campaigns: select",
        "change_sets: select",
        "custom_fields: select",
        "duplicate_pending: insert select update",
        "event_cursors: insert select update",
        "events: insert select",
        "flow_states: delete insert select update",
        "idempotency_keys: delete select",
        "identities: delete insert select update",
        "imports: delete select",
        "insights_daily: delete insert select update",
        "insights_leads: delete insert select update",
        "intelligence_engagement: delete insert select update",
        "intelligence_pending: insert select update",
        "invitations: delete select",
        "job_schedules: delete insert select update",
        "jobs: delete insert select update",
        "lead_exports: delete select",
        "lead_terms (leads org_id): select",
        "memberships: delete insert select update",
        "mfa_challenges: delete insert select update",
        "mfa_factors: delete insert select update",
        "one_time_tokens: delete insert select update",
        "organisation_domains: select",
        "organisations: insert select",
        "provider_messages: select",
        "provider_visits: delete insert select update",
        "recovery_codes: delete insert select update",
        "role_settings: select",
        "roles: select",
        "security_events: insert select",
        "segments: select",
        "sessions: delete insert select update",
        "signing_keys: delete insert select update",
        "sso_connections: select",
        "surroundings: insert select update",
        "users: delete insert select update",
        "vault_keys: insert select update",
        "webhook_deliveries: delete insert select",
    ];
    assert_eq!(open, listed);
}

/// Fills an organisation through the front door, then looks with a neighbour's transaction.
#[tokio::test(flavor = "multi_thread")]
async fn a_neighbours_transaction_sees_and_writes_nothing_of_ours() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.sign_up("Ours").await, app.sign_up("Theirs").await);
    crate::routes::furnish(&app, &ours).await;
    let org = |me: serde_json::Value| me["organisation_id"].as_str().unwrap().parse::<OrgId>().unwrap();
    let our_org = org(ours.get("/api/v1/me").await.json());
    let their_org = org(theirs.get("/api/v1/me").await.json());

    let (client, connection) = tokio_postgres::connect(app.app.db.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables: Vec<(String, bool)> = client
        .query(
            "SELECT c.relname, c.relkind = 'v' FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped
             WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let mut filled = 0;
    for (table, is_view) in tables {
        let there: i64 = client.query_one(&format!("SELECT count(*) FROM {table} WHERE org_id = $1"), &[&our_org]).await.unwrap().get(0);
        filled += i64::from(there > 0);
        let tx = app.app.db.tenant(&db::Scope::whole(their_org)).await.unwrap();
        let seen: i64 = tx.query_one(&format!("SELECT count(*) FROM {table} WHERE org_id = $1"), &[&our_org]).await.unwrap().get(0);
        assert_eq!(seen, 0, "{table}: a neighbour sees rows of ours");
        let all: i64 = tx.query_one(&format!("SELECT count(*) FROM {table} WHERE org_id <> $1"), &[&their_org]).await.unwrap().get(0);
        assert_eq!(all, 0, "{table}: a neighbour sees rows of others");
        // A row of ours cannot be touched by naming it either.
        if let Ok(touched) = tx.execute(&format!("UPDATE {table} SET org_id = org_id WHERE org_id = $1"), &[&our_org]).await {
            assert_eq!(touched, 0, "{table}: a neighbour writes rows of ours");
        }
        drop(tx);
        let tx = app.app.db.tenant(&db::Scope::whole(our_org)).await.unwrap();
        // A view shows its rows to nobody outside an organisation, not even to the superuser.
        let there = if is_view {
            tx.query_one(&format!("SELECT count(*) FROM {table} WHERE org_id = $1"), &[&our_org]).await.unwrap().get(0)
        } else {
            there
        };
        let own: i64 = tx.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0);
        assert_eq!(own, there, "{table}: we see all of ours and nothing else");
    }
    assert!(filled >= 12, "only {filled} tables held rows: the test looks at too little");
}
