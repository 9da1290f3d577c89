//! The filter language and the search, from the address to the rows.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn found(owner: &Visitor, filter: Value) -> Vec<String> {
    let address = format!("/api/v1/leads?{}", query(&[("filter", &filter.to_string()), ("sort", "name")]));
    names(&owner.get(&address).await.expect(200).json())
}

async fn searched(owner: &Visitor, q: &str) -> Vec<String> {
    names(&owner.get(&format!("/api/v1/leads?{}", query(&[("q", q), ("sort", "name")]))).await.expect(200).json())
}

fn names(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|lead| lead["first_name"].as_str().unwrap().to_owned()).collect()
}

async fn people(owner: &Visitor) {
    for body in [
        json!({"first_name": "Ada", "email": "ada@engines.example", "title": "Chief Technology Officer", "company_name": "Engines", "country": "GB", "employee_count": 400, "tags": ["vip", "emea"], "custom": {"visits": 7, "plan": "Pro", "trial": true}, "source": "Fair"}),
        json!({"first_name": "Bob", "email": "bob@tools.example", "title": "50% off_peak", "company_name": "Tools", "country": "United States", "employee_count": 20, "tags": ["us"], "custom": {"visits": 2.5, "plan": "pro"}, "status": "qualified"}),
        json!({"first_name": "Cy", "phone": "+1 555 0100", "country": "Atlantis", "status": "lost", "custom": {"trial": false}}),
        json!({"first_name": "Dora", "title": "Owner", "company_name": "O'Hara & Sons", "city": "Zürich"}),
    ] {
        owner.post_json("/api/v1/leads", &body).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operator_finds_what_it_says() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    let me = owner.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned();
    let one = |field: &str, op: &str, value: Value| json!({"all": [{"field": field, "op": op, "value": value}]});
    let bare = |field: &str, op: &str| json!({"field": field, "op": op});
    for (filter, expected) in [
        (json!({}), "Ada Bob Cy Dora"),
        (one("country", "is", json!("uk")), "Ada"),
        (one("country", "in", json!(["GB", "usa"])), "Ada Bob"),
        (one("country", "is", json!("atlantis")), "Cy"),
        (one("country", "is_not", json!("GB")), "Bob Cy Dora"),
        (one("title", "contains", json!("TECHNOLOGY")), "Ada"),
        (one("title", "contains", json!("50% off_")), "Bob"),
        (one("title", "contains", json!("%")), "Bob"),
        (one("title", "starts_with", json!("own")), "Dora"),
        (one("city", "is", json!("ZÜRICH")), "Dora"),
        (one("company_name", "is", json!("O'HARA & SONS")), "Dora"),
        (bare("email", "is_empty"), "Cy Dora"),
        (bare("email", "is_known"), "Ada Bob"),
        (one("email", "is", json!("ADA@engines.example")), "Ada"),
        (bare("phone", "is_known"), "Cy"),
        (one("employee_count", "gte", json!(20)), "Ada Bob"),
        (one("employee_count", "between", json!([10, 30])), "Bob"),
        (bare("employee_count", "is_empty"), "Cy Dora"),
        (json!({"not": {"field": "employee_count", "op": "gte", "value": 100}}), "Bob Cy Dora"),
        (one("tags", "has", json!("vip")), "Ada"),
        (one("tags", "has_any", json!(["us", "emea"])), "Ada Bob"),
        (one("tags", "has_none", json!(["vip"])), "Bob Cy Dora"),
        (bare("tags", "is_empty"), "Cy Dora"),
        (one("status", "in", json!(["lost", "qualified"])), "Bob Cy"),
        (one("status", "is_not", json!("new")), "Bob Cy"),
        (bare("owner", "is_empty"), "Ada Bob Cy Dora"),
        (one("owner", "is", json!(me)), ""),
        (one("custom.visits", "gte", json!(5)), "Ada"),
        (one("custom.visits", "between", json!([2, 3])), "Bob"),
        (one("custom.visits", "is_not", json!(7)), "Bob Cy Dora"),
        (one("custom.plan", "is", json!("PRO")), "Ada Bob"),
        (one("custom.trial", "is", json!(true)), "Ada"),
        (one("custom.trial", "is_not", json!(true)), "Bob Cy Dora"),
        (bare("custom.plan", "is_empty"), "Cy Dora"),
        (one("created_at", "within_last_days", json!(1)), "Ada Bob Cy Dora"),
        (one("created_at", "before", json!("2026-01-05")), ""),
        (one("created_at", "between", json!(["2026-01-05", "2026-01-05"])), "Ada Bob Cy Dora"),
        (one("created_at", "after", json!("2026-01-05")), ""),
        (bare("last_activity_at", "is_empty"), "Ada Bob Cy Dora"),
        (one("search", "contains", json!("engines chief")), "Ada"),
        (
            json!({"any": [{"field": "country", "op": "is", "value": "GB"}, {"all": [{"field": "status", "op": "is", "value": "new"}, {"not": {"field": "tags", "op": "has", "value": "vip"}}]}]}),
            "Ada Dora",
        ),
        (json!({"any": []}), ""),
    ] {
        assert_eq!(found(&owner, filter.clone()).await.join(" "), expected, "{filter}");
    }
    for (q, expected) in [
        ("ada", "Ada"),
        ("ENGINES example", "Ada"),
        ("example", "Ada Bob"),
        ("o'h", "Dora"),
        ("50%", "Bob"),
        ("_peak", "Bob"),
        ("\\", ""),
        ("x", "Ada Bob"),
        ("nobody", ""),
        ("' OR 1=1 --", ""),
    ] {
        assert_eq!(searched(&owner, q).await.join(" "), expected, "{q}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_is_an_error_that_names_the_place() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    for (filter, pointer) in [
        (r#"{"all":[{"field":"country'; DROP TABLE leads; --","op":"is","value":"x"}]}"#, "/filter/all/0/field"),
        (r#"{"all":[{"field":"country","op":"= '' OR true --","value":"x"}]}"#, "/filter/all/0/op"),
        (r#"{"field":"custom.x') IS NULL OR ('1","op":"is_known"}"#, "/filter/field"),
        (r#"{"field":"score","op":"gte","value":"1 OR true"}"#, "/filter/value"),
        ("{", "/filter"),
    ] {
        let refused = owner.get(&format!("/api/v1/leads?{}", query(&[("filter", filter)]))).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{filter}");
        owner.get(&format!("/leads?{}", query(&[("filter", filter)]))).await.expect(422);
    }
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 4);
    // In the place of a value it is a value.
    for evil in ["'; DROP TABLE leads; --", "\" OR \"\"=\"", "$1", "%", "\\"] {
        assert_eq!(found(&owner, json!({"field": "city", "op": "is", "value": evil})).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_adds_shows_and_removes_conditions_without_scripts() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    let added = owner
        .get(&format!("/leads?{}", query(&[("field", "employee_count"), ("op", "gte"), ("value", "1k"), ("sort", "name")])))
        .await
        .expect(303);
    assert!(added.location().contains("sort=name"));
    let none = owner.get(added.location()).await.expect(200);
    assert!(none.text().contains("No lead matches"));
    assert_eq!(none.texts(".chip"), ["Employees is at least 1,000"]);
    let two =
        format!("{}&{}", added.location().replace("1000", "20"), query(&[("field", "country"), ("op", "is"), ("value", "united states")]));
    let address = owner.get(&two).await.expect(303).location().to_owned();
    let page = owner.get(&address).await.expect(200);
    assert_eq!(page.texts(".chip"), ["Employees is at least 20", "Country is United States"]);
    assert_eq!(page.texts("tr[data-row] .person-name"), ["Bob"]);
    assert!(page.text().contains("1 of 1 lead"));
    let last = page.attributes(".chip-remove", "value").pop().unwrap();
    let without = owner.get(&format!("{address}&drop={last}")).await.expect(303).location().to_owned();
    assert_eq!(owner.get(&without).await.expect(200).texts("tr[data-row] .person-name"), ["Ada", "Bob"]);
    let refused = owner.get(&format!("/leads?{}", query(&[("field", "score"), ("op", "gte"), ("value", "high")]))).await.expect(422);
    assert!(refused.text().contains("A whole number is expected."), "{}", refused.text());

    let search = owner.get("/leads?q=tools").await.expect(200);
    assert_eq!(search.texts("tr[data-row] .person-name"), ["Bob"]);
    let palette = owner.get("/search?q=engin").await.expect(200);
    assert_eq!(palette.texts(".palette-title"), ["Ada", "Engines"]);
}

/// The strategies of the language's own tests.
#[path = "../../../leads/src/filter/strategies.rs"]
mod strategies;

mod lang {
    pub use leads::{Status, filter::*};
}

mod meaning {
    //! What a filter means in memory is what it means in PostgreSQL.

    use db::{Json, TenantTx};
    use jiff::{Timestamp, ToSpan};
    use kernel::{SegmentId, Uuid};
    use leads::{
        Account, Lead, Status,
        filter::{Condition, Engagement, Facts, Filter, Means, Node, Params, SegmentKey, SegmentTest, segments_of},
    };
    use proptest::{
        prelude::*,
        test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
    };
    use serde_json::{Map, Value, json};

    use super::strategies::{DAYS, KEYS, NUMBERS, WORDS, filter, id, segment, segments};
    use crate::support::TestApp;

    const NOW: &str = "2026-01-07T12:00:00Z";
    const LEADS: usize = 300;
    const CASES: u32 = 400;

    /// Draws of a generator that always draws the same.
    struct Draw(TestRng);

    impl Draw {
        fn below(&mut self, most: usize) -> usize {
            usize::try_from(self.0.next_u64() % most as u64).unwrap()
        }

        fn one<T: Copy>(&mut self, from: &[T]) -> T {
            from[self.below(from.len())]
        }

        /// Empty every third time.
        fn text(&mut self) -> String {
            if self.below(3) == 0 { String::new() } else { self.one(&WORDS).to_owned() }
        }

        fn number(&mut self, most: i64) -> Option<i64> {
            (self.below(3) > 0).then(|| self.one(&NUMBERS)).filter(|number| (0..=most).contains(number))
        }

        /// At the borders of days and of what is counted back from now, and a microsecond beside them.
        fn time(&mut self) -> Timestamp {
            let now: Timestamp = NOW.parse().unwrap();
            let base = if self.below(2) == 0 { format!("{}T00:00:00Z", self.one(&DAYS[..7])).parse().unwrap() } else { now };
            let days = self.one(&[0_i64, 0, -1, 1, -2, -7, 7]);
            base.checked_add((days * 24).hours()).unwrap().checked_add(self.one(&[-1_i64, 0, 1]).microseconds()).unwrap()
        }

        fn maybe_time(&mut self) -> Option<Timestamp> {
            (self.below(3) > 0).then(|| self.time())
        }

        fn custom(&mut self) -> Map<String, Value> {
            let mut values = Map::new();
            for key in KEYS {
                let value = match self.below(6) {
                    0 => continue,
                    1 => json!(self.one(&[0.0, 1.0, 2.5, -2.5, 60.0, 1e300])),
                    2 => json!(self.one(&NUMBERS)),
                    3 => json!(self.below(2) == 0),
                    4 => json!(self.one(&DAYS)),
                    _ => json!(self.one(&WORDS)),
                };
                values.insert(key.to_owned(), value);
            }
            values
        }
    }

    fn account(n: u8, draw: &mut Draw, org_now: Timestamp) -> Account {
        Account {
            id: id(n).into(),
            name: format!("Account {n}"),
            domain: if n == 0 { "zurich".to_owned() } else { format!("{n}.example") },
            industry: draw.text(),
            employee_count: draw.number(i64::from(i32::MAX)).and_then(|n| i32::try_from(n).ok()),
            annual_revenue: draw.number(i64::MAX),
            country: draw.text(),
            city: draw.text(),
            created_at: org_now,
            updated_at: org_now,
        }
    }

    fn lead(n: usize, draw: &mut Draw) -> Lead {
        let tags = (0..draw.below(3)).map(|_| draw.one(&WORDS).to_owned()).collect();
        Lead {
            id: Uuid::from_u128(0x1000 + n as u128).into(),
            first_name: draw.text(),
            last_name: draw.text(),
            email: (draw.below(3) > 0).then(|| format!("{n}@zürich.example")),
            phone: draw.text(),
            title: draw.text(),
            seniority: draw.text(),
            department: draw.text(),
            linkedin_url: draw.text(),
            account_id: (draw.below(3) > 0).then(|| id(u8::try_from(draw.below(3)).unwrap()).into()),
            company_name: draw.text(),
            company_domain: draw.text().to_lowercase(),
            industry: draw.text(),
            employee_count: draw.number(i64::from(i32::MAX)).and_then(|n| i32::try_from(n).ok()),
            annual_revenue: draw.number(i64::MAX),
            country: draw.text(),
            city: draw.text(),
            status: draw.one(&Status::ALL),
            owner_id: (draw.below(3) > 0).then(|| id(u8::try_from(draw.below(2)).unwrap()).into()),
            tags,
            source: draw.text(),
            external_id: if draw.below(2) == 0 { String::new() } else { format!("{}{n}", draw.one(&WORDS)) },
            custom: draw.custom(),
            score: i32::try_from(draw.one(&[0_i64, 1, 2, 20, 60, 100])).unwrap(),
            score_reasons: Vec::new(),
            last_activity_at: draw.maybe_time(),
            created_at: draw.time(),
            updated_at: draw.time(),
            version: 1,
        }
    }

    fn engagement(draw: &mut Draw) -> Option<Engagement> {
        let mut count = || i32::try_from(draw.below(3)).unwrap();
        let (sends, opens, clicks, replies, bounces) = (count(), count(), count(), count(), count());
        (draw.below(2) == 0).then(|| Engagement {
            sends,
            opens,
            clicks,
            replies,
            bounces,
            last_contacted: draw.maybe_time(),
            last_opened: draw.maybe_time(),
            last_clicked: draw.maybe_time(),
            last_replied: draw.maybe_time(),
            last_bounced: draw.maybe_time(),
        })
    }

    /// A lead, and what else a filter may ask about it.
    struct Known {
        lead: Lead,
        engagement: Option<Engagement>,
        /// The segments it is in: those it was put into, and those whose filter it matches.
        segments: Vec<SegmentId>,
    }

    impl Known {
        fn facts<'a>(&'a self, accounts: &'a [Account]) -> Facts<'a> {
            let account = self.lead.account_id.and_then(|id| accounts.iter().find(|account| account.id == id));
            Facts { lead: &self.lead, account, engagement: self.engagement.as_ref(), segments: &self.segments }
        }

        fn draw(n: usize, draw: &mut Draw, accounts: &[Account], now: Timestamp) -> Self {
            let mut known = Self { lead: lead(n, draw), engagement: engagement(draw), segments: Vec::new() };
            // Each segment is made of earlier ones only.
            for (n, means) in (0..).zip(segments()) {
                let is_in = match means {
                    Means::Members => draw.below(3) == 0,
                    Means::Matching(filter) => filter.matches(&known.facts(accounts), now),
                };
                if is_in {
                    known.segments.push(segment(n));
                }
            }
            known
        }
    }

    /// As the database's superuser, past every check of a value: the meaning of filters does not depend on who wrote.
    async fn store(app: &TestApp, org: Uuid, accounts: &[Account], leads: &[Known]) {
        let (client, connection) = tokio_postgres::connect(app.app.db.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SET session_replication_role = replica").await.unwrap();
        for a in accounts {
            client
                .execute(
                    "INSERT INTO accounts (org_id, id, name, domain, industry, employee_count, annual_revenue, country, city, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
                    &[&org, &a.id, &a.name, &a.domain, &a.industry, &a.employee_count, &a.annual_revenue, &a.country, &a.city, &a.created_at],
                )
                .await
                .unwrap();
        }
        for Known { lead: l, engagement: e, .. } in leads {
            client
                .execute(
                    "INSERT INTO leads (org_id, id, first_name, last_name, email, phone, title, seniority, department, linkedin_url, account_id,
                       company_name, company_domain, industry, employee_count, annual_revenue, country, city, status, owner_id, tags, source,
                       external_id, custom, score, last_activity_at, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)",
                    &[
                        &org, &l.id, &l.first_name, &l.last_name, &l.email, &l.phone, &l.title, &l.seniority, &l.department, &l.linkedin_url,
                        &l.account_id, &l.company_name, &l.company_domain, &l.industry, &l.employee_count, &l.annual_revenue, &l.country, &l.city,
                        &l.status.as_str(), &l.owner_id, &l.tags, &l.source, &l.external_id, &Json(&l.custom), &l.score, &l.last_activity_at,
                        &l.created_at, &l.updated_at,
                    ],
                )
                .await
                .unwrap();
            if let Some(e) = e {
                client
                    .execute(
                        "INSERT INTO intelligence_engagement (org_id, lead_id, sends, opens, clicks, replies, bounces, last_sent_at, last_opened_at,
                           last_clicked_at, last_replied_at, last_bounced_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                        &[
                            &org, &l.id, &e.sends, &e.opens, &e.clicks, &e.replies, &e.bounces, &e.last_contacted, &e.last_opened, &e.last_clicked,
                            &e.last_replied, &e.last_bounced,
                        ],
                    )
                    .await
                    .unwrap();
            }
        }
        for (n, means) in (0..).zip(segments()) {
            let (kind, filter) = match means {
                Means::Members => ("fixed", None),
                Means::Matching(filter) => ("dynamic", Some(Value::from(filter))),
            };
            let sql = "INSERT INTO segments (org_id, id, name, kind, filter, created_at, updated_at) VALUES ($1, $2, gen_random_uuid()::text, $3, $4, now(), now())";
            client.execute(sql, &[&org, &segment(n), &kind, &filter]).await.unwrap();
            let members: Vec<Uuid> =
                leads.iter().filter(|known| known.segments.contains(&segment(n))).map(|known| known.lead.id.uuid()).collect();
            if kind == "fixed" {
                let sql = "INSERT INTO segment_members (org_id, segment_id, lead_id, added_at) SELECT $1, $2, id, now() FROM unnest($3::uuid[]) id";
                client.execute(sql, &[&org, &segment(n), &members]).await.unwrap();
            }
        }
        // The index of two of the fields, as its trigger and its job make it.
        client
            .batch_execute(
                "INSERT INTO custom_fields (org_id, key, label, kind, position, index_state, created_by, created_at)
                   SELECT org_id, key, key, kind, 1, 'ready', 'system', now() FROM organisations,
                   (VALUES ('visits', 'number'), ('vip', 'bool'), ('renewal', 'date'), ('note', 'text')) f (key, kind);
                 SELECT leadline_index_custom(org_id, array_agg(id)) FROM leads GROUP BY org_id",
            )
            .await
            .unwrap();
    }

    async fn by_sql(tx: &TenantTx, filter: &Filter, now: Timestamp) -> Vec<Uuid> {
        let mut params = Params::default();
        let org = params.push(tx.org());
        let condition = filter.to_sql(&mut params, now);
        let sql = format!("SELECT l.id FROM lead_rows l WHERE l.org_id = {org} AND {condition} ORDER BY l.id");
        let rows = tx.query(&sql, &params.refs()).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
        rows.iter().map(|row| row.get(0)).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn any_filter_means_the_same_in_memory_and_in_sql() {
        let app = TestApp::start().await;
        let owner = app.sign_up("Acme").await;
        let org: kernel::OrgId = owner.get("/api/v1/me").await.expect(200).json()["organisation_id"].as_str().unwrap().parse().unwrap();
        let now: Timestamp = NOW.parse().unwrap();
        let mut draw = Draw(TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let accounts: Vec<Account> = (0..3).map(|n| account(n, &mut draw, now)).collect();
        let leads: Vec<Known> = (0..LEADS).map(|n| Known::draw(n, &mut draw, &accounts, now)).collect();
        store(&app, org.uuid(), &accounts, &leads).await;

        let tx = app.app.db.tenant(&db::Scope::whole(org)).await.unwrap();
        let registry = leads::custom_fields::list(&tx).await.unwrap();
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let handle = tokio::runtime::Handle::current();
        let (mut some, mut none) = (0, 0);
        let named = Filter { root: Node::If(Condition::Segment(SegmentTest::In((0..4).map(|n| SegmentKey::new(segment(n))).collect()))) };
        let known = segments_of(&app.app, &tx, &named).await.unwrap();
        let outcome = runner.run(&filter(), |filter| {
            // Looked up in the database, and in memory only the names of segments: so either says by itself who is in them.
            let looked_up = filter.clone().looked_up(&known);
            prop_assume!(looked_up.is_ok(), "too many conditions, those of segments among them");
            let looked_up = looked_up.unwrap();
            let in_sql = tokio::task::block_in_place(|| handle.block_on(by_sql(&tx, &looked_up, now)));
            let matching = leads.iter().filter(|known| filter.matches(&known.facts(&accounts), now));
            let in_memory: Vec<Uuid> = matching.map(|known| known.lead.id.uuid()).collect();
            let only = |these: &[Uuid], others: &[Uuid]| -> Vec<String> {
                let missing = these.iter().filter(|id| !others.contains(id)).take(2);
                missing.map(|id| format!("{:?}", leads.iter().find(|known| known.lead.id.uuid() == *id).map(|known| &known.lead))).collect()
            };
            prop_assert!(
                in_sql == in_memory,
                "{} finds otherwise\nonly in SQL: {:?}\nonly in memory: {:?}",
                filter.to_text(),
                only(&in_sql, &in_memory),
                only(&in_memory, &in_sql)
            );
            let ready = leads.iter().filter(|known| looked_up.matches(&known.facts(&accounts), now)).map(|known| known.lead.id.uuid());
            prop_assert!(ready.eq(in_memory.iter().copied()), "{} finds otherwise in memory, once it is looked up", filter.to_text());
            // By the index of the fields, where one answers.
            if let Ok(indexed) = filter.clone().prepared(&registry, &known) {
                let found = tokio::task::block_in_place(|| handle.block_on(by_sql(&tx, &indexed, now)));
                prop_assert!(found == in_memory, "{} finds otherwise by index", filter.to_text());
            }
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
        // That they agree about nothing and everything would say little.
        let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        for _ in 0..200 {
            let filter = proptest::strategy::ValueTree::current(&filter().new_tree(&mut runner).unwrap());
            let Ok(filter) = filter.looked_up(&known) else { continue };
            let found = by_sql(&tx, &filter, now).await.len();
            some += usize::from(found > 0 && found < LEADS);
            none += usize::from(found == 0);
        }
        assert!(some > 60, "{some} filters find some, {none} nobody");
    }
}
