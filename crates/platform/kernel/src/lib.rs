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
    AccountId, ApiKeyId, CampaignId, ConnectionId, FactorId, ImportId, InvalidId, InvitationId, LeadId, MessageId, OrgId, SendId,
    SessionId, StepId, TeamId, TemplateId, TypedId, UserId,
};
pub use uuid::Uuid;
