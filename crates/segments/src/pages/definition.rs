use db::{DbError, TenantTx};
use http_kit::{App, Total};
use identity::Member;
use kernel::SegmentId;
use leads::{
    Filter,
    custom_fields::{self, Registry},
    filter::{KnownSegments, builder_fields},
};
use maud::{Markup, html};
use ui::{Button, Icon};

use super::{address, leads_of};
use crate::{known, population::Population, size, store};

/// A filter that is looked at: its words, whom it finds, and the builder that changes it.
pub(super) struct Definition {
    pub(super) filter: Filter,
    members: Vec<Member>,
    /// Those that the filter names.
    named: KnownSegments,
    /// Those to choose from.
    segments: Vec<(SegmentId, String)>,
    custom: Registry,
    found: Total,
}

impl Definition {
    /// `itself`: the segment that it is of, which is no choice.
    pub(super) async fn load(app: &App, tx: &TenantTx, filter: Filter, itself: Option<SegmentId>) -> Result<Self, DbError> {
        let members = identity::members(tx).await?;
        let custom = custom_fields::list(tx).await?;
        let named = known::named_in(tx, &filter).await?;
        let mut segments = store::known::offered(tx, &filter.segments()).await?;
        segments.retain(|(id, _)| Some(*id) != itself);
        let found = size::now(app, tx.scope(), &Population::matching(tx, filter.clone()).await?).await?;
        Ok(Self { filter, members, named, segments, custom, found })
    }

    /// In words.
    pub(super) fn sentence(&self) -> String {
        sentence(&self.filter, &self.members, &self.named)
    }

    /// The words, the number, and the ways to another filter: all lead to `path` with `filter`, which shows the same form again.
    pub(super) fn editor(&self, path: &str) -> Markup {
        let json = if self.filter.is_empty() { String::new() } else { self.filter.to_json() };
        html! {
            div.stack {
                p { strong { (self.sentence()) } }
                p.muted { (leads_of(self.found)) " match now." }
                (ui::button_row(html! {
                    (Button::secondary("Edit filter").icon(Icon::Filter).opens("segment-filter"))
                    (Button::ghost("See these leads").icon(Icon::Leads).href(address("/leads", &[("filter", &json)])))
                }))
                details {
                    summary { "Filter as JSON" }
                    form.stack method="get" action=(path) {
                        (ui::Field::textarea("filter", "Filter", 4).id("segment-json").value(&json).attr("spellcheck", "false")
                            .hint("For what the builder cannot say. Empty means every lead."))
                        (ui::form_actions(html! { (Button::secondary("Look at it")) }))
                    }
                }
            }
            (ui::dialog_wide("segment-filter", "Who belongs to this segment?",
                ui::filter_builder(path, &builder_fields(&self.members, self.custom.as_slice(), &self.segments), &json, html! {}, html! {})))
        }
    }
}

/// A filter in words.
pub(super) fn sentence(filter: &Filter, members: &[Member], named: &KnownSegments) -> String {
    let member = |id: &str| members.iter().find(|member| member.id.to_string() == id).map(|member| member.name.clone());
    filter.describe(&|id| member(id).or_else(|| named.name(id)))
}
