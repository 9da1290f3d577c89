//! Second factors: codes of an authenticator app, passkeys, and recovery codes for the day both are lost.
//!
//! Owns `mfa_factors`, `mfa_challenges` and `recovery_codes`. Invariants: secrets lie sealed under their row's
//! id, recovery codes as keyed hashes; a code of the app, a recovery code and a ceremony's state each work
//! once, which a condition of the statement decides, so that two racing requests cannot both win; a factor
//! counts only once its owner has shown it.

mod accept;
mod challenge;
mod enrol_totp;
mod model;
mod store;
mod throttle;
mod totp;
mod unenrol;
mod verify;

pub use challenge::{ChallengeError, Challenged, challenge};
pub use enrol_totp::{EnrolError, NewTotp, TotpEnrolment, enrol_totp};
pub use model::{Factor, FactorKind, FactorStatus};
pub use store::factors;
pub use unenrol::{UnenrolError, remove_factor, unenrol};
pub use verify::{CodeAnswer, VerifyError, verify};
