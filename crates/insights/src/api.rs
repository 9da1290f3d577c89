//! `/api/v1/insights`: the numbers of the analytics page.

use axum::{Json, extract::State};
use http_kit::{ApiPath, ApiQuery, App, Problem, ProblemBody};
use identity::{Can, InsightsRead};
use jiff::civil::Date;
use kernel::CampaignId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    model::{CampaignCounts, Counts, Day, Period, Reached, StatusCount, StepCounts},
    store::counters,
};

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(summary)).routes(routes!(daily)).routes(routes!(campaigns)).routes(routes!(campaign))
}

/// Which days are meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Days {
    /// How many days (UTC), today among them.
    #[param(minimum = 1, maximum = 366, default = 30)]
    days: i32,
}

impl Default for Days {
    fn default() -> Self {
        Self { days: 30 }
    }
}

impl Days {
    fn period(&self, app: &App) -> Result<Period, Problem> {
        if (1..=366).contains(&self.days) {
            Ok(Period::last(self.days, app.clock.now()))
        } else {
            Err(Problem::field("/days", "days.range", "must be from 1 to 366"))
        }
    }
}

/// What happened in a period.
#[derive(Debug, Serialize, ToSchema)]
struct Summary {
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
    counts: Counts,
    /// The same of as many days right before.
    previous: Counts,
    /// The leads created in the period, by how far they have come by now.
    funnel: Vec<Reached>,
    /// How many of all leads have each status now.
    statuses: Vec<StatusCount>,
}

/// Each day of a period, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct DayList {
    data: Vec<Day>,
}

/// Campaigns, those with the most mail first.
#[derive(Debug, Serialize, ToSchema)]
struct CampaignList {
    data: Vec<CampaignCounts>,
}

/// One campaign over all time, and each of its steps.
#[derive(Debug, Serialize, ToSchema)]
struct CampaignReport {
    #[serde(flatten)]
    campaign: CampaignCounts,
    steps: Vec<StepCounts>,
}

/// Read what happened in the last days
#[utoipa::path(get, path = "/api/v1/insights/summary", tag = "insights", params(Days),
    responses((status = 200, body = Summary), (status = 422, body = ProblemBody)))]
async fn summary(State(app): State<App>, viewer: Can<InsightsRead>, ApiQuery(query): ApiQuery<Days>) -> Result<Json<Summary>, Problem> {
    let period = query.period(&app)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let (counts, previous) = counters::totals(&tx, period).await?;
    let (funnel, statuses) = (counters::funnel(&tx, period).await?, counters::statuses(&tx).await?);
    tx.commit().await?;
    Ok(Json(Summary { from: period.from, to: period.to, counts, previous, funnel, statuses }))
}

/// Read each of the last days
#[utoipa::path(get, path = "/api/v1/insights/daily", tag = "insights", params(Days),
    responses((status = 200, body = DayList), (status = 422, body = ProblemBody)))]
async fn daily(State(app): State<App>, viewer: Can<InsightsRead>, ApiQuery(query): ApiQuery<Days>) -> Result<Json<DayList>, Problem> {
    let period = query.period(&app)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    Ok(Json(DayList { data: counters::daily(&tx, period, None).await? }))
}

/// Read the campaigns of the last days
///
/// At most 200, those with the most mail first.
#[utoipa::path(get, path = "/api/v1/insights/campaigns", tag = "insights", params(Days),
    responses((status = 200, body = CampaignList), (status = 422, body = ProblemBody)))]
async fn campaigns(
    State(app): State<App>,
    viewer: Can<InsightsRead>,
    ApiQuery(query): ApiQuery<Days>,
) -> Result<Json<CampaignList>, Problem> {
    let period = query.period(&app)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    Ok(Json(CampaignList { data: counters::campaigns(&tx, period, 200).await? }))
}

/// Read one campaign's numbers, and each step's
#[utoipa::path(get, path = "/api/v1/insights/campaigns/{id}", tag = "insights", params(("id" = CampaignId, Path)),
    responses((status = 200, body = CampaignReport), (status = 404, body = ProblemBody)))]
async fn campaign(
    State(app): State<App>,
    viewer: Can<InsightsRead>,
    ApiPath(id): ApiPath<CampaignId>,
) -> Result<Json<CampaignReport>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (campaign, steps) = counters::campaign(&tx, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(CampaignReport { campaign, steps }))
}
