use std::{str::FromStr, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio_postgres::{Config, NoTls, Row, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{DbError, Params, Scope, SystemTx, TenantTx, tx::Answer};

/// No page is worth more of the database's time than this.
const READ_TIMEOUT: &str = "20s";

/// Prepared statements that one connection keeps before it begins anew.
const MAX_STATEMENTS: usize = 500;

/// How to reach PostgreSQL.
#[derive(Debug, Clone)]
pub struct DbConfig {
    /// `postgres://user:password@host:port/name?sslmode=…`
    pub url: String,
    /// Connections this process may hold at once.
    pub max_connections: usize,
}

impl DbConfig {
    /// The usual size for one process.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), max_connections: 16 }
    }
}

/// A pool of connections, none of which is handed out bare.
#[derive(Debug, Clone)]
pub struct Db {
    pool: Pool,
    url: String,
}

/// How [`Db::read_by`] finds its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// Along the order of an index, nothing collected and sorted.
    Order,
    /// Collected from indexes that have no order of use.
    Collection,
    /// The same, and not even single rows by an index that has one.
    CollectionOnly,
}

impl Path {
    const fn settings(self) -> &'static str {
        match self {
            Self::Order => "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off",
            Self::Collection => "SET LOCAL max_parallel_workers_per_gather = 0",
            Self::CollectionOnly => "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off",
        }
    }
}

