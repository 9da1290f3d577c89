//! PostgreSQL: pools, tenant transactions, migrations, and the private cluster of `leadline up`.
//!
//! Three roles, none of which can bypass row-level security, are taken on inside every
//! transaction (`SET LOCAL ROLE`, so that a transaction pooler may stand between):
//! `leadline_runtime` sees the rows of one organisation, `leadline_restricted` those of them that its
//! [`Scope`] names, `leadline_system` the few cross-tenant plumbing tables that a migration has opened
//! to it. No code outside this crate holds a bare connection, so no statement can run outside the three.

pub mod embedded;
mod error;
pub mod listen;
pub mod migrate;
mod pool;
mod scope;
mod tx;

pub use error::DbError;
pub use pool::{Db, DbConfig, Path};
pub use postgres_types::{FromSql, Json, ToSql, Type};
pub use scope::{Scope, Sees};
pub use tokio_postgres::Row;
pub use tx::{CopyIn, Params, SystemTx, TenantTx, Tx};
