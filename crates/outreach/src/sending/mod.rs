//! From a due step to a recorded outcome. Three committed transactions around one call:
//!
//! 1. [`claim`]: rows leave `planned`, are composed, and stored as a batch with a lease and a token.
//! 2. [`hand_over`]: the suppression list is asked again and the hand-over is noted; then the call;
//! 3. then the outcome, its event and the lead's next step, under the token.
//!
//! Whatever dies in between, [`recover`] finds the batch when its lease ends and knows from `tries`
//! whether it may have left: never tried goes back, tried is repeated identically where the provider
//! recognises that, and is parked as unknown where it does not.

mod claim;
mod compose;
mod footer;
mod hand_over;
mod headers;
mod recover;
pub(crate) mod stored;
pub(crate) mod token;

pub(crate) use claim::{Claimed, Next, claim};
pub(crate) use compose::{Composer, custom_names};
pub(crate) use footer::{Letterhead, with_footer};
pub(crate) use hand_over::hand_over;
pub(crate) use recover::recover;

/// How long a silent sender keeps its batch. Renewed while the provider is being waited for.
pub(crate) const LEASE_SECONDS: f64 = 8.0;
