use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use http_kit::{ApiPath, App, Problem};
use identity::{CampaignsRead, Can};
use kernel::MessageId;

use super::{catcher, reader};

/// The message as composed for the wire.
pub(super) async fn download(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<MessageId>,
) -> Result<Response, Problem> {
    let mail = catcher(&app)?.get(&viewer.scope, reader(&viewer), id.uuid()).await?.ok_or_else(Problem::not_found)?;
    let mut response = mail.raw.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("message/rfc822"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{id}.eml\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
