use std::fmt;

use crate::UserId;

/// Who did something, as the event log records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    User(UserId),
    /// Leadline itself: a schedule, a worker, a migration.
    System,
    /// The outside world reporting back: a mail provider's webhook, a recipient's click.
    Provider,
}

/// The text form stored in `events.actor`: `user:<uuid>`, `system` or `provider`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{}", id.uuid()),
            Self::System => f.write_str("system"),
            Self::Provider => f.write_str("provider"),
        }
    }
}
