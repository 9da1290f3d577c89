//! The sidebar: what exists today, in groups.

use maud::{Markup, html};

use crate::icons::{Icon, icon};

/// A place in the sidebar; a page says which one it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nav {
    /// A page outside the sidebar.
    None,
    Home,
    Leads,
    Accounts,
    Segments,
    Tasks,
    Duplicates,
    Imports,
    Changes,
    Campaigns,
    Templates,
    Suppressions,
    Catcher,
    Analytics,
    Scoring,
    Fields,
    Tags,
    Team,
    Security,
    Keys,
    Audit,
}

impl Nav {
    /// Everything that has a place, in the order of the sidebar.
    pub const ALL: [Self; 20] = [
        Self::Home,
        Self::Leads,
        Self::Accounts,
        Self::Segments,
        Self::Tasks,
        Self::Duplicates,
        Self::Imports,
        Self::Changes,
        Self::Campaigns,
        Self::Templates,
        Self::Suppressions,
        Self::Catcher,
        Self::Analytics,
        Self::Scoring,
        Self::Fields,
        Self::Tags,
        Self::Team,
        Self::Security,
        Self::Keys,
        Self::Audit,
    ];

    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Home => "Home",
            Self::Leads => "Leads",
            Self::Accounts => "Accounts",
            Self::Segments => "Segments",
            Self::Tasks => "Tasks",
            Self::Duplicates => "Duplicates",
            Self::Imports => "Imports",
            Self::Changes => "Changes",
            Self::Campaigns => "Campaigns",
            Self::Templates => "Templates",
            Self::Suppressions => "Suppressions",
            Self::Catcher => "Mail catcher",
            Self::Analytics => "Analytics",
            Self::Scoring => "Scoring",
            Self::Fields => "Custom fields",
            Self::Tags => "Tags",
            Self::Team => "Team",
            Self::Security => "Security",
            Self::Keys => "API keys",
            Self::Audit => "Audit",
        }
    }

    pub const fn href(self) -> &'static str {
        match self {
            Self::None | Self::Home => "/",
            Self::Leads => "/leads",
            Self::Accounts => "/accounts",
            Self::Segments => "/segments",
            Self::Tasks => "/tasks",
            Self::Duplicates => "/duplicates",
            Self::Imports => "/imports",
            Self::Changes => "/changes",
            Self::Campaigns => "/campaigns",
            Self::Templates => "/templates",
            Self::Suppressions => "/suppressions",
            Self::Catcher => "/catcher",
            Self::Analytics => "/insights",
            Self::Scoring => "/settings/scoring",
            Self::Fields => "/settings/fields",
            Self::Tags => "/tags",
            Self::Team => "/settings/team",
            Self::Security => "/settings/security",
            Self::Keys => "/settings/keys",
            Self::Audit => "/settings/audit",
        }
    }

    pub const fn icon(self) -> Icon {
        match self {
            Self::None | Self::Home => Icon::Home,
            Self::Leads => Icon::Leads,
            Self::Accounts => Icon::Account,
            Self::Segments => Icon::Segment,
            Self::Tasks => Icon::Task,
            Self::Duplicates => Icon::Duplicate,
            Self::Imports => Icon::Import,
            Self::Changes => Icon::Undo,
            Self::Campaigns => Icon::Campaign,
            Self::Templates => Icon::Template,
            Self::Suppressions => Icon::Suppression,
            Self::Catcher => Icon::Mailbox,
            Self::Analytics => Icon::Chart,
            Self::Scoring => Icon::Score,
            Self::Fields => Icon::Columns,
            Self::Tags => Icon::Tag,
            Self::Team => Icon::Team,
            Self::Security => Icon::Lock,
            Self::Keys => Icon::Key,
            Self::Audit => Icon::Audit,
        }
    }

    const fn group(self) -> &'static str {
        match self {
            Self::None
            | Self::Home
            | Self::Leads
            | Self::Accounts
            | Self::Segments
            | Self::Tasks
            | Self::Duplicates
            | Self::Imports
            | Self::Changes => "Work",
            Self::Campaigns | Self::Templates | Self::Suppressions | Self::Catcher => "Outreach",
            Self::Analytics => "Insight",
            Self::Scoring | Self::Fields | Self::Tags | Self::Team | Self::Security | Self::Keys | Self::Audit => "Settings",
        }
    }
}

pub(crate) fn sidebar(current: Nav, hidden: &[Nav]) -> Markup {
    html! {
        @for group in ["Work", "Outreach", "Insight", "Settings"] {
            @let items: Vec<Nav> = Nav::ALL.into_iter().filter(|nav| nav.group() == group && !hidden.contains(nav)).collect();
            @if !items.is_empty() {
                div.nav-group {
                    h2.nav-title id={ "nav-" (group) } { (group) }
                    ul aria-labelledby={ "nav-" (group) } {
                        @for nav in items {
                            li { a.nav-item href=(nav.href()) aria-current=[(nav == current).then_some("page")] { (icon(nav.icon())) span { (nav.label()) } } }
                        }
                    }
                }
            }
        }
    }
}
