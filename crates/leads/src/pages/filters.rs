//! What narrows the grid in one press: menus, chips, the form that adds a condition. The builder for nested groups is a
//! page of its own (`filter_page`), fetched when somebody opens it.

use http_kit::{FieldError, Problem};
use identity::{Member, Viewer};
use kernel::UserId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon};

use super::{rows::without_end_tags, show, state::State};
use crate::{
    custom_fields::Registry,
    filter::{self, Condition, FIELD_CHOICES, Filter, Kind, KnownSegments, Node, SetTest, TextField, TextTest},
    model::{Status, country},
    store::grid::Sort,
};

/// The form whose fields are the state of the page. Buttons all over the page belong to it, so that the filter stands
/// on the page once and not in the address of each.
pub(super) const FORM: &str = "state";

/// A press that changes the address: the answer is a redirect to the new one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Command {
    /// Another order.
    by: String,
    /// The place of a condition to remove.
    drop: Option<usize>,
    /// A status to filter by, or to filter by no longer.
    status: String,
    /// `me`, `nobody` or an id, likewise.
    owner: String,
    country: String,
    /// One condition more.
    pub(super) field: String,
    pub(super) op: String,
    pub(super) value: String,
}

impl Command {
    /// The state after the press; nothing where nothing was pressed.
    pub(super) fn apply(&self, state: &State, me: UserId) -> Result<Option<State>, Problem> {
        let next = if !self.by.is_empty() {
            state.sorted(Sort::parse(&self.by).map_err(|error| Problem::invalid(vec![error]))?)
        } else if let Some(at) = self.drop {
            state.with_filter(state.filter.without(at))
        } else if !self.status.is_empty() {
            let status = self.status.parse().map_err(|why| Problem::field("/status", "status.unknown", format!("The status {why}")))?;
            state.replacing(is_status, toggled(&statuses(state), status))
        } else if !self.owner.is_empty() {
            state.replacing(is_owner, self.owner_test(state, me)?)
        } else if !self.country.is_empty() {
            let test = TextTest::Is(self.country.trim().chars().take(crate::filter::MAX_TEXT).collect());
            state.replacing(is_country, Some(Condition::Text(TextField::Country, test)))
        } else if !self.field.is_empty() {
            // Said beside the value, so it need not say where.
            let condition = Condition::from_form(&self.field, &self.op, &self.value)
                .map_err(|error| Problem::field("/value", "filter.invalid", error.detail))?;
            state.with_filter(state.filter.clone().and(condition))
        } else {
            return Ok(None);
        };
        Ok(Some(next))
    }

    fn owner_test(&self, state: &State, me: UserId) -> Result<Option<Condition>, Problem> {
        let test = match self.owner.as_str() {
            "me" => SetTest::Is(me),
            "nobody" => SetTest::IsEmpty,
            id => SetTest::Is(id.parse().map_err(|_| {
                Problem::invalid(vec![FieldError::new("/owner", "owner.unknown", "Choose one of your colleagues as the owner")])
            })?),
        };
        // The same once more takes it back.
        Ok((owner(state).as_ref() != Some(&test)).then_some(Condition::Owner(test)))
    }
}

fn is_status(part: &Node) -> bool {
    matches!(part, Node::If(Condition::Status(SetTest::In(_) | SetTest::Is(_))))
}

fn is_owner(part: &Node) -> bool {
    matches!(part, Node::If(Condition::Owner(_)))
}

fn is_country(part: &Node) -> bool {
    matches!(part, Node::If(Condition::Text(TextField::Country, _)))
}

fn statuses(state: &State) -> Vec<Status> {
    let of = |part: &Node| match part {
        Node::If(Condition::Status(SetTest::In(many))) => Some(many.clone()),
        Node::If(Condition::Status(SetTest::Is(one))) => Some(vec![*one]),
        _ => None,
    };
    state.filter.parts().iter().find_map(of).unwrap_or_default()
}

fn toggled(chosen: &[Status], status: Status) -> Option<Condition> {
    let next: Vec<Status> = Status::ALL.into_iter().filter(|other| chosen.contains(other) != (*other == status)).collect();
    (!next.is_empty()).then_some(Condition::Status(SetTest::In(next)))
}

fn owner(state: &State) -> Option<SetTest<UserId>> {
    state.filter.parts().iter().find_map(|part| match part {
        Node::If(Condition::Owner(test)) => Some(test.clone()),
        _ => None,
    })
}

/// The form that every button of the state belongs to. It goes where the grid goes, so that it is as new.
pub(super) fn form(state: &State) -> Markup {
    html! { form id=(FORM) method="get" action="/leads" hidden { (state.hidden()) } }
}

/// The active conditions, each with a button that removes it.
pub(super) fn chips(state: &State, members: &[Member], fields: &Registry, segments: &KnownSegments) -> Markup {
    let member = |id: &str| id.parse().ok().and_then(|id| show::member(members, id)).map(str::to_owned);
    let names = |id: &str| member(id).or_else(|| segments.name(id)).or_else(|| filter::custom_name(fields, id));
    let chips = state.filter.chips(&names);
    html! {
        @if !chips.is_empty() {
            (ui::chips(html! {
                @for (index, chip) in chips.iter().enumerate() {
                    (ui::filter_chip_button(&chip.field, &chip.operator, &chip.value, FORM, "drop", &index.to_string()))
                }
                @if chips.len() > 1 { (Button::ghost("Clear all").small().href(state.with_filter(Filter::default()).href())) }
            }))
        }
    }
}