impl Db {
    /// Parses the configuration; connections are opened when first needed.
    pub fn new(config: &DbConfig) -> Result<Self, DbError> {
        let pg = parse(&config.url)?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        // Over a private network or loopback there is no TLS to speak; elsewhere the URL decides.
        let manager = match pg.get_ssl_mode() {
            SslMode::Disable => Manager::from_config(pg, NoTls, recycling),
            _ => Manager::from_config(pg, tls(), recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(config.max_connections)
            .wait_timeout(Some(Duration::from_secs(10)))
            .create_timeout(Some(Duration::from_secs(10)))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| DbError::Config(error.to_string()))?;
        Ok(Self { pool, url: config.url.clone() })
    }

    /// Opens a transaction that sees and writes the rows of `scope` only.
    pub async fn tenant(&self, scope: &Scope) -> Result<TenantTx, DbError> {
        TenantTx::begin_with(self.object().await?, scope, "").await
    }

    /// The same for single rows found by their keys: each statement is planned once for a connection and not for its values.
    pub async fn tenant_planned_once(&self, scope: &Scope) -> Result<TenantTx, DbError> {
        TenantTx::begin_with(self.object().await?, scope, "SET LOCAL plan_cache_mode = force_generic_plan").await
    }

    /// Opens a transaction that sees the cross-tenant plumbing tables only.
    pub async fn system(&self) -> Result<SystemTx, DbError> {
        SystemTx::begin(self.object().await?).await
    }

    /// Runs one read-only statement in `scope` in one network round trip: opening the transaction,
    /// the statement and the commit travel together.
    pub async fn read(&self, scope: &Scope, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = '{READ_TIMEOUT}'; {}", scope.statements());
        self.pipelined(&begin, sql, params).await
    }

    /// The same for a statement whose best plan depends on its values: planned for them each time (about
    /// a millisecond) instead of once for any. PostgreSQL decides by estimates, and a plan for any value
    /// looks cheap to it: no value is as frequent as the frequent ones are. Without parallel workers: a page is found in
    /// less time than it takes to start them.
    pub async fn read_planned(&self, scope: &Scope, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        let begin = format!(
            "BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL statement_timeout = '{READ_TIMEOUT}'; {}",
            scope.statements()
        );
        self.pipelined(&begin, sql, params).await
    }

    /// The same for a statement that has one plan worth having, whatever its values: made once for each connection. To read a
    /// table whole looks cheaper to PostgreSQL now and then, for any values it knows of; here it has to go by `path`.
    ///
    /// `beside` is another statement that travels with it; its rows come second.
    pub async fn read_by(
        &self,
        path: Path,
        scope: &Scope,
        (sql, params): (&str, Params<'_>),
        beside: Option<(&str, Params<'_>)>,
    ) -> Result<(Vec<Row>, Vec<Row>), DbError> {
        let begin = format!(
            "BEGIN READ ONLY; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; {}; \
             SET LOCAL statement_timeout = '{READ_TIMEOUT}'; {}",
            path.settings(),
            scope.statements()
        );
        let Some((second_sql, second_params)) = beside else {
            return Ok((self.pipelined(&begin, sql, params).await?, Vec::new()));
        };
        let client = self.object().await?;
        let (first, second) = (client.prepare_cached(sql).await?, client.prepare_cached(second_sql).await?);
        let (_, rows, others, _) = tokio::try_join!(
            biased;
            client.batch_execute(&begin),
            client.query(&first, params),
            client.query(&second, second_params),
            client.batch_execute("COMMIT"),
        )?;
        Ok((rows, others))
    }

    /// The same over the cross-tenant plumbing tables.
    pub async fn read_system(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, DbError> {
        self.pipelined("BEGIN READ ONLY; SET LOCAL ROLE leadline_system", sql, params).await
    }

    fn pipelined<'a>(&'a self, begin: &'a str, sql: &'a str, params: Params<'a>) -> Answer<'a, Vec<Row>> {
        Box::pin(async move {
            let client = self.object().await?;
            // Prepared first: inside the join it would run after the commit (and see no rows).
            let statement = client.prepare_cached(sql).await?;
            let (_, rows, _) = tokio::try_join!(
                biased;
                client.batch_execute(begin),
                client.query(&statement, params),
                client.batch_execute("COMMIT"),
            )?;
            Ok(rows)
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<String, DbError> {
        let row = self.object().await?.query_one("SELECT current_setting('server_version')", &[]).await?;
        Ok(row.try_get(0)?)
    }

    /// Where this pool connects to, with the password in it: never for a log.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes idle connections and refuses new ones.
    pub fn close(&self) {
        self.pool.close();
    }

    fn object(&self) -> Answer<'_, Object> {
        Box::pin(async move {
            let client = self.pool.get().await?;
            // Filters come in endless shapes, and each prepared statement holds memory on the server.
            if client.statement_cache.size() > MAX_STATEMENTS {
                client.statement_cache.clear();
            }
            Ok(client)
        })
    }
}

/// A connection outside the pool, for what a transaction pooler cannot carry: LISTEN and migrations.
pub(crate) async fn connect(url: &str) -> Result<(tokio_postgres::Client, Connection), DbError> {
    let config = parse(url)?;
    Ok(match config.get_ssl_mode() {
        SslMode::Disable => {
            let (client, connection) = config.connect(NoTls).await?;
            (client, Connection::Plain(Box::new(connection)))
        }
        _ => {
            let (client, connection) = config.connect(tls()).await?;
            (client, Connection::Tls(Box::new(connection)))
        }
    })
}

type Tcp = tokio_postgres::Socket;
type TlsStream = <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<Tcp>>::Stream;

/// The half of a connection that must be polled.
pub(crate) enum Connection {
    Plain(Box<tokio_postgres::Connection<Tcp, tokio_postgres::tls::NoTlsStream>>),
    Tls(Box<tokio_postgres::Connection<Tcp, TlsStream>>),
}

impl Connection {
    pub(crate) fn poll_message(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<tokio_postgres::AsyncMessage, tokio_postgres::Error>>> {
        match self {
            Self::Plain(connection) => connection.poll_message(cx),
            Self::Tls(connection) => connection.poll_message(cx),
        }
    }

    /// Drives the connection until it ends.
    pub(crate) async fn run(mut self) {
        while let Some(Ok(_)) = std::future::poll_fn(|cx| self.poll_message(cx)).await {}
    }
}

fn parse(url: &str) -> Result<Config, DbError> {
    let mut config = Config::from_str(url)
        .map_err(|error| DbError::Config(format!("DATABASE_URL: {error}; expected postgres://user:password@host:5432/name")))?;
    config.application_name("leadline").connect_timeout(Duration::from_secs(10)).keepalives_idle(Duration::from_secs(30));
    Ok(config)
}

fn tls() -> MakeRustlsConnect {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    MakeRustlsConnect::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
