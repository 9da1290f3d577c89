use db::{DbError, SystemTx};
use jiff::Timestamp;
use kernel::{Actor, OrgId, UserId};
use serde_json::json;

use crate::{
    record::{self, Act},
    store::{colleagues, domains},
};

/// Makes somebody who has just proved `email` a member of the organisation that has claimed its domain, if
/// one has; says which. To be called after a confirmation and after a sign-in whose provider vouches for the
/// address, never for an address that is only claimed.
pub async fn join_by_address(tx: &SystemTx, user: UserId, email: &str, now: Timestamp) -> Result<Option<OrgId>, DbError> {
    let Some((_, domain)) = email.rsplit_once('@') else { return Ok(None) };
    let Some((org, role)) = domains::open_to(tx, user, domain).await? else { return Ok(None) };
    if !colleagues::join(tx, org, user, &role, None, now).await? {
        return Ok(None);
    }
    let act = Act { user, actor: Actor::User(user), org: Some(org), origin: "" };
    record::append(tx, act, "member.joined", &json!({ "role": role, "by": "domain" }), now).await?;
    Ok(Some(org))
}
