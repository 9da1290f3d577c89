//! `doctor`: every dependency, in use or defaulted, and whether it answers.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use cache::Cache;
use db::{Db, DbConfig, embedded};
use serde::Serialize;
use tokio::{net::TcpStream, time::timeout};
use url::Url;

use crate::{
    boot::Database,
    settings::{Origin, Settings},
    terminal::say,
};

const PATIENCE: Duration = Duration::from_secs(5);

/// One line of the report.
#[derive(Debug, Serialize)]
struct Finding {
    dependency: &'static str,
    /// What is in use, and by which setting.
    using: String,
    ok: bool,
    /// What it answered, or what to do.
    detail: String,
}

pub(crate) async fn run(settings: &Settings, json: bool) -> Result<ExitCode> {
    let findings = [
        postgres(settings).await,
        redis(settings).await,
        mail_transport(settings).await,
        data_dir(settings),
        secret_key(settings),
        public_url(settings),
        sign_in(settings),
    ];
    if json {
        say(&serde_json::to_string_pretty(&findings)?);
    } else {
        for finding in &findings {
            let mark = if finding.ok { "ok  " } else { "FAIL" };
            say(&format!("{mark} {:<15} {}\n     {:<15} {}", finding.dependency, finding.using, "", finding.detail));
        }
    }
    Ok(if findings.iter().all(|finding| finding.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn named(settings: &Settings, variable: &str) -> String {
    let from = match settings.origins.get(variable) {
        Some(Origin::Environment) => "environment",
        Some(Origin::File) => "leadline.toml",
        Some(Origin::Infra) => "LEADLINE_INFRA_OUTPUTS",
        None => "default",
    };
    format!("{variable} ({from})")
}

/// `host:port` of an address, without the password in it.
fn place(address: &str) -> String {
    Url::parse(address).map_or_else(
        |_| "an address that cannot be read".to_owned(),
        |url| {
            format!(
                "{}:{}",
                url.host_str().unwrap_or("?"),
                url.port_or_known_default().map_or_else(|| "?".to_owned(), |port| port.to_string())
            )
        },
    )
}

async fn postgres(settings: &Settings) -> Finding {
    let using = match &settings.database_url {
        Some(url) => format!("{} at {}", named(settings, "DATABASE_URL"), place(url)),
        None => format!("private PostgreSQL in {}", settings.data_dir.display()),
    };
    let found = settings.database_url.is_none().then(embedded::find_binaries);
    let detail = async {
        let database = Database::open_beside(settings).await?;
        let version = async { Db::new(&DbConfig::new(&database.url))?.ping().await }.await;
        database.close(settings).await?;
        anyhow::Ok(version?)
    };
    match (timeout(Duration::from_secs(60), detail).await, found) {
        (Ok(Ok(version)), Some(Ok(binaries))) => {
            Finding { dependency: "PostgreSQL", using, ok: true, detail: format!("answers, version {version}, programs {binaries}") }
        }
        (Ok(Ok(version)), _) => Finding { dependency: "PostgreSQL", using, ok: true, detail: format!("answers, version {version}") },
        (Ok(Err(error)), _) => Finding { dependency: "PostgreSQL", using, ok: false, detail: format!("{error:#}") },
        (Err(_), _) => Finding { dependency: "PostgreSQL", using, ok: false, detail: "no answer within a minute".to_owned() },
    }
}

async fn redis(settings: &Settings) -> Finding {
    let Some(url) = &settings.redis_url else {
        let using = "in-process cache, throttles and pub/sub (REDIS_URL is not set)".to_owned();
        return Finding { dependency: "Redis", using, ok: true, detail: "enough for one node".to_owned() };
    };
    let using = format!("{} at {}", named(settings, "REDIS_URL"), place(url.split(',').next().unwrap_or_default()));
    let answer = timeout(PATIENCE, async { Cache::redis(url).await?.ping().await }).await;
    let (ok, detail) = match answer {
        Ok(Ok(_)) => (true, "answers".to_owned()),
        Ok(Err(error)) => (false, error.to_string()),
        Err(_) => (false, "no answer within 5 s".to_owned()),
    };
    Finding { dependency: "Redis", using, ok, detail }
}

async fn mail_transport(settings: &Settings) -> Finding {
    let (using, address) = if let Some(url) = &settings.mail.smtp_url {
        (format!("{} at {}", named(settings, "SMTP_URL"), place(url)), smtp_place(url))
    } else if settings.mail.resend_api_key.is_some() {
        let base = settings.mail.resend_base_url.clone().unwrap_or_else(|| "https://api.resend.com".to_owned());
        (format!("Resend, {}, at {}", named(settings, "RESEND_API_KEY"), place(&base)), place(&base))
    } else {
        let detail = "nothing leaves this machine; read what was sent at /catcher".to_owned();
        return Finding {
            dependency: "Mail",
            using: "mail catcher (neither SMTP_URL nor RESEND_API_KEY is set)".to_owned(),
            ok: true,
            detail,
        };
    };
    let (ok, detail) = match timeout(PATIENCE, TcpStream::connect(&address)).await {
        Ok(Ok(_)) => (true, "accepts connections".to_owned()),
        Ok(Err(error)) => (false, format!("{address}: {error}")),
        Err(_) => (false, format!("{address}: no answer within 5 s")),
    };
    Finding { dependency: "Mail", using, ok, detail }
}

fn smtp_place(address: &str) -> String {
    Url::parse(address).map_or_else(
        |_| String::new(),
        |url| {
            let port = url.port().unwrap_or(if url.scheme() == "smtps" { 465 } else { 587 });
            format!("{}:{port}", url.host_str().unwrap_or_default())
        },
    )
}

fn data_dir(settings: &Settings) -> Finding {
    let using = format!("{} {}", named(settings, "LEADLINE_DATA_DIR"), settings.data_dir.display());
    let probe = settings.data_dir.join(".doctor");
    let written =
        std::fs::create_dir_all(&settings.data_dir).and_then(|()| std::fs::write(&probe, b"")).and_then(|()| std::fs::remove_file(&probe));
    let (ok, detail) = match written {
        Ok(()) => (true, "writable".to_owned()),
        Err(error) => (false, format!("cannot be written: {error}")),
    };
    Finding { dependency: "Data directory", using, ok, detail }
}

fn secret_key(settings: &Settings) -> Finding {
    let (using, detail) = match &settings.secret_key {
        Some(key) => (named(settings, "LEADLINE_SECRET_KEY"), format!("32 bytes, fingerprint {}", key.fingerprint())),
        None => (
            "generated into the data directory".to_owned(),
            "keep secret.key apart from your backups of the database, which cannot be used without it".to_owned(),
        ),
    };
    let using = match settings.previous_secret_keys.as_slice() {
        [] => using,
        previous => {
            let fingerprints: Vec<String> = previous.iter().map(vault::MasterKey::fingerprint).collect();
            format!("{using}; {} holds {}", named(settings, "LEADLINE_SECRET_KEY_OLD"), fingerprints.join(", "))
        }
    };
    Finding { dependency: "Secret key", using, ok: true, detail }
}

fn public_url(settings: &Settings) -> Finding {
    let detail = if settings.public_url.scheme() == "https" {
        "cookies are Secure"
    } else {
        "plain HTTP: fine on this machine, not on the Internet"
    };
    Finding {
        dependency: "Public address",
        using: format!("{} {}", named(settings, "PUBLIC_URL"), settings.public_url),
        ok: true,
        detail: detail.to_owned(),
    }
}

fn sign_in(settings: &Settings) -> Finding {
    let auth = &settings.auth;
    let mut ways = vec!["passwords, codes and links by mail, passkeys".to_owned()];
    ways.extend(auth.providers.iter().map(|provider| format!("{} ({})", provider.label, provider.issuer)));
    let mut detail = vec![if auth.confirm_email { "addresses must be confirmed" } else { "addresses need no confirmation" }.to_owned()];
    detail.push(format!("mail from {}", auth.mail_from.address));
    if let Some(url) = &auth.supabase_url {
        detail.push(format!("tokens of Supabase Auth at {url} are accepted ({})", named(settings, "SUPABASE_URL")));
    }
    if auth.supabase_jwt_secret.is_some() {
        detail.push(format!("tokens signed with Supabase's secret are accepted ({})", named(settings, "SUPABASE_JWT_SECRET")));
    }
    Finding { dependency: "Sign-in", using: ways.join(", "), ok: true, detail: detail.join("; ") }
}
