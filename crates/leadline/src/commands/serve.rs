//! `up`, `serve` and `worker`: the same process with more or fewer parts.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use http_kit::App;
use jobs::Worker;
use tokio::{net::TcpListener, signal, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    boot::{self, Database},
    settings::Settings,
    terminal::say,
};

/// Background jobs that one process runs at once.
const CONCURRENCY: usize = 8;
/// What open requests may still take after we were asked to stop; live streams never end by themselves.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parts {
    Everything,
    Web,
    Jobs,
}

pub(crate) async fn run(settings: &Settings, parts: Parts) -> Result<()> {
    if parts != Parts::Everything && settings.database_url.is_none() {
        bail!("DATABASE_URL is not set: `serve` and `worker` share a database; `leadline up` brings its own");
    }
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));

    // The port first: a second instance should say so before anything else is touched.
    let listener = if parts == Parts::Jobs { None } else { Some(bind(&settings.bind).await?) };
    let database = Database::open(settings).await?;
    if stop.is_cancelled() {
        return database.close(settings).await;
    }
    let outcome = serve(settings, parts, &database, listener, &stop).await;
    database.close(settings).await?;
    outcome
}

async fn serve(
    settings: &Settings,
    parts: Parts,
    database: &Database,
    listener: Option<TcpListener>,
    stop: &CancellationToken,
) -> Result<()> {
    db::migrate::run(&database.url).await?;
    let app = boot::app(settings, database).await?;
    let mut tasks = JoinSet::new();
    if parts != Parts::Web {
        let worker = Worker::new(app.db.clone(), app.clock.clone(), web::jobs(), app.clone(), CONCURRENCY);
        tasks.spawn(worker.run(stop.clone()));
        for projection in web::projections(&app, stop) {
            tasks.spawn(async { drop(projection.await) });
        }
    }
    if let Some(listener) = listener {
        say(&format!("Leadline is ready: {}", settings.public_url.as_str().trim_end_matches('/')));
        if settings.mail.catches() {
            say("Mail stays here, in the mail catcher. Ctrl-C stops everything.");
        }
        web_until(&app, listener, stop).await?;
    }
    stop.cancelled().await;
    while tasks.join_next().await.is_some() {}
    app.db.close();
    Ok(())
}

async fn web_until(app: &App, listener: TcpListener, stop: &CancellationToken) -> Result<()> {
    let service = web::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        ended = server => ended.context("the web server failed"),
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}

async fn bind(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("LEADLINE_BIND: {address} cannot be listened on (is another Leadline running there?); choose another, such as LEADLINE_BIND=127.0.0.1:8081")
    })
}

/// Ctrl-C and SIGTERM ask for an orderly end.
async fn stop_on_signal(stop: CancellationToken) {
    #[cfg(unix)]
    {
        let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) else { return };
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = signal::ctrl_c().await;
    tracing::info!("stopping");
    stop.cancel();
}
