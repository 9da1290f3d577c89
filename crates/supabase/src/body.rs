use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
};
use http::request::Parts;
use kernel::Uuid;
use serde::de::DeserializeOwned;

use crate::AuthError;

/// No request of this API comes near this.
const MAX_BODY: usize = 1 << 20;

/// A JSON body. The media type is not looked at, as Supabase Auth does not: no cookie is read here, so a
/// form of another website has nothing to ride on.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// A JSON body, or none.
#[derive(Debug)]
pub(crate) struct MaybeJson<T>(pub(crate) T);

/// The query string.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

/// One id in the path, in any of the forms that UUIDs have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id(pub(crate) Uuid);

/// Two ids in the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids(pub(crate) Uuid, pub(crate) Uuid);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = AuthError;
    async fn from_request(request: Request, _: &S) -> Result<Self, AuthError> {
        parse(&read(request).await?).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeJson<T> {
    type Rejection = AuthError;
    async fn from_request(request: Request, _: &S) -> Result<Self, AuthError> {
        let bytes = read(request).await?;
        if bytes.is_empty() { Ok(Self(T::default())) } else { parse(&bytes).map(Self) }
    }
}

async fn read(request: Request) -> Result<bytes::Bytes, AuthError> {
    to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| AuthError::new(413, "request_too_large", "The request is larger than 1 MB"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AuthError> {
    let bad = |why: &dyn std::fmt::Display| AuthError::new(400, "bad_json", format!("Could not parse request body as JSON: {why}"));
    // PostgreSQL stores no NUL, and nobody types one.
    if bytes.windows(6).any(|window| window == br"\u0000") {
        return Err(bad(&"it holds a NUL character, which cannot be stored"));
    }
    serde_json::from_slice(bytes).map_err(|error| bad(&error))
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = AuthError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthError> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(AuthError::validation("The query holds a NUL character"));
        }
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|error| AuthError::validation(error.body_text()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = AuthError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| not_an_id())?;
        Uuid::try_parse(&text).map(Self).map_err(|_| not_an_id())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = AuthError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthError> {
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, state).await.map_err(|_| not_an_id())?;
        let (Ok(first), Ok(second)) = (Uuid::try_parse(&first), Uuid::try_parse(&second)) else { return Err(not_an_id()) };
        Ok(Self(first, second))
    }
}

fn not_an_id() -> AuthError {
    AuthError::new(404, "validation_failed", "The id in the path must be a UUID")
}
