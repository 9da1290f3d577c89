//! What authenticating a request costs, in microseconds: the whole extractor (cookie or header to
//! `Viewer`), warm and cold, over a real PostgreSQL; and beside it what it is made of: one database round
//! trip, one ES256 verification, one Argon2id hashing. Prints a Markdown table.
//!
//! Also whether an unknown address can be told from a known one by time: the two are asked in turns
//! and their medians compared.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use axum::{extract::FromRequestParts, http::Request};
use cache::Cache;
use db::{Db, DbConfig};
use events::Feed;
use http_kit::{App, AppParts, AuthConfig, Config, Environment, SecretKey, SignUp};
use identity::{Client, Engine, NewOrganisation, Viewer, session};
use kernel::{Clock, OrgId, UserId, Uuid};
use sha2::{Digest, Sha256};
use testkit::Services;
use vault::{KeyRing, MasterKey, Vault};

const WARM: usize = 20_000;
const COLD: usize = 500;
const LOGINS: usize = 60;
const PASSWORD: &str = "correct horse battery";

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let services = Services::start().await?;
    let outcome = measure(&services).await;
    services.stop().await?;
    outcome
}

async fn measure(services: &Services) -> Result<()> {
    let app = app(&services.template_url()).await?;
    let (user, org) = sign_up(&app, "ada@bench.example").await?;
    let client = Client::new(IpAddr::V4(Ipv4Addr::LOCALHOST), "bench");

    let (_, cookie) =
        identity::log_in(&app, "ada@bench.example", PASSWORD.to_owned(), &client).await.map_err(|error| anyhow!("{error}"))?;
    let tx = app.db.system().await?;
    let session = session::open(&tx, &session::NewSession::by(user, session::Method::Password), &client, app.clock.now()).await?;
    // Of the form that keys have: anything else is refused without a look.
    let key = "llk_YSBrZXkgb2YgdGhpcyBiZW5jaG1hcmsgb25seQ-IHNc";
    let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    tx.commit().await?;
    let tx = app.db.tenant(&db::Scope::whole(org)).await?;
    tx.execute(
        "INSERT INTO api_keys (org_id, id, name, prefix, key_hash, scopes, created_by, created_at) VALUES ($1, $2, 'Bench', 'llk_YSBrZXkg', $3, '{leads:read}', $4, $5)",
        &[&org, &Uuid::now_v7(), &hash.as_slice(), &user, &app.clock.now()],
    )
    .await?;
    tx.commit().await?;
    let pair = session::tokens(&app, session).await.map_err(|problem| anyhow!("{}", problem.detail))?.context("the session is there")?;

    let credentials = [
        ("Browser session (cookie)", "cookie", format!("leadline_session={cookie}")),
        ("Access token (ES256)", "authorization", format!("Bearer {}", pair.access_token)),
        ("API key", "authorization", format!("Bearer {key}")),
    ];
    say("| a request's authentication | warm p50 | warm p99 | first time p50 |");
    say("|---|---:|---:|---:|");
    for (label, header, value) in &credentials {
        let cold = times(COLD, async || {
            forget(&app)?;
            authenticate(&app, header, value).await
        })
        .await?;
        let warm = times(WARM, async || authenticate(&app, header, value).await).await?;
        say(&format!("| {label} | {} | {} | {} |", micros(&warm, 50), micros(&warm, 99), micros(&cold, 50)));
    }
    say("");
    say("| for comparison | p50 |");
    say("|---|---:|");
    let trip = times(COLD, async || app.db.read_system("SELECT 1", &[]).await.map(drop).map_err(Into::into)).await?;
    say(&format!("| One round trip to PostgreSQL (`SELECT 1`, pipelined) | {} |", micros(&trip, 50)));
    let hashing = times(20, async || identity::password::hash(PASSWORD.to_owned()).await.map(drop).map_err(anyhow::Error::msg)).await?;
    say(&format!("| One Argon2id hashing (a sign-in) | {} |", micros(&hashing, 50)));
    say("");
    told_by_time(&app).await
}

