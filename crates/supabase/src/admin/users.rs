use axum::{Json as Answer, extract::State};
use http_kit::App;
use identity::{
    join_by_address, record_by,
    session::{self, Ending},
};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, EmailAddress, UserId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    AuthError,
    account::email_exists,
    body::{Id, Json, MaybeJson},
    caller::Admin,
    signup::{self, address, hashed, user_is_gone},
    store,
    user::{User, display_name, merge},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    email_confirm: bool,
    user_metadata: Option<Map<String, Value>>,
    app_metadata: Option<Map<String, Value>>,
    /// `24h`, `1h30m`, or `none`.
    ban_duration: Option<String>,
}

/// What is to become of a ban.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ban {
    Until(Timestamp),
    Lifted,
}

/// `POST /admin/users`
pub(crate) async fn create(State(app): State<App>, _: Admin, Json(body): Json<Body>) -> Result<Answer<User>, AuthError> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let Some(email) = filled(body.email) else {
        return Err(match filled(body.phone) {
            Some(_) => AuthError::new(400, "phone_provider_disabled", "Phone logins are disabled"),
            None => AuthError::validation("Cannot create a user without either an email or phone"),
        });
    };
    let email = address(&email)?;
    if store::by_email(&app.db, email.as_str()).await?.is_some() {
        return Err(email_exists());
    }
    let now = app.clock.now();
    let ban = body.ban_duration.as_deref().map(|text| parse_ban(text, now)).transpose()?;
    let data = body.user_metadata.unwrap_or_default();
    let name = display_name(&data, email.as_str());
    let hash = match filled(body.password) {
        Some(password) => Some(hashed(password, &[email.as_str(), &name]).await?),
        None => None,
    };
    let user = signup::insert(&app, &email, &name, hash.as_deref(), body.email_confirm, &data)
        .await
        .map_err(|error| if error.code == "user_already_exists" { email_exists() } else { error })?;
    let tx = app.db.system().await?;
    if let Some(changes) = &body.app_metadata {
        store::set_app_metadata(&tx, user, &merge(&Value::Null, changes), now).await?;
    }
    if let Some(Ban::Until(until)) = ban {
        store::set_ban(&tx, user, Some(until), now).await?;
    }
    if body.email_confirm {
        join_by_address(&tx, user, email.as_str(), now).await?;
    }
    tx.commit().await?;
    shown(&app, user).await
}

/// `GET /admin/users/{id}`
pub(crate) async fn show(State(app): State<App>, _: Admin, Id(id): Id) -> Result<Answer<User>, AuthError> {
    shown(&app, id.into()).await
}

