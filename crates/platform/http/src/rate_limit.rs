//! Throttles that callers can see: `RateLimit-*` headers
//! (draft-ietf-httpapi-ratelimit-headers-03, which is what clients read) and 429.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use cache::{Allowance, Rate, Throttled};
use http::{HeaderName, HeaderValue};

use crate::{App, ClientIp, Problem};

tokio::task_local! {
    /// The tightest of the limits that the request of this task was counted against.
    static TIGHTEST: Mutex<Option<Allowance>>;
}

/// Counts one use of every key, or of none if one of them has none left. The answer's headers tell what the
/// tightest limit of a request has left, so this is for limits that a caller may know of.
pub async fn throttle(app: &App, keys: &[(&str, Rate)]) -> Result<(), Throttled> {
    let verdict = app.cache.throttle_all(keys).await;
    record(verdict.unwrap_or_else(|throttled| Some(throttled.allowance)));
    verdict.map(|_| ())
}

fn record(allowance: Option<Allowance>) {
    // Work beside a request has nobody to tell.
    let _ = TIGHTEST.try_with(|tightest| {
        let mut tightest = tightest.lock().unwrap_or_else(PoisonError::into_inner);
        *tightest = match (*tightest, allowance) {
            (Some(so_far), Some(allowance)) => Some(so_far.tighter(allowance)),
            (so_far, allowance) => allowance.or(so_far),
        };
    });
}

/// Tells the caller what is left, on every answer of a route that is limited.
pub async fn rate_limit_headers(request: Request, next: Next) -> Response {
    let answered = async {
        let response = next.run(request).await;
        (response, TIGHTEST.with(|tightest| *tightest.lock().unwrap_or_else(PoisonError::into_inner)))
    };
    let (mut response, tightest) = TIGHTEST.scope(Mutex::default(), answered).await;
    if let Some(allowance) = tightest {
        write(&allowance, &mut response);
    }
    response
}

/// Counts requests of one address, before anything is known of who asks: guessed tokens cost something too.
pub async fn limit_address(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(ip) = ClientIp::from_request_parts(&mut parts, &app).await;
    let key = format!("requests:address:{}", ip.neighbourhood());
    match throttle(&app, &[(&key, per_minute(app.config.requests_per_minute.saturating_mul(2)))]).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(throttled) => Problem::from(throttled).into_response(),
    }
}

/// Counts requests of one person or API key; `principal` names it, such as `key_…`. For extractors.
pub async fn limit_principal(app: &App, principal: &str) -> Result<(), Throttled> {
    let key = format!("requests:principal:{principal}");
    throttle(app, &[(&key, per_minute(app.config.requests_per_minute))]).await
}

const fn per_minute(uses: u32) -> Rate {
    Rate { uses, per: Duration::from_secs(60) }
}

fn write(allowance: &Allowance, response: &mut Response) {
    let headers = response.headers_mut();
    let reset = allowance.reset.as_secs() + u64::from(allowance.reset.subsec_nanos() > 0);
    headers.insert(HeaderName::from_static("ratelimit-limit"), HeaderValue::from(allowance.rate.uses));
    headers.insert(HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(allowance.remaining));
    headers.insert(HeaderName::from_static("ratelimit-reset"), HeaderValue::from(reset));
    if let Ok(policy) = HeaderValue::from_str(&format!("{};w={}", allowance.rate.uses, allowance.rate.per.as_secs())) {
        headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
    }
}
