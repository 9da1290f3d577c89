//! Who makes a request, and what they may do where: one statement, remembered by [`crate::Engine`].

use std::{net::IpAddr, sync::Arc};

use db::{Db, DbError, Row, Sees};
use jiff::Timestamp;
use kernel::{ApiKeyId, OrgId, SessionId, UserId, Uuid};

use crate::{Permission, Permissions, Role, RoleKey, Visibility};

/// What a request can present.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Credential {
    /// The hash of a browser's cookie.
    Cookie([u8; 32]),
    /// The session that a verified access token names.
    Session(SessionId),
    /// The hash of an API key.
    Key([u8; 32]),
}

/// A person as their session or key shows them.
#[derive(Debug, Clone)]
pub struct Principal {
    /// What they have shown, to look again whether it still counts.
    pub(crate) credential: Credential,
    pub user: UserId,
    pub name: String,
    pub email: String,
    pub email_confirmed: bool,
    /// `None` for an API key.
    pub session: Option<SessionId>,
    pub key: Option<Key>,
    /// 2 once a second factor was shown in this session.
    pub aal: i16,
    /// Whether they have a second factor at all.
    pub has_mfa: bool,
    /// When they last proved to be themselves with the strongest means they have.
    pub fresh_at: Timestamp,
    pub expires_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    /// Signed in through this organisation's identity provider, for this organisation only.
    pub only_org: Option<OrgId>,
    /// Whether this session may change the account itself. One that an organisation's own provider has opened may
    /// only where the account exists for that organisation alone: else the provider could take over the rest.
    pub owns_account: bool,
    /// Where they work now; nowhere for somebody who belongs to no organisation.
    pub place: Option<Place>,
    /// All their organisations, by name; the first 50.
    pub organisations: Vec<(OrgId, String)>,
}

/// An API key that speaks for somebody.
#[derive(Debug, Clone)]
pub struct Key {
    pub id: ApiKeyId,
    /// CIDR blocks that it may be used from; none: everywhere.
    pub addresses: Vec<String>,
}

/// A person's standing in an organisation.
#[derive(Debug, Clone)]
pub struct Place {
    pub org: OrgId,
    pub org_name: String,
    pub role: RoleKey,
    pub role_label: String,
    pub permissions: Permissions,
    pub visibility: Visibility,
    pub sees: Sees,
    /// The organisation demands a second factor of this role.
    pub mfa_required: bool,
    /// The organisation demands that this person signs in through its identity provider.
    pub sso_required: bool,
}

/// The columns of a person's place, for a `FROM` that names users `u` and memberships `m`.
const PLACE: &str = "m.org_id, o.name, m.role, r.name, r.permissions, rs.visibility, coalesce(rs.mfa_required, false),
    CASE WHEN rs.visibility = 'team' AND m.team_id IS NOT NULL
         THEN (SELECT array_agg(t.user_id) FROM memberships t WHERE t.org_id = m.org_id AND t.team_id = m.team_id) END,
    m.role <> 'owner' AND EXISTS (SELECT FROM sso_connections c WHERE c.org_id = m.org_id AND c.enforced)";

const PLACE_JOINS: &str = "LEFT JOIN organisations o ON o.org_id = m.org_id
    LEFT JOIN roles r ON r.org_id = m.org_id AND r.id = CASE WHEN m.role LIKE 'role\\_%' THEN substr(m.role, 6)::uuid END
    LEFT JOIN role_settings rs ON rs.org_id = m.org_id AND rs.role = m.role";

const HAS_MFA: &str = "EXISTS (SELECT FROM mfa_factors f WHERE f.user_id = u.id AND f.status = 'verified')";
const OWNS_ACCOUNT: &str = "s.only_org IS NULL OR (u.password_hash IS NULL AND u.email_confirmed_at IS NULL
    AND NOT EXISTS (SELECT FROM memberships e WHERE e.user_id = u.id AND e.org_id <> s.only_org)
    AND NOT EXISTS (SELECT FROM identities e WHERE e.user_id = u.id AND e.provider NOT LIKE 'sso:%'))";
