use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use cache::Cache;
use db::{Db, DbConfig};
use events::Feed;
use http_kit::{App, AppParts, AuthConfig, Config, Environment, SecretKey, SignUp};
use jobs::Worker;
use kernel::Clock;
use mail::MailConfig;
use serde_json::json;
use tempfile::TempDir;
use testkit::{REDIS_VARIABLE, TestDatabase};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vault::{KeyRing, MasterKey, Vault};

use super::Visitor;

/// What a test wants to be otherwise.
pub struct TestOptions {
    /// Stands still on a Monday morning unless told otherwise.
    pub clock: Clock,
    pub mail: MailConfig,
    pub resend_webhook_secret: Option<String>,
    pub auth: AuthConfig,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    pub requests_per_minute: u32,
    pub signup: SignUp,
    /// How the world reaches it, if not by its own port.
    pub public_url: Option<&'static str>,
    /// Share the run's Redis instead of the in-process cache.
    pub redis: bool,
    /// Share this Redis instead.
    pub redis_at: Option<String>,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            clock: Clock::manual("2026-01-05T09:00:00Z".parse().unwrap()),
            mail: MailConfig::default(),
            resend_webhook_secret: None,
            auth: AuthConfig::default(),
            trusted_proxies: Vec::new(),
            requests_per_minute: 600,
            signup: SignUp::Open,
            public_url: None,
            redis: false,
            redis_at: None,
        }
    }
}

/// How many projections have not read the whole log, and how many leads wait for their score.
const BEHIND: &str =
    "SELECT (SELECT count(*) FROM event_cursors c WHERE (c.xid, c.seq) < (SELECT xid, seq FROM events ORDER BY xid DESC, seq DESC LIMIT 1))
    + (SELECT count(*) FROM intelligence_pending) + (SELECT count(*) FROM duplicate_pending)";

/// How far each projection has read.
const PLACES: &str = "SELECT coalesce(string_agg(c.xid::text || '/' || c.seq, ' '), '') FROM event_cursors c";

/// The whole application on a port of its own over a database of its own. Jobs run only when a test
/// says so ([`TestApp::run_jobs`]); projections follow by themselves ([`TestApp::settle`] waits for them).
pub struct TestApp {
    pub app: App,
    pub address: String,
    stop: CancellationToken,
    key: MasterKey,
    _data: TempDir,
    // Last: the database goes when everything else has.
    database: Arc<TestDatabase>,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    pub async fn start_with(options: TestOptions) -> Self {
        Self::start_over(Arc::new(TestDatabase::create().await), MasterKey::generate().0, options).await
    }

    /// Another node over the same database, with the same key.
    pub async fn second_node(&self, options: TestOptions) -> Self {
        Self::start_over(self.database.clone(), self.key.clone(), options).await
    }