/// Status, owner and country in one press, the form for everything else, and the way to the builder.
pub(super) fn controls(viewer: &Viewer, state: &State, members: &[Member], refused: Option<(&Command, &Problem)>) -> Markup {
    html! {
        (status_menu(state))
        (owner_menu(viewer, state, members))
        (country_menu(state))
        (condition_menu(state, refused))
        // Without scripts the builder's page opens; with them its form comes into the dialog.
        (Button::ghost("Advanced").icon(Icon::Filter).attr("form", FORM).attr("formaction", "/leads/filter")
            .attr("data-dialog-open", "filter-dialog").attr("hx-get", "/leads/filter").attr("hx-include", "#state")
            .attr("hx-target", "#filter").attr("hx-select", "#filter").attr("hx-swap", "outerHTML"))
    }
}

fn press(label: &str, name: &str, value: &str, on: bool) -> Markup {
    html! {
        button.menu-item form=(FORM) name=(name) value=(value) aria-pressed=(if on { "true" } else { "false" }) {
            span { (label) }
            @if on { (ui::icon(Icon::Check)) }
        }
    }
}

fn status_menu(state: &State) -> Markup {
    let chosen = statuses(state);
    ui::menu(
        html! { "Status" (ui::icon(Icon::ChevronDown)) },
        html! { @for status in Status::ALL { (press(status.label(), "status", status.as_str(), chosen.contains(&status))) } },
    )
}

fn owner_menu(viewer: &Viewer, state: &State, members: &[Member]) -> Markup {
    let now = owner(state);
    let chosen = match &now {
        Some(SetTest::Is(id)) if *id != viewer.user_id => id.to_string(),
        _ => String::new(),
    };
    let colleagues = members.iter().filter(|member| member.id != viewer.user_id).map(|member| (member.id.to_string(), member.name.clone()));
    let choices: Vec<(String, String)> = std::iter::once((String::new(), "A colleague…".to_owned())).chain(colleagues).collect();
    ui::menu(
        html! { "Owner" (ui::icon(Icon::ChevronDown)) },
        html! {
            (press("Me", "owner", "me", now == Some(SetTest::Is(viewer.user_id))))
            (press("Nobody", "owner", "nobody", now == Some(SetTest::IsEmpty)))
            @if choices.len() > 1 {
                form.form method="get" action="/leads" data-auto-submit data-state {
                    (state.replacing(is_owner, None).hidden())
                    (ui::Field::select("owner", "Colleague", choices).id("filter-owner").label_hidden().value(chosen))
                    span data-without-script { (Button::secondary("Show").small()) }
                }
            }
        },
    )
}

fn country_menu(state: &State) -> Markup {
    let now = state.filter.parts().iter().find_map(|part| match part {
        Node::If(Condition::Text(TextField::Country, TextTest::Is(text))) => Some(country::code(text).map_or(text.as_str(), country::name)),
        _ => None,
    });
    ui::menu(
        html! { "Country" (ui::icon(Icon::ChevronDown)) },
        html! {
            form.form method="get" action="/leads" data-state {
                (state.hidden())
                (ui::Field::text("country", "Country").id("filter-country").value(now.unwrap_or_default()).placeholder("Germany, or DE").required())
                (Button::secondary("Show").small())
            }
        },
    )
}

/// Field, operator, value: one more condition. Works without scripts.
fn condition_menu(state: &State, refused: Option<(&Command, &Problem)>) -> Markup {
    let refused = refused.filter(|(command, _)| !command.field.is_empty());
    let typed = |part: fn(&Command) -> &String| refused.map(|(command, _)| part(command).clone()).unwrap_or_default();
    // What is known by an id is chosen elsewhere.
    let is_typed = |kind: Kind| !matches!(kind, Kind::Owner | Kind::Account | Kind::Segment);
    let fields = FIELD_CHOICES.iter().filter(|choice| is_typed(choice.kind)).map(|choice| (choice.name, choice.label));
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
                form.form method="get" action="/leads" data-state {
                    (state.hidden())
                    (without_end_tags(html! {
                        (ui::Field::select("field", "Field", fields).id("filter-field").value(typed(|command| &command.field)))
                        (ui::Field::select("op", "Condition", operators).id("filter-op").value(typed(|command| &command.op)))
                    }))
                    (ui::Field::text("value", "Value").id("filter-value").value(typed(|command| &command.value))
                        .error(refused.map(|(_, problem)| capitalised(&problem.detail)))
                        .hint("Several: separate them with commas. A date: 2026-01-31."))
                    (Button::primary("Add").small())
                }
            }
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

/// Where the builder comes when somebody opens it.
pub(super) fn dialog() -> Markup {
    ui::dialog_wide("filter-dialog", "Filter leads", html! { div #filter { (ui::skeleton(4)) } })
}
