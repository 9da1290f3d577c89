//! The table of the grid.

use http_kit::Total;
use identity::{Member, Permission, Viewer};
use maud::{Markup, PreEscaped, html};
use ui::{Pager, table};

use super::{bulk_bar, columns, show, state::State};
use crate::{custom_fields::Registry, model::Lead, store::grid::Page, views::Column};

/// What the rows are drawn with.
pub(super) struct Around<'a> {
    pub(super) viewer: &'a Viewer,
    pub(super) state: &'a State,
    pub(super) members: &'a [Member],
    pub(super) custom: &'a Registry,
    pub(super) columns: &'a [Column],
}

/// The table, the bar of what is selected, and the way to the other pages.
pub(super) fn table(around: &Around<'_>, page: &Page<Lead>) -> Markup {
    let Around { viewer, state, custom, columns, .. } = around;
    let may_write = viewer.may(Permission::LeadsWrite);
    let selects = bulk_bar::has_any(viewer);
    let shown: Vec<String> = columns.iter().map(Column::to_string).collect();
    let grid = table::wrap(
        "Leads",
        html! {
            table.table.grid data-grid data-columns=(shown.join(",")) data-editable[may_write] {
                thead { tr {
                    @if selects { (table::th_select()) }
                    (columns::name_heading(state))
                    @for column in *columns { (columns::heading(state, column, custom, may_write)) }
                } }
                tbody { (without_end_tags(html! { @for lead in &page.rows { (row(lead, around.members, custom, columns, selects)) } })) }
            }
        },
    );
    let shown = i64::try_from(page.rows.len()).unwrap_or_default();
    // A page without neighbours is all there is. Otherwise counting may take longer than the page, so it comes after it.
    let whole = page.previous.is_none() && page.next.is_none();
    let total = page.total.or(whole.then_some(Total { value: shown, exact: true }));
    let matching = total.map(|total| table::Matching { total: total.value, exact: total.exact });
    html! {
        // For what a script saves.
        @if may_write { template #undo-template { (ui::Toast::success("").undo("#")) } }
        @if selects {
            (table::selectable("/leads/bulk", matching, ("lead", "leads"), state.meant(), without_end_tags(bulk_bar::actions(around)), grid))
        } @else { (grid) }
        (Pager::new(summary(shown, total))
            .previous(page.previous.as_deref().map(|cursor| state.href_at(Some(cursor))))
            .next(page.next.as_deref().map(|cursor| state.href_at(Some(cursor)))))
    }
}

/// Leads to read and to open, and not to select: they are not what the search means.
pub(super) fn near(around: &Around<'_>, leads: &[Lead]) -> Markup {
    table::wrap(
        "Leads that are spelt nearly so",
        html! {
            table.table.grid {
                thead { tr {
                    (table::th("Name"))
                    @for column in around.columns { (table::th(&columns::label(column, around.custom))) }
                } }
                tbody { @for lead in leads { (row(lead, around.members, around.custom, around.columns, false)) } }
            }
        },
    )
}

/// End tags that HTML lets go unsaid; a page has more than five hundred of them.
const UNSAID: [&str; 3] = ["</td>", "</tr>", "</option>"];

/// The same without them. No text holds one: it would be escaped.
pub(super) fn without_end_tags(html: Markup) -> Markup {
    let html = html.0;
    let (mut kept, mut from) = (String::with_capacity(html.len()), 0);
    for at in memchr::memmem::find_iter(html.as_bytes(), "</") {
        if let Some(tag) = UNSAID.iter().find(|tag| html[at..].starts_with(**tag)) {
            kept.push_str(&html[from..at]);
            from = at + tag.len();
        }
    }
    kept.push_str(&html[from..]);
    PreEscaped(kept)
}

/// "50 of 9,240 leads"; what is not known yet is asked for by a script (`total` in islands).
fn summary(shown: i64, total: Option<Total>) -> Markup {
    html! {
        @match total {
            Some(total) => { (ui::number(shown)) " of " (show::total(total, "lead", "leads")) }
            None => span data-total-of=(shown) { (ui::plural(shown, "lead", "leads")) " on this page" },
        }
    }
}

/// One lead. Its id names the row, from which the scripts know where it opens and what they save.
pub(super) fn row(lead: &Lead, members: &[Member], custom: &Registry, columns: &[Column], selects: bool) -> Markup {
    let (id, name) = (lead.id.to_string(), lead.display_name());
    html! {
        tr id=(id) data-row data-version=(lead.version) {
            @if selects { (table::td_select()) }
            td.is-title { (ui::person_link(&format!("/leads/{id}"), &name, &lead.title)) }
            @for column in columns { (columns::cell(column, lead, members, custom)) }
        }
    }
}
