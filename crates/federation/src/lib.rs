//! Signing in with an account that somebody has elsewhere: OpenID Connect providers of the whole installation,
//! providers of single organisations (SSO), and the way back to clients of the Auth API.
//!
//! Owns `provider_visits`, `sso_connections`, and every row of `identities` but those of people's own addresses.
//!
//! # Whom a provider can make somebody
//!
//! The installation's providers were chosen by who runs the server, so an address that they have verified counts
//! everywhere: it opens the account whose confirmed address it is. An address that they have not verified opens nothing.
//!
//! An organisation's provider was chosen by its administrators, who may be anybody, and it can say whatever they
//! like: any subject, any address. So what it says counts inside that organisation and nowhere else.
//! A person is known by (connection, subject), never by subject alone. An address is looked up only among the
//! organisation's own members and invitations, and never finds an owner. An account elsewhere with this address
//! is not opened, and nobody's address becomes confirmed by it. The session is confined to the organisation, and opens no
//! page of the account itself, through which the rest could be reached, unless the account exists for that
//! organisation alone. What is left is that who may set up the provider (`security:write`) decides who comes in as one of
//! the organisation's own people; that is what the permission is for.
//!
//! # What protects the way there and back
//!
//! `state` works once, for ten minutes, and in the browser that began (login CSRF); the code is bound to us by PKCE and
//! our secret, the id token to the visit by its nonce, the answer to the provider by `iss` (RFC 9207), the session to a
//! client of the Auth API by that client's own challenge. Addresses that an organisation has named are asked
//! through [`outbound`], which does not go into private networks.

mod actions;
mod cookie;
mod exchange;
mod id_token;
mod jobs;
mod metadata;
mod pages;
mod pkce;
mod profile;
mod provider;
mod relying;
mod store;
mod visit;

pub use jobs::jobs;
pub use pages::{external_layer, pages};
pub use relying::Relying;
