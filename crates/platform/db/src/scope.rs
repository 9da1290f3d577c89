use std::sync::Arc;

use kernel::{OrgId, Uuid};
use serde::{Deserialize, Serialize};

use crate::DbError;

/// The longest origin that is kept, in bytes.
const LONGEST_ORIGIN: usize = 200;

/// What a transaction may see, and where its acts come from. Cheap to clone.
///
/// It becomes the transaction's role and settings: row-level security enforces what is visible, and the
/// event log stamps the origin, so no statement can forget either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    org: OrgId,
    sees: Sees,
    origin: Option<Arc<str>>,
}

/// Whose records are visible inside an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sees {
    /// Every record.
    Everything,
    /// The records that belong to these people, and none that belongs to nobody. Whose scope it is comes
    /// first: what they make becomes theirs.
    OwnedBy(Arc<[Uuid]>),
}

/// A scope as work that runs later keeps it; the organisation is kept beside it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// Missing: everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    owners: Option<Vec<Uuid>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

impl Scope {
    /// The whole organisation, for work that is nobody's: commands, schedules, answers to providers.
    pub const fn whole(org: OrgId) -> Self {
        Self { org, sees: Sees::Everything, origin: None }
    }

    /// What somebody sees, acting from `origin` (a session or key, and an address). Characters of the
    /// origin that such words have no use for are replaced, because it is written into a statement.
    pub fn new(org: OrgId, sees: Sees, origin: Option<&str>) -> Self {
        Self { org, sees, origin: origin.map(plain).filter(|text| !text.is_empty()) }
    }

    /// Whose rows these are.
    pub const fn org(&self) -> OrgId {
        self.org
    }

    /// Which of them are visible.
    pub const fn sees(&self) -> &Sees {
        &self.sees
    }

    /// Where the acts come from; nothing when the application acts by itself.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Whether no record of the organisation is hidden.
    pub const fn sees_everything(&self) -> bool {
        matches!(self.sees, Sees::Everything)
    }

    /// Whether a record of `owner`, or of nobody, is visible.
    pub fn covers(&self, owner: Option<Uuid>) -> bool {
        match &self.sees {
            Sees::Everything => true,
            Sees::OwnedBy(owners) => owner.is_some_and(|owner| owners.contains(&owner)),
        }
    }

    /// Whose a new record becomes that names no owner: nobody's, or that of the person who would not see it otherwise.
    pub fn owner_of_new(&self) -> Option<Uuid> {
        match &self.sees {
            Sees::Everything => None,
            Sees::OwnedBy(owners) => owners.first().copied(),
        }
    }

    /// For a job's row: nothing when there is nothing to remember.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        let owners = match &self.sees {
            Sees::Everything => None,
            Sees::OwnedBy(owners) => Some(owners),
        };
        if owners.is_none() && self.origin.is_none() {
            return None;
        }
        Some(serde_json::json!(Stored { owners: owners.map(|owners| owners.to_vec()), origin: self.origin.as_deref().map(str::to_owned) }))
    }

    /// The reverse of [`Scope::to_json`].
    ///
    /// # Errors
    /// When the value is not such a scope: what cannot be read must not become "everything".
    pub fn from_json(org: OrgId, stored: Option<&serde_json::Value>) -> Result<Self, DbError> {
        let Some(stored) = stored else { return Ok(Self::whole(org)) };
        let stored = Stored::deserialize(stored).map_err(|error| DbError::Config(format!("a stored scope cannot be read: {error}")))?;
        let sees = stored.owners.map_or(Sees::Everything, |owners| Sees::OwnedBy(owners.into()));
        Ok(Self::new(org, sees, stored.origin.as_deref()))
    }

    /// The statements that put a transaction into this scope. Ids are typed and the origin holds plain
    /// characters only, so nothing here needs quoting; SET takes no parameters.
    pub(crate) fn statements(&self) -> String {
        let mut sql = match &self.sees {
            Sees::Everything => "SET LOCAL ROLE leadline_runtime".to_owned(),
            Sees::OwnedBy(owners) => {
                let owners = owners.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",");
                format!(
                    "SET LOCAL ROLE leadline_restricted; SET LOCAL search_path = leadline_restricted, public; SET LOCAL app.owners = '{{{owners}}}'"
                )
            }
        };
        sql.push_str(&format!("; SET LOCAL app.org_id = '{}'", self.org.uuid()));
        if let Some(origin) = &self.origin {
            sql.push_str(&format!("; SET LOCAL app.origin = '{origin}'"));
        }
        sql
    }
}

/// Letters, digits and what ids, addresses and short words are made of.
fn plain(text: &str) -> Arc<str> {
    let keep = |c: char| if c.is_ascii_alphanumeric() || " _-.,:;/[]%".contains(c) { c } else { '?' };
    text.chars().take(LONGEST_ORIGIN).map(keep).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_cannot_leave_its_quotes() {
        let scope = Scope::new(OrgId::new(), Sees::Everything, Some("session x'; SET ROLE postgres; --\\\0é from ::1"));
        assert_eq!(scope.origin(), Some("session x?; SET ROLE postgres; --??? from ::1"));
        assert_eq!(scope.statements().matches('\'').count(), 4);
        assert!(
            Scope::new(OrgId::new(), Sees::Everything, Some(&"x".repeat(1000))).origin().is_some_and(|text| text.len() == LONGEST_ORIGIN)
        );
    }

    #[test]
    fn what_belongs_to_nobody_is_seen_by_whoever_sees_everything() {
        let (me, other) = (Uuid::now_v7(), Uuid::now_v7());
        let mine = Scope::new(OrgId::new(), Sees::OwnedBy([me].into()), None);
        assert!(mine.covers(Some(me)) && !mine.covers(Some(other)) && !mine.covers(None));
        assert_eq!(mine.owner_of_new(), Some(me));
        let whole = Scope::whole(OrgId::new());
        assert!(whole.covers(Some(other)) && whole.covers(None) && whole.owner_of_new().is_none());
    }

    #[test]
    fn a_scope_comes_back_from_a_jobs_row() {
        let org = OrgId::new();
        let owners = Sees::OwnedBy([Uuid::now_v7(), Uuid::now_v7()].into());
        for scope in [
            Scope::whole(org),
            Scope::new(org, Sees::Everything, Some("session s from 192.0.2.1")),
            Scope::new(org, owners.clone(), None),
            Scope::new(org, Sees::OwnedBy([].into()), None),
            Scope::new(org, owners, Some("key k from ::1")),
        ] {
            assert_eq!(Scope::from_json(org, scope.to_json().as_ref()).unwrap(), scope);
        }
        assert!(Scope::whole(org).to_json().is_none());
        for unreadable in [serde_json::json!([]), serde_json::json!({ "owner": [] }), serde_json::json!({ "owners": "all" })] {
            assert!(Scope::from_json(org, Some(&unreadable)).is_err());
        }
    }
}
