//! One file per use case; pages, API, jobs and the projection call the same ones.

pub(crate) mod change_settings;
pub(crate) mod choose;
pub(crate) mod cluster;
pub(crate) mod examine;
pub(crate) mod merge;
pub(crate) mod merge_all;
pub(crate) mod merge_by_hand;
pub(crate) mod reject;
pub(crate) mod scan;
pub(crate) mod take_back_rejection;
