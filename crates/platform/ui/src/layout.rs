//! Whole documents: the signed-in shell and the bare page of the sign-in and public screens.

use maud::{DOCTYPE, Markup, html};

use crate::icons::{Icon, icon, logo};
use crate::nav::{Nav, sidebar};
use crate::overlay::{Toast, menu_link, menu_separator, palette_item};
use crate::{Button, assets, avatar};

/// htmx without eval, injected styles or inherited attributes, so that it lives under a strict
/// Content-Security-Policy. What a person opened (a dialog, a menu, a row under the keyboard) survives a
/// morph. Filters (`click[ctrlKey]`), `hx-on` and `js:` values need eval: don't use them.
const HTMX_CONFIG: &str = r#"{"includeIndicatorCSS":false,"defaultSwap":"outerMorph","transitions":false,"defaultTimeout":30000,"morphSkip":"[data-keep],dialog[open]","morphIgnore":["data-htmx-powered","data-current","open","popover","style"]}"#;

/// An organisation to switch to.
#[derive(Debug, Clone)]
pub struct Workplace {
    pub id: String,
    pub name: String,
    pub is_current: bool,
}

/// What the signed-in document needs around the content.
pub struct Shell<'a> {
    /// For the tab: "Leads" becomes "Leads · Leadline".
    pub title: &'a str,
    pub nav: Nav,
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: &'a str,
    pub user_name: &'a str,
    pub user_email: &'a str,
    pub org_name: &'a str,
    /// The organisations that the person can work in, this one among them; nobody else's.
    pub organisations: &'a [Workplace],
    /// Whether they can found another.
    pub may_found: bool,
    /// As shown: "Owner".
    pub role: &'a str,
    /// Places that this person or this server does not have ([`Nav::Catcher`] outside development).
    pub hidden: &'a [Nav],
    /// What the last request left to say.
    pub toasts: &'a [Toast],
}

/// The whole document: sidebar, top bar, content on the raised sheet, toasts, command palette.
pub fn document(shell: &Shell<'_>, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(shell.title, shell.nonce))
            body.app {
                a.skip-link href="#main" { "Skip to content" }
                nav.sidebar #sidebar aria-label="Main" popover="auto" {
                    div.sidebar-head {
                        a.brand href="/" { (logo()) span.brand-text { span.brand-name { "Leadline" } @if !has_choice(shell) { span.brand-org { (shell.org_name) } } } }
                        button.button.is-ghost.is-square.sidebar-close type="button" popovertarget="sidebar" popovertargetaction="hide" aria-label="Close menu" { (icon(Icon::Close)) }
                    }
                    @if has_choice(shell) { (switcher(shell)) }
                    a.nav-search href="/leads" data-palette-open aria-keyshortcuts="Control+K Meta+K" { (icon(Icon::Search)) span { "Search or jump to" } kbd data-mod-key { "Ctrl K" } }
                    div.sidebar-scroll { (sidebar(shell.nav, shell.hidden)) }
                    (user_menu(shell))
                }
                div.frame {
                    header.topbar {
                        button.button.is-ghost.is-square type="button" popovertarget="sidebar" aria-label="Open menu" { (icon(Icon::Menu)) }
                        a.brand href="/" { (logo()) span.brand-name { "Leadline" } }
                        a.button.is-ghost.is-square href="/leads" data-palette-open aria-label="Search" { (icon(Icon::Search)) }
                    }
                    (main(content))
                }
                (toasts(shell.toasts))
                (palette(shell.hidden))
                (keyboard_help())
                (confirm_dialog())
                live-region src="/live" {}
            }
        }
    }
}

/// The content in its `#main`: the answer to an htmx request whose target is `#main`.
pub fn main(content: Markup) -> Markup {
    html! { main.sheet #main tabindex="-1" { (content) } }
}

/// A narrow page without a sidebar: sign-in, sign-up, unsubscribe, errors before sign-in.
pub fn bare(title: &str, nonce: &str, toasts_now: &[Toast], content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title, nonce))
            body.bare {
                main.bare-main #main tabindex="-1" {
                    div.bare-brand { (logo()) span.brand-name { "Leadline" } }
                    div.bare-box { (content) }
                }
                (toasts(toasts_now))
                (confirm_dialog())
            }
        }
    }
}

fn head(title: &str, nonce: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="htmx-config" content=(HTMX_CONFIG);
            title { (title) " · Leadline" }
            // Not deferred: it sets the theme before the first paint.
            script src=(assets::url("theme.js")) nonce=(nonce) {}
            link rel="preload" href=(assets::url("inter-latin-wght-normal.woff2")) as="font" type="font/woff2" crossorigin;
            link rel="stylesheet" href=(assets::url("app.css"));
            link rel="icon" href=(assets::url("favicon.svg")) type="image/svg+xml";
            script src=(assets::url("app.js")) nonce=(nonce) defer {}
        }
    }
}

fn toasts(now: &[Toast]) -> Markup {
    html! {
        div.toasts #toasts role="region" aria-label="Messages" aria-live="polite" data-keep { @for toast in now { (toast) } }
        // Cloned by the scripts for what the server cannot say, such as that it cannot be reached.
        template #toast-template { (Toast::error("")) }
    }
}