/// `PUT /admin/users/{id}`: changes what is given, without asking the person.
pub(crate) async fn change(State(app): State<App>, admin: Admin, Id(id): Id, Json(body): Json<Body>) -> Result<Answer<User>, AuthError> {
    let user = UserId::from(id);
    let before = store::user(&app.db, user, None).await?.ok_or_else(user_is_gone)?;
    let now = app.clock.now();
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let email: Option<EmailAddress> = filled(body.email).map(|email| address(&email)).transpose()?;
    let email = email.filter(|email| email.as_str() != before.email);
    let ban = body.ban_duration.as_deref().map(|text| parse_ban(text, now)).transpose()?;
    let hash = match filled(body.password) {
        Some(password) => Some(hashed(password, &[&before.email]).await?),
        None => None,
    };
    let tx = app.db.system().await?;
    let (user_metadata, app_metadata) = store::metadata(&tx, user).await?.ok_or_else(user_is_gone)?;
    if let Some(email) = &email {
        store::set_email(&tx, user, email.as_str(), now).await.map_err(|error| match error.constraint() {
            Some("users_email_key") => email_exists(),
            _ => error.into(),
        })?;
        told(&tx, user, "person.email_changed", &admin, now).await?;
    }
    if body.email_confirm {
        store::confirm(&tx, user, now).await?;
        join_by_address(&tx, user, email.as_ref().map_or(&before.email, |email| email.as_str()), now).await?;
    }
    if let Some(hash) = &hash {
        store::set_password(&tx, user, hash, now).await?;
        session::end_by(&tx, Actor::System, user, Ending::All, &admin.client, now).await?;
        told(&tx, user, "person.password_changed", &admin, now).await?;
    }
    if let Some(changes) = &body.user_metadata {
        store::set_user_metadata(&tx, user, &merge(&user_metadata, changes), now).await?;
    }
    if let Some(changes) = &body.app_metadata {
        store::set_app_metadata(&tx, user, &merge(&app_metadata, changes), now).await?;
    }
    match ban {
        Some(Ban::Until(until)) => {
            store::set_ban(&tx, user, Some(until), now).await?;
            told(&tx, user, "person.suspended", &admin, now).await?;
        }
        Some(Ban::Lifted) => {
            store::set_ban(&tx, user, None, now).await?;
            if before.banned_until.is_some() {
                told(&tx, user, "person.reinstated", &admin, now).await?;
            }
        }
        None => {}
    }
    tx.commit().await?;
    shown(&app, user).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Deletion {
    should_soft_delete: bool,
}

/// `DELETE /admin/users/{id}`: the person, their sessions, factors and places. What they did stays in the log.
pub(crate) async fn delete(
    State(app): State<App>,
    admin: Admin,
    Id(id): Id,
    MaybeJson(body): MaybeJson<Deletion>,
) -> Result<Answer<Value>, AuthError> {
    if body.should_soft_delete {
        return Err(AuthError::validation("Soft deletion is not supported: suspend the user by ban_duration instead"));
    }
    let user = UserId::from(id);
    let tx = app.db.system().await?;
    if store::metadata(&tx, user).await?.is_none() {
        return Err(user_is_gone());
    }
    if let Some(organisation) = store::orphaned_by(&tx, user).await? {
        let detail = format!("User is the last owner of {organisation}, which has other members: make one of them an owner first");
        return Err(AuthError::new(409, "conflict", detail));
    }
    // While they still have places: each of these organisations is told.
    told(&tx, user, "person.deleted", &admin, app.clock.now()).await?;
    store::delete_user(&tx, user).await?;
    tx.commit().await?;
    Ok(Answer(json!({})))
}

async fn told(tx: &db::SystemTx, user: UserId, kind: &'static str, admin: &Admin, now: Timestamp) -> Result<(), AuthError> {
    Ok(record_by(tx, Actor::System, user, kind, &json!({ "by": "service_role" }), &admin.client, now).await?)
}

async fn shown(app: &App, user: UserId) -> Result<Answer<User>, AuthError> {
    Ok(Answer(store::user(&app.db, user, None).await?.ok_or_else(user_is_gone)?))
}

/// A duration as Go writes it (`time.ParseDuration`), from now on.
fn parse_ban(text: &str, now: Timestamp) -> Result<Ban, AuthError> {
    if text == "none" {
        return Ok(Ban::Lifted);
    }
    let bad = || AuthError::validation(format!("invalid format for ban duration: {text:?} is no duration such as 24h or 1h30m"));
    let seconds = seconds(text).filter(|seconds| seconds.is_finite()).ok_or_else(bad)?;
    if seconds == 0.0 {
        return Ok(Ban::Lifted);
    }
    let duration = SignedDuration::try_from_secs_f64(seconds).map_err(|_| bad())?;
    Ok(Ban::Until(now.checked_add(duration).map_err(|_| bad())?))
}

fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(0.0);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit)?;
        let scale = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bans_last_as_long_as_go_says() {
        for (text, expected) in
            [("24h", 86_400.0), ("1h30m", 5400.0), ("1.5h", 5400.0), ("300ms", 0.3), ("0", 0.0), ("876000h", 876_000.0 * 3600.0)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for bad in ["", "24", "h", "1d", "-1h", "1h30", "1.2.3h", "forever"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
        let now = "2026-01-05T09:00:00Z".parse().unwrap();
        assert_eq!(parse_ban("none", now).unwrap(), Ban::Lifted);
        assert_eq!(parse_ban("24h", now).unwrap(), Ban::Until("2026-01-06T09:00:00Z".parse().unwrap()));
        assert_eq!(parse_ban("100000000000000h", now).unwrap_err().code, "validation_failed");
    }
}
