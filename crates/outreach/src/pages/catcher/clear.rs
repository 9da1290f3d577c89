use axum::{extract::State, response::Response};
use http_kit::{App, Flash, Problem, redirect};
use identity::{CampaignsWrite, Can};

use super::{catcher, reader};

/// Empties the organisation's catcher.
pub(super) async fn submit(State(app): State<App>, viewer: Can<CampaignsWrite>) -> Result<Response, Problem> {
    let gone = catcher(&app)?.clear(&viewer.scope, reader(&viewer)).await?;
    let gone = i64::try_from(gone).unwrap_or(i64::MAX);
    Ok(redirect("/catcher", Some(Flash::success(format!("{} removed.", ui::plural(gone, "mail", "mails"))))))
}
