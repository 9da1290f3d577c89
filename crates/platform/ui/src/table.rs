//! Tables: sortable headings, selection, paging. At 390 px each row becomes a card.
//!
//! A grid is ordinary markup, so that a page decides its cells:
//!
//! ```
//! # use ui::{table, Sort};
//! # use maud::html;
//! html! {
//!     (table::wrap("Leads", html! {
//!         table.table {
//!             thead { tr {
//!                 (table::th_select())
//!                 (table::th_sort("Name", "/leads?sort=name", Some(Sort::Ascending)))
//!                 (table::th_sort_num("Score", "/leads?sort=-score", None))
//!                 (table::th("Status"))
//!             } }
//!             tbody {
//!                 // data-href makes the row open on click and Enter, data-edit is where `e` goes.
//!                 // The id ties the row to its record when the table is morphed: never leave it out.
//!                 tr #lead_1 data-row data-href="/leads/lead_1" data-edit="/leads/lead_1/edit" {
//!                     (table::td_select())
//!                     td.is-title data-label="Name" { a href="/leads/lead_1" { "Ada Lovelace" } }
//!                     td.num data-label="Score" { "82" }
//!                     td data-label="Status" { "New" }
//!                 }
//!             }
//!         }
//!     }))
//! };
//! ```
//!
//! Cell classes: `is-title` (the card's heading on a phone), `num` (right-aligned figures),
//! `is-quiet` (secondary text), `is-actions` (buttons at the end), `is-wrap` (may break lines).
//! Every `td` carries `data-label`, the name that the card shows beside it.

use maud::{Markup, Render, html};

use crate::icons::{Icon, icon};

/// The direction in which a column is sorted now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    Ascending,
    Descending,
}

/// The box around a table: scrolls sideways when the columns do not fit, reachable by keyboard.
pub fn wrap(label: &str, table: Markup) -> Markup {
    html! { div.table-wrap role="region" aria-label=(label) tabindex="0" { (table) } }
}

/// A heading that does not sort.
pub fn th(label: &str) -> Markup {
    html! { th scope="col" { (label) } }
}

/// A heading over figures.
pub fn th_num(label: &str) -> Markup {
    html! { th.num scope="col" { (label) } }
}

/// A heading without words over a column of buttons.
pub fn th_actions() -> Markup {
    html! { th.is-actions scope="col" { span.visually-hidden { "Actions" } } }
}

/// A heading that sorts: `href` is the same list sorted by this column (or the other way round when
/// `now` says it is sorted already).
pub fn th_sort(label: &str, href: &str, now: Option<Sort>) -> Markup {
    heading(label, href, now, false)
}

/// A sortable heading over figures.
pub fn th_sort_num(label: &str, href: &str, now: Option<Sort>) -> Markup {
    heading(label, href, now, true)
}

fn heading(label: &str, href: &str, now: Option<Sort>, numeric: bool) -> Markup {
    html! { th.num[numeric] scope="col" aria-sort=[now.map(Sort::aria)] { a.sort href=(href) { (label) (arrow(now)) } } }
}

/// A heading whose press sends `name=value` by the form with this id, for lists whose state is too long to stand in
/// the address of every heading.
pub struct SortButton<'a> {
    pub form: &'a str,
    pub name: &'a str,
    pub value: &'a str,
    pub now: Option<Sort>,
}

impl SortButton<'_> {
    /// The button, to stand in a `th` that says [`Sort::aria`].
    pub fn label(&self, label: &str) -> Markup {
        html! { button.sort form=(self.form) name=(self.name) value=(self.value) { (label) (arrow(self.now)) } }
    }
}

impl Sort {
    /// The word of `aria-sort`.
    pub const fn aria(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        }
    }
}

fn arrow(now: Option<Sort>) -> Markup {
    html! {
        @match now {
            Some(Sort::Ascending) => (icon(Icon::ArrowUp)),
            Some(Sort::Descending) => (icon(Icon::ArrowDown)),
            None => {}
        }
    }
}

/// The heading over the check boxes: selects the rows on this page.
pub fn th_select() -> Markup {
    html! { th.is-select scope="col" { input.checkbox type="checkbox" data-select-all aria-label="Select all rows on this page"; } }
}

/// Where the check box of a row goes. The scripts put it there, sent as `id={id of the row}` by the form around the table:
/// without them nothing could be done with a selection.
pub fn td_select() -> Markup {
    html! { td.is-select {} }
}

/// How many rows match in all.
#[derive(Clone, Copy, Debug)]
pub struct Matching {
    pub total: i64,
    /// Whether there are no more than that.
    pub exact: bool,
}

