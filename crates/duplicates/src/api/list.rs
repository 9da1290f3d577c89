use axum::{Json, extract::State};
use http_kit::{ApiPath, ApiQuery, App, Problem, ProblemBody, Total};
use identity::{Can, LeadsRead};
use jiff::Timestamp;
use kernel::{ClusterId, LeadId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    model::Evidence,
    store::{
        self,
        clusters::{StoredCluster, Which},
        pairs::Pair,
        settings::Settings,
    },
};

/// How many rows a page has unless asked otherwise, and how many it may have.
const USUAL: i64 = 50;
const MOST: i64 = 200;

/// The query of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// The least probability: from the `show_from` of the settings to 1.
    at_least: Option<f64>,
    /// Rows on a page: 1 to 200, usually 50.
    limit: Option<i64>,
    /// `next_cursor` of the answer before, with the same other parameters.
    cursor: Option<String>,
}

/// Leads that may be one person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClusterBody {
    id: ClusterId,
    lead_ids: Vec<LeadId>,
    /// That they all are one person: of the weakest pair that holds the cluster together.
    probability: f64,
    #[schema(value_type = String, format = DateTime)]
    found_at: Timestamp,
    /// A merge of some of them was undone: they are merged again only by hand.
    merge_undone: bool,
}

/// A cluster and why.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClusterDetails {
    #[serde(flatten)]
    cluster: ClusterBody,
    pairs: Vec<PairBody>,
}

/// Two of the leads.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PairBody {
    lead_ids: [LeadId; 2],
    probability: f64,
    reasons: Vec<Reason>,
}

/// One thing that speaks for (positive) or against (negative).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reason {
    reason: &'static str,
    /// What it adds to log2 of the odds.
    bits: f64,
}

/// A page of clusters, the surest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Clusters {
    data: Vec<ClusterBody>,
    /// Where the next page begins; `null` on the last one.
    next_cursor: Option<String>,
    /// As of the first page.
    total: Total,
}

impl ClusterBody {
    fn new(cluster: StoredCluster, settings: &Settings) -> Self {
        Self {
            id: cluster.id,
            lead_ids: cluster.leads,
            probability: settings.calibration.probability(cluster.bits),
            found_at: cluster.found_at,
            merge_undone: cluster.by_hand,
        }
    }
}

impl PairBody {
    fn new(pair: Pair, settings: &Settings) -> Self {
        let reason = |evidence: &Evidence| Reason { reason: evidence.says(), bits: evidence.bits };
        Self {
            lead_ids: [pair.low, pair.high],
            probability: settings.calibration.probability(pair.bits),
            reasons: pair.evidence.iter().map(reason).collect(),
        }
    }
}

/// List clusters of leads that may be one person, the surest first
#[utoipa::path(get, path = "/api/v1/duplicates", tag = "duplicates", params(ListParams),
    responses((status = 200, body = Clusters), (status = 422, body = ProblemBody)))]
pub(super) async fn list_duplicates(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(params): ApiQuery<ListParams>,
) -> Result<Json<Clusters>, Problem> {
    let limit = params.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::field("/limit", "limit.out_of_range", format!("A page has 1 to {MOST} rows")));
    }
    let tx = app.db.tenant(&viewer.scope).await?;
    let settings = store::settings::get(&tx).await?;
    let at_least = params.at_least.unwrap_or(settings.show_from);
    if !(settings.show_from..=1.0).contains(&at_least) {
        return Err(Problem::field("/at_least", "at_least.out_of_range", format!("Name a probability from {} to 1", settings.show_from)));
    }
    let which = Which { at_least: settings.calibration.bits_for(at_least), below: f64::INFINITY };
    let page = store::clusters::list(&tx, which, limit, params.cursor.as_deref()).await?;
    tx.commit().await?;
    let data = page.rows.into_iter().map(|cluster| ClusterBody::new(cluster, &settings)).collect();
    Ok(Json(Clusters { data, next_cursor: page.next, total: page.total }))
}

/// Read a cluster, with what speaks for and against
#[utoipa::path(get, path = "/api/v1/duplicates/{id}", tag = "duplicates", params(("id" = ClusterId, Path)),
    responses((status = 200, body = ClusterDetails), (status = 404, body = ProblemBody)))]
pub(super) async fn get_duplicates(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<ClusterId>,
) -> Result<Json<ClusterDetails>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let settings = store::settings::get(&tx).await?;
    let cluster = store::clusters::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let pairs = store::pairs::within(&tx, &cluster.leads).await?;
    tx.commit().await?;
    let pairs = pairs.into_iter().map(|pair| PairBody::new(pair, &settings)).collect();
    Ok(Json(ClusterDetails { cluster: ClusterBody::new(cluster, &settings), pairs }))
}
