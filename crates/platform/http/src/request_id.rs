use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue};
use kernel::Uuid;

tokio::task_local! {
    static CURRENT: Uuid;
}

/// Names the request that this task answers: in its problems, in the log and in `X-Request-Id`. What a client
/// sends in that header is not believed, so that a line of the log belongs to one request.
pub async fn request_ids(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let mut response = CURRENT.scope(id, async { next.run(request).await }).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// The id of the request that this task answers, if it answers one.
pub fn request_id() -> Option<Uuid> {
    CURRENT.try_with(|id| *id).ok()
}
