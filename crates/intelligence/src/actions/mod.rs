//! One file per use case, called by pages, API and jobs alike.

pub(crate) mod preview;
pub(crate) mod rescore;
pub(crate) mod save;
