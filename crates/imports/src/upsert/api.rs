use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
};
use http::{HeaderMap, header};
use http_kit::{Answer, ApiQuery, App, Idempotency, Problem, ProblemBody, ProblemKind};
use identity::{Can, LeadsImport};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use super::{UpsertResult, lines, upsert};
use crate::plan::Existing;

/// The most bytes of a call.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// This part of the API.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upsert_leads).layer(DefaultBodyLimit::max(MAX_BODY)))
}

/// What happens to leads that exist.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct UpsertParams {
    /// `overwrite` (what a line says replaces what is stored; the default), `fill` (only what is empty is filled) or `skip`.
    existing: Option<Existing>,
}

/// Create or update up to 10,000 leads
///
/// One lead in JSON on each line, with the fields of `POST /api/v1/leads` but `owner_id`. A lead is recognised by its
/// e-mail, else its external id, else its LinkedIn profile, else name, company and phone together; what a line does not
/// say stays. The lines take effect in their order and in one transaction, except for those that are rejected: each has
/// an outcome of its own. All changes of a call are one change set, and can be undone.
#[utoipa::path(post, path = "/api/v1/leads/upsert", tag = "leads",
    params(UpsertParams, ("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = UpsertResult), (status = 413, body = ProblemBody, description = "Larger than 32 MB"),
        (status = 415, body = ProblemBody), (status = 422, body = ProblemBody, description = "More than 10,000 lines, or none")))]
async fn upsert_leads(
    State(app): State<App>,
    viewer: Can<LeadsImport>,
    ApiQuery(params): ApiQuery<UpsertParams>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Answer, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !["application/x-ndjson", "application/ndjson", "application/jsonl"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, "Send one lead in JSON on each line, as application/x-ndjson."));
    }
    let body = body.map_err(|rejection| {
        if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(ProblemKind::TooLarge, "A call takes at most 32 MB. Send the rest in another one.")
        } else {
            Problem::bad_request("The body ended before it was complete.")
        }
    })?;
    let existing = params.existing.unwrap_or(Existing::Overwrite);
    let digest = Sha256::digest(&body);
    let key = Idempotency::of_stream(&headers, "/api/v1/leads/upsert")?.by(viewer.actor()).with_content(&digest);
    let key = key.with_content(existing.as_str().as_bytes());
    let mut lines = tokio::task::spawn_blocking(move || lines::read(&body)).await.map_err(|error| Problem::internal(&error))??;
    upsert(&app, &viewer.scope, &mut lines, existing, viewer.actor(), &key).await
}
