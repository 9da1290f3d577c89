//! The screens of campaigns, suppressions and the mail catcher.

pub(crate) mod check_list;
pub(crate) mod lead_picker;
pub(crate) mod query;
