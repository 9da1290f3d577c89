//! The words every crate shares: typed ids, the clock, who acts, an e-mail address.
//!
//! Knows nothing of sales, does no I/O and depends on no other crate of ours.

mod actor;
mod clock;
mod email;
mod id;

pub use actor::Actor;
pub use clock::{Clock, ClockError};
pub use email::{EmailAddress, EmailError};
pub use id::{
    AccountId, ApiKeyId, CampaignId, ChangeSetId, ClusterId, ConnectionId, ExportId, FactorId, ImportId, InvalidId, InvitationId, LeadId,
    MessageId, NoteId, OrgId, SegmentId, SendId, SessionId, StepId, TaskId, TeamId, TemplateId, TypedId, UserId, ViewId,
};
pub use uuid::Uuid;
