use db::{DbError, TenantTx};
use http_kit::App;
use identity::Viewer;
use leads::{Lead, PanelFuture};
use maud::{Markup, html};

use crate::store;

/// Segments that a lead's page names.
const SHOWN: i64 = 20;

/// The fixed segments that a lead is in, on the lead's page. Which dynamic ones it matches would take all their filters.
pub fn panel<'a>(_: &'a App, tx: &'a TenantTx, _: &'a Viewer, lead: &'a Lead) -> PanelFuture<'a> {
    Box::pin(draw(tx, lead))
}

async fn draw(tx: &TenantTx, lead: &Lead) -> Result<Markup, DbError> {
    let segments = store::members::of_lead(tx, lead.id, SHOWN).await?;
    Ok(html! {
        @if !segments.is_empty() {
            (ui::card("Segments", html! {}, html! {
                ul.stack { @for (id, name) in &segments { li { a href={ "/segments/" (id) } { (name) } } } }
            }))
        }
    })
}
