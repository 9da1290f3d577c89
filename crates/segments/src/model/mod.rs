//! Segments, pure.

mod overlap;
mod segment;
mod source;

pub(crate) use overlap::Overlap;
pub use segment::{Kind, Segment};
pub(crate) use segment::{NewSegment, SegmentChange, Size, clean_description, clean_name};
pub(crate) use source::{MemberAction, Source};
