//! What leads are asked about that others know. Those who know put an implementation into the application's extensions.

use std::{collections::HashMap, fmt, future::Future, pin::Pin, sync::Arc};

use db::{DbError, TenantTx};
use http_kit::App;
use jiff::Timestamp;
use kernel::{Actor, CampaignId, LeadId};

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

/// Leads that are to enter a campaign.
#[derive(Debug, Clone, Copy)]
pub struct Entrants<'a> {
    pub campaign: CampaignId,
    pub leads: &'a [LeadId],
    pub by: Actor,
    pub now: Timestamp,
}

/// Knows the campaigns, and how leads get into them.
pub trait Enrolment: Send + Sync + 'static {
    /// Whether leads can enter it: it is there, and was launched.
    fn takes<'a>(&'a self, tx: &'a TenantTx, id: CampaignId) -> Answer<'a, bool>;

    /// Puts leads into a campaign and returns how many entered: whoever cannot be written to, or is or was in it, does not.
    /// Nothing: the campaign takes nobody.
    fn enrol<'a>(&'a self, app: &'a App, tx: &'a TenantTx, who: Entrants<'a>) -> Answer<'a, Option<u64>>;
}

/// The application's [`Enrolment`], found by [`App::extension`](http_kit::App::extension).
#[derive(Clone)]
pub struct Campaigns(Arc<dyn Enrolment>);

impl fmt::Debug for Campaigns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Campaigns")
    }
}

impl Campaigns {
    /// Makes a way into campaigns the application's.
    pub fn new(enrolment: impl Enrolment) -> Self {
        Self(Arc::new(enrolment))
    }

    /// See [`Enrolment::takes`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn takes(&self, tx: &TenantTx, id: CampaignId) -> Result<bool, DbError> {
        self.0.takes(tx, id).await
    }

    /// See [`Enrolment::enrol`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn enrol(&self, app: &App, tx: &TenantTx, who: Entrants<'_>) -> Result<Option<u64>, DbError> {
        if who.leads.is_empty() { Ok(Some(0)) } else { self.0.enrol(app, tx, who).await }
    }
}
