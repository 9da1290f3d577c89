use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, TemplateId};

use super::{TemplateError, create};
use crate::templates::{Template, TemplateContent, store};

/// Copies a template under a free name.
pub async fn duplicate_template(tx: &TenantTx, by: Actor, id: TemplateId, now: Timestamp) -> Result<Template, TemplateError> {
    let original = store::find(tx, id).await?.ok_or(TemplateError::NotFound)?;
    let stem: String = original.name.chars().take(180).collect();
    let name = store::free_name(tx, &format!("{stem} (copy)")).await?;
    create::insert(tx, by, &TemplateContent { name, ..original.content() }, now).await
}
