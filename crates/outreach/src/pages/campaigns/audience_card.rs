use db::{DbError, TenantTx};
use identity::Member;
use jiff::Timestamp;
use kernel::SegmentId;
use leads::{
    custom_fields::{self, Registry},
    filter::{Filter, KnownSegments, builder_fields},
};
use maud::{Markup, html};
use segments::{Population, Segment};
use ui::{Button, Field, Icon, Tone};

use crate::{
    actions::audience::population,
    model::Campaign,
    pages::query::address,
    pages_store::{self, AudienceCount},
};

/// Who is meant, as the card shows it.
pub(super) struct Audience {
    pub(super) filter: Filter,
    pub(super) count: AudienceCount,
    /// The segment that is the audience instead of the filter.
    pub(super) segment: Option<Segment>,
    /// Segments to choose from.
    choices: Vec<(SegmentId, String)>,
    /// Those that the filter names.
    named: KnownSegments,
    members: Vec<Member>,
    custom: Registry,
}

/// The audience that a campaign has.
pub(super) async fn load_of(tx: &TenantTx, campaign: &Campaign, now: Timestamp) -> Result<Audience, DbError> {
    let mut audience = load(tx, campaign.filter(), now).await?;
    if let Some(id) = campaign.segment_id {
        audience.segment = segments::get(tx, id).await?;
        audience.count = pages_store::audience(tx, &population(tx, campaign).await?, now).await?;
    }
    Ok(audience)
}

/// The audience that a filter means.
pub(super) async fn load(tx: &TenantTx, filter: Filter, now: Timestamp) -> Result<Audience, DbError> {
    Ok(Audience {
        count: pages_store::audience(tx, &Population::matching(tx, filter.clone()).await?, now).await?,
        segment: None,
        choices: segments::offered(tx, &filter.segments()).await?,
        named: segments::named_in(tx, &filter).await?,
        members: identity::members(tx).await?,
        custom: custom_fields::list(tx).await?,
        filter,
    })
}

impl Audience {
    /// Chips, each of which leads to the same page with one condition less.
    pub(super) fn chips(&self, path: &str) -> Markup {
        if let Some(segment) = &self.segment {
            return html! { p { "The segment " a href={ "/segments/" (segment.id) } { (segment.name) } ", as it is at launch." } };
        }
        let chips = self.filter.chips(&|id| self.name(id));
        html! {
            @if chips.is_empty() { p { "Every lead of your organisation." } } @else {
                (ui::chips(html! {
                    @for (at, chip) in chips.iter().enumerate() {
                        (ui::filter_chip(&chip.field, &chip.operator, &chip.value, &address(path, &[("filter", &shorter(&self.filter, at))])))
                    }
                }))
            }
        }
    }

    /// In words, for where nothing can be changed any more.
    pub(super) fn sentence(&self) -> String {
        if let Some(segment) = &self.segment {
            return format!("The segment “{}”", segment.name);
        }
        self.filter.describe(&|id| self.name(id))
    }

    /// How many; refetches itself from the same page when leads come or go.
    pub(super) fn size(&self, path: &str) -> Markup {
        let json = match (&self.segment, self.filter.is_empty()) {
            (Some(_), _) => String::new(),
            (None, true) => "{}".to_owned(),
            (None, false) => self.filter.to_json(),
        };
        let (count, more) = (self.count, if self.count.exact { "" } else { "+" });
        html! {
            p #audience-size data-live="lead import" hx-get=(address(path, &[("filter", &json)])) hx-trigger="live" hx-select="#audience-size" hx-swap="outerMorph" {
                strong.num { (ui::number(count.found)) (more) } " leads match"
                @if count.with_address < count.found { ", " strong.num { (ui::number(count.with_address)) } " with an e-mail address" }
                "."
            }
        }
    }

    /// The ways to change it: the builder (a dialog), the leads grid, or JSON; all arrive as `filter` on `path`.
    pub(super) fn editors(&self, path: &str) -> Markup {
        let json = if self.filter.is_empty() { String::new() } else { self.filter.to_json() };
        html! {
            (ui::button_row(html! {
                (Button::secondary("Edit filter").icon(Icon::Filter).opens("audience-filter"))
                (Button::ghost("See these leads").icon(Icon::Leads).href(address("/leads", &[("filter", &json)])))
            }))
            details {
                summary { "Filter as JSON" }
                form.stack method="get" action=(path) {
                    (Field::textarea("filter", "Filter", 4).id("audience-json").value(&json).attr("spellcheck", "false")
                        .hint("For what the builder cannot say. Empty means every lead."))
                    (ui::form_actions(html! { (Button::secondary("Look at it")) }))
                }
            }
            (ui::dialog_wide("audience-filter", "Who should get this campaign?",
                ui::filter_builder(path, &builder_fields(&self.members, self.custom.as_slice(), &self.choices), &json, html! {}, html! {})))
        }
    }

    /// A segment instead of a filter, or a filter again.
    pub(super) fn segments(&self, save: &str) -> Markup {
        let choices = self.choices.iter().map(|(id, name)| (id.to_string(), name.clone()));
        html! {
            @if self.segment.is_some() {
                form method="post" action=(save) { (Button::ghost("Use a filter instead").small()) }
            }
            @if !self.choices.is_empty() {
                form.form method="post" action=(save) {
                    (Field::select("segment", if self.segment.is_some() { "Another segment" } else { "Or a segment" }, choices)
                        .value(self.segment.as_ref().map(|segment| segment.id.to_string()).unwrap_or_default()))
                    (ui::form_actions(html! { (Button::secondary("Use this segment").small()) }))
                }
            }
        }
    }

    fn name(&self, id: &str) -> Option<String> {
        let member = self.members.iter().find(|member| member.id.to_string() == id).map(|member| member.name.clone());
        member.or_else(|| self.named.name(id))
    }
}

/// The filter without one part; `{}` for nothing left, because an empty parameter means "as saved".
fn shorter(filter: &Filter, at: usize) -> String {
    let rest = filter.without(at);
    if rest.is_empty() { "{}".to_owned() } else { rest.to_json() }
}

/// What a proposed filter is, before it is saved.
pub(super) fn proposal(audience: &Audience, save: &str, keep: &str) -> Markup {
    html! {
        (ui::notice_with(Tone::Info, html! { "This filter is not saved yet." }, html! {
            form method="post" action=(save) {
                (ui::hidden("filter", &audience.filter.to_json()))
                (Button::primary("Use this audience").small())
            }
            (Button::ghost("Keep the saved one").small().href(keep))
        }))
    }
}
