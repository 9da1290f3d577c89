use axum::{Json, extract::State};
use garde::Validate;
use http_kit::{ApiJson, App, Problem, ProblemBody};
use identity::{Can, SettingsRead, SettingsWrite};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    actions::change_settings::change_settings,
    store::{self, settings::Settings},
};

/// What can be set.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsDraft {
    /// Clusters below this probability are not shown: 0.5 to 0.999.
    #[garde(skip)]
    show_from: f64,
    /// Whether clusters are merged without being asked about.
    #[garde(skip)]
    automatic: bool,
    /// The probability from which they are: 0.9 to 0.9999.
    #[garde(skip)]
    automatic_from: f64,
}

/// Read the thresholds and what decisions have taught
#[utoipa::path(get, path = "/api/v1/duplicates/settings", tag = "duplicates", responses((status = 200, body = Settings)))]
pub(super) async fn get_settings(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Json<Settings>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let settings = store::settings::get(&tx).await?;
    tx.commit().await?;
    Ok(Json(settings))
}

/// Set the thresholds
///
/// Switched on, what is sure enough is merged automatically from then on.
#[utoipa::path(put, path = "/api/v1/duplicates/settings", tag = "duplicates", request_body = SettingsDraft,
    responses((status = 200, body = Settings), (status = 422, body = ProblemBody)))]
pub(super) async fn put_settings(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    ApiJson(draft): ApiJson<SettingsDraft>,
) -> Result<Json<Settings>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let SettingsDraft { show_from, automatic, automatic_from } = draft;
    let to = Settings { show_from, automatic, automatic_from, ..Settings::default() };
    let settings = change_settings(&tx, to, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(Json(settings))
}
