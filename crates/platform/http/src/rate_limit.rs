//! Throttles that callers can see: `RateLimit-*` headers
//! (draft-ietf-httpapi-ratelimit-headers-03, which is what clients read) and 429.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use cache::{Allowance, Rate};
use http::{HeaderName, HeaderValue, request::Parts};

use crate::{App, ClientIp, Problem};

/// What a request counts against. The tightest of its limits is told in the answer's headers.
#[derive(Debug, Clone, Default)]
pub struct RateLimit(Arc<Mutex<Option<Allowance>>>);

impl RateLimit {
    /// Counts one use of every key, or of none if one of them has none left, which is the 429.
    pub async fn count(&self, app: &App, keys: &[(&str, Rate)]) -> Result<(), Problem> {
        match app.cache.throttle_all(keys).await {
            Ok(allowance) => {
                self.record(allowance);
                Ok(())
            }
            Err(throttled) => {
                self.record(Some(throttled.allowance));
                Err(Problem::too_many(throttled.retry_after))
            }
        }
    }

    fn record(&self, allowance: Option<Allowance>) {
        let mut tightest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tightest = match (*tightest, allowance) {
            (Some(so_far), Some(allowance)) => Some(so_far.tighter(allowance)),
            (so_far, allowance) => allowance.or(so_far),
        };
    }

    fn tightest(&self) -> Option<Allowance> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RateLimit {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Tells the caller what is left, on every answer of a route that is limited.
pub async fn rate_limit_headers(mut request: Request, next: Next) -> Response {
    let limit = RateLimit::default();
    request.extensions_mut().insert(limit.clone());
    let mut response = next.run(request).await;
    if let Some(allowance) = limit.tightest() {
        write(&allowance, &mut response);
    }
    response
}

/// Counts requests of one address, before anything is known of who asks: guessed tokens cost something too.
pub async fn limit_address(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(limit) = RateLimit::from_request_parts(&mut parts, &()).await;
    let Ok(ip) = ClientIp::from_request_parts(&mut parts, &app).await;
    let key = format!("requests:address:{}", ip.neighbourhood());
    match limit.count(&app, &[(&key, per_minute(app.config.requests_per_minute.saturating_mul(2)))]).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

/// Counts requests of one person or API key; `principal` names it, such as `key_…`. For extractors.
pub async fn limit_principal(app: &App, parts: &mut Parts, principal: &str) -> Result<(), Problem> {
    let Ok(limit) = RateLimit::from_request_parts(parts, &()).await;
    let key = format!("requests:principal:{principal}");
    limit.count(app, &[(&key, per_minute(app.config.requests_per_minute))]).await
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
