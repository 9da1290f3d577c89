//! Requests to addresses that somebody else chose.
//!
//! A server that fetches what its users name can be sent into its own network: to a neighbour without a
//! password, to the cloud's metadata service (server-side request forgery). So an address is judged when
//! the connection is made, by the number that its name has at that moment: a name that is looked at first
//! and resolved again later can have changed in between. No redirects, no proxies, and limits of size and
//! time.

mod network;
mod outbound;

pub use network::{Network, Reach};
pub use outbound::{Answer, Outbound, OutboundError};