const fn has_choice(shell: &Shell<'_>) -> bool {
    shell.organisations.len() > 1 || shell.may_found
}

/// Where one works, and where one could.
fn switcher(shell: &Shell<'_>) -> Markup {
    html! {
        details.menu.org-menu {
            summary.org-summary aria-label={ "Organisation: " (shell.org_name) } { span { (shell.org_name) } (icon(Icon::ChevronDown)) }
            div.menu-panel {
                @for place in shell.organisations {
                    form method="post" action="/switch" {
                        input type="hidden" name="organisation" value=(place.id);
                        button.menu-item type="submit" aria-current=[place.is_current.then_some("true")] {
                            span { (place.name) } @if place.is_current { (icon(Icon::Check)) }
                        }
                    }
                }
                @if shell.may_found { (menu_separator()) (menu_link(Icon::Plus, "New organisation", "/organisations/new")) }
            }
        }
    }
}

fn user_menu(shell: &Shell<'_>) -> Markup {
    html! {
        details.menu.user-menu {
            summary.user-summary {
                (avatar(shell.user_name))
                span.person-text { span.person-name { (shell.user_name) } span.person-detail { (shell.role) } }
                (icon(Icon::ChevronDown))
            }
            div.menu-panel {
                p.menu-note { (shell.user_email) }
                (theme_switch())
                button.menu-item type="button" data-dialog-open="keyboard-help" { (icon(Icon::Keyboard)) span { "Keyboard shortcuts" } kbd { "?" } }
                (menu_link(Icon::User, "Your account", "/account"))
                (menu_link(Icon::Document, "API reference", "/docs"))
                (menu_separator())
                form method="post" action="/logout" { button.menu-item type="submit" { (icon(Icon::Logout)) span { "Sign out" } } }
            }
        }
    }
}

fn theme_switch() -> Markup {
    html! {
        theme-switch.theme-switch role="group" aria-label="Theme" {
            button type="button" data-theme-choice="light" aria-pressed="false" { (icon(Icon::Sun)) "Light" }
            button type="button" data-theme-choice="dark" aria-pressed="false" { (icon(Icon::Moon)) "Dark" }
            button type="button" data-theme-choice="system" aria-pressed="true" { (icon(Icon::Screen)) "System" }
        }
    }
}

fn palette(hidden: &[Nav]) -> Markup {
    html! {
        dialog.palette #palette aria-label="Search and jump" data-keep {
            command-palette data-search="/search" {
                div.palette-field {
                    (icon(Icon::Search))
                    input type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label="Search pages, actions and leads"
                        placeholder="Search pages, actions and leads" autocomplete="off" spellcheck="false";
                    kbd { "Esc" }
                }
                div.palette-list #palette-list role="listbox" aria-label="Results" {
                    div.palette-group role="group" aria-label="Leads" data-palette-results hidden {}
                    div.palette-group role="group" aria-label="Actions" {
                        p.palette-heading aria-hidden="true" { "Actions" }
                        @if !hidden.contains(&Nav::Imports) { (palette_item(Icon::Upload, "Import a file", "", "/imports/new")) }
                        (palette_item(Icon::Plus, "New lead", "", "/leads/new"))
                        (palette_item(Icon::Campaign, "New campaign", "", "/campaigns/new"))
                        (palette_item(Icon::Template, "New template", "", "/templates/new"))
                    }
                    // The script lists the pages of the sidebar here.
                    div.palette-group role="group" aria-label="Pages" data-palette-pages { p.palette-heading aria-hidden="true" { "Pages" } }
                }
                p.palette-empty data-palette-empty hidden { "Nothing found." }
            }
        }
    }
}

fn keyboard_help() -> Markup {
    let keys: [(&str, &[&str]); 12] = [
        ("Search and jump", &["Ctrl", "K"]),
        ("Search this list", &["/"]),
        ("Next row, previous row", &["j", "k"]),
        ("From cell to cell", &["←", "↑", "↓", "→"]),
        ("Select row", &["x"]),
        ("Select from the last one to this", &["Shift", "x"]),
        ("Open row", &["Enter"]),
        ("Edit cell or row", &["e"]),
        ("Create", &["c"]),
        ("Next page, previous page", &["]", "["]),
        ("These shortcuts", &["?"]),
        ("Close or clear", &["Esc"]),
    ];
    crate::dialog(
        "keyboard-help",
        "Keyboard shortcuts",
        html! { dl.shortcuts { @for (what, with) in keys { div { dt { (what) } dd { @for key in with { kbd data-mod-only[*key == "Ctrl"] { (key) } } } } } } },
    )
}

fn confirm_dialog() -> Markup {
    html! {
        dialog.dialog.is-small #confirm role="alertdialog" aria-labelledby="confirm-title" aria-describedby="confirm-text" data-keep {
            form.dialog-box method="dialog" {
                div.dialog-body {
                    h2 #confirm-title { "Are you sure?" }
                    p #confirm-text data-confirm-text {}
                }
                div.form-actions {
                    (Button::secondary("Cancel").attr("value", "cancel"))
                    (Button::primary("Continue").attr("value", "continue").attr("data-confirm-go", ""))
                }
            }
        }
    }
}
