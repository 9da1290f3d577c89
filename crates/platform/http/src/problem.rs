use std::time::Duration;

use axum::response::{IntoResponse, Response};
use cache::Throttled;
use db::DbError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use vault::VaultError;

use crate::request_id;

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The request cannot be read at all.
    BadRequest,
    /// Sign in first.
    Unauthorized,
    /// Signed in, and not allowed.
    Forbidden,
    /// No such thing, or not yours.
    NotFound,
    /// The address is right, the method is not.
    MethodNotAllowed,
    /// It exists already, or its state does not allow this now.
    Conflict,
    /// Somebody changed it meanwhile (`If-Match`).
    PreconditionFailed,
    /// More bytes than we take.
    TooLarge,
    /// Not a media type that we read.
    UnsupportedMediaType,
    /// Read, and refused: `errors` names the fields.
    Invalid,
    /// Slow down.
    TooMany,
    /// Our fault.
    Internal,
    /// Not set up on this server, or down for a moment.
    Unavailable,
}

impl ProblemKind {
    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The last part of the problem's type, and its title.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest => ("bad-request", "The request could not be read"),
            Self::Unauthorized => ("unauthorized", "Sign in first"),
            Self::Forbidden => ("forbidden", "Not allowed"),
            Self::NotFound => ("not-found", "Not found"),
            Self::MethodNotAllowed => ("method-not-allowed", "Method not allowed"),
            Self::Conflict => ("conflict", "Not possible in the present state"),
            Self::PreconditionFailed => ("precondition-failed", "Changed meanwhile"),
            Self::TooLarge => ("too-large", "Too large"),
            Self::UnsupportedMediaType => ("unsupported-media-type", "Unsupported media type"),
            Self::Invalid => ("invalid", "Some fields need correction"),
            Self::TooMany => ("too-many-requests", "Too many requests"),
            Self::Internal => ("internal", "Something went wrong on our side"),
            Self::Unavailable => ("unavailable", "Not available"),
        }
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) into the request, such as `/email`.
    pub pointer: String,
    /// For programs, such as `email.invalid`.
    pub code: String,
    /// For people: what is wrong and how to mend it.
    pub detail: String,
}

impl FieldError {
    /// An error of the field at `pointer`.
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), detail: detail.into() }
    }
}

/// A refusal (RFC 9457). Holds public text only; what an operator needs is logged when it is made.
#[derive(Debug, Clone)]
pub struct Problem {
    pub kind: ProblemKind,
    pub detail: String,
    pub errors: Vec<FieldError>,
    pub retry_after: Option<Duration>,
    /// The page of ours where the person can mend it: to sign in, to show a second factor.
    pub remedy: Option<&'static str>,
}

/// A problem on the wire: `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// A URI reference that names the kind, such as `/problems/not-found`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// The request that it is about, as `urn:uuid:…`: the server's log knows it by this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The path of the page where a person can mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
}

/// How many there are, as far as we counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Total {
    pub value: i64,
    /// `false`: at least this many.
    pub exact: bool,
}

impl Problem {
    /// A problem of `kind`, told to the person by `detail`.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), retry_after: None, remedy: None }
    }

    /// 404. The same whether it does not exist or belongs to somebody else.
    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, "There is nothing here, or it is not yours to see.")
    }

    /// 422, naming fields.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors.first().map_or_else(String::new, |error| error.detail.clone());
        Self { errors, ..Self::new(ProblemKind::Invalid, detail) }
    }

    /// 422 of one field.
    pub fn field(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(pointer, code, detail)])
    }

    /// 409.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict, detail)
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Forbidden, detail)
    }

    /// 401.
    pub fn unauthorized() -> Self {
        Self::new(ProblemKind::Unauthorized, "This needs a signed-in person.").remedy("/login")
    }

    /// Names the page where the person can mend it: browsers are sent there, and back afterwards.
    #[must_use]
    pub const fn remedy(mut self, path: &'static str) -> Self {
        self.remedy = Some(path);
        self
    }

    /// 400.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::BadRequest, detail)
    }

    /// 500: the cause is logged here, once, and not shown.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, request = named().as_deref(), "a request failed");
        Self::new(ProblemKind::Internal, "Nothing was changed. Try again; if it happens again, tell the person who runs this server.")
    }

    /// 429 with `Retry-After`.
    pub fn too_many(retry_after: Duration) -> Self {
        let seconds = retry_after.as_secs().max(1);
        Self {
            retry_after: Some(retry_after),
            ..Self::new(ProblemKind::TooMany, format!("Too many tries. Wait {seconds} seconds and try again."))
        }
    }

    /// What goes on the wire.
    pub fn body(&self) -> ProblemBody {
        let (kind, title) = self.kind.words();
        ProblemBody {
            kind: format!("/problems/{kind}"),
            title: title.to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            instance: request_id().map(|id| id.urn().to_string()),
            errors: self.errors.clone(),
            remedy: self.remedy,
        }
    }

    /// The detail about the field called `name`, for a form that is shown again.
    pub fn of_field(&self, name: &str) -> Option<String> {
        self.errors.iter().find(|error| error.pointer.trim_start_matches('/') == name).map(|error| error.detail.clone())
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        if matches!(error, DbError::Pool(_)) {
            tracing::error!(%error, request = named().as_deref(), "no database connection for a request");
            return Self::new(ProblemKind::Unavailable, "The database is busy or away. Nothing was changed; try again in a moment.");
        }
        if error.is_data_exception() {
            // Not the message: it holds the value.
            tracing::warn!(code = error.sqlstate(), request = named().as_deref(), "the database refused a value");
            return Self::new(
                ProblemKind::Invalid,
                "A value cannot be stored: it is too large, too long or not of its field's form. Nothing was changed.",
            );
        }
        Self::internal(&error)
    }
}

impl From<Throttled> for Problem {
    fn from(throttled: Throttled) -> Self {
        Self::too_many(throttled.retry_after)
    }
}

/// The request, as the log has it.
fn named() -> Option<String> {
    request_id().map(|id| id.to_string())
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (self.kind.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        // So that the layer over the pages can show it as a page.
        response.extensions_mut().insert(self);
        response
    }
}
