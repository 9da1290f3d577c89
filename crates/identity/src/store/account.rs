//! A person's own account: whom a mail is for, and what a mailed link or they themselves change.

use db::{Db, DbError, Row, SystemTx};
use jiff::Timestamp;
use kernel::{OrgId, SessionId, UserId, Uuid};

use crate::one_time::Purpose;

/// Somebody to write to.
#[derive(Debug, Clone)]
pub(crate) struct Addressee {
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) confirmed: bool,
    pub(crate) new_email: Option<String>,
    pub(crate) banned_until: Option<Timestamp>,
    /// The organisation they joined first.
    pub(crate) org: Option<OrgId>,
}

const ADDRESSEE: &str = "SELECT u.id, u.name, u.email, u.email_confirmed_at IS NOT NULL, u.new_email, u.banned_until,
    (SELECT m.org_id FROM memberships m WHERE m.user_id = u.id ORDER BY m.created_at, m.org_id LIMIT 1) FROM users u";

/// Whoever has the id. Held until the transaction ends, so that two letters to them follow each other.
pub(crate) async fn addressee(tx: &SystemTx, user: UserId) -> Result<Option<Addressee>, DbError> {
    tx.query_opt(&format!("{ADDRESSEE} WHERE u.id = $1 FOR UPDATE OF u"), &[&user]).await?.map(|row| parse(&row)).transpose()
}

/// Whoever has the address.
pub(crate) async fn addressee_of(tx: &SystemTx, email: &str) -> Result<Option<Addressee>, DbError> {
    tx.query_opt(&format!("{ADDRESSEE} WHERE u.email = $1 FOR UPDATE OF u"), &[&email]).await?.map(|row| parse(&row)).transpose()
}

fn parse(row: &Row) -> Result<Addressee, DbError> {
    Ok(Addressee {
        user: row.try_get(0)?,
        name: row.try_get(1)?,
        email: row.try_get(2)?,
        confirmed: row.try_get(3)?,
        new_email: row.try_get(4)?,
        banned_until: row.try_get(5)?,
        org: row.try_get(6)?,
    })
}

/// The column that says when a letter of this kind was last written, as Supabase Auth shows it.
const fn sent_column(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Signup => "confirmation_sent_at",
        // Supabase Auth counts a link to sign in as a recovery.
        Purpose::MagicLink | Purpose::Recovery => "recovery_sent_at",
        Purpose::Invite => "invited_at",
        Purpose::EmailChange => "email_change_sent_at",
        Purpose::Reauthentication => "reauthentication_sent_at",
    }
}

/// When a letter of this kind was last written to them.
pub(crate) async fn sent(tx: &SystemTx, user: UserId, purpose: Purpose) -> Result<Option<Timestamp>, DbError> {
    let row = tx.query_one(&format!("SELECT {} FROM users WHERE id = $1", sent_column(purpose)), &[&user]).await?;
    Ok(row.try_get(0)?)
}

/// Notes that a letter of this kind is written to them.
pub(crate) async fn set_sent(tx: &SystemTx, user: UserId, purpose: Purpose, now: Timestamp) -> Result<(), DbError> {
    tx.execute(&format!("UPDATE users SET {} = $2, updated_at = $2 WHERE id = $1", sent_column(purpose)), &[&user, &now]).await?;
    Ok(())
}

/// What a mailed link finds when it comes back.
pub(crate) struct Standing {
    pub(crate) email: String,
    pub(crate) new_email: Option<String>,
    pub(crate) confirmed: bool,
    pub(crate) has_password: bool,
    pub(crate) banned_until: Option<Timestamp>,
}

pub(crate) async fn standing(tx: &SystemTx, user: UserId) -> Result<Option<Standing>, DbError> {
    let row = tx
        .query_opt(
            "SELECT email, new_email, email_confirmed_at IS NOT NULL, password_hash IS NOT NULL, banned_until FROM users WHERE id = $1 FOR UPDATE",
            &[&user],
        )
        .await?;
    row.map(|row| {
        Ok(Standing {
            email: row.try_get(0)?,
            new_email: row.try_get(1)?,
            confirmed: row.try_get(2)?,
            has_password: row.try_get(3)?,
            banned_until: row.try_get(4)?,
        })
    })
    .transpose()
}

