//! The screens of campaigns, suppressions and the mail catcher.

mod campaigns;
mod catcher;
pub(crate) mod check_list;
pub(crate) mod lead_picker;
pub(crate) mod query;
mod suppressions;

use http_kit::Routes;

/// The routes of these pages.
pub(crate) fn pages() -> Routes {
    Routes::new().merge(campaigns::pages()).merge(suppressions::pages()).merge(catcher::pages())
}