/// The form around a selectable table: the bar shows once a row is selected, and what is selected is kept from page to
/// page of the same query. Once a whole page is selected and more rows match, the bar offers to select them all: then the
/// form sends `all_matching=true` instead of ids. `hidden` carries the query.
///
/// In the confirmation of a button, `{n}` stands for how many are selected, such as "12 leads" of `one` and `many`.
///
/// Without `matching` a script asks how many there are.
pub fn selectable(
    action: &str,
    matching: Option<Matching>,
    (one, many): (&str, &str),
    hidden: Markup,
    actions: Markup,
    table: Markup,
) -> Markup {
    html! {
        row-selection data-total=[matching.map(|all| all.total)] data-more[matching.is_some_and(|all| !all.exact)] data-one=(one) data-many=(many) {
            form #selection method="post" action=(action) {
                (hidden)
                input type="hidden" name="all_matching" value="" disabled data-all-matching-input;
                (table)
                div.selection-bar role="region" aria-label="Selected rows" hidden data-selection-bar {
                    p.selection-count aria-live="polite" { span data-selection-count { "0 selected" } " " span.muted data-selection-elsewhere {} }
                    button.button.is-ghost.is-small type="button" hidden data-all-matching { span { "Select all that match" } }
                    div.selection-actions { (actions) }
                    button.button.is-ghost.is-square.is-small type="button" data-selection-clear aria-label="Clear selection" title="Clear selection (Esc)" { (icon(Icon::Close)) }
                }
            }
        }
    }
}

/// Keyset paging: earlier and later, and how many there are.
///
/// ```
/// # use ui::table::Pager;
/// # use maud::html;
/// html! { (Pager::new("50 of 9,240 leads").next(Some("/leads?cursor=abc".into()))) };
/// ```
pub struct Pager {
    summary: Markup,
    previous: Option<String>,
    next: Option<String>,
}

impl Pager {
    pub fn new(summary: impl Render) -> Self {
        Self { summary: summary.render(), previous: None, next: None }
    }

    /// Address of the page before, if there is one.
    #[must_use]
    pub fn previous(mut self, href: Option<String>) -> Self {
        self.previous = href;
        self
    }

    /// Address of the page after, if there is one.
    #[must_use]
    pub fn next(mut self, href: Option<String>) -> Self {
        self.next = href;
        self
    }
}

impl Render for Pager {
    fn render(&self) -> Markup {
        html! {
            nav.pager aria-label="Pages" {
                span.pager-summary { (self.summary) }
                @if self.previous.is_some() || self.next.is_some() {
                    span.pager-links {
                        (pager_link("Previous", "prev", Icon::ChevronLeft, self.previous.as_deref()))
                        (pager_link("Next", "next", Icon::ChevronRight, self.next.as_deref()))
                    }
                }
            }
        }
    }
}

fn pager_link(label: &str, rel: &str, glyph: Icon, href: Option<&str>) -> Markup {
    html! {
        @match href {
            Some(href) => a.button.is-small href=(href) rel=(rel) data-pager=(rel) {
                @if rel == "prev" { (icon(glyph)) } span { (label) } @if rel == "next" { (icon(glyph)) }
            },
            None => span.button.is-small.is-off aria-disabled="true" role="link" {
                @if rel == "prev" { (icon(glyph)) } span { (label) } @if rel == "next" { (icon(glyph)) }
            },
        }
    }
}

/// A column that can be shown, for [`column_picker`].
pub struct PickableColumn {
    pub name: String,
    pub label: String,
    pub shown: bool,
}

/// Chooses the columns of a grid and their order: check boxes sent as `columns=name` to `action` by POST, in the order on
/// the screen. Each line moves up and down by its buttons (without scripts they send `up=name` or `down=name` beside, and the
/// answer is the picker again), with Alt and an arrow key, or by dragging. `hidden` keeps what else the form is about.
pub fn column_picker(action: &str, columns: &[PickableColumn], hidden: Markup, buttons: Markup) -> Markup {
    html! {
        column-picker {
            form.column-picker method="post" action=(action) {
                (hidden)
                fieldset {
                    legend.visually-hidden { "Columns, in their order" }
                    ul role="list" {
                        @for column in columns {
                            li data-column draggable="true" {
                                input type="hidden" name="order" value=(column.name);
                                label.menu-item { input.checkbox type="checkbox" name="columns" value=(column.name) checked[column.shown]; span { (column.label) } }
                                (move_button("up", column, Icon::ArrowUp))
                                (move_button("down", column, Icon::ArrowDown))
                            }
                        }
                    }
                }
                p.visually-hidden role="status" data-moved {}
                div.form-actions { (buttons) }
            }
        }
    }
}

fn move_button(to: &'static str, column: &PickableColumn, glyph: Icon) -> Markup {
    let label = format!("Move {} {to}", column.label);
    html! { button.button.is-ghost.is-square.is-small name=(to) value=(column.name) aria-label=(label) title=(label) { (icon(glyph)) } }
}
