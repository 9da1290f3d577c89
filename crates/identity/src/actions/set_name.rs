use http_kit::{App, FieldError, Problem};
use kernel::UserId;
use serde_json::json;

use super::checked_name;
use crate::{Client, record, store::account};

/// How a person is called from now on, everywhere.
pub async fn set_name(app: &App, user: UserId, name: &str, client: &Client) -> Result<String, Problem> {
    let name = checked_name(name, "Your name").map_err(|why| Problem::invalid(vec![FieldError::new("/name", "name.invalid", why)]))?;
    let now = app.clock.now();
    let tx = app.db.system().await?;
    account::set_name(&tx, user, &name, now).await?;
    record(&tx, user, "person.renamed", &json!({}), client, now).await?;
    tx.commit().await?;
    Ok(name)
}
