//! Second factors: codes of an authenticator app, passkeys, and recovery codes for the day both are lost.
//!
//! Owns `mfa_factors`, `mfa_challenges` and `recovery_codes`. Invariants: secrets lie sealed under their row's
//! id, recovery codes as keyed hashes; a code of the app, a recovery code and a ceremony's state each work
//! once, which a condition of the statement decides, so that two racing requests cannot both win; a factor
//! counts only once its owner has shown it.

mod accept;
mod api;
mod challenge;
mod enrol_totp;
mod model;
mod passkeys;
mod recovery;
mod rename;
mod reset;
mod show;
mod store;
mod throttle;
mod totp;
mod unenrol;
mod verify;

pub(crate) use accept::Shown;
pub(crate) use api::api;
pub use challenge::{ChallengeError, Challenged, challenge};
pub use enrol_totp::{EnrolError, NewTotp, TotpEnrolment, enrol_totp};
pub(crate) use enrol_totp::{begin_again, unfinished_totp};
pub use model::{Factor, FactorKind, FactorStatus};
pub(crate) use passkeys::{
    begin_registration, begin_showing, begin_sign_in, finish_registration, finish_showing, finish_sign_in, relying_party,
};
pub(crate) use recovery::{RECOVERY_CODES, make_codes};
pub(crate) use rename::rename;
pub use reset::{Reset, reset};
pub(crate) use show::{recovery_codes_left, show_code, show_recovery_code};
pub use store::factors;
pub(crate) use store::{demanded_by, has_password, sweep};
pub use unenrol::{UnenrolError, remove_factor, unenrol};
pub use verify::{CodeAnswer, VerifyError, verify};
