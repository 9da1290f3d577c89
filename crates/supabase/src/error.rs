//! Refusals in the words of Supabase Auth, whose clients branch on them.

use std::{borrow::Cow, fmt::Display, time::Duration};

use axum::response::{IntoResponse, Response};
use db::DbError;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_kit::{Problem, ProblemKind};
use serde_json::{Value, json};
use vault::VaultError;

/// A refusal. Rendered by the layer around the API, which knows the version that the client speaks.
#[derive(Debug, Clone)]
pub struct AuthError {
    pub status: StatusCode,
    /// One of Supabase Auth's error codes.
    pub code: &'static str,
    pub message: Cow<'static, str>,
    /// Why a password is weak: `length`, `characters`, `pwned`.
    reasons: Vec<&'static str>,
    retry_after: Option<Duration>,
}

impl AuthError {
    /// A refusal with one of Supabase Auth's codes.
    pub fn new(status: u16, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code, message: message.into(), reasons: Vec::new(), retry_after: None }
    }

    /// 400: the request is not what this endpoint takes.
    pub fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, "validation_failed", message)
    }

    /// 403: the token is not one of ours, or not any more.
    pub fn bad_jwt(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(403, "bad_jwt", message)
    }

    /// 422 with the reasons for which a password is too weak.
    pub fn weak_password(message: impl Into<Cow<'static, str>>, reasons: Vec<&'static str>) -> Self {
        Self { reasons, ..Self::new(422, "weak_password", message) }
    }

    /// 429.
    pub fn too_many(code: &'static str, retry_after: Duration) -> Self {
        let seconds = retry_after.as_secs().max(1);
        let message = format!("For security purposes, you can only request this after {seconds} seconds.");
        Self { retry_after: Some(retry_after), ..Self::new(429, code, message) }
    }

    /// 500: the cause is logged here, once, and not shown.
    pub fn unexpected(error: &dyn Display) -> Self {
        Problem::internal(error).into()
    }

    /// The body for a client of 2024-01-01 and later, or for one before it.
    fn body(&self, is_recent: bool) -> Value {
        let mut body = if is_recent {
            json!({ "code": self.code, "message": self.message })
        } else {
            json!({ "code": self.status.as_u16(), "error_code": self.code, "msg": self.message })
        };
        if let Some(object) = body.as_object_mut().filter(|_| !self.reasons.is_empty()) {
            object.insert("weak_password".to_owned(), json!({ "reasons": self.reasons }));
        }
        body
    }

    /// The whole answer.
    pub(crate) fn render(self, is_recent: bool) -> Response {
        let body = serde_json::to_vec(&self.body(is_recent)).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(HeaderName::from_static("x-sb-error-code"), HeaderValue::from_static(self.code));
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if is_recent {
            headers.insert(crate::wire::VERSION, HeaderValue::from_static("2024-01-01"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        self.render(false)
    }
}

impl From<Problem> for AuthError {
    fn from(problem: Problem) -> Self {
        let code = match problem.kind {
            ProblemKind::BadRequest | ProblemKind::Invalid | ProblemKind::PreconditionFailed | ProblemKind::UnsupportedMediaType => {
                "validation_failed"
            }
            ProblemKind::Unauthorized => "no_authorization",
            ProblemKind::Forbidden => "not_admin",
            ProblemKind::NotFound => "not_found",
            ProblemKind::MethodNotAllowed => "method_not_allowed",
            ProblemKind::Conflict => "conflict",
            ProblemKind::TooLarge => "request_too_large",
            ProblemKind::TooMany => "over_request_rate_limit",
            ProblemKind::Internal | ProblemKind::Unavailable => "unexpected_failure",
        };
        Self { retry_after: problem.retry_after, ..Self::new(problem.kind.status().as_u16(), code, problem.detail) }
    }
}

impl From<DbError> for AuthError {
    fn from(error: DbError) -> Self {
        Problem::from(error).into()
    }
}

impl From<VaultError> for AuthError {
    fn from(error: VaultError) -> Self {
        Problem::from(error).into()
    }
}
