//! `/api/v1/leads/export`.

use axum::{body::Body, extract::State, response::Response};
use http_kit::{ApiQuery, App, Problem, ProblemBody};
use identity::{Can, LeadsExport};
use kernel::LeadId;
use serde::Deserialize;
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    file, job, request, text,
    wish::{Asked, Format, Wish},
};

/// More leads than this come as CSV or NDJSON only, because an Excel file is whole before its first byte is sent.
const MOST_XLSX: i64 = 100_000;

/// This part of the API.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_leads))
}

/// What to take out.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct ExportParams {
    /// `csv` (usual), `ndjson` or `xlsx`.
    #[param(value_type = Option<String>)]
    format: String,
    /// The filter language, as JSON or as text.
    #[param(value_type = Option<String>)]
    filter: String,
    /// Words that must all occur.
    #[param(value_type = Option<String>)]
    q: String,
    /// As in the list of leads.
    #[param(value_type = Option<String>, example = "-score")]
    sort: String,
    /// These leads instead of a filter.
    id: Vec<LeadId>,
    /// Names of columns, in order: `first_name`, `company`, `custom.KEY`, …; usually all that an import reads again.
    columns: Vec<String>,
    /// Whether a CSV begins with a byte order mark, by which Excel knows UTF-8.
    bom: bool,
}

/// Export leads
///
/// Everything that matches, in order, streamed in pieces: CSV and NDJSON at any size, XLSX up to 100,000 leads.
/// The headings of CSV and XLSX are those that an import recognises. What changes while the file is read may be in it or not.
#[utoipa::path(get, path = "/api/v1/leads/export", tag = "leads", params(ExportParams),
    responses((status = 200, content_type = "text/csv", body = String), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn export_leads(
    State(app): State<App>,
    viewer: Can<LeadsExport>,
    ApiQuery(params): ApiQuery<ExportParams>,
) -> Result<Response, Problem> {
    request::require_proof(&app, &viewer)?;
    let ExportParams { format, filter, q, sort, id, columns, bom } = &params;
    let asked = Asked { ids: id, filter, q, sort, columns, format, mark: *bom };
    let wish = Wish::read(&app, &viewer.scope, &asked).await?;
    let now = app.clock.now();
    let count = wish.count(&app, &viewer.scope, now).await?;
    if wish.format == Format::Xlsx && count > MOST_XLSX {
        let detail =
            format!("{count} leads are too many for xlsx in one answer ({MOST_XLSX} fit): take csv or ndjson, or narrow the filter");
        return Err(Problem::field("/format", "format.too_many", detail));
    }
    let tx = app.db.tenant(&viewer.scope).await?;
    request::tell(&tx, &viewer, &wish, count, now).await?;
    tx.commit().await?;
    if wish.format != Format::Xlsx {
        return text::answer(&app, &viewer.scope, wish, now).await;
    }
    let name = wish.file_name(now);
    let place = job::directory(&app, viewer.org_id);
    tokio::fs::create_dir_all(&place).await.map_err(|error| Problem::internal(&error))?;
    let directory = tempfile::Builder::new().prefix(job::HALF).tempdir_in(place).map_err(|error| Problem::internal(&error))?;
    let path = directory.path().join("leads.xlsx");
    file::write(&app, &viewer.scope, &wish, &path, None).await?;
    let file = tokio::fs::File::open(&path).await.map_err(|error| Problem::internal(&error))?;
    // An open file outlives its name.
    Ok(text::attachment(Body::from_stream(ReaderStream::new(file)), Format::Xlsx, &name))
}
