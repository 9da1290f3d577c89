//! What can be done with the selected leads.

use identity::{Permission, Viewer};
use maud::{Markup, html};
use ui::{Button, Field, Icon};

use super::{rows::Around, show};

/// Whether there is anything that this person may do with many leads.
pub(super) fn has_any(viewer: &Viewer) -> bool {
    viewer.may(Permission::LeadsWrite)
}

/// The controls of the bar that shows once rows are selected.
pub(super) fn actions(around: &Around<'_>) -> Markup {
    let Around { viewer, members, .. } = around;
    html! {
        (Field::text("tags", "Tags").id("bulk-tags").label_hidden().placeholder("Tag, another tag").autocomplete("off"))
        (Button::secondary("Add").icon(Icon::Tag).small().name_value("action", "add_tags"))
        (Button::secondary("Remove").small().name_value("action", "remove_tags"))
        (Field::select("status", "Status", show::status_options()).id("bulk-status").label_hidden())
        (Button::secondary("Set status").small().name_value("action", "set_status"))
        (Field::select("owner", "Owner", show::owner_options(viewer, members)).id("bulk-owner").label_hidden())
        (Button::secondary("Set owner").icon(Icon::User).small().name_value("action", "set_owner"))
    }
}
