//! People and the identities by which providers know them.

use db::{DbError, Row, SystemTx};
use jiff::Timestamp;
use kernel::{EmailAddress, OrgId, UserId, Uuid};
use serde_json::{Value, json};

/// Whoever has an address, as far as it decides about linking.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) user: UserId,
    pub(crate) confirmed: bool,
    pub(crate) banned_until: Option<Timestamp>,
}

fn holder(row: &Row) -> Result<Holder, DbError> {
    Ok(Holder { user: row.try_get(0)?, confirmed: row.try_get(1)?, banned_until: row.try_get(2)? })
}

/// One visitor of a provider at a time: two tabs must not make two people of one.
pub(crate) async fn lock(tx: &SystemTx, provider: &str, subject: &str) -> Result<(), DbError> {
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", &[&format!("{provider} {subject}")]).await?;
    Ok(())
}

/// Whom a provider knows by this subject.
pub(crate) async fn by_identity(tx: &SystemTx, provider: &str, subject: &str) -> Result<Option<Holder>, DbError> {
    let row = tx
        .query_opt(
            "SELECT u.id, u.email_confirmed_at IS NOT NULL, u.banned_until FROM identities i JOIN users u ON u.id = i.user_id
             WHERE i.provider = $1 AND i.provider_id = $2 FOR UPDATE OF u",
            &[&provider, &subject],
        )
        .await?;
    row.as_ref().map(holder).transpose()
}

/// Whose address this is.
pub(crate) async fn by_email(tx: &SystemTx, email: &EmailAddress) -> Result<Option<Holder>, DbError> {
    let row = tx
        .query_opt("SELECT id, email_confirmed_at IS NOT NULL, banned_until FROM users WHERE email = $1 FOR UPDATE", &[&email.as_str()])
        .await?;
    row.as_ref().map(holder).transpose()
}

/// Adds a way in.
pub(crate) async fn insert_identity(
    tx: &SystemTx,
    user: UserId,
    provider: &str,
    subject: &str,
    data: &Value,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO identities (id, user_id, provider, provider_id, identity_data, created_at, updated_at, last_sign_in_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $6)",
        &[&Uuid::now_v7(), &user, &provider, &subject, data, &now],
    )
    .await?;
    Ok(())
}

/// Notes what the provider says today.
pub(crate) async fn touch_identity(tx: &SystemTx, provider: &str, subject: &str, data: &Value, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE identities SET identity_data = $3, updated_at = $4, last_sign_in_at = $4 WHERE provider = $1 AND provider_id = $2",
        &[&provider, &subject, data, &now],
    )
    .await?;
    Ok(())
}

/// A person whom a provider has brought; they have no password, and no identity of their own address.
pub(crate) async fn insert_person(
    tx: &SystemTx,
    email: &EmailAddress,
    name: &str,
    confirmed: bool,
    user_metadata: &Value,
    now: Timestamp,
) -> Result<UserId, DbError> {
    let user = UserId::new();
    tx.execute(
        "INSERT INTO users (id, email, name, email_confirmed_at, user_metadata, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        &[&user, &email.as_str(), &name, &confirmed.then_some(now), user_metadata, &now],
    )
    .await?;
    Ok(user)
}

/// Makes an account whose address nobody had proved the account of the person who has proved it now.
/// Whatever opened it before may be somebody else's: they could have signed up first and waited.
pub(crate) async fn take_over(tx: &SystemTx, user: UserId, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE users SET password_hash = NULL, email_confirmed_at = $2, new_email = NULL, updated_at = $2 WHERE id = $1",
        &[&user, &now],
    )
    .await?;
    for sql in [
        "DELETE FROM sessions WHERE user_id = $1",
        "DELETE FROM one_time_tokens WHERE user_id = $1",
        "DELETE FROM flow_states WHERE user_id = $1",
        "DELETE FROM mfa_factors WHERE user_id = $1",
        "DELETE FROM recovery_codes WHERE user_id = $1",
        // An organisation's provider opens that organisation only, and has put them there itself.
        "DELETE FROM identities WHERE user_id = $1 AND provider <> 'email' AND provider NOT LIKE 'sso:%'",
    ] {
        tx.execute(sql, &[&user]).await?;
    }
    tx.execute(
        "UPDATE identities SET identity_data = identity_data || '{\"email_verified\": true}', updated_at = $2 WHERE user_id = $1 AND provider = 'email'",
        &[&user, &now],
    )
    .await?;
    Ok(())
}

