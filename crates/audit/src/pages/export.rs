use axum::{extract::State, response::Response};
use http_kit::{App, Problem};
use identity::{AuditRead, Can};

pub(super) async fn download(State(app): State<App>, viewer: Can<AuditRead>) -> Result<Response, Problem> {
    crate::export::download(app, &viewer, 0).await
}
