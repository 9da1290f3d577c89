use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http_kit::{App, Problem, flash_layer, limit_address, problems_as_pages, rate_limit_headers, request_ids, security_headers};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, compression::CompressionLevel, csrf::CsrfLayer, csrf::ProtectionError,
    trace::TraceLayer,
};
use tracing::Span;

/// Puts the layers around the routes; the last one added sees a request first.
pub(crate) fn around(routes: Router<App>, app: App) -> Router<App> {
    // Mail programs, providers and programs of other websites post to these from anywhere, without cookies: a
    // signed link, a signed body or a token stands in the place of a session.
    let foreign = ["/u/", "/webhooks/", supabase::PREFIX, "/login/external"];
    let csrf = CsrfLayer::new().with_insecure_bypass(move |_, uri| foreign.iter().any(|prefix| uri.path().starts_with(prefix)));
    let csrf = match csrf.clone().add_trusted_origin(app.config.public_url.origin().ascii_serialization()) {
        Ok(with_origin) => with_origin,
        Err(_) => csrf,
    };
    routes
        .layer(middleware::from_fn_with_state(app.clone(), federation::external_layer))
        .layer(middleware::from_fn_with_state(app.clone(), identity::look_anew))
        .layer(csrf.with_rejection_response(|_: ProtectionError| {
            Problem::forbidden("This request came from another website, so nothing was done. Open the page here and try again.")
                .into_response()
        }))
        .layer(middleware::from_fn_with_state(app.clone(), limit_api))
        .layer(middleware::from_fn_with_state(app.clone(), flash_layer))
        .layer(middleware::from_fn(problems_as_pages))
        .layer(middleware::from_fn_with_state(app.clone(), supabase::gateway))
        .layer(middleware::from_fn(supabase::cross_origin))
        .layer(middleware::from_fn(rate_limit_headers))
        .layer(middleware::from_fn_with_state(app, security_headers))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(CatchPanicLayer::custom(|_| Problem::internal(&"a handler panicked").into_response()))
        .layer(
            TraceLayer::new_for_http()
                // The path as it was registered and no query: tokens and names stay out of the log.
                .make_span_with(|request: &Request| {
                    let route = request.extensions().get::<axum::extract::MatchedPath>().map_or("(none)", |path| path.as_str());
                    tracing::info_span!("request", method = %request.method(), route)
                })
                .on_request(())
                .on_failure(())
                .on_response(|response: &Response, took: Duration, _: &Span| {
                    tracing::debug!(status = response.status().as_u16(), ms = took.as_secs_f64() * 1e3, "answered");
                }),
        )
        .layer(middleware::from_fn(request_ids))
}

/// Programs can ask without end; people at pages cannot.
async fn limit_api(state: State<App>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/api/") { limit_address(state, request, next).await } else { next.run(request).await }
}
