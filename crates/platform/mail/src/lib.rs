//! Mail: composing a message, handing it to a transport, and reading back what happened.
//!
//! Knows nothing of who is written to or why. It owns one table, `caught_mail` (the development
//! mailbox), and these invariants:
//!
//! - **No header injection.** A line break in any header field is refused by [`OutgoingMail::check`],
//!   which every transport runs before it writes a byte.
//! - **An outcome never claims more than is known.** [`Outcome::Unavailable`] and
//!   [`Outcome::Throttled`] mean that certainly nothing was sent; as soon as a message may have
//!   left, the answer is [`Outcome::Unknown`], and it says whether repeating is safe.
//! - **A refusal of ours is not a dead recipient.** Only [`RejectionKind::Recipient`] may lead to
//!   suppression; authentication and policy refusals are [`RejectionKind::Sender`].
//! - **Templates are sandboxed.** No loaders, functions or assignments; fuel and output are limited.

mod catcher;
mod compose;
mod config;
mod extent;
pub mod html;
mod message;
mod outcome;
mod plain_text;
mod reply_code;
mod resend;
mod simulate;
mod smtp;
pub mod svix;
pub mod template;
mod transport;

pub use catcher::{Catcher, CaughtMail, CaughtSummary, Reader};
pub use compose::compose;
pub use config::{ConfigError, MailConfig, mailer};
pub use extent::tangled;
pub use message::{MailError, Mailbox, OutgoingMail, PRIVATE, new_message_id};
pub use outcome::{Outcome, Rejection, RejectionKind};
pub use plain_text::text_from_html;
pub use reply_code::{SmtpStage, classify_reply};
pub use resend::{Resend, ResendConfig};
pub use simulate::{Reaction, Simulate};
pub use smtp::{Smtp, SmtpConfig, Tls};
pub use transport::{Batch, Lookup, Mailer, Transport, batch_key};
