use axum::{
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};

use crate::Problem;

/// `GET /assets/{*path}`: what the binary carries; hashed names never change and are kept for ever.
pub async fn serve(Path(path): Path<String>, _headers: HeaderMap) -> Result<Response, Problem> {
    let asset = ui::assets::get(&path).ok_or_else(Problem::not_found)?;
    let cache = if asset.hashed { "public, max-age=31536000, immutable" } else { "public, max-age=300" };
    let mut response = Body::from(asset.bytes.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(mime) = HeaderValue::from_str(asset.mime) {
        headers.insert(header::CONTENT_TYPE, mime);
    }
    Ok(response)
}
