//! What leads are asked about that others know. Those who know put an implementation into the application's extensions.

use std::{collections::HashMap, fmt, future::Future, pin::Pin, sync::Arc};

use db::{DbError, TenantTx};
use http_kit::App;
use jiff::Timestamp;
use kernel::{Actor, CampaignId, LeadId, SegmentId, ViewId};

use crate::{
    filter::KnownSegments,
    model::{CheckedLead, ScoreReason},
};

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

/// Knows the segments.
pub trait SegmentCheck: Send + Sync + 'static {
    /// The segments that a menu offers, by name; those of `named` among them.
    fn choices<'a>(&'a self, tx: &'a TenantTx, named: &'a [SegmentId]) -> Answer<'a, Vec<(SegmentId, String)>>;

    /// Those of `ids` that are there, and those that their filters name, and so on as deep as a filter may reach.
    fn reachable<'a>(&'a self, tx: &'a TenantTx, ids: &'a [SegmentId]) -> Answer<'a, KnownSegments>;

    /// Says that everybody has a view of this name which names these segments, and no others.
    fn used_by_view<'a>(&'a self, tx: &'a TenantTx, view: ViewId, name: &'a str, segments: &'a [SegmentId]) -> Answer<'a, ()>;
}

/// The application's [`SegmentCheck`], found by [`App::extension`](http_kit::App::extension).
#[derive(Clone)]
pub struct Segments(Arc<dyn SegmentCheck>);

impl fmt::Debug for Segments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Segments")
    }
}

impl Segments {
    /// Makes a knowledge of segments the application's.
    pub fn new(check: impl SegmentCheck) -> Self {
        Self(Arc::new(check))
    }

    /// The application's.
    pub(crate) fn of(app: &App) -> Result<&Self, DbError> {
        app.extension().ok_or_else(|| DbError::Config("nobody knows the segments".to_owned()))
    }

    /// See [`SegmentCheck::choices`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn choices(&self, tx: &TenantTx, named: &[SegmentId]) -> Result<Vec<(SegmentId, String)>, DbError> {
        self.0.choices(tx, named).await
    }

    /// See [`SegmentCheck::reachable`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reachable(&self, tx: &TenantTx, ids: &[SegmentId]) -> Result<KnownSegments, DbError> {
        self.0.reachable(tx, ids).await
    }

    /// See [`SegmentCheck::used_by_view`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn used_by_view(&self, tx: &TenantTx, view: ViewId, name: &str, segments: &[SegmentId]) -> Result<(), DbError> {
        self.0.used_by_view(tx, view, name, segments).await
    }
}

/// What a lead is worth, from 0 to 100, and why: the points of the reasons add up to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    pub score: i32,
    pub reasons: Vec<ScoreReason>,
}

/// Judges a lead that has done nothing yet.
pub type Judge = Box<dyn Fn(&CheckedLead) -> Judged + Send + Sync>;

/// Knows what leads are worth.
pub trait Judging: Send + Sync + 'static {
    /// As the organisation wants it at present.
    fn judge<'a>(&'a self, tx: &'a TenantTx) -> Answer<'a, Judge>;
}

/// The application's [`Judging`], found by [`App::extension`](http_kit::App::extension): a new lead is stored with its score instead of
/// being written once more a moment later.
#[derive(Clone)]
pub struct Scores(Arc<dyn Judging>);

impl fmt::Debug for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scores")
    }
}

impl Scores {
    /// Makes a judging the application's.
    pub fn new(judging: impl Judging) -> Self {
        Self(Arc::new(judging))
    }

    /// The application's.
    pub(crate) fn of(app: &App) -> Result<&Self, DbError> {
        app.extension().ok_or_else(|| DbError::Config("nobody knows what leads are worth".to_owned()))
    }

    /// See [`Judging::judge`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn judge(&self, tx: &TenantTx) -> Result<Judge, DbError> {
        self.0.judge(tx).await
    }
}
