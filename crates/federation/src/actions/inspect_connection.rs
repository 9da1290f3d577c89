use http_kit::{App, Problem};
use identity::{Can, SecurityWrite};
use kernel::ConnectionId;

use crate::{
    metadata::{Metadata, MetadataError},
    provider::{Provider, ProviderKey},
    relying::Relying,
};

/// What a look at a provider has shown.
pub(crate) struct Inspection {
    pub(crate) label: String,
    pub(crate) outcome: Result<usize, MetadataError>,
}

/// Asks a connection's provider for its document and keys, as signing in does, and nothing of anybody.
pub(crate) async fn inspect_connection(app: &App, viewer: &Can<SecurityWrite>, id: ConnectionId) -> Result<Inspection, Problem> {
    let provider = Provider::find(app, ProviderKey::Connection(id)).await?;
    let provider =
        provider.filter(|provider| provider.home.as_ref().is_some_and(|home| home.org == viewer.org_id)).ok_or_else(Problem::not_found)?;
    let relying = Relying::of(app)?;
    let outbound = relying.outbound(&provider);
    let look = async {
        let metadata = Metadata::discover(outbound, &provider.issuer).await?;
        let keys = relying.keys.fetch(outbound, &metadata.jwks_uri).await;
        let keys = keys.map_err(|error| MetadataError::Endpoint { what: "jwks_uri", error })?;
        if keys.is_empty() { Err(MetadataError::NoKeys) } else { Ok(keys.len()) }
    };
    let outcome = look.await;
    Ok(Inspection { label: provider.label, outcome })
}
