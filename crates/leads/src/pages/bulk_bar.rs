//! What can be done with the selected leads. Everything belongs to the form around the table; `pages::bulk` and
//! `export` answer it.

use identity::{Permission, Viewer};
use maud::{Markup, html};
use ui::{Button, Field, Icon};

use super::{rows::Around, show};
use crate::{
    custom_fields::Registry,
    views::{Standard, column::Editor},
};

/// Whether there is anything that this person may do with many leads.
pub(super) fn has_any(viewer: &Viewer) -> bool {
    viewer.may(Permission::LeadsWrite) || viewer.may(Permission::LeadsExport)
}

/// The controls of the bar that shows once rows are selected.
pub(super) fn actions(around: &Around<'_>) -> Markup {
    let Around { viewer, members, custom, .. } = around;
    let may_write = viewer.may(Permission::LeadsWrite);
    let statuses = Field::select("status", "Status", show::status_options()).id("bulk-status").label_hidden();
    let owners = Field::select("owner", "Owner", show::owner_options(viewer, members)).id("bulk-owner").label_hidden();
    html! {
        @if may_write {
            (Field::text("tags", "Tags").id("bulk-tags").label_hidden().placeholder("Tag, another tag").autocomplete("off"))
            (Button::secondary("Add").icon(Icon::Tag).small().name_value("action", "add_tags"))
            (Button::secondary("Remove").small().name_value("action", "remove_tags"))
            (choice("Status", html! { (statuses) (Button::primary("Set status").small().name_value("action", "set_status")) }))
            (choice("Owner", html! { (owners) (Button::primary("Set owner").small().name_value("action", "set_owner")) }))
            (choice("Field", field(custom)))
            // Segments and duplicates are other slices', so these are addresses and no more. After a merge some of the selected leads
            // are gone: the selection goes with the form.
            (Button::secondary("Merge…").icon(Icon::Duplicate).small().attr("formaction", "/duplicates/by-hand/choose"))
            (Button::secondary("Segment").icon(Icon::Segment).small().attr("formaction", "/segments/choose").attr("data-keeps-selection", ""))
        }
        @if may_write && viewer.may(Permission::CampaignsSend) {
            (Button::secondary("Campaign").icon(Icon::Campaign).small().attr("formaction", "/campaigns/choose").attr("data-keeps-selection", ""))
        }
        @if viewer.may(Permission::LeadsExport) {
            // The page that it opens asks how; the selection stays.
            (Button::secondary("Export").icon(Icon::Download).small().attr("formaction", "/leads/export").attr("data-keeps-selection", ""))
        }
        @if may_write {
            (Button::danger("Delete").icon(Icon::Trash).small().name_value("action", "delete")
                .confirm("Delete {n}? Their fields, notes and places in campaigns go with them. You can undo this for 30 days."))
        }
    }
}

fn choice(label: &str, content: Markup) -> Markup {
    html! {
        details.menu {
            summary.button.is-small { (label) (ui::icon(Icon::ChevronDown)) }
            div.menu-panel { div.bulk-choice { (content) } }
        }
    }
}

/// One value for all of them, or none.
fn field(custom: &Registry) -> Markup {
    let shared = |column: &Standard| {
        let (name, editor) = column.edits()?;
        // An address and a foreign id belong to one lead alone; status, owner and tags have controls of their own.
        let of_one = matches!(editor, Editor::Email | Editor::Status | Editor::Owner | Editor::Tags) || name == "external_id";
        (!of_one).then(|| (name.to_owned(), column.label().to_owned()))
    };
    let standard = Standard::ALL.iter().filter_map(shared);
    let fields = standard.chain(custom.active().map(|field| (format!("custom.{}", field.key), field.label.clone())));
    html! {
        (Field::select("field", "Field", fields).id("bulk-field"))
        (Field::text("value", "Value").id("bulk-value").autocomplete("off"))
        (ui::button_row(html! {
            (Button::primary("Set field").small().name_value("action", "set_field"))
            (Button::secondary("Empty it").small().name_value("action", "clear_field").confirm("Empty this field of {n}? You can undo this for 30 days."))
        }))
    }
}
