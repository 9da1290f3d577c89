//! Runs a command with a real PostgreSQL and a real Redis, which end with it.

use std::process::ExitCode;

use anyhow::{Context, Result};
use leadline_testkit::{DATABASE_VARIABLE, REDIS_VARIABLE, Services};
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("usage: with-services COMMAND [ARGUMENT …]")?;
    let services = Services::start().await?;
    let mut child = Command::new(&program)
        .args(arguments)
        .env(DATABASE_VARIABLE, services.database_url())
        .env(REDIS_VARIABLE, services.redis_url())
        .spawn()
        .with_context(|| format!("{} could not be started", program.to_string_lossy()))?;
    let status = tokio::select! {
        status = child.wait() => status?,
        _ = tokio::signal::ctrl_c() => child.wait().await?,
    };
    services.stop().await?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
