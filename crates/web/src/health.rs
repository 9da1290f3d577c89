//! `/healthz`: this process runs. `/readyz`: it can do its work.

use axum::extract::State;
use http_kit::{App, Problem, ProblemKind};

pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    match app.db.ping().await {
        Ok(_) => Ok("ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            Err(Problem::new(ProblemKind::Unavailable, "The database does not answer."))
        }
    }
}
