//! What a lead is worth: a transparent points model whose reasons add up to the score.
//!
//! Owns `scoring_models`, `intelligence_engagement`, `intelligence_pending`, and the columns `score`
//! and `score_reasons` of `leads`. Invariants: the points of a lead's reasons add up to its score,
//! limits included; engagement is counted from the event log exactly once and only for people, never
//! for machines; within one organisation leads are scored by one transaction at a time, so a score
//! made from old facts cannot overwrite one made from new facts; scoring never reacts to its own
//! `lead.scored` (one lead's score moved by 10 points or more because of what it is or did) and
//! `lead.rescored` (many scores changed, told once with the organisation as its subject).
//!
//! A lead that a form or a program adds is stored with its score ([`judging`]); whoever comes in bulk is scored a moment later.
//!
//! Absent: a learned score. Its place is beside [`model::Weights`] as another `kind` of
//! `scoring_models`, judged by the same [`model::Facts`] and answering the same [`model::Score`].

mod actions;
mod api;
mod jobs;
mod judging;
mod model;
mod pages;
mod projection;
mod store;

pub use api::api;
pub use jobs::jobs;
pub use judging::judging;
pub use model::{Engagement, Facts, Points, Reason, Score, Seniority, Weights};
pub use pages::pages;
pub use projection::projections;
