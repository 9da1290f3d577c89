//! Choosing the lead that a preview shows: a search form and links, so that it works without scripts.

use maud::{Markup, html};
use ui::{Button, Icon, icon};

use super::query::address;
use crate::templates::variables::Recipient;

/// What the picker needs. `keep` are the parameters of the page that stay.
pub(crate) struct LeadPicker<'a> {
    pub(crate) action: &'a str,
    pub(crate) find: &'a str,
    pub(crate) chosen: Option<&'a Recipient>,
    pub(crate) found: &'a [Recipient],
    pub(crate) keep: &'a [(&'a str, &'a str)],
}

pub(crate) fn picker(picker: &LeadPicker<'_>) -> Markup {
    let summary = picker.chosen.map_or("Examples", |lead| lead.name.as_str());
    html! {
        details.lead-picker #lead-picker open[!picker.find.is_empty()] {
            summary.button { (icon(Icon::Eye)) span { "Shown as: " (summary) } (icon(Icon::ChevronDown)) }
            div.stack.lead-picker-body {
                form.search-form role="search" method="get" action=(picker.action)
                    hx-get=(picker.action) hx-target="#lead-results" hx-select="#lead-results" hx-swap="outerMorph"
                    hx-trigger="submit, input delay:200ms, search" hx-sync="this:replace" {
                    (icon(Icon::Search))
                    @for (name, value) in picker.keep { (ui::hidden(name, value)) }
                    @if let Some(lead) = picker.chosen { (ui::hidden("lead", &lead.id.to_string())) }
                    input.input type="search" name="find" value=(picker.find) aria-label="Find a lead to preview as" placeholder="Name, e-mail or company" autocomplete="off";
                    button.visually-hidden type="submit" { "Find" }
                }
                ul.lead-results #lead-results aria-live="polite" {
                    @for lead in picker.found {
                        @let id = lead.id.to_string();
                        li {
                            a href=(with(picker, "lead", &id)) aria-current=[picker.chosen.is_some_and(|chosen| chosen.id == lead.id).then_some("true")] {
                                (ui::person(&lead.name, Some(&detail(lead))))
                            }
                        }
                    }
                    @if picker.found.is_empty() {
                        li.muted { @if picker.find.is_empty() { "There are no leads yet. " a href="/imports/new" { "Import a file" } " to preview as one of them." } @else { "No lead matches; try another name, e-mail or company." } }
                    }
                }
                @if picker.chosen.is_some() { (Button::ghost("Show the examples").small().href(address(picker.action, picker.keep))) }
            }
        }
    }
}

fn with(picker: &LeadPicker<'_>, name: &str, value: &str) -> String {
    let parameters: Vec<(&str, &str)> = picker.keep.iter().copied().chain([(name, value)]).collect();
    address(picker.action, &parameters)
}

fn detail(lead: &Recipient) -> String {
    match (&lead.email, lead.company.as_str()) {
        (Some(email), "") => email.clone(),
        (Some(email), company) => format!("{company} · {email}"),
        (None, "") => "no address".to_owned(),
        (None, company) => format!("{company} · no address"),
    }
}
