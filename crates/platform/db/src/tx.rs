use std::ops::Deref;

use bytes::Bytes;
use deadpool_postgres::Object;
use futures_util::{SinkExt, future::BoxFuture};
use kernel::OrgId;
use tokio_postgres::{CopyInSink, Row, types::ToSql};

use crate::{DbError, Scope};

/// What the statements here return. A future that is not boxed becomes machine code anew in each of the hundreds of places that
/// wait for it, with all of the driver's inside: a tenth of the binary, for an allocation that nobody can measure beside a query.
pub(crate) type Answer<'a, T> = BoxFuture<'a, Result<T, DbError>>;

/// Bound values of a statement, in the order of its `$n`.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// What both kinds of transaction can do. Dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Tx {
    /// `None` only after commit or rollback has taken the connection away.
    client: Option<Object>,
}

/// A transaction inside one [`Scope`]. Store functions take this and nothing else, so another
/// organisation's row, or one that the scope hides, cannot be named, only not found.
#[derive(Debug)]
pub struct TenantTx {
    tx: Tx,
    scope: Scope,
}

/// A transaction over the cross-tenant plumbing tables: sign-in, sessions, jobs, the event log's readers.
#[derive(Debug)]
pub struct SystemTx {
    tx: Tx,
}

impl TenantTx {
    /// `settings` are statements of the program's own.
    pub(crate) fn begin_with<'a>(client: Object, scope: &'a Scope, settings: &'a str) -> Answer<'a, Self> {
        Box::pin(async move {
            let tx = Tx { client: Some(client) };
            tx.client()?.batch_execute(&format!("BEGIN; {}; {settings}", scope.statements())).await?;
            Ok(Self { tx, scope: scope.clone() })
        })
    }

    /// Whose rows these are.
    pub const fn org(&self) -> OrgId {
        self.scope.org()
    }

    /// What it may see, and where its acts come from.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Makes everything durable and visible.
    pub async fn commit(self) -> Result<(), DbError> {
        self.tx.commit().await
    }
}

impl SystemTx {
    pub(crate) fn begin(client: Object) -> Answer<'static, Self> {
        Box::pin(async move {
            let tx = Tx { client: Some(client) };
            tx.client()?.batch_execute("BEGIN; SET LOCAL ROLE leadline_system").await?;
            Ok(Self { tx })
        })
    }

    /// Makes everything durable and visible.
    pub async fn commit(self) -> Result<(), DbError> {
        self.tx.commit().await
    }

    /// Goes on inside one organisation's scope, in the same transaction: for the few acts that begin
    /// before a tenant is known (sign-up) and must be one with what follows.
    pub async fn enter(mut self, scope: &Scope) -> Result<TenantTx, DbError> {
        self.tx.client()?.batch_execute(&scope.statements()).await?;
        Ok(TenantTx { tx: Tx { client: self.tx.client.take() }, scope: scope.clone() })
    }
}

impl Deref for TenantTx {
    type Target = Tx;
    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl Deref for SystemTx {
    type Target = Tx;
    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl Tx {
    fn client(&self) -> Result<&Object, DbError> {
        self.client.as_ref().ok_or_else(|| DbError::Pool("the transaction has ended".to_owned()))
    }

    /// All rows of a statement.
    pub fn query<'a>(&'a self, sql: &'a str, params: Params<'a>) -> Answer<'a, Vec<Row>> {
        Box::pin(async move {
            let client = self.client()?;
            let statement = client.prepare_cached(sql).await?;
            Ok(client.query(&statement, params).await?)
        })
    }

    /// The row, if there is one; more than one is an error.
    pub fn query_opt<'a>(&'a self, sql: &'a str, params: Params<'a>) -> Answer<'a, Option<Row>> {
        Box::pin(async move {
            let client = self.client()?;
            let statement = client.prepare_cached(sql).await?;
            Ok(client.query_opt(&statement, params).await?)
        })
    }

    /// Exactly one row.
    pub fn query_one<'a>(&'a self, sql: &'a str, params: Params<'a>) -> Answer<'a, Row> {
        Box::pin(async move {
            let client = self.client()?;
            let statement = client.prepare_cached(sql).await?;
            Ok(client.query_one(&statement, params).await?)
        })
    }

    /// Runs a statement and says how many rows it touched.
    pub fn execute<'a>(&'a self, sql: &'a str, params: Params<'a>) -> Answer<'a, u64> {
        Box::pin(async move {
            let client = self.client()?;
            let statement = client.prepare_cached(sql).await?;
            Ok(client.execute(&statement, params).await?)
        })
    }

    /// Runs fixed statements without parameters, such as creating a temporary table.
    pub fn batch<'a>(&'a self, sql: &'a str) -> Answer<'a, ()> {
        Box::pin(async move { Ok(self.client()?.batch_execute(sql).await?) })
    }

    /// Opens `COPY … FROM STDIN`; nothing is stored unless [`CopyIn::finish`] is called.
    pub async fn copy_in(&self, sql: &str) -> Result<CopyIn, DbError> {
        Ok(CopyIn(Box::pin(self.client()?.copy_in(sql).await?)))
    }

    fn commit(mut self) -> Answer<'static, ()> {
        Box::pin(async move {
            let client = self.client.take().ok_or_else(|| DbError::Pool("the transaction has ended".to_owned()))?;
            Ok(client.batch_execute("COMMIT").await?)
        })
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        // The connection returns to the pool only after the rollback; outside a runtime (the
        // process is ending) it is closed instead, and the server rolls back.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if client.batch_execute("ROLLBACK").await.is_err() {
                    drop(Object::take(client));
                }
            });
        } else {
            drop(Object::take(client));
        }
    }
}

/// A running `COPY … FROM STDIN`.
pub struct CopyIn(std::pin::Pin<Box<CopyInSink<Bytes>>>);

impl CopyIn {
    /// Hands over the next piece, waiting while the server is behind.
    pub async fn send(&mut self, bytes: Bytes) -> Result<(), DbError> {
        Ok(self.0.send(bytes).await?)
    }

    /// Ends the copy; returns how many rows arrived.
    pub async fn finish(mut self) -> Result<u64, DbError> {
        Ok(self.0.as_mut().finish().await?)
    }
}