/// The address is theirs.
pub(crate) async fn confirm_address(tx: &SystemTx, user: UserId, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET email_confirmed_at = $2, updated_at = $2 WHERE id = $1 AND email_confirmed_at IS NULL", &[&user, &now])
        .await?;
    tx.execute(
        "UPDATE identities SET identity_data = identity_data || '{\"email_verified\": true}', updated_at = $2 WHERE user_id = $1 AND provider = 'email'",
        &[&user, &now],
    )
    .await?;
    Ok(())
}

/// Takes out of an account whatever has opened it, or would, while nobody had proved its address: second factors, among
/// them passkeys, which open it alone, other identities, a change of address under way. Sessions and the password are the caller's. An
/// organisation's own provider stays: it opens that organisation and nothing else.
pub(crate) async fn forget_unproved(tx: &SystemTx, user: UserId, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET new_email = NULL, updated_at = $2 WHERE id = $1", &[&user, &now]).await?;
    for sql in [
        "DELETE FROM one_time_tokens WHERE user_id = $1",
        "DELETE FROM flow_states WHERE user_id = $1",
        "DELETE FROM mfa_factors WHERE user_id = $1",
        "DELETE FROM recovery_codes WHERE user_id = $1",
        "DELETE FROM identities WHERE user_id = $1 AND provider <> 'email' AND provider NOT LIKE 'sso:%'",
    ] {
        tx.execute(sql, &[&user]).await?;
    }
    Ok(())
}

/// Whether somebody else made the account: an organisation's own provider, or whoever invited its person. A password that
/// it has may be theirs.
pub(crate) async fn was_made_for_them(tx: &SystemTx, user: UserId) -> Result<bool, DbError> {
    let sql = "SELECT FROM users u WHERE u.id = $1
                 AND (u.invited_at IS NOT NULL OR EXISTS (SELECT FROM identities i WHERE i.user_id = u.id AND i.provider LIKE 'sso:%'))";
    Ok(tx.query_opt(sql, &[&user]).await?.is_some())
}

/// Replaces what an earlier sign-up with this unconfirmed address said.
pub(crate) async fn sign_up_anew(
    tx: &SystemTx,
    user: UserId,
    name: &str,
    password_hash: Option<&str>,
    user_metadata: &serde_json::Value,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE users SET name = $2, password_hash = $3, user_metadata = $4, updated_at = $5, invited_at = NULL WHERE id = $1 AND email_confirmed_at IS NULL",
        &[&user, &name, &password_hash, user_metadata, &now],
    )
    .await?;
    Ok(())
}

/// The address waits for its confirmation.
pub(crate) async fn set_new_address(tx: &SystemTx, user: UserId, email: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET new_email = $2, updated_at = $3 WHERE id = $1", &[&user, &email, &now]).await?;
    Ok(())
}

/// No address waits any more, nor does its link.
pub(crate) async fn forget_new_address(tx: &SystemTx, user: UserId, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET new_email = NULL, updated_at = $2 WHERE id = $1 AND new_email IS NOT NULL", &[&user, &now]).await?;
    tx.execute("DELETE FROM one_time_tokens WHERE user_id = $1 AND kind = 'email_change'", &[&user]).await?;
    Ok(())
}

/// Whether somebody has this address.
pub(crate) async fn address_is_taken(tx: &SystemTx, email: &str) -> Result<bool, DbError> {
    Ok(tx.query_opt("SELECT FROM users WHERE email = $1", &[&email]).await?.is_some())
}

/// They sign in with `email` from now on. Whatever was mailed to the old address opens nothing any more.
pub(crate) async fn move_address(tx: &SystemTx, user: UserId, email: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE users SET email = $2, new_email = NULL, email_confirmed_at = $3, updated_at = $3 WHERE id = $1",
        &[&user, &email, &now],
    )
    .await?;
    tx.execute(
        "UPDATE identities SET identity_data = identity_data || jsonb_build_object('email', $2::text, 'email_verified', true), updated_at = $3
         WHERE user_id = $1 AND provider = 'email'",
        &[&user, &email, &now],
    )
    .await?;
    tx.execute("DELETE FROM one_time_tokens WHERE user_id = $1", &[&user]).await?;
    Ok(())
}

