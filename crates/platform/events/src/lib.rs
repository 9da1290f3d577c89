//! The event log: appended in the caller's transaction, read in commit order, fanned out live.
//!
//! A sequence number is taken before its transaction commits, so reading by number alone would
//! skip rows that commit late. Readers order by (writer's transaction id, number) and stop below
//! the snapshot's xmin: every transaction below it has ended, so nothing can appear behind a cursor.
//! The price: a transaction that stays open, in any database of the cluster, holds readers back
//! (never writers). So our own are short: bulk work commits in chunks.

mod append;
mod changes;
mod feed;
mod follow;
mod project;

pub use append::{NewEvent, Subject, append};
pub use changes::changes;
pub use feed::{Feed, FeedItem};
pub use follow::{Window, advance, end, next_of_org};
pub use project::{Projection, project};
