//! The points model: what is known of a lead, what each fact is worth, and why a score is what it is.

mod facts;
mod score;
mod seniority;
mod weights;

pub use facts::{Engagement, Facts};
pub use score::{Reason, Score};
pub use seniority::Seniority;
pub use weights::{Group, Points, RULES, Weights};
