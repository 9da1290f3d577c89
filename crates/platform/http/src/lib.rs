//! The edge: one state type, problems, typed extractors, idempotency, route records, headers.
//!
//! A handler is five beats: extract, parse, act, commit, respond. Everything about a request
//! that can be refused is refused in an extractor, before the handler runs.

mod app;
mod assets;
mod auth_config;
mod body;
mod client;
mod config;
mod cursor;
mod flash;
mod headers;
mod idempotency;
mod if_match;
mod page;
mod problem;
mod rate_limit;
mod request_id;
mod routes;

pub use app::{App, AppParts};
pub use assets::serve as serve_asset;
pub use auth_config::{AuthConfig, ProviderConfig, ProviderName};
pub use body::{ApiJson, ApiPath, ApiQuery, Idempotent, PageForm};
pub use client::{ClientIp, Hx, neighbourhood};
pub use config::{Config, Environment, SecretKey, SignUp};
pub use cursor::Cursor;
pub use flash::{Flash, flash_layer, redirect};
pub use headers::{Nonce, security_headers};
pub use idempotency::{Answer, Idempotency, sweep as sweep_idempotency_keys};
pub use if_match::{etag, if_match};
pub use page::{Chrome, problems_as_pages};
pub use problem::{FieldError, Problem, ProblemBody, ProblemKind, Total};
pub use rate_limit::{limit_address, limit_principal, rate_limit_headers, throttle};
pub use request_id::{request_id, request_ids};
pub use routes::{RouteRecord, Routes};
