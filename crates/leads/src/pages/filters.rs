//! What narrows the grid: chips, quick filters, the form that adds a condition, the builder.

use identity::Member;
use kernel::UserId;
use maud::{Markup, html};
use ui::{Button, Icon};

use super::{grid::State, show};
use crate::{
    filter::{Condition, FIELD_CHOICES, Filter, Kind, Node, SetTest, TextField, TextTest, builder_fields},
    model::{Status, country},
};

/// What was typed into the form and refused.
#[derive(Debug, Default, Clone)]
pub(super) struct Refused {
    pub(super) field: String,
    pub(super) op: String,
    pub(super) value: String,
    pub(super) why: String,
}

/// The active conditions, each with a link that removes it.
pub(super) fn chips(state: &State, members: &[Member]) -> Markup {
    let names = |id: &str| id.parse().ok().and_then(|id| show::member(members, id)).map(str::to_owned);
    let chips = state.filter.chips(&names);
    html! {
        @if !chips.is_empty() {
            (ui::chips(html! {
                @for (index, chip) in chips.iter().enumerate() {
                    (ui::filter_chip(&chip.field, &chip.operator, &chip.value, &state.with_filter(state.filter.without(index)).href()))
                }
                @if chips.len() > 1 { (Button::ghost("Clear all").small().href(state.with_filter(Filter::default()).href())) }
            }))
        }
    }
}

/// Status, owner and country in one press, and the form for everything else.
pub(super) fn controls(state: &State, members: &[Member], me: UserId, refused: Option<&Refused>) -> Markup {
    html! {
        (status_menu(state))
        (owner_menu(state, members, me))
        (country_menu(state))
        (condition_menu(state, refused))
        span { (Button::ghost("Advanced").icon(Icon::Filter).opens("filter-dialog")) }
    }
}

fn check(label: &str, href: &str, on: bool) -> Markup {
    html! { a.menu-item href=(href) aria-current=[on.then_some("true")] { @if on { (ui::icon(Icon::Check)) } @else { span.icon {} } span { (label) } } }
}

/// Toggles statuses in the one condition about them.
fn status_menu(state: &State) -> Markup {
    let chosen: Vec<Status> = state
        .filter
        .parts()
        .iter()
        .find_map(|part| match part {
            Node::If(Condition::Status(SetTest::In(many))) => Some(many.clone()),
            Node::If(Condition::Status(SetTest::Is(one))) => Some(vec![*one]),
            _ => None,
        })
        .unwrap_or_default();
    let about = |part: &Node| matches!(part, Node::If(Condition::Status(SetTest::In(_) | SetTest::Is(_))));
    ui::menu(
        html! { "Status" (ui::icon(Icon::ChevronDown)) },
        html! {
            @for status in Status::ALL {
                @let on = chosen.contains(&status);
                @let next: Vec<Status> = Status::ALL.into_iter().filter(|other| (chosen.contains(other) && *other != status) || (*other == status && !on)).collect();
                @let condition = (!next.is_empty()).then_some(Condition::Status(SetTest::In(next)));
                (check(status.label(), &state.replacing(about, condition).href(), on))
            }
        },
    )
}

fn owner_menu(state: &State, members: &[Member], me: UserId) -> Markup {
    let about = |part: &Node| matches!(part, Node::If(Condition::Owner(_)));
    let now = state.filter.parts().iter().find_map(|part| match part {
        Node::If(Condition::Owner(test)) => Some(test.clone()),
        _ => None,
    });
    let entry = |label: &str, test: SetTest<UserId>| {
        let on = now.as_ref() == Some(&test);
        check(label, &state.replacing(about, (!on).then_some(Condition::Owner(test))).href(), on)
    };
    ui::menu(
        html! { "Owner" (ui::icon(Icon::ChevronDown)) },
        html! {
            (entry("Me", SetTest::Is(me)))
            (entry("Nobody", SetTest::IsEmpty))
            @for member in members.iter().filter(|member| member.id != me) { (entry(&member.name, SetTest::Is(member.id))) }
        },
    )
}

fn country_menu(state: &State) -> Markup {
    let now = state.filter.parts().iter().find_map(|part| match part {
        Node::If(Condition::Text(TextField::Country, TextTest::Is(text))) => Some(country::code(text).map_or(text.as_str(), country::name)),
        _ => None,
    });
    let about = |part: &Node| matches!(part, Node::If(Condition::Text(TextField::Country, _)));
    ui::menu(
        html! { "Country" (ui::icon(Icon::ChevronDown)) },
        html! {
            form.form method="get" action="/leads" {
                (state.replacing(about, None).hidden())
                (ui::hidden("field", "country"))
                (ui::hidden("op", "is"))
                (ui::Field::text("value", "Country").id("filter-country").value(now.unwrap_or_default()).placeholder("Germany, or DE").required())
                (Button::secondary("Show").small())
            }
        },
    )
}

/// Field, operator, value: one more condition. Works without scripts.
fn condition_menu(state: &State, refused: Option<&Refused>) -> Markup {
    let typed = refused.cloned().unwrap_or_default();
    let fields =
        FIELD_CHOICES.iter().filter(|choice| !matches!(choice.kind, Kind::Owner | Kind::Account)).map(|choice| (choice.name, choice.label));
    let mut operators: Vec<(&str, &str)> = Vec::new();
    for kind in [Kind::Text, Kind::Number, Kind::Date, Kind::Tags] {
        for operator in kind.operators() {
            if !operators.iter().any(|(name, _)| name == &operator.0) {
                operators.push(*operator);
            }
        }
    }
    html! {
        details.menu open[refused.is_some()] {
            summary.button { (ui::icon(Icon::Plus)) "Add filter" }
            div.menu-panel {
                form.form method="get" action="/leads" {
                    (state.hidden())
                    (ui::Field::select("field", "Field", fields).id("filter-field").value(typed.field))
                    (ui::Field::select("op", "Condition", operators).id("filter-op").value(typed.op))
                    (ui::Field::text("value", "Value").id("filter-value").value(typed.value)
                        .error((!typed.why.is_empty()).then_some(typed.why))
                        .hint("Several: separate them with commas. A date: 2026-01-31."))
                    (Button::primary("Add").small())
                }
            }
        }
    }
}

/// The builder for nested groups: an island that edits the JSON of the filter.
pub(super) fn dialog(state: &State, members: &[Member]) -> Markup {
    let json = if state.filter.is_empty() { String::new() } else { state.filter.to_json() };
    let others = state.with_filter(Filter::default());
    ui::dialog_wide(
        "filter-dialog",
        "Filter leads",
        ui::filter_builder("/leads", &builder_fields(members, &[]), &json, others.hidden(), html! {}),
    )
}
