//! Whether what was true when a request began still is, for answers that stay open: streams, sockets.

use http_kit::App;

use crate::{Engine, Viewer};

impl Viewer {
    /// Whether they would be let in again as they were: signed in, in the same organisation, seeing and
    /// permitted the same. Costs a look into memory, so an open stream can ask every second; what cannot be
    /// found out counts as no.
    pub async fn still_stands(&self, app: &App) -> bool {
        let Ok(engine) = Engine::of(app) else { return false };
        let found = engine.principal(self.principal().credential, app.clock.now()).await;
        let Ok(Some(principal)) = found else { return false };
        let before = self.place();
        let unchanged = principal.place.as_ref().is_some_and(|place| {
            place.org == before.org
                && place.sees == before.sees
                && place.permissions == before.permissions
                && place.mfa_required == before.mfa_required
                && place.sso_required == before.sso_required
        });
        // A second factor may have been added elsewhere, which this session has not shown.
        unchanged && (principal.session.is_none() || !principal.has_mfa || principal.aal > 1)
    }
}
