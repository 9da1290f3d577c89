//! What comes back from recipients and providers, without a session: openings, clicks,
//! unsubscriptions, webhooks. Whoever calls is a stranger; the signature in the address or header says
//! what is true.

mod click;
mod machine;
mod open;
mod resend;
mod unsubscribe;

use http_kit::Routes;

/// The addresses in mails, and the provider's.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/t/o/{token}", open::open)
        .get("/t/c/{token}", click::click)
        .get("/u/{token}", unsubscribe::show)
        .post("/u/{token}", unsubscribe::unsubscribe)
        .post("/u/{token}/undo", unsubscribe::undo)
        .post("/webhooks/resend", resend::webhook)
}
