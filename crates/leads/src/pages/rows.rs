//! The table of the grid.

use identity::{Member, Permission, Viewer};
use maud::{Markup, html};
use ui::{Pager, table};

use super::{
    bulk_bar,
    columns::{self, CustomColumn},
    show,
    state::State,
};
use crate::{model::Lead, store::grid::Page, views::Column};

/// What the rows are drawn with.
pub(super) struct Around<'a> {
    pub(super) viewer: &'a Viewer,
    pub(super) state: &'a State,
    pub(super) members: &'a [Member],
    pub(super) custom: &'a [CustomColumn],
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
                tbody { @for lead in &page.rows { (row(lead, around.members, custom, columns, selects)) } }
            }
        },
    );
    let matching = table::Matching { total: page.total.value, exact: page.total.exact };
    let count = i64::try_from(page.rows.len()).unwrap_or_default();
    let summary = format!("{} of {}", ui::number(count), show::total(page.total, "lead", "leads"));
    html! {
        // For what a script saves.
        @if may_write { template #undo-template { (ui::Toast::success("").undo("#")) } }
        @if selects {
            (table::selectable("/leads/bulk", matching, ("lead", "leads"), state.meant(), bulk_bar::actions(around), grid))
        } @else { (grid) }
        (Pager::new(summary)
            .previous(page.previous.as_deref().map(|cursor| state.href_at(Some(cursor))))
            .next(page.next.as_deref().map(|cursor| state.href_at(Some(cursor)))))
    }
}

/// One lead. Its id names the row, from which the scripts know where it opens and what they save.
pub(super) fn row(lead: &Lead, members: &[Member], custom: &[CustomColumn], columns: &[Column], selects: bool) -> Markup {
    let (id, name) = (lead.id.to_string(), lead.display_name());
    html! {
        tr id=(id) data-row data-version=(lead.version) {
            @if selects { (table::td_select(&id, &name)) }
            td.is-title { (ui::person_link(&format!("/leads/{id}"), &name, &lead.title)) }
            @for column in columns { (columns::cell(column, lead, members, custom)) }
        }
    }
}
