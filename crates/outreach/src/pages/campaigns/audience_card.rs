use db::{DbError, TenantTx};
use identity::Member;
use jiff::Timestamp;
use leads::{
    custom_fields::{self, Registry},
    filter::{Filter, builder_fields},
};
use maud::{Markup, html};
use ui::{Button, Field, Icon, Tone};

use crate::{
    pages::query::address,
    pages_store::{self, AudienceCount},
};

/// Who is meant, as the card shows it.
pub(super) struct Audience {
    pub(super) filter: Filter,
    pub(super) count: AudienceCount,
    members: Vec<Member>,
    custom: Registry,
}

pub(super) async fn load(tx: &TenantTx, filter: Filter, now: Timestamp) -> Result<Audience, DbError> {
    Ok(Audience {
        count: pages_store::audience(tx, &filter, now).await?,
        members: identity::members(tx).await?,
        custom: custom_fields::list(tx).await?,
        filter,
    })
}

impl Audience {
    /// Chips, each of which leads to the same page with one condition less.
    pub(super) fn chips(&self, path: &str) -> Markup {
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
        self.filter.describe(&|id| self.name(id))
    }

    /// How many; refetches itself from the same page when leads come or go.
    pub(super) fn size(&self, path: &str) -> Markup {
        let json = if self.filter.is_empty() { "{}".to_owned() } else { self.filter.to_json() };
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
                ui::filter_builder(path, &builder_fields(&self.members, self.custom.as_slice()), &json, html! {}, html! {})))
        }
    }

    fn name(&self, id: &str) -> Option<String> {
        self.members.iter().find(|member| member.id.to_string() == id).map(|member| member.name.clone())
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
