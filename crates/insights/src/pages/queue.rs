//! Lists of leads to work through.

use maud::{Markup, html};
use ui::table;

use crate::store::home::QueuedLead;

/// A card with the leads, or with the words of an empty one.
pub(super) fn card(title: &str, all: Option<String>, when: Option<&str>, leads: &[QueuedLead], empty: &str) -> Markup {
    let actions = html! { @if let Some(href) = all { a href=(href) { "All of them" } } };
    if leads.is_empty() {
        return ui::card(title, html! {}, html! { p.muted { (empty) } });
    }
    ui::card_flush(
        title,
        actions,
        table::wrap(
            title,
            html! {
                table.table {
                    thead { tr { (table::th("Lead")) (table::th("Company")) (table::th_num("Score")) @if let Some(when) = when { (table::th(when)) } } }
                    tbody {
                        @for lead in leads {
                            tr data-row data-href={ "/leads/" (lead.id) } {
                                td.is-title data-label="Lead" {
                                    a href={ "/leads/" (lead.id) } { (ui::person(&lead.name, Some(lead.title.as_str()).filter(|title| !title.is_empty()))) }
                                }
                                td.is-quiet data-label="Company" { (lead.company) }
                                td.num data-label="Score" { (ui::score_with_reasons(i64::from(lead.score), &lead.reasons)) }
                                @if let Some(when) = when { td.is-quiet data-label=(when) { @if let Some(at) = lead.at { (ui::ago(at)) } } }
                            }
                        }
                    }
                }
            },
        ),
    )
}
