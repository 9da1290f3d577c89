pub(super) mod create;
pub(super) mod delete;
pub(super) mod duplicate;
pub(super) mod preview;
pub(super) mod send_test;
pub(super) mod update;

use db::DbError;
use http_kit::{FieldError, Problem, ProblemKind};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("some fields need correction")]
    Invalid(Vec<FieldError>),
    #[error("there is no such template")]
    NotFound,
    /// Somebody saved another version since this one was read.
    #[error("changed meanwhile")]
    Changed,
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for TemplateError {
    fn from(error: DbError) -> Self {
        if error.constraint() == Some("templates_name_key") {
            return Self::Invalid(vec![FieldError::new("/name", "name.taken", "Another template has this name; choose a different one")]);
        }
        Self::Db(error)
    }
}

impl From<TemplateError> for Problem {
    fn from(error: TemplateError) -> Self {
        match error {
            TemplateError::Invalid(errors) => Self::invalid(errors),
            TemplateError::NotFound => Self::not_found(),
            TemplateError::Changed => Self::new(
                ProblemKind::PreconditionFailed,
                "Somebody saved another version of this template meanwhile. Yours was not saved: open the template again, compare, and save once more.",
            ),
            TemplateError::Db(error) => error.into(),
        }
    }
}
