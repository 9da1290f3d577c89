//! What trusted servers may do with everybody's account.

pub(crate) mod factors;
pub(crate) mod invite;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod users;
