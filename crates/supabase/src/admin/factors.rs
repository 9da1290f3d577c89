use axum::{Json as Answer, extract::State};
use http_kit::App;
use identity::mfa;
use kernel::{Actor, UserId};

use crate::{
    AuthError,
    body::{Id, Ids},
    caller::Admin,
    factors::factor_not_found,
    signup::user_is_gone,
    store,
    user::Factor,
};

/// `GET /admin/users/{id}/factors`
pub(crate) async fn list(State(app): State<App>, _: Admin, Id(user): Id) -> Result<Answer<Vec<Factor>>, AuthError> {
    Ok(Answer(of(&app, user.into()).await?))
}

/// `DELETE /admin/users/{id}/factors/{factor}`: for somebody who has lost their device.
pub(crate) async fn delete(State(app): State<App>, admin: Admin, Ids(user, factor): Ids) -> Result<Answer<Factor>, AuthError> {
    let gone = of(&app, user.into()).await?.into_iter().find(|known| known.id == factor).ok_or_else(factor_not_found)?;
    let tx = app.db.system().await?;
    if !mfa::remove_factor(&tx, Actor::System, user.into(), factor.into(), &admin.client, app.clock.now()).await? {
        return Err(factor_not_found());
    }
    tx.commit().await?;
    Ok(Answer(gone))
}

async fn of(app: &App, user: UserId) -> Result<Vec<Factor>, AuthError> {
    if store::user(&app.db, user, None).await?.is_none() {
        return Err(user_is_gone());
    }
    Ok(store::factors(&app.db, &[user.uuid()]).await?.into_iter().map(|(_, factor)| factor).collect())
}