    async fn start_over(database: Arc<TestDatabase>, key: MasterKey, options: TestOptions) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let data = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let db = Db::new(&DbConfig { url: database.url(), max_connections: 12 }).unwrap();
        let redis = options.redis_at.or_else(|| options.redis.then(|| testkit::variable(REDIS_VARIABLE)));
        let cache = match redis {
            Some(url) => Cache::redis(&url).await.unwrap(),
            None => Cache::in_process(),
        };
        let mailer = mail::mailer(&options.mail, db.clone(), options.clock.clone()).unwrap();
        let ring = KeyRing { current: key.clone(), previous: Vec::new() };
        let vault = Vault::open(&db, ring).await.unwrap();
        let config = Config {
            environment: Environment::Development,
            public_url: options.public_url.unwrap_or(&address).parse().unwrap(),
            data_dir: data.path().to_owned(),
            secret: SecretKey::new(vault.root()),
            signup: options.signup,
            trusted_proxies: options.trusted_proxies,
            resend_webhook_secret: options.resend_webhook_secret,
            requests_per_minute: options.requests_per_minute,
            auth: options.auth,
        };
        let feed = Feed::start(db.clone());
        let mut extensions = http::Extensions::new();
        extensions.insert(identity::Engine::start(db.clone(), vault.clone(), options.clock.clone(), &config).await.unwrap());
        extensions.insert(supabase::Keys::open(&config, options.clock.now()).unwrap());
        extensions.insert(federation::Relying::new(&config.auth).unwrap());
        extensions.insert(outreach::address_check());
        extensions.insert(outreach::enrolment());
        extensions.insert(segments::known());
        extensions.insert(intelligence::judging());
        extensions.insert(web::lead_panels());
        extensions.insert(leads::Memory::default());
        let app = App::new(AppParts { db, clock: options.clock, cache, feed, mailer, vault, config, extensions });
        let stop = CancellationToken::new();
        web::projections(&app, &stop);
        let service = web::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { app, address, stop, key, _data: data, database }
    }

    /// Somebody without a session.
    pub fn stranger(&self) -> Visitor {
        Visitor::new(&self.address)
    }

    /// The owner of a fresh organisation, signed in.
    pub async fn sign_up(&self, organisation: &str) -> Visitor {
        let mut visitor = self.stranger();
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        visitor.email = format!("owner{n}@{}.example", organisation.to_lowercase().replace(' ', "-"));
        let form = [("organisation", organisation), ("name", "Olive Owner"), ("email", &visitor.email), ("password", Visitor::PASSWORD)];
        let answer = visitor.post_form("/signup", &form).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        visitor
    }

    /// A colleague of `owner` with `role`, signed in.
    pub async fn colleague(&self, owner: &Visitor, role: &str) -> Visitor {
        let mut visitor = self.stranger();
        visitor.email = format!("{role}{}@colleagues.example", NEXT.fetch_add(1, Ordering::Relaxed));
        let new = json!({ "name": "Casey Colleague", "email": visitor.email, "role": role, "password": Visitor::PASSWORD });
        owner.post_json("/api/v1/members", &new).await.expect(201);
        let login = [("email", visitor.email.as_str()), ("password", Visitor::PASSWORD)];
        assert_eq!(visitor.post_form("/login", &login).await.status, 303);
        visitor
    }

    /// Runs every job that is due, and those they enqueue; returns how many runs that took.
    pub async fn run_jobs(&self) -> usize {
        Worker::new(self.app.db.clone(), self.app.clock.clone(), web::jobs(), self.app.clone(), 4).drain().await
    }

    /// Runs a job of the schedule, as if its hour had come.
    pub async fn sweep(&self, kind: &str) {
        self.sql(&format!("INSERT INTO jobs (kind, payload, run_at) VALUES ('{kind}', '{{}}', '2020-01-01')")).await;
        self.run_jobs().await;
    }

    /// Runs jobs until none is due and projections have read the whole log; gives up when nothing has moved for ten seconds.
    pub async fn settle(&self) {
        let (mut before, mut idle) = (String::new(), 0);
        while idle < 400 {
            let ran = self.run_jobs().await;
            let behind = self.scalar(BEHIND).await;
            if ran == 0 && behind == 0 {
                return;
            }
            let now = format!("{behind} {}", self.text(PLACES).await);
            idle = if ran == 0 && now == before { idle + 1 } else { 0 };
            before = now;
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("jobs or projections did not settle: {before}");
    }

    /// A number straight from the database, as its superuser: for what no screen shows.
    pub async fn scalar(&self, sql: &str) -> i64 {
        let (client, connection) = tokio_postgres::connect(self.app.db.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// The text of the newest mail to an address; jobs have run.
    pub async fn letter_to(&self, email: &str) -> String {
        self.run_jobs().await;
        let (client, connection) = tokio_postgres::connect(self.app.db.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let newest = "SELECT text FROM caught_mail WHERE to_address = $1 ORDER BY caught_at DESC, id DESC LIMIT 1";
        client.query_opt(newest, &[&email]).await.unwrap().unwrap_or_else(|| panic!("no mail to {email}")).get(0)
    }

    /// A text straight from the database, as its superuser.
    pub async fn text(&self, sql: &str) -> String {
        let (client, connection) = tokio_postgres::connect(self.app.db.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Statements straight to the database, as its superuser. This node would hear a moment later of whatever concerns who may
    /// do what (the tests of `nodes` see to that); what comes next need not wait for it.
    pub async fn sql(&self, statements: &str) {
        let (client, connection) = tokio_postgres::connect(self.app.db.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(statements).await.unwrap();
        identity::Engine::of(&self.app).unwrap().forget();
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
