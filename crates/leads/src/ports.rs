//! What leads are asked about that others know. Those who know put an implementation into the application's extensions.

use std::{collections::HashMap, fmt, future::Future, pin::Pin, sync::Arc};

use db::{DbError, TenantTx};

/// A future that a port answers with.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbError>> + Send + 'a>>;

/// Knows which addresses must not be written to.
pub trait AddressCheck: Send + Sync + 'static {
    /// Those of `emails` (lower case) that must not be written to, with the reason as people read it.
    fn suppressed<'a>(&'a self, tx: &'a TenantTx, emails: &'a [&'a str]) -> Answer<'a, HashMap<String, String>>;
}

/// The application's [`AddressCheck`], found by [`App::extension`](http_kit::App::extension).
#[derive(Clone)]
pub struct Addresses(Arc<dyn AddressCheck>);

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Addresses")
    }
}

impl Addresses {
    /// Makes a check the application's.
    pub fn new(check: impl AddressCheck) -> Self {
        Self(Arc::new(check))
    }

    /// See [`AddressCheck::suppressed`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn suppressed(&self, tx: &TenantTx, emails: &[&str]) -> Result<HashMap<String, String>, DbError> {
        if emails.is_empty() { Ok(HashMap::new()) } else { self.0.suppressed(tx, emails).await }
    }
}
