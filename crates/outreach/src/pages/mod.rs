//! The screens of campaigns, suppressions and the mail catcher.

mod catcher;
pub(crate) mod check_list;
pub(crate) mod lead_picker;
pub(crate) mod query;

use http_kit::Routes;

/// The routes of these pages.
pub(crate) fn pages() -> Routes {
    Routes::new().merge(catcher::pages())
}
