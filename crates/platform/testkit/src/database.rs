use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::{DATABASE_VARIABLE, TEMPLATE, variable};

/// A migrated database of one test; gone when dropped.
pub struct TestDatabase {
    name: String,
    admin_url: String,
}

impl TestDatabase {
    /// Clones the template.
    pub async fn create() -> Self {
        let admin_url = variable(DATABASE_VARIABLE);
        let name = format!("test_{}", Uuid::new_v4().simple());
        // A template that somebody is cloning is busy for a moment.
        for attempt in 0.. {
            match execute(&admin_url, &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")).await {
                Ok(()) => break,
                Err(error) if attempt < 50 => {
                    assert!(!error.to_string().contains("does not exist"), "{error}");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                Err(error) => panic!("a test database could not be created: {error}"),
            }
        }
        Self { name, admin_url }
    }

    /// `postgres://…` of this database, as the owner of its schema.
    pub fn url(&self) -> String {
        replace_database(&self.admin_url, &self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, sql) = (self.admin_url.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                let _ = runtime.block_on(execute(&url, &sql)); // the whole cluster is thrown away in any case
            }
        });
        let _ = dropping.join();
    }
}

/// Puts another database's name into an address.
pub(crate) fn replace_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let base = address.rsplit_once('/').map_or(address, |(base, _)| base);
    match query {
        Some(query) => format!("{base}/{name}?{query}"),
        None => format!("{base}/{name}"),
    }
}

pub(crate) async fn execute(url: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let outcome = client.batch_execute(sql).await;
    drop(client);
    let _ = driver.await;
    outcome
}
