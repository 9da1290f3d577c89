//! The weights as a form: written, read back, and shown again with what was typed.

use std::collections::BTreeMap;

use http_kit::{FieldError, Problem};
use maud::{Markup, html};
use ui::{Button, Field};

use crate::{
    actions::{preview::Common, save},
    model::{Group, RULES, Weights},
};

/// The fields as they were typed.
pub(super) type Typed = BTreeMap<String, String>;

/// The fields of stored weights.
pub(super) fn typed(weights: &Weights, version: i32) -> Typed {
    let mut typed: Typed =
        RULES.iter().filter_map(|rule| Some((rule.name.to_owned(), weights.points.get(rule.name)?.to_string()))).collect();
    typed.insert("departments".to_owned(), weights.departments.join(", "));
    typed.insert("industries".to_owned(), weights.industries.join(", "));
    typed.insert("countries".to_owned(), weights.countries.join(", "));
    typed.insert("revenue_at_least".to_owned(), weights.revenue_at_least.to_string());
    typed.insert("version".to_owned(), version.to_string());
    typed
}

/// The weights that were typed, or what is wrong with each field.
pub(super) fn parse(typed: &Typed) -> Result<Weights, Problem> {
    let mut weights = Weights::default();
    let mut errors = Vec::new();
    let text = |name: &str| typed.get(name).map_or("", |value| value.trim());
    for rule in RULES {
        match text(rule.name).replace('\u{2212}', "-").parse::<i32>() {
            Ok(points) => weights.points.set(rule.name, points),
            Err(_) => errors.push(FieldError::new(format!("/{}", rule.name), "points.invalid", "needs a whole number from −100 to 100")),
        }
    }
    let list = |name: &str| -> Vec<String> {
        text(name).split([',', '\n']).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
    };
    weights.departments = list("departments");
    weights.industries = list("industries");
    weights.countries = list("countries");
    match text("revenue_at_least").replace([',', '\'', ' ', '_'], "").parse() {
        Ok(revenue) => weights.revenue_at_least = revenue,
        Err(_) => errors.push(FieldError::new("/revenue_at_least", "revenue.invalid", "needs a whole number, such as 10000000")),
    }
    let weights = weights.tidy();
    if let Err(problem) = save::check(&weights) {
        errors.extend(problem.errors);
    }
    if errors.is_empty() { Ok(weights) } else { Err(Problem::invalid(errors)) }
}

/// The editor. Fields are locked for those who may look only.
pub(super) fn editor(typed: &Typed, problem: Option<&Problem>, common: &Common, may_write: bool) -> Markup {
    let value = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    let points = |group: Group| {
        html! {
            (ui::field_grid(html! {
                @for rule in RULES.iter().filter(|rule| rule.group == group) {
                    (Field::number(rule.name, rule.label).value(value(rule.name)).error(error(rule.name)).suffix("points")
                        .attr("min", "-100").attr("max", "100").attr("step", "1").required().disabled(!may_write))
                }
            }))
        }
    };
    let list = |name: &'static str, label: &str, example: &str, common: &[String]| {
        let hint = if common.is_empty() {
            format!("Separated by commas, such as {example}. Empty: the rule is off.")
        } else {
            format!("Separated by commas. Most frequent in your leads: {}. Empty: the rule is off.", common.join(", "))
        };
        Field::text(name, label).value(value(name)).error(error(name)).hint(hint).disabled(!may_write)
    };
    html! {
        form.stack #scoring-form method="post" action="/settings/scoring" {
            @if let Some(problem) = problem {
                (ui::form_error(&match problem.errors.len() {
                    0 => problem.detail.clone(),
                    1 => "One field needs correction before this can be saved.".to_owned(),
                    count => format!("{count} fields need correction before this can be saved."),
                }))
            }
            (ui::hidden("version", &value("version")))
            (ui::card("Contact", html! {}, points(Group::Contact)))
            (ui::card("Seniority", html! {}, html! { div.stack {
                p.muted { "Recognised from the seniority, else from the title: CEO, VP Sales, Head of Marketing. The highest rank counts." }
                (points(Group::Seniority))
            } }))
            (ui::card("Company and fit", html! {}, html! { div.stack {
                (points(Group::Company))
                (list("departments", "Departments you sell to", "Sales, Marketing", &common.departments))
                (list("industries", "Industries you sell to", "Software, Education", &common.industries))
                (list("countries", "Countries you sell to", "DE, AT, CH", &common.countries))
                (Field::number("revenue_at_least", "Annual revenue counts from").value(value("revenue_at_least")).error(error("revenue_at_least"))
                    .attr("min", "0").attr("step", "1").required().disabled(!may_write))
            } }))
            (ui::card("Engagement", html! {}, html! { div.stack {
                p.muted { "What people did with your mails. Opens and clicks by scanners and privacy proxies do not count, and each rule counts once." }
                (points(Group::Engagement))
            } }))
            @if may_write {
                (ui::form_actions(html! {
                    (Button::primary("Save and rescore"))
                    (Button::secondary("Preview").attr("formaction", "/settings/scoring/preview").attr("data-without-script", ""))
                }))
            }
        }
    }
}