/// A person's role in an organisation, if they have one.
pub(crate) async fn role_in(tx: &SystemTx, org: OrgId, user: UserId) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("SELECT role FROM memberships WHERE org_id = $1 AND user_id = $2", &[&org, &user]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// The role for which an organisation waits for somebody with this address.
pub(crate) async fn invited_as(tx: &SystemTx, org: OrgId, email: &EmailAddress, now: Timestamp) -> Result<Option<String>, DbError> {
    let row = tx
        .query_opt("SELECT role FROM invitations WHERE org_id = $1 AND email = $2 AND expires_at > $3", &[&org, &email.as_str(), &now])
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Puts somebody into the organisation that has invited their address, in the team that it chose.
pub(crate) async fn join_as_invited(tx: &SystemTx, org: OrgId, user: UserId, email: &EmailAddress, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "WITH taken AS (DELETE FROM invitations WHERE org_id = $1 AND email = $3 RETURNING role, team_id)
         INSERT INTO memberships (org_id, user_id, role, team_id, created_at) SELECT $1, $2, role, team_id, $4 FROM taken",
        &[&org, &user, &email.as_str(), &now],
    )
    .await?;
    Ok(())
}

/// Whether any organisation waits for this address, or takes everybody of its domain.
pub(crate) async fn is_expected(tx: &SystemTx, email: &EmailAddress, now: Timestamp) -> Result<bool, DbError> {
    let row = tx
        .query_one(
            "SELECT EXISTS (SELECT FROM invitations WHERE email = $1 AND expires_at > $3) OR EXISTS (SELECT FROM organisation_domains WHERE domain = $2)",
            &[&email.as_str(), &email.domain(), &now],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Whether the role of an organisation's own making exists.
pub(crate) async fn role_exists(tx: &SystemTx, org: OrgId, id: Uuid) -> Result<bool, DbError> {
    Ok(tx.query_opt("SELECT FROM roles WHERE org_id = $1 AND id = $2", &[&org, &id]).await?.is_some())
}

/// Ways into the whole account that would be left without this identity: a password, a passkey, their own address,
/// another provider of the installation.
pub(crate) async fn other_ways_in(tx: &SystemTx, user: UserId, without: Uuid) -> Result<i64, DbError> {
    // The lock makes two removals wait for each other.
    let row = tx
        .query_one(
            "SELECT (u.password_hash IS NOT NULL)::int::bigint
               + (SELECT count(*) FROM mfa_factors f WHERE f.user_id = u.id AND f.kind = 'webauthn' AND f.status = 'verified')
               + (SELECT count(*) FROM identities i WHERE i.user_id = u.id AND i.id <> $2 AND i.provider NOT LIKE 'sso:%')
             FROM users u WHERE u.id = $1 FOR UPDATE OF u",
            &[&user, &without],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Takes a way in away; which provider's it was.
pub(crate) async fn delete_identity(tx: &SystemTx, user: UserId, id: Uuid) -> Result<Option<String>, DbError> {
    let row = tx
        .query_opt("DELETE FROM identities WHERE id = $2 AND user_id = $1 AND provider <> 'email' RETURNING provider", &[&user, &id])
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// The facts of an event about an identity: no address, no subject.
pub(crate) fn facts(provider: &str) -> Value {
    json!({ "provider": provider })
}
