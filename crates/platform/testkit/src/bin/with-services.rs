//! Runs a command with a real PostgreSQL and a real Redis, which end with it.

use std::{
    ffi::{OsStr, OsString},
    process::{ExitCode, ExitStatus},
};

use anyhow::{Context, Result};
use leadline_testkit::{DATABASE_VARIABLE, REDIS_VARIABLE, Services};
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("usage: with-services COMMAND [ARGUMENT …]")?;
    let services = Services::start().await?;
    let outcome = run(&program, arguments, &services).await;
    services.stop().await?;
    Ok(outcome?.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Runs the command. Asked to stop, we wait for it: it has heard the same signal.
async fn run(program: &OsStr, arguments: impl Iterator<Item = OsString>, services: &Services) -> Result<ExitStatus> {
    let mut child = Command::new(program)
        .args(arguments)
        .env(DATABASE_VARIABLE, services.database_url())
        .env(REDIS_VARIABLE, services.redis_url())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} could not be started", program.to_string_lossy()))?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        status = child.wait() => Ok(status?),
        _ = tokio::signal::ctrl_c() => Ok(child.wait().await?),
        _ = terminate.recv() => {
            child.kill().await?;
            Ok(child.wait().await?)
        }
    }
}
