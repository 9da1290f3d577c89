//! The icon set: 16 px line drawings of our own, one stroke width, drawn in the text's colour.

use maud::{Markup, PreEscaped, html};

/// Every icon there is. Add a drawing here rather than markup in a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Icon {
    Home,
    Leads,
    Account,
    Segment,
    Task,
    Duplicate,
    Import,
    Campaign,
    Template,
    Suppression,
    Mailbox,
    Chart,
    Settings,
    Score,
    Team,
    Search,
    Plus,
    Minus,
    Check,
    Close,
    More,
    Menu,
    ChevronDown,
    ChevronRight,
    ChevronLeft,
    ArrowUp,
    ArrowDown,
    ArrowRight,
    Upload,
    Download,
    Edit,
    Trash,
    Filter,
    Columns,
    Tag,
    Clock,
    Mail,
    MailOpen,
    Click,
    Reply,
    Bounce,
    Play,
    Pause,
    Stop,
    Refresh,
    Alert,
    Info,
    Sun,
    Moon,
    Screen,
    Logout,
    Phone,
    Link,
    External,
    Pin,
    Eye,
    Bolt,
    Undo,
    Keyboard,
    Drag,
    User,
    Document,
    Key,
    Lock,
    Audit,
}

/// One icon, hidden from screen readers: the words beside it (or the `aria-label`) speak. The styles say how it is drawn, for a
/// page has a hundred of them.
pub fn icon(icon: Icon) -> Markup {
    html! {
        svg.icon viewBox="0 0 16 16" aria-hidden="true" { (PreEscaped(drawing(icon))) }
    }
}

/// The product's mark: a line going down with depth marks, ending in a weight.
pub fn logo() -> Markup {
    html! {
        svg.logo viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            rect.logo-ground width="24" height="24" rx="6" {}
            path.logo-line d="M7 5.5h10M12 5.5v9M9.8 9h4.4M10.6 12h2.8" {}
            path.logo-weight d="M12 14.2l2.3 3a2.9 2.9 0 1 1-4.6 0z" {}
        }
    }
}

