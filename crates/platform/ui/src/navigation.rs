//! Where one is and where one can go: page header, tabs, breadcrumbs.

use maud::{Markup, html};

use crate::icons::{Icon, icon};

/// The head of a page: title, one line under it, actions on the right (the primary one last).
pub fn page_header(title: &str, subtitle: &str, actions: Markup) -> Markup {
    page_header_under(&[], title, subtitle, actions)
}

/// A page header with the way up: `crumbs` are (label, href) from the top, without this page.
pub fn page_header_under(crumbs: &[(&str, &str)], title: &str, subtitle: &str, actions: Markup) -> Markup {
    html! {
        header.page-header {
            div.page-heading {
                @if !crumbs.is_empty() { (breadcrumb(crumbs)) }
                h1 { (title) }
                @if !subtitle.is_empty() { p.page-subtitle { (subtitle) } }
            }
            @if !actions.0.is_empty() { div.page-actions { (actions) } }
        }
    }
}

/// The way up.
pub fn breadcrumb(crumbs: &[(&str, &str)]) -> Markup {
    html! {
        nav.breadcrumb aria-label="Breadcrumb" {
            ol { @for (label, href) in crumbs { li { a href=(href) { (label) } (icon(Icon::ChevronRight)) } } }
        }
    }
}

/// Views of the same thing.
pub struct Tab<'a> {
    pub label: &'a str,
    pub href: &'a str,
    pub current: bool,
    pub count: Option<i64>,
}

impl<'a> Tab<'a> {
    pub fn new(label: &'a str, href: &'a str, current: bool) -> Self {
        Self { label, href, current, count: None }
    }

    #[must_use]
    pub fn count(mut self, count: i64) -> Self {
        self.count = Some(count);
        self
    }
}

/// Tabs as links, so that each has its address.
pub fn tabs(label: &str, tabs: &[Tab<'_>]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            @for tab in tabs {
                a.tab href=(tab.href) aria-current=[tab.current.then_some("page")] {
                    (tab.label)
                    @if let Some(count) = tab.count { span.tab-count { (crate::compact(count)) } }
                }
            }
        }
    }
}

/// The row of controls above a list: search and filters on the left, the rest on the right.
pub fn toolbar(left: Markup, right: Markup) -> Markup {
    html! { div.toolbar { div.toolbar-left { (left) } div.toolbar-right { (right) } } }
}
