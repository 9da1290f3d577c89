//! Possible duplicates on a lead's page.

use std::collections::HashMap;

use db::{DbError, TenantTx};
use http_kit::App;
use identity::{Permission, Viewer};
use kernel::LeadId;
use leads::Lead;
use maud::{Markup, html};

use super::show;
use crate::{actions::examine::look_up, store};

const MOST: usize = 5;

/// A lead's likely doubles, compared as it is now: right after somebody has typed it in, too. Where there are none, the way to
/// merge it with a lead that does not look like it.
pub fn panel<'a>(_: &'a App, tx: &'a TenantTx, viewer: &'a Viewer, lead: &'a Lead) -> leads::PanelFuture<'a> {
    Box::pin(draw(tx, viewer, lead))
}

async fn draw(tx: &TenantTx, viewer: &Viewer, lead: &Lead) -> Result<Markup, DbError> {
    let settings = store::settings::get(tx).await?;
    let mut pairs = look_up(tx, lead.id).await?;
    pairs.retain(|pair| pair.bits >= settings.show_bits());
    pairs.truncate(MOST);
    let by_hand = html! {
        @if viewer.may(Permission::LeadsWrite) { p { a href={ "/duplicates/by-hand?lead=" (lead.id) } { "Merge with another lead" } } }
    };
    if pairs.is_empty() {
        return Ok(by_hand);
    }
    let other = |low: LeadId, high: LeadId| if low == lead.id { high } else { low };
    let ids: Vec<LeadId> = pairs.iter().map(|pair| other(pair.low, pair.high)).collect();
    let others: HashMap<LeadId, Lead> = leads::get_many(tx, &ids).await?.into_iter().map(|lead| (lead.id, lead)).collect();
    let cluster = store::clusters::of(tx, &[lead.id]).await?.into_iter().next();
    let compare = match &cluster {
        Some(cluster) => html! { a href={ "/duplicates/" (cluster.id) } { "Compare" } },
        None => html! {},
    };
    Ok(ui::card(
        "Possible duplicates",
        compare,
        ui::stack(html! {
            @for pair in &pairs {
                @if let Some(double) = others.get(&other(pair.low, pair.high)) {
                    div {
                        a href={ "/leads/" (double.id) } { (show::person(double)) }
                        p { (show::probability(settings.calibration.probability(pair.bits))) " " (show::reasons(&pair.evidence, 2)) }
                    }
                }
            }
            (by_hand)
        }),
    ))
}