fn drawing(icon: Icon) -> &'static str {
    match icon {
        Icon::Home => r#"<path d="M2.5 7.2 8 2.7l5.5 4.5v5.3a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1z"/><path d="M6.3 13.3V9.5h3.4v3.8"/>"#,
        Icon::Leads => {
            r#"<circle cx="6" cy="5.2" r="2.5"/><path d="M1.7 13.3c0-2.4 1.9-3.9 4.3-3.9s4.3 1.5 4.3 3.9"/><path d="M10.6 2.9a2.5 2.5 0 0 1 0 4.6M12.1 9.8c1.4.6 2.2 1.9 2.2 3.5"/>"#
        }
        Icon::Account => {
            r#"<path d="M2.5 13.5V3.4c0-.5.4-.9.9-.9h5.2c.5 0 .9.4.9.9v10.1M9.5 6.5h3.1c.5 0 .9.4.9.9v6.1M1.5 13.5h13M5 5.5h2M5 8h2M5 10.5h2M11.5 9.3v0M11.5 11.4v0"/>"#
        }
        Icon::Segment => r#"<circle cx="6" cy="8" r="4.2"/><circle cx="10" cy="8" r="4.2"/>"#,
        Icon::Task => r#"<rect x="2.5" y="2.5" width="11" height="11" rx="2"/><path d="m5.3 8.2 2 2 3.6-4"/>"#,
        Icon::Duplicate => r#"<rect x="2.5" y="2.5" width="8" height="8" rx="1.4"/><path d="M13.5 6v6.1c0 .8-.6 1.4-1.4 1.4H6"/>"#,
        Icon::Import => r#"<path d="M8 2.5v7M5.2 6.8 8 9.6l2.8-2.8M2.5 10.5v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2"/>"#,
        Icon::Campaign => r#"<path d="M14 2 7.2 8.8M14 2 9.8 14l-2.6-5.2L2 6.2z"/>"#,
        Icon::Template => r#"<rect x="2.5" y="2.5" width="11" height="11" rx="1.5"/><path d="M2.5 6h11M6.3 6v7.5"/>"#,
        Icon::Suppression => r#"<circle cx="8" cy="8" r="5.5"/><path d="m4.2 4.2 7.6 7.6"/>"#,
        Icon::Mailbox => r#"<path d="M2 9h3.3l1.1 1.8h3.2L10.7 9H14"/><path d="M4.2 3.2h7.6L14 9v3.3a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V9z"/>"#,
        Icon::Chart => r#"<path d="M2.5 2.5v10a1 1 0 0 0 1 1h10M5.5 10.5v-2M8.5 10.5v-5M11.5 10.5V7"/>"#,
        Icon::Settings => {
            r#"<path d="M2 5h6.2M11.8 5H14M2 11h2.2M7.8 11H14"/><circle cx="10" cy="5" r="1.8"/><circle cx="6" cy="11" r="1.8"/>"#
        }
        Icon::Score => r#"<path d="M2.3 11.8a6 6 0 1 1 11.4 0"/><path d="m8 10.3 2.6-3.8"/><circle cx="8" cy="10.5" r=".8"/>"#,
        Icon::Team => {
            r#"<path d="M8 1.9 13.2 4v3.6c0 3-2.1 5.4-5.2 6.5-3.1-1.1-5.2-3.5-5.2-6.5V4z"/><circle cx="8" cy="6.5" r="1.5"/><path d="M5.5 10.8c.3-1.3 1.2-2 2.5-2s2.2.7 2.5 2"/>"#
        }
        Icon::Search => r#"<circle cx="7" cy="7" r="4.5"/><path d="m10.4 10.4 3.1 3.1"/>"#,
        Icon::Plus => r#"<path d="M8 3v10M3 8h10"/>"#,
        Icon::Minus => r#"<path d="M3 8h10"/>"#,
        Icon::Check => r#"<path d="m3 8.5 3.2 3.2L13 4.8"/>"#,
        Icon::Close => r#"<path d="m4 4 8 8M12 4l-8 8"/>"#,
        Icon::More => r#"<path d="M3.5 8v0M8 8v0M12.5 8v0" stroke-width="2.2"/>"#,
        Icon::Menu => r#"<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>"#,
        Icon::ChevronDown => r#"<path d="m4.5 6.3 3.5 3.5 3.5-3.5"/>"#,
        Icon::ChevronRight => r#"<path d="m6.3 4.5 3.5 3.5-3.5 3.5"/>"#,
        Icon::ChevronLeft => r#"<path d="M9.7 4.5 6.2 8l3.5 3.5"/>"#,
        Icon::ArrowUp => r#"<path d="M8 13V3.2M4 7l4-4 4 4"/>"#,
        Icon::ArrowDown => r#"<path d="M8 3v9.8M4 9l4 4 4-4"/>"#,
        Icon::ArrowRight => r#"<path d="M3 8h9.8M9 4l4 4-4 4"/>"#,
        Icon::Upload => r#"<path d="M8 10V3M5.2 5.6 8 2.8l2.8 2.8M2.5 10.5v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2"/>"#,
        Icon::Download => r#"<path d="M8 2.5V10M5.2 7.4 8 10.2l2.8-2.8M3 13.5h10"/>"#,
        Icon::Edit => r#"<path d="m9.8 3.7 2.5 2.5M3 13l.6-3.1 7-7a1.3 1.3 0 0 1 1.9 0l.6.6a1.3 1.3 0 0 1 0 1.9l-7 7z"/>"#,
        Icon::Trash => {
            r#"<path d="M2.5 4.3h11M6 4.3V3c0-.3.2-.5.5-.5h3c.3 0 .5.2.5.5v1.3M4 4.3l.6 8.3c0 .5.5.9 1 .9h4.8c.5 0 1-.4 1-.9l.6-8.3M6.7 7v3.8M9.3 7v3.8"/>"#
        }
        Icon::Filter => r#"<path d="M2 4h12M4.3 8h7.4M6.6 12h2.8"/>"#,
        Icon::Columns => r#"<rect x="2" y="2.8" width="12" height="10.4" rx="1.4"/><path d="M6 2.8v10.4M10 2.8v10.4"/>"#,
        Icon::Tag => {
            r#"<path d="M2.5 3.3v4.2c0 .3.1.5.3.7l5.3 5.3c.4.4 1 .4 1.4 0l4-4c.4-.4.4-1 0-1.4L8.2 2.8a1 1 0 0 0-.7-.3H3.3c-.4 0-.8.4-.8.8z"/><path d="M5.4 5.4v0" stroke-width="2"/>"#
        }
        Icon::Clock => r#"<circle cx="8" cy="8" r="5.8"/><path d="M8 4.8V8l2.2 1.5"/>"#,
        Icon::Mail => r#"<rect x="1.8" y="3.2" width="12.4" height="9.6" rx="1.4"/><path d="m2.2 4.6 5.8 4.2 5.8-4.2"/>"#,
        Icon::MailOpen => r#"<path d="M1.8 6.6 8 2.2l6.2 4.4v5.8c0 .5-.4 1-1 1H2.8c-.6 0-1-.5-1-1z"/><path d="m2.2 7.2 5.8 3.7 5.8-3.7"/>"#,
        Icon::Click => r#"<path d="m6.5 6.5 7 2.6-3.1 1.3-1.3 3.1zM6 1.8v1.5M1.8 6h1.5M3 3l1.1 1.1M9 3 7.9 4.1M3 9l1.1-1.1"/>"#,
        Icon::Reply => r#"<path d="M6.2 3.5 2.3 7.4l3.9 3.9M2.5 7.4h6.7c2.5 0 4.3 1.7 4.3 4.1v1.2"/>"#,
        Icon::Bounce => r#"<path d="M2.2 5.2 6 9l2.6-2.6 5.2 5.2M10 11.8h3.8V8"/>"#,
        Icon::Play => r#"<path d="M4.7 2.9v10.2c0 .4.4.6.7.4l7.6-5.1c.3-.2.3-.6 0-.8L5.4 2.5c-.3-.2-.7 0-.7.4z"/>"#,
        Icon::Pause => r#"<path d="M5.3 3.2v9.6M10.7 3.2v9.6" stroke-width="2"/>"#,
        Icon::Stop => r#"<rect x="3.5" y="3.5" width="9" height="9" rx="1.2"/>"#,
        Icon::Refresh => {
            r#"<path d="M13.3 7A5.5 5.5 0 0 0 3.6 4.7L2.3 6M2.3 2.9V6h3.1M2.7 9a5.5 5.5 0 0 0 9.7 2.3l1.3-1.3M13.7 13.1V10h-3.1"/>"#
        }
        Icon::Alert => r#"<path d="M7.1 2.8 1.8 12a1 1 0 0 0 .9 1.5h10.6a1 1 0 0 0 .9-1.5L8.9 2.8a1 1 0 0 0-1.8 0zM8 6.3v3M8 11.4v0"/>"#,
        Icon::Info => r#"<circle cx="8" cy="8" r="5.8"/><path d="M8 7.6v3.2M8 5.2v0"/>"#,
        Icon::Sun => {
            r#"<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9"/>"#
        }
        Icon::Moon => r#"<path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z"/>"#,
        Icon::Screen => r#"<rect x="1.8" y="2.8" width="12.4" height="8.4" rx="1.2"/><path d="M5.5 13.5h5"/>"#,
        Icon::Logout => r#"<path d="M6 2.5H3.5a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1H6M7 8h6.3M10.7 5.2 13.5 8l-2.8 2.8"/>"#,
        Icon::Phone => {
            r#"<path d="M3.3 2.3h2l1.2 3-1.6 1.2a8 8 0 0 0 4.6 4.6l1.2-1.6 3 1.2v2c0 .6-.5 1.1-1.1 1A11.3 11.3 0 0 1 2.3 3.4c-.1-.6.4-1.1 1-1.1z"/>"#
        }
        Icon::Link => {
            r#"<path d="M6.6 9.4a2.6 2.6 0 0 0 3.8.1l2.3-2.3a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.4 6.6a2.6 2.6 0 0 0-3.8-.1L3.3 8.8A2.6 2.6 0 0 0 7 12.5l.8-.8"/>"#
        }
        Icon::External => r#"<path d="M6.5 3.5h-3a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1v-3M9.5 2.5h4v4M13.3 2.7 7.5 8.5"/>"#,
        Icon::Pin => r#"<path d="M8 14.2S3.2 10.4 3.2 6.7a4.8 4.8 0 0 1 9.6 0c0 3.7-4.8 7.5-4.8 7.5z"/><circle cx="8" cy="6.7" r="1.7"/>"#,
        Icon::Eye => r#"<path d="M1.5 8S3.8 3.7 8 3.7 14.5 8 14.5 8 12.2 12.3 8 12.3 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="1.9"/>"#,
        Icon::Bolt => r#"<path d="M8.8 1.8 3.2 9.2H8l-.8 5 5.6-7.4H8z"/>"#,
        Icon::Undo => r#"<path d="M5 2.8 2.3 5.5 5 8.2M2.6 5.5h6.6a4 4 0 0 1 0 8H5.5"/>"#,
        Icon::Keyboard => {
            r#"<rect x="1.5" y="3.8" width="13" height="8.4" rx="1.4"/><path d="M4.3 6.7v0M6.8 6.7v0M9.3 6.7v0M11.8 6.7v0M5.3 9.6h5.4"/>"#
        }
        Icon::Drag => r#"<path d="M6 3.5v0M10 3.5v0M6 8v0M10 8v0M6 12.5v0M10 12.5v0" stroke-width="2"/>"#,
        Icon::Key => r#"<circle cx="5.2" cy="10.8" r="3"/><path d="m7.4 8.6 6-6M11 5l2 2M9.2 6.8l1.4 1.4"/>"#,
        Icon::Lock => r#"<rect x="3" y="7" width="10" height="6.7" rx="1.2"/><path d="M5 7V5.2a3 3 0 0 1 6 0V7M8 9.7v1.4"/>"#,
        Icon::Audit => r#"<path d="M8 1.8 2.8 3.7v4c0 3 2.1 5.4 5.2 6.5 3.1-1.1 5.2-3.5 5.2-6.5v-4z"/><path d="m5.7 7.8 1.7 1.7 3-3.2"/>"#,
        Icon::User => r#"<circle cx="8" cy="5.2" r="2.7"/><path d="M3 13.5c0-2.6 2.2-4.2 5-4.2s5 1.6 5 4.2"/>"#,
        Icon::Document => {
            r#"<path d="M9.2 1.8H4.3a1 1 0 0 0-1 1v10.4a1 1 0 0 0 1 1h7.4a1 1 0 0 0 1-1V5.3zM9 2v3.5h3.6M5.7 8.5h4.6M5.7 11h4.6"/>"#
        }
    }
}