const ORGANISATIONS: &str = "ARRAY(SELECT x.org_id::text || ' ' || y.name FROM memberships x JOIN organisations y ON y.org_id = x.org_id
    WHERE x.user_id = u.id ORDER BY y.name, x.org_id LIMIT 50)";

/// Reads who `credential` stands for now.
pub(crate) async fn read(db: &Db, credential: Credential, now: Timestamp) -> Result<Option<Principal>, DbError> {
    match credential {
        Credential::Cookie(hash) => session(db, credential, "s.token_hash = $1", &hash.as_slice(), now).await,
        Credential::Session(id) => session(db, credential, "s.id = $1", &id, now).await,
        Credential::Key(hash) => key(db, credential, &hash, now).await,
    }
}

async fn session(
    db: &Db,
    credential: Credential,
    condition: &str,
    value: &(dyn postgres_types::ToSql + Sync),
    now: Timestamp,
) -> Result<Option<Principal>, DbError> {
    // Where they work now, else the organisation they joined first.
    let sql = format!(
        "SELECT s.id, s.user_id, u.name, u.email, u.email_confirmed_at IS NOT NULL, s.aal, {HAS_MFA}, s.fresh_at, s.expires_at,
                s.last_seen_at, s.only_org, {ORGANISATIONS}, ({OWNS_ACCOUNT}), {PLACE}
         FROM sessions s JOIN users u ON u.id = s.user_id
         LEFT JOIN LATERAL (
           SELECT * FROM memberships x WHERE x.user_id = s.user_id AND (s.only_org IS NULL OR x.org_id = s.only_org)
           ORDER BY (x.org_id = s.active_org) DESC NULLS LAST, x.created_at LIMIT 1) m ON true
         {PLACE_JOINS}
         WHERE {condition} AND s.expires_at > $2 AND (u.banned_until IS NULL OR u.banned_until <= $2)"
    );
    let rows = db.read_system(&sql, &[value, &now]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let user: UserId = row.try_get(1)?;
    Ok(Some(Principal {
        credential,
        user,
        name: row.try_get(2)?,
        email: row.try_get(3)?,
        email_confirmed: row.try_get(4)?,
        session: Some(row.try_get(0)?),
        key: None,
        aal: row.try_get(5)?,
        has_mfa: row.try_get(6)?,
        fresh_at: row.try_get(7)?,
        expires_at: row.try_get(8)?,
        last_seen_at: row.try_get(9)?,
        only_org: row.try_get(10)?,
        organisations: organisations(&row.try_get::<_, Vec<String>>(11)?),
        owns_account: row.try_get(12)?,
        place: place(row, 13, user)?,
    }))
}

async fn key(db: &Db, credential: Credential, hash: &[u8; 32], now: Timestamp) -> Result<Option<Principal>, DbError> {
    let sql = format!(
        "SELECT k.id, k.created_by, u.name, u.email, u.email_confirmed_at IS NOT NULL, k.scopes, k.addresses,
                k.expires_at, k.last_used_at, k.created_at, {HAS_MFA}, {PLACE}
         FROM api_keys k JOIN users u ON u.id = k.created_by
         JOIN memberships m ON m.org_id = k.org_id AND m.user_id = k.created_by
         {PLACE_JOINS}
         WHERE k.key_hash = $1 AND (k.expires_at IS NULL OR k.expires_at > $2) AND (u.banned_until IS NULL OR u.banned_until <= $2)"
    );
    let rows = db.read_system(&sql, &[&hash.as_slice(), &now]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let user: UserId = row.try_get(1)?;
    let created_at: Timestamp = row.try_get(9)?;
    let mut place = place(row, 11, user)?;
    if let Some(place) = &mut place {
        // Never more than the person who made it may do now.
        place.permissions = scopes(&row.try_get::<_, Vec<String>>(5)?).intersect(place.permissions);
    }
    let organisations = place.iter().map(|place| (place.org, place.org_name.clone())).collect();
    Ok(Some(Principal {
        credential,
        user,
        name: row.try_get(2)?,
        email: row.try_get(3)?,
        email_confirmed: row.try_get(4)?,
        session: None,
        key: Some(Key { id: row.try_get(0)?, addresses: row.try_get(6)? }),
        aal: 1,
        has_mfa: row.try_get(10)?,
        fresh_at: created_at,
        expires_at: row.try_get::<_, Option<Timestamp>>(7)?.unwrap_or(Timestamp::MAX),
        last_seen_at: row.try_get::<_, Option<Timestamp>>(8)?.unwrap_or(Timestamp::MIN),
        only_org: place.as_ref().map(|place| place.org),
        owns_account: false,
        place,
        organisations,
    }))
}

/// The scope that stands for every other.
pub const ADMIN_SCOPE: &str = "admin";

/// The permissions behind an API key's scopes.
pub fn scopes(words: &[String]) -> Permissions {
    if words.iter().any(|word| word == ADMIN_SCOPE) {
        // A key that could make keys would outlive its own revocation.
        return Permissions::all().without(Permission::KeysWrite);
    }
    Permissions::parse(words.iter().map(String::as_str)).without(Permission::KeysWrite)
}

/// The place that begins at column `at`.
fn place(row: &Row, at: usize, user: UserId) -> Result<Option<Place>, DbError> {
    let Some(org) = row.try_get::<_, Option<OrgId>>(at)? else { return Ok(None) };
    let role: String = row.try_get(at + 2)?;
    let role: RoleKey = role.parse().map_err(|()| DbError::Config(format!("a membership has the unknown role {role:?}")))?;
    let (custom_name, custom): (Option<String>, Option<Vec<String>>) = (row.try_get(at + 3)?, row.try_get(at + 4)?);
    let (role_label, permissions) = match role {
        RoleKey::BuiltIn(role) => (role.label().to_owned(), role.permissions()),
        // A custom role that is gone allows nothing.
        RoleKey::Custom(_) => (custom_name.unwrap_or_default(), Permissions::parse(custom.unwrap_or_default().iter().map(String::as_str))),
    };
    // The owner answers for everything, so sees everything.
    let visibility = row.try_get::<_, Option<String>>(at + 5)?.and_then(|text| text.parse().ok()).unwrap_or_default();
    let visibility = if role == RoleKey::BuiltIn(Role::Owner) { Visibility::All } else { visibility };
    let sees = match visibility {
        Visibility::All => Sees::Everything,
        Visibility::Own => Sees::OwnedBy(Arc::from([user.uuid()])),
        Visibility::Team => {
            // They themselves come first: what they make without naming an owner is theirs.
            let team: Vec<Uuid> = row.try_get::<_, Option<Vec<Uuid>>>(at + 7)?.unwrap_or_default();
            let me = user.uuid();
            Sees::OwnedBy(std::iter::once(me).chain(team.into_iter().filter(|id| *id != me)).collect())
        }
    };
    // An import matches against every lead.
    let permissions = if visibility == Visibility::All { permissions } else { permissions.without(Permission::LeadsImport) };
    Ok(Some(Place {
        org,
        org_name: row.try_get(at + 1)?,
        role,
        role_label,
        permissions,
        visibility,
        sees,
        mfa_required: row.try_get(at + 6)?,
        sso_required: row.try_get(at + 8)?,
    }))
}

fn organisations(rows: &[String]) -> Vec<(OrgId, String)> {
    let parse = |row: &String| {
        let (id, name) = row.split_once(' ')?;
        Some((OrgId::from(Uuid::try_parse(id).ok()?), name.to_owned()))
    };
    rows.iter().filter_map(parse).collect()
}

impl Principal {
    /// Whether an API key may be used from this address; sessions are bound to none.
    pub(crate) fn may_come_from(&self, address: IpAddr) -> bool {
        let Some(key) = self.key.as_ref().filter(|key| !key.addresses.is_empty()) else { return true };
        let address = address.to_canonical();
        key.addresses.iter().filter_map(|block| block.parse::<ipnet::IpNet>().ok()).any(|block| block.contains(&address))
    }
}
