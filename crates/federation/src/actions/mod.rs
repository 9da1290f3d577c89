pub(crate) mod admit;
pub(crate) mod admit_by_sso;
pub(crate) mod enforce_connection;
pub(crate) mod inspect_connection;
pub(crate) mod link;
pub(crate) mod remove_connection;
pub(crate) mod remove_identity;
pub(crate) mod save_connection;
