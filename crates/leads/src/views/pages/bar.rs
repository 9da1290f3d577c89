//! The views as tabs, and what can be done with the one that is open.

use identity::{Permission, Viewer};
use maud::{Markup, html};
use ui::{Button, Field, Icon, Tab, Tone};

use crate::{
    pages::state::State,
    views::{SavedView, actions::may_change, store::Habits},
};

/// All leads, and the views. Without any view there is nothing to choose from.
pub(crate) fn tabs(state: &State, habits: &Habits) -> Markup {
    if habits.tabs.is_empty() {
        return html! {};
    }
    let all = if habits.default_view.is_some() { "/leads?view=all" } else { "/leads" };
    let hrefs: Vec<String> = habits.tabs.iter().map(|view| format!("/leads?view={}", view.id)).collect();
    let current = state.view.as_ref().map(|view| view.id);
    let mut tabs = vec![Tab::new("All leads", all, current.is_none())];
    tabs.extend(habits.tabs.iter().zip(&hrefs).map(|(view, href)| Tab::new(&view.name, href, Some(view.id) == current)));
    if habits.more {
        tabs.push(Tab::new("More views…", "/leads/views", false));
    }
    ui::tabs("Views", &tabs)
}

/// What is open and whether it is as it was saved; without a view, the way to save one. `more` is what else can be made
/// of what is on the screen.
pub(crate) fn bar(viewer: &Viewer, state: &State, habits: &Habits, more: Markup) -> Markup {
    match &state.view {
        Some(view) => open_view(viewer, state, view, habits, more),
        None if state.is_remarkable() => html! { div.view-bar { (save_menu("Save as a view", viewer, state, "")) (more) } },
        None => html! {},
    }
}

fn open_view(viewer: &Viewer, state: &State, view: &SavedView, habits: &Habits, more: Markup) -> Markup {
    let (href, changed, mine) = (format!("/leads/views/{}", view.id), state.is_changed(), may_change(viewer, view));
    html! {
        div.view-bar {
            @if changed {
                span.view-state { (ui::status_dot(Tone::Warning, "Unsaved changes")) }
                @if mine {
                    form method="post" action=(href) {
                        (question(state))
                        (ui::hidden("version", &view.version.to_string()))
                        (Button::secondary("Save").small())
                    }
                }
                (save_menu("Save as new", viewer, state, &view.name))
                (Button::ghost("Reset").icon(Icon::Undo).small().href(format!("/leads?view={}", view.id)))
            } @else {
                span.view-state.muted { @if view.shared { "Shared with everybody" } @else { "Only you have this view" } }
            }
            (more)
            (view_menu(viewer, view, &href, mine, habits.default_view == Some(view.id)))
        }
    }
}

/// What a view keeps, as fields. All of it is said, empty or not.
fn question(state: &State) -> Markup {
    html! {
        (ui::hidden("filter", &state.filter.to_address()))
        (ui::hidden("q", &state.q))
        (ui::hidden("sort", &state.sort.to_string()))
        (ui::hidden("columns", &crate::views::Column::join(&state.columns)))
    }
}

fn save_menu(label: &str, viewer: &Viewer, state: &State, name: &str) -> Markup {
    let name = if name.is_empty() { String::new() } else { format!("{name} (copy)") };
    html! {
        details.menu {
            summary.button.is-small { (label) (ui::icon(Icon::ChevronDown)) }
            div.menu-panel {
                form.form method="post" action="/leads/views" {
                    (question(state))
                    (Field::text("name", "Name of the view").id("view-name").value(name).required().attr("maxlength", "60").autocomplete("off"))
                    (shared_field(viewer, false, "view-shared"))
                    (Button::primary("Save view").small())
                }
            }
        }
    }
}

fn shared_field(viewer: &Viewer, shared: bool, id: &str) -> Markup {
    html! {
        @if viewer.may(Permission::LeadsWrite) {
            (Field::checkbox("shared", "Share with everybody").id(id).checked(shared).hint("They see the leads that they may see."))
        }
    }
}

fn view_menu(viewer: &Viewer, view: &SavedView, href: &str, mine: bool, is_default: bool) -> Markup {
    html! {
        details.menu.is-end {
            summary.button.is-ghost.is-square.is-small aria-label="More about this view" title="More about this view" { (ui::icon(Icon::More)) }
            div.menu-panel {
                (default_button(view, is_default))
                (ui::menu_link(Icon::Document, "All views", "/leads/views"))
                @if mine {
                    (ui::menu_separator())
                    form.form method="post" action=(href) {
                        (ui::hidden("version", &view.version.to_string()))
                        (ui::hidden("rename", "1"))
                        (Field::text("name", "Name").id("view-rename").value(&view.name).required().attr("maxlength", "60").autocomplete("off"))
                        (shared_field(viewer, view.shared, "view-reshare"))
                        (Button::secondary("Rename").small())
                    }
                    (ui::menu_separator())
                    (delete_button(view))
                }
            }
        }
    }
}

/// Opens the grid with this view, or no longer.
pub(super) fn default_button(view: &SavedView, is_default: bool) -> Markup {
    html! {
        form method="post" action="/leads/views/default" {
            @if !is_default { (ui::hidden("view", &view.id.to_string())) }
            button.menu-item type="submit" { (ui::icon(Icon::Pin)) span { @if is_default { "Open with all leads instead" } @else { "Open Leads with this view" } } }
        }
    }
}

/// Deletes it, after a question.
pub(super) fn delete_button(view: &SavedView) -> Markup {
    let question = if view.shared {
        format!("Delete the view “{}”? It goes for everybody who has it. No lead is touched.", view.name)
    } else {
        format!("Delete the view “{}”? No lead is touched.", view.name)
    };
    ui::menu_button(Icon::Trash, "Delete view", &format!("/leads/views/{}/delete", view.id), Tone::Danger, &question)
}
