//! Numbered migrations, applied in order under an advisory lock, by the owner of the schema.
//!
//! Each runs in one transaction with its own row in `schema_migrations`, so a crash leaves either
//! all of it or nothing. A file that begins with `-- no transaction` (for `CREATE INDEX
//! CONCURRENTLY`) is recorded as started before and finished after; a half-done one stops every
//! start until an operator has looked at it.

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tokio_postgres::Client;

use crate::DbError;

/// Two processes that start together must not both migrate; the number has no meaning.
const LOCK: i64 = 0x6c65_6164_6c69_6e65;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../../migrations"]
#[include = "*.sql"]
struct Files;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("migration {name} failed and was rolled back: {source}")]
    Failed { name: String, source: DbError },
    #[error(
        "migration {0} was started earlier and never finished: look at what it did, complete or undo it by hand, then set finished_at in schema_migrations (or delete its row)"
    )]
    HalfDone(String),
    #[error(
        "migration {0} was changed after it had been applied to this database: restore the file, and put the change into a new migration"
    )]
    Changed(String),
    #[error("the database has migration {0}, which this binary does not know: it was migrated by a newer Leadline; start that one")]
    Newer(i32),
    #[error("migration file {0:?} is not named <number>_<slice>_<what>.sql")]
    Name(String),
    #[error("two migrations have the number {0}")]
    Twice(i32),
}

struct Migration {
    number: i32,
    name: String,
    sql: String,
    checksum: String,
}

fn migrations() -> Result<Vec<Migration>, MigrateError> {
    let mut all = Vec::new();
    for name in Files::iter() {
        let number = name.split_once('_').and_then(|(n, _)| n.parse().ok()).ok_or_else(|| MigrateError::Name(name.to_string()))?;
        let Some(file) = Files::get(&name) else { continue };
        let sql = String::from_utf8_lossy(&file.data).into_owned();
        let checksum = Sha256::digest(sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        all.push(Migration { number, name: name.trim_end_matches(".sql").to_owned(), sql, checksum });
    }
    all.sort_by_key(|m| m.number);
    if let Some(twice) = all.array_windows().find(|[a, b]| a.number == b.number).map(|[a, _]| a.number) {
        return Err(MigrateError::Twice(twice));
    }
    Ok(all)
}

/// Applies what is missing. Returns the names of the migrations that ran now.
pub async fn run(url: &str) -> Result<Vec<String>, MigrateError> {
    let (client, connection) = crate::pool::connect(url).await?;
    let driver = tokio::spawn(connection.run());
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.map_err(DbError::from)?;
    let outcome = apply(&client).await;
    drop(client); // ends the session, which releases the lock
    let _ = driver.await;
    outcome
}

async fn apply(client: &Client) -> Result<Vec<String>, MigrateError> {
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (
               number int PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
               started_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz)",
        )
        .await
        .map_err(DbError::from)?;
    let all = migrations()?;
    let applied = client
        .query("SELECT number, name, checksum, finished_at IS NOT NULL FROM schema_migrations ORDER BY number", &[])
        .await
        .map_err(DbError::from)?;
    for row in &applied {
        let (number, name, checksum, finished): (i32, String, String, bool) = (row.get(0), row.get(1), row.get(2), row.get(3));
        if !finished {
            return Err(MigrateError::HalfDone(name));
        }
        match all.iter().find(|m| m.number == number) {
            None => return Err(MigrateError::Newer(number)),
            Some(m) if m.checksum != checksum => return Err(MigrateError::Changed(name)),
            Some(_) => {}
        }
    }
    let done: Vec<i32> = applied.iter().map(|row| row.get(0)).collect();
    let mut ran = Vec::new();
    for migration in all.iter().filter(|m| !done.contains(&m.number)) {
        let step = if migration.sql.starts_with("-- no transaction") {
            apply_outside_transaction(client, migration).await
        } else {
            apply_in_transaction(client, migration).await
        };
        step.map_err(|source| MigrateError::Failed { name: migration.name.clone(), source })?;
        tracing::info!(migration = migration.name, "applied");
        ran.push(migration.name.clone());
    }
    Ok(ran)
}

async fn apply_in_transaction(client: &Client, m: &Migration) -> Result<(), DbError> {
    client.batch_execute("BEGIN").await?;
    let work = async {
        client.batch_execute(&m.sql).await?;
        client
            .execute(
                "INSERT INTO schema_migrations (number, name, checksum, finished_at) VALUES ($1, $2, $3, now())",
                &[&m.number, &m.name, &m.checksum],
            )
            .await?;
        client.batch_execute("COMMIT").await
    }
    .await;
    if work.is_err() {
        let _ = client.batch_execute("ROLLBACK").await;
    }
    Ok(work?)
}

async fn apply_outside_transaction(client: &Client, m: &Migration) -> Result<(), DbError> {
    client
        .execute("INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)", &[&m.number, &m.name, &m.checksum])
        .await?;
    for statement in m.sql.split(";\n").filter(|s| !s.trim().is_empty()) {
        client.batch_execute(statement).await?;
    }
    client.execute("UPDATE schema_migrations SET finished_at = now() WHERE number = $1", &[&m.number]).await?;
    Ok(())
}

/// Refuses a database that is not exactly at this binary's schema; for processes that must not migrate.
pub async fn verify(url: &str) -> Result<(), MigrateError> {
    let (client, connection) = crate::pool::connect(url).await?;
    tokio::spawn(connection.run());
    let known = migrations()?;
    let rows = client
        .query("SELECT number, name, finished_at IS NOT NULL FROM schema_migrations ORDER BY number", &[])
        .await
        .map_err(DbError::from)?;
    if let Some(row) = rows.iter().find(|row| !row.get::<_, bool>(2)) {
        return Err(MigrateError::HalfDone(row.get(1)));
    }
    if let Some(row) = rows.iter().find(|row| !known.iter().any(|m| m.number == row.get::<_, i32>(0))) {
        return Err(MigrateError::Newer(row.get(0)));
    }
    match known.iter().find(|m| !rows.iter().any(|row| row.get::<_, i32>(0) == m.number)) {
        Some(missing) => {
            Err(MigrateError::Db(DbError::Config(format!("the database lacks migration {}: run `leadline migrate` first", missing.name))))
        }
        None => Ok(()),
    }
}