async fn sign_up(app: &App, email: &str) -> Result<(UserId, OrgId)> {
    let new = NewOrganisation {
        organisation: "Bench".to_owned(),
        name: "Ada".to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
    };
    identity::sign_up(app, new).await.map_err(|error| anyhow!("{error}"))
}

/// Signs in with a wrong password, in turns for a known and an unknown address, each once and from a
/// network of its own, so that no throttle has a say.
async fn told_by_time(app: &App) -> Result<()> {
    for round in 0..LOGINS {
        sign_up(app, &format!("known{round}@bench.example")).await?;
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..LOGINS {
        let mut turns = [("known", &mut known), ("other", &mut unknown)];
        if round % 2 == 1 {
            turns.reverse();
        }
        for (who, into) in turns {
            // What the last attempt left to be written is written by then, and slows nobody.
            tokio::time::sleep(Duration::from_millis(30)).await;
            let network = Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(round).unwrap_or_default());
            let client = Client::new(IpAddr::V4(network), "bench");
            let began = Instant::now();
            let refused =
                identity::log_in(app, &format!("{who}{round}@bench.example"), "wrong wrong wrong".to_owned(), &client).await.is_err();
            into.push(began.elapsed());
            anyhow::ensure!(refused, "a wrong password was let in");
        }
    }
    known.sort();
    unknown.sort();
    say(&format!("| sign-in with a wrong password ({LOGINS} each, in turns) | p10 | p50 | p90 |"));
    say("|---|---:|---:|---:|");
    for (label, times) in [("Known address", &known), ("Unknown address", &unknown)] {
        say(&format!("| {label} | {} | {} | {} |", micros(times, 10), micros(times, 50), micros(times, 90)));
    }
    Ok(())
}

async fn authenticate(app: &App, header: &str, value: &str) -> Result<()> {
    let (mut parts, ()) = Request::builder().uri("/api/v1/leads").header(header, value).body(())?.into_parts();
    Viewer::from_request_parts(&mut parts, app).await.map_err(|problem| anyhow!("{}", problem.detail))?;
    Ok(())
}

fn forget(app: &App) -> Result<()> {
    Engine::of(app).map_err(|problem| anyhow!("{}", problem.detail))?.forget();
    Ok(())
}

async fn times(count: usize, mut act: impl AsyncFnMut() -> Result<()>) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        act().await?;
        times.push(began.elapsed());
    }
    times.sort();
    Ok(times)
}

fn micros(sorted: &[Duration], percentile: usize) -> String {
    let at = (sorted.len() * percentile / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or_else(String::new, |time| format!("{:.1} µs", time.as_secs_f64() * 1e6))
}

async fn app(url: &str) -> Result<App> {
    let db = Db::new(&DbConfig::new(url))?;
    let clock = Clock::system();
    let vault = Vault::open(&db, KeyRing { current: MasterKey::generate().0, previous: Vec::new() }).await?;
    let config = Config {
        environment: Environment::Development,
        public_url: "http://localhost:8080".parse()?,
        data_dir: std::env::temp_dir(),
        secret: SecretKey::new(vault.root()),
        signup: SignUp::Open,
        trusted_proxies: Vec::new(),
        resend_webhook_secret: None,
        auth: AuthConfig::default(),
        requests_per_minute: u32::MAX,
    };
    let engine: Arc<Engine> = Engine::start(db.clone(), vault.clone(), clock.clone(), &config).await?;
    // What is remembered depends on hearing of changes.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut extensions = axum::http::Extensions::new();
    extensions.insert(engine);
    let mailer = mail::mailer(&mail::MailConfig::default(), db.clone(), clock.clone())?;
    Ok(App::new(AppParts { feed: Feed::start(db.clone()), db, clock, cache: Cache::in_process(), mailer, vault, config, extensions }))
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}"); // nobody reads: nothing to tell
}
