use tokio_postgres::error::SqlState;

/// The database said no, or could not be reached. Infrastructure as far as callers go, except for
/// [`DbError::constraint`], which actions turn into an error of a field.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("PostgreSQL: {}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
    #[error("no connection to PostgreSQL: {0}")]
    Pool(String),
    #[error("{0}")]
    Config(String),
}

/// The server's own words without the row's values: `DETAIL` may hold personal data.
fn describe(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(
        || match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
        |db| format!("{} ({})", db.message(), db.code().code()),
    )
}

impl From<deadpool_postgres::PoolError> for DbError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => Self::Postgres(error),
            other => Self::Pool(other.to_string()),
        }
    }
}

impl DbError {
    /// The name of the violated constraint, if that is what happened.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Postgres(error) => error.as_db_error().and_then(|db| db.constraint()),
            Self::Pool(_) | Self::Config(_) => None,
        }
    }

    /// Whether a row with this key exists already.
    pub fn is_unique_violation(&self) -> bool {
        self.is(&SqlState::UNIQUE_VIOLATION)
    }

    /// Whether a value was out of range or not of its type's form (SQLSTATE class 22): the mistake of whoever sent it.
    pub fn is_data_exception(&self) -> bool {
        self.sqlstate().is_some_and(|code| code.starts_with("22"))
    }

    /// The server's code of the error: says what happened without the values that it happened to.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Postgres(error) => error.code().map(SqlState::code),
            Self::Pool(_) | Self::Config(_) => None,
        }
    }

    /// Whether trying the same transaction again may succeed: a deadlock or a serialisation failure.
    pub fn is_retryable(&self) -> bool {
        self.is(&SqlState::T_R_DEADLOCK_DETECTED) || self.is(&SqlState::T_R_SERIALIZATION_FAILURE)
    }

    fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Postgres(error) if error.code() == Some(state))
    }
}
