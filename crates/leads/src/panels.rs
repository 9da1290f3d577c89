//! Places on a lead's page for what later slices know about it.

use std::pin::Pin;

use db::{DbError, TenantTx};
use http_kit::App;
use identity::Viewer;
use maud::Markup;

use crate::model::Lead;

/// The markup of a panel on its way.
pub type PanelFuture<'a> = Pin<Box<dyn Future<Output = Result<Markup, DbError>> + Send + 'a>>;

/// Draws a panel for whoever looks at the lead, in the transaction that reads the page; nothing where it has nothing to show.
pub type Panel = for<'a> fn(&'a App, &'a TenantTx, &'a Viewer, &'a Lead) -> PanelFuture<'a>;

/// What is put into `App`'s extensions at the start, because the leads know no later slice.
#[derive(Debug, Clone, Default)]
pub struct LeadPanels {
    /// Above the timeline.
    pub main: Vec<Panel>,
    /// Beside it.
    pub side: Vec<Panel>,
}

impl LeadPanels {
    /// All panels of one place, drawn one after the other.
    pub(crate) async fn draw(panels: &[Panel], app: &App, tx: &TenantTx, viewer: &Viewer, lead: &Lead) -> Result<Vec<Markup>, DbError> {
        let mut drawn = Vec::new();
        for panel in panels {
            drawn.push(panel(app, tx, viewer, lead).await?);
        }
        Ok(drawn)
    }
}
