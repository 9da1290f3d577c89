use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    Can, SecurityWrite,
    authority::{Authority, governs, role_key, unknown_role},
    free_mail::is_free_mail,
    store::{
        domains::{self, Domain},
        roles,
    },
};

/// So many at most: a person can prove few.
pub(crate) const MOST: usize = 20;

/// A domain to claim.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NewDomain {
    /// That of the claimer's own confirmed address.
    #[serde(default)]
    pub domain: String,
    /// The role of those who join: one that runs nothing.
    #[serde(default)]
    pub role: String,
}

/// Lets everybody join who proves an address of this domain.
pub(crate) async fn claim_domain(
    app: &App,
    tx: &TenantTx,
    viewer: &Can<SecurityWrite>,
    new: NewDomain,
    now: Timestamp,
) -> Result<Domain, Problem> {
    viewer.require_fresh(app)?;
    roles::take_turn(tx).await?;
    let domain = new.domain.trim().trim_start_matches('@').to_lowercase();
    if is_free_mail(&domain) {
        let detail = format!("Anybody can have an address at {domain}, so it cannot stand for an organisation");
        return Err(Problem::field("/domain", "domain.free_mail", detail));
    }
    let proved = viewer.principal().email_confirmed && viewer.email.rsplit_once('@').is_some_and(|(_, own)| own == domain);
    if !proved {
        let detail = "A domain is claimed by somebody with a confirmed address of it. Yours is at another";
        return Err(Problem::field("/domain", "domain.not_yours", detail));
    }
    let all = roles::roles(tx).await?;
    let role = all.get(role_key(&new.role, "/role")?).ok_or_else(|| unknown_role("/role"))?;
    if governs(role) {
        let detail = "People join by themselves, so their role must be one that cannot change what others may do";
        return Err(Problem::field("/role", "role.governs", detail));
    }
    Authority::of(viewer).require(role, "/role")?;
    let before = domains::domains(tx).await?;
    if before.len() >= MOST && !before.iter().any(|known| known.domain == domain) {
        return Err(Problem::conflict(format!("An organisation has {MOST} domains at most.")));
    }
    let stored = role.key.to_string();
    domains::put(tx, &domain, &stored, now).await.map_err(|error| match error.constraint() {
        Some("organisation_domains_domain_key") => {
            Problem::field("/domain", "domain.taken", "Another organisation on this server has claimed this domain")
        }
        _ => error.into(),
    })?;
    let payload = json!({ "domain": domain, "role": stored });
    let subject = Subject::of(viewer.org_id);
    append(tx, &[NewEvent { kind: "organisation.domain_claimed", subject, actor: viewer.actor(), at: now, payload }]).await?;
    let claimed = domains::domains(tx).await?.into_iter().find(|known| known.domain == domain);
    claimed.ok_or_else(Problem::not_found)
}

/// Lets nobody join by this domain any more. Who has joined stays.
pub(crate) async fn release_domain(tx: &TenantTx, viewer: &Can<SecurityWrite>, domain: &str, now: Timestamp) -> Result<(), Problem> {
    if !domains::delete(tx, domain).await? {
        return Err(Problem::not_found());
    }
    let subject = Subject::of(viewer.org_id);
    let payload = json!({ "domain": domain });
    Ok(append(tx, &[NewEvent { kind: "organisation.domain_released", subject, actor: viewer.actor(), at: now, payload }]).await?)
}
