//! What the screens are made of: documents, components, charts, icons and the embedded assets.
//!
//! Components are functions (or small builders that implement [`maud::Render`]) without knowledge of
//! sales; markup decides nothing. Styles and behaviour live in `islands/`. No inline style or script:
//! the Content-Security-Policy allows neither.
//!
//! # Behaviour by attribute (islands/src)
//! | attribute | effect |
//! |---|---|
//! | `data-confirm="question"` on a submit button, link or form | asks in a dialog first |
//! | `data-dialog-open="id"`, `data-dialog-close` | opens, closes a [`dialog`] |
//! | `tr[data-row][data-href][data-edit]` | keyboard rows: j k x e Enter, see [`table`] |
//! | `data-shortcut="c"` | the key presses the link or button |
//! | `data-search` on an input | `/` focuses it |
//! | `data-live="lead campaign:camp_…"` with `hx-get`, `hx-trigger="live"`, `hx-swap="outerMorph"` | the fragment refetches itself when something of that topic happens, at most once a second |
//! | `data-auto-submit` on a form | submits itself when a field changes |
//! | `data-copy="text"` on a button | copies the text |
//! | `data-without-script` | hidden when scripts run |
//!
//! Links and forms that should swap a region instead of loading the page: `hx-get=(href)
//! hx-target="#grid" hx-select="#grid" hx-swap="outerMorph" hx-push-url="true"`; the server answers the
//! whole page and needs no second code path. Attributes are inherited only with the suffix `:inherited`.

pub mod assets;
mod attrs;
mod button;
pub mod chart;
mod field;
mod filter;
mod format;
mod icons;
mod layout;
mod nav;
mod navigation;
mod overlay;
mod status;
mod surface;
pub mod table;

pub use attrs::Attrs;
pub use button::{Button, button_row};
pub use field::{Field, field_grid, form_actions, form_error, hidden, search_form, search_form_with};
pub use filter::{FilterField, FilterInput, FilterOperator, filter_builder};
pub use format::{ago, ago_cell, bytes, compact, date, datetime, number, percent, plural};
pub use icons::{Icon, icon, logo};
pub use layout::{Shell, Workplace, bare, document, main};
pub use nav::Nav;
pub use navigation::{Tab, breadcrumb, page_header, page_header_under, tabs, toolbar};
pub use overlay::{Toast, dialog, dialog_wide, drop_zone, menu, menu_button, menu_link, menu_separator, more_menu, palette_item};
pub use status::{
    Tone, avatar, badge, chip, chips, filter_chip, filter_chip_button, initials, kbd, person, person_link, score_badge, score_cell,
    score_reasons, score_with_reasons, signed, status_cell, status_dot, status_running, tags, tags_cell,
};
pub use surface::{
    Stat, Step, card, card_flush, columns, definition_list, empty_state, error_state, notice, notice_with, progress, skeleton, split,
    stack, stats, steps, timeline, timeline_item,
};
pub use table::{Pager, Sort};