/// Their password, or none: then they sign in by other means.
pub(crate) async fn set_password(tx: &SystemTx, user: UserId, hash: Option<&str>, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1", &[&user, &hash, &now]).await?;
    Ok(())
}

pub(crate) async fn password_hash(tx: &SystemTx, user: UserId) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("SELECT password_hash FROM users WHERE id = $1", &[&user]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
}

pub(crate) async fn set_name(tx: &SystemTx, user: UserId, name: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET name = $2, updated_at = $3 WHERE id = $1", &[&user, &name, &now]).await?;
    Ok(())
}

/// Links and codes that would open the account end; a change of address under way goes on.
pub(crate) async fn end_links(tx: &SystemTx, user: UserId) -> Result<(), DbError> {
    tx.execute("DELETE FROM one_time_tokens WHERE user_id = $1 AND kind <> 'email_change'", &[&user]).await?;
    Ok(())
}

/// Where somebody's sessions were last used; the latest hundred.
pub(crate) async fn session_addresses(db: &Db, user: UserId) -> Result<Vec<String>, DbError> {
    let rows = db.read_system("SELECT address FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC LIMIT 100", &[&user]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Whether somebody is a member of any organisation.
pub(crate) async fn belongs_somewhere(db: &Db, user: UserId) -> Result<bool, DbError> {
    Ok(!db.read_system("SELECT FROM memberships WHERE user_id = $1 LIMIT 1", &[&user]).await?.is_empty())
}

/// What a person's own page shows beyond what every page knows.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    pub(crate) has_password: bool,
    /// Waits for its confirmation.
    pub(crate) new_email: Option<String>,
    pub(crate) identities: Vec<Identity>,
}

/// A way of signing in by an account elsewhere, or by their own address.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) id: Uuid,
    pub(crate) provider: String,
    /// As the provider told it.
    pub(crate) email: String,
    pub(crate) last_sign_in_at: Option<Timestamp>,
}

pub(crate) async fn own(db: &Db, user: UserId) -> Result<Own, DbError> {
    let facts = db.read_system("SELECT password_hash IS NOT NULL, new_email FROM users WHERE id = $1", &[&user]).await?;
    let rows = db
        .read_system(
            "SELECT id, provider, coalesce(identity_data ->> 'email', ''), last_sign_in_at FROM identities
             WHERE user_id = $1 ORDER BY (provider = 'email') DESC, created_at, id LIMIT 50",
            &[&user],
        )
        .await?;
    let identity = |row: &Row| -> Result<Identity, DbError> {
        Ok(Identity { id: row.try_get(0)?, provider: row.try_get(1)?, email: row.try_get(2)?, last_sign_in_at: row.try_get(3)? })
    };
    Ok(Own {
        has_password: facts.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default(),
        new_email: facts.first().map(|row| row.try_get(1)).transpose()?.flatten(),
        identities: rows.iter().map(identity).collect::<Result<_, _>>()?,
    })
}

/// One session as its person sees it.
#[derive(Debug, Clone)]
pub(crate) struct OwnSession {
    pub(crate) id: SessionId,
    pub(crate) agent: String,
    pub(crate) address: String,
    pub(crate) aal: i16,
    /// A browser's, by its cookie; else that of a program that uses the Auth API.
    pub(crate) is_browser: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
}

/// A person's sessions, those used last first; the first 200.
pub(crate) async fn sessions(db: &Db, user: UserId, now: Timestamp) -> Result<Vec<OwnSession>, DbError> {
    let rows = db
        .read_system(
            "SELECT id, user_agent, address, aal, token_hash IS NOT NULL, created_at, last_seen_at FROM sessions
             WHERE user_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, id LIMIT 200",
            &[&user, &now],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(OwnSession {
                id: row.try_get(0)?,
                agent: row.try_get(1)?,
                address: row.try_get(2)?,
                aal: row.try_get(3)?,
                is_browser: row.try_get(4)?,
                created_at: row.try_get(5)?,
                last_seen_at: row.try_get(6)?,
            })
        })
        .collect()
}
