//! Bodies, queries and paths, read and validated before a handler sees them.

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
};
use bytes::Bytes;
use garde::Validate;
use http::{HeaderMap, header, request::Parts};
use serde::de::DeserializeOwned;

use crate::{FieldError, Idempotency, Problem, ProblemKind};

/// No JSON body or form of ours comes near this; files are streamed by their own handlers.
const MAX_BODY: usize = 2 << 20;

/// A validated JSON body.
#[derive(Debug)]
pub struct ApiJson<T>(pub T);

/// A validated JSON body (or none, for `T = ()`) with the request's idempotency key.
#[derive(Debug)]
pub struct Idempotent<T> {
    pub idempotency: Idempotency,
    pub body: T,
}

/// The field in which a form without scripts of its own carries its idempotency key.
const KEY_FIELD: &str = "idempotency_key";

/// A form's fields with its idempotency key (the header, or the field `idempotency_key`).
/// Meaning is checked by the action, so that the form can be shown again with what was typed.
#[derive(Debug)]
pub struct PageForm<T> {
    pub idempotency: Idempotency,
    pub value: T,
}

/// A query string; repeated names make a list.
#[derive(Debug)]
pub struct ApiQuery<T>(pub T);

/// Typed path parameters; a malformed id is not found.
#[derive(Debug)]
pub struct ApiPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Validate<Context = ()>> FromRequest<S> for ApiJson<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, bytes) = read(request).await?;
        parse_json(&parts.headers, &bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Validate<Context = ()>> FromRequest<S> for Idempotent<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, bytes) = read(request).await?;
        let idempotency = idempotency(&parts, None, &bytes)?;
        Ok(Self { idempotency, body: parse_json(&parts.headers, &bytes)? })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for PageForm<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, bytes) = read(request).await?;
        let is_form = content_type(&parts.headers).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !is_form && !bytes.is_empty() {
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, "This form is sent as application/x-www-form-urlencoded."));
        }
        // PostgreSQL stores no NUL, and nobody types one.
        if bytes.windows(3).any(|w| w == b"%00") || bytes.contains(&0) {
            return Err(Problem::bad_request("The form holds a NUL character, which cannot be stored. Remove it and send the form again."));
        }
        let field = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == KEY_FIELD).map(|(_, value)| value.into_owned());
        let idempotency = idempotency(&parts, field, &bytes)?;
        // Every form carries the key, also those whose type refuses fields that it does not know.
        let fields = url::form_urlencoded::parse(&bytes).filter(|(name, _)| name != KEY_FIELD);
        let fields = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let value =
            serde_html_form::from_str(&fields).map_err(|error| Problem::bad_request(format!("The form could not be read: {error}.")))?;
        Ok(Self { idempotency, value })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        if query.contains("%00") {
            return Err(Problem::bad_request("The query holds a NUL character, which nothing stored can match."));
        }
        serde_html_form::from_str(query).map(Self).map_err(|error| {
            Problem::invalid(vec![FieldError::new("/query", "query.invalid", format!("The query string could not be read: {error}"))])
        })
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // PostgreSQL stores no NUL, so nothing is called so.
        if parts.uri.path().contains("%00") {
            return Err(Problem::not_found());
        }
        Path::<T>::from_request_parts(parts, state).await.map(|Path(value)| Self(value)).map_err(|_| Problem::not_found())
    }
}

async fn read(request: Request) -> Result<(Parts, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MAX_BODY)
        .await
        .map_err(|_| Problem::new(ProblemKind::TooLarge, format!("The request is larger than {}.", ui::bytes(2 << 20))))?;
    Ok((parts, bytes))
}

fn idempotency(parts: &Parts, field: Option<String>, bytes: &Bytes) -> Result<Idempotency, Problem> {
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    Idempotency::new(&parts.headers, field, &[parts.method.as_str().as_bytes(), path.as_bytes(), bytes])
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok())
}

fn parse_json<T: DeserializeOwned + Validate<Context = ()>>(headers: &HeaderMap, bytes: &Bytes) -> Result<T, Problem> {
    let is_json = content_type(headers).is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind == "application/json" || kind.ends_with("+json")
    });
    if !is_json && !bytes.is_empty() {
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, "Send JSON with Content-Type: application/json."));
    }
    if bytes.windows(6).any(|w| w == br"\u0000") {
        return Err(Problem::bad_request("The body holds a NUL character (\\u0000), which cannot be stored. Remove it and send it again."));
    }
    // Where the path says everything, no body and an empty object are the same.
    let nothing = bytes.iter().all(u8::is_ascii_whitespace) || bytes.as_ref() == b"{}";
    let bytes: &[u8] = if nothing && serde_json::from_slice::<T>(b"{}").is_err() {
        b"null"
    } else if nothing {
        b"{}"
    } else {
        bytes
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        match cause.classify() {
            serde_json::error::Category::Data => Problem::field(pointer(&path), "invalid", cause.to_string()),
            _ => Problem::bad_request(format!("The body is not valid JSON: {cause}.")),
        }
    })?;
    reader.end().map_err(|error| Problem::bad_request(format!("The body is not valid JSON: {error}.")))?;
    value.validate().map_err(|report| {
        let errors = report.iter().map(|(path, error)| {
            let pointer = pointer(&path.to_string());
            let code = format!("{}.invalid", pointer.trim_start_matches('/').replace('/', "."));
            FieldError::new(pointer, code, error.message().to_owned())
        });
        Problem::invalid(errors.collect())
    })?;
    Ok(value)
}

/// `steps[0].subject` as a JSON pointer (RFC 6901).
fn pointer(path: &str) -> String {
    if path.is_empty() || path == "." {
        return String::new();
    }
    let mut pointer = String::from("/");
    for c in path.chars() {
        match c {
            '.' | '[' => pointer.push('/'),
            ']' => {}
            other => pointer.push(other),
        }
    }
    pointer
}
