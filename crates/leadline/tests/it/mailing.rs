//! What the tests of campaigns share: an organisation that may send, leads, campaigns, and what was caught.

use jiff::SignedDuration;
use mail::MailConfig;
use serde_json::{Value, json};

use crate::support::{TestApp, TestOptions, Visitor};

/// An organisation with a postal address, and its owner.
pub struct Mailing {
    pub app: TestApp,
    pub owner: Visitor,
}

/// One step: days after the one before, subject, HTML.
pub type Step<'a> = (i32, &'a str, &'a str);

pub const THREE_STEPS: [Step<'static>; 3] = [
    (0, "Hello {{ first_name }}", "<p>Hi {{ first_name }}, <a href=\"https://shop.example/?a=1&amp;b=2\">look</a></p>"),
    (2, "Still there?", "<p>Still there, {{ first_name }}?</p>"),
    (3, "Goodbye", "<p>Goodbye, {{ first_name }}.</p>"),
];

impl Mailing {
    pub async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    /// With a catcher that misbehaves: `unknown_every=2`, say.
    pub async fn start_simulating(simulate: &str) -> Self {
        let mail = MailConfig { catcher_simulate: Some(simulate.to_owned()), ..MailConfig::default() };
        Self::start_with(TestOptions { mail, ..TestOptions::default() }).await
    }

    pub async fn start_with(options: TestOptions) -> Self {
        let app = TestApp::start_with(options).await;
        let owner = app.sign_up("Acme").await;
        owner.patch_json("/api/v1/organisation", &json!({"postal_address": "1 Main Street\nSpringfield"})).await.expect(200);
        Self { app, owner }
    }

    /// A lead with this address; returns its id.
    pub async fn lead(&self, first_name: &str, email: &str) -> String {
        let lead = self.owner.post_json("/api/v1/leads", &json!({"first_name": first_name, "email": email})).await.expect(201);
        lead.json()["id"].as_str().unwrap().to_owned()
    }

    /// Leads `lead1@many.example` … made in the database.
    pub async fn many_leads(&self, count: usize) {
        self.app
            .sql(&format!(
                "INSERT INTO leads (org_id, id, first_name, email, created_at, updated_at)
                 SELECT o.org_id, gen_random_uuid(), 'Lead' || n, 'lead' || n || '@many.example', o.created_at, o.created_at
                 FROM organisations o, generate_series(1, {count}) n"
            ))
            .await;
    }

    /// A draft over all leads.
    pub async fn draft(&self, steps: &[Step<'_>]) -> String {
        let steps: Vec<Value> =
            steps.iter().map(|(days, subject, html)| json!({"delay_minutes": days * 1440, "subject": subject, "html": html})).collect();
        let body = json!({"name": "Spring", "sender_name": "Olive", "sender_address": "olive@acme.example", "steps": steps});
        self.owner.post_json("/api/v1/campaigns", &body).await.expect(201).json()["id"].as_str().unwrap().to_owned()
    }

    pub async fn launch(&self, campaign: &str) {
        self.owner.post_json(&format!("/api/v1/campaigns/{campaign}/launch"), &Value::Null).await.expect(200);
    }

    /// A draft, launched.
    pub async fn launched(&self, steps: &[Step<'_>]) -> String {
        let campaign = self.draft(steps).await;
        self.launch(&campaign).await;
        campaign
    }

    pub async fn read(&self, campaign: &str) -> Value {
        self.owner.get(&format!("/api/v1/campaigns/{campaign}")).await.expect(200).json()
    }

    pub async fn numbers(&self, campaign: &str) -> Value {
        self.owner.get(&format!("/api/v1/campaigns/{campaign}/numbers")).await.expect(200).json()
    }

    /// The newest rows of the ledger.
    pub async fn sends(&self, campaign: &str) -> Vec<Value> {
        self.owner.get(&format!("/api/v1/campaigns/{campaign}/sends?limit=200")).await.expect(200).json()["data"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Lets time pass and everything that is due then happen.
    pub async fn after(&self, wait: SignedDuration) {
        self.app.app.clock.advance(wait);
        self.app.settle().await;
    }

    /// Runs jobs and drops everything in the middle of a batch's `nth` hand-over, as a kill would: no outcome
    /// is recorded. The catcher must be slow (`latency_ms`), so that there is a middle.
    pub async fn die_in_hand_over(&self, nth: i32) {
        let begun = async {
            while self.app.scalar(&format!("SELECT count(*) FROM send_batches WHERE tries = {nth}")).await == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            runs = self.app.run_jobs() => panic!("no hand-over was seen in {runs} runs"),
            () = begun => {}
        }
    }

    /// Lets the leases of batches end, as they do some seconds after their holder died.
    pub async fn end_leases(&self) {
        self.app
            .sql(
                "UPDATE send_batches SET leased_until = clock_timestamp() - interval '1 second';
                 UPDATE campaigns SET held_until = NULL;
                 UPDATE jobs SET leased_until = clock_timestamp() - interval '1 second' WHERE state = 'running';
                 UPDATE jobs SET run_at = '-infinity' WHERE state = 'ready' AND kind = 'outreach.pump'",
            )
            .await;
    }

    /// How many mails the catcher holds that meet an SQL condition.
    pub async fn caught(&self, condition: &str) -> i64 {
        self.app.scalar(&format!("SELECT count(*) FROM caught_mail WHERE {condition}")).await
    }

    /// One text out of the newest mail to `to`.
    pub async fn mail(&self, to: &str, subject: &str) -> Caught {
        let (client, connection) = tokio_postgres::connect(self.app.app.db.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let row = client
            .query_one(
                "SELECT html, text, headers::text, message_id FROM caught_mail WHERE to_address = $1 AND subject = $2",
                &[&to, &subject],
            )
            .await
            .unwrap_or_else(|error| panic!("no mail “{subject}” to {to}: {error}"));
        let headers: Vec<(String, String)> = serde_json::from_str(row.get(2)).unwrap();
        Caught { html: row.get(0), text: row.get(1), headers, message_id: row.get(3) }
    }
}

/// A mail in the catcher.
#[derive(Debug)]
pub struct Caught {
    pub html: String,
    pub text: String,
    pub headers: Vec<(String, String)>,
    pub message_id: String,
}

impl Caught {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// The path of the address in the HTML that begins with `path`: `/u/`, `/t/c/`, `/t/o/`.
    pub fn path(&self, path: &str) -> String {
        let at = self.html.find(path).unwrap_or_else(|| panic!("no {path} in {}", self.html));
        let rest = &self.html[at..];
        rest[..rest.find('"').unwrap()].to_owned()
    }
}
