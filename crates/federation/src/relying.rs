//! What the relying party keeps in a running process: its HTTP clients, and what providers say of themselves.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http_kit::{App, AuthConfig, Problem};
use identity::jwks::KeySets;
use outbound::{Outbound, OutboundError, Reach};

use crate::{
    metadata::{Metadata, MetadataError},
    provider::Provider,
};

/// Providers change their endpoints rarely, and keep the old ones for a while.
const KEPT: Duration = Duration::from_secs(3600);
/// More than any installation has connections in use at once.
const MOST: usize = 1000;

/// Put into [`http_kit::AppParts::extensions`] at the start.
pub struct Relying {
    /// To the providers that the settings name.
    trusted: Outbound,
    /// To those that organisations have named.
    guarded: Outbound,
    documents: Mutex<HashMap<String, (Arc<Metadata>, Instant)>>,
    pub(crate) keys: KeySets,
}

impl Relying {
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &AuthConfig) -> Result<Arc<Self>, OutboundError> {
        let reach = if config.allow_private_issuers { Reach::PublicAndPrivate } else { Reach::Public };
        Ok(Arc::new(Self {
            trusted: Outbound::new(Reach::Anywhere)?,
            guarded: Outbound::new(reach)?,
            documents: Mutex::default(),
            keys: KeySets::default(),
        }))
    }

    /// The one of `app`.
    pub fn of(app: &App) -> Result<&Self, Problem> {
        app.extension::<Arc<Self>>().map(AsRef::as_ref).ok_or_else(|| Problem::internal(&"the relying party was not started"))
    }

    /// The client for a provider's addresses: guarded unless the settings name the provider.
    pub(crate) const fn outbound(&self, provider: &Provider) -> &Outbound {
        if provider.home.is_some() { &self.guarded } else { &self.trusted }
    }

    /// For an issuer that somebody has just typed.
    pub(crate) const fn guarded(&self) -> &Outbound {
        &self.guarded
    }

    /// What the provider says of itself.
    pub(crate) async fn metadata(&self, provider: &Provider) -> Result<Arc<Metadata>, MetadataError> {
        // Of a connection, another was allowed to look.
        let key = format!("{} {}", provider.home.is_some(), provider.issuer);
        let known = self.documents.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((metadata, at)) = known
            && at.elapsed() < KEPT
        {
            return Ok(metadata);
        }
        let metadata = Arc::new(Metadata::discover(self.outbound(provider), &provider.issuer).await?);
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if documents.len() >= MOST {
            documents.clear();
        }
        documents.insert(key, (metadata.clone(), Instant::now()));
        Ok(metadata)
    }
}
