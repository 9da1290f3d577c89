use db::TenantTx;
use http_kit::{App, FieldError, Problem};

use super::{BulkAction, field::BulkField};
use crate::{actions::check_owner, custom_fields, model::clean_tags, ports::Campaigns};

impl BulkAction {
    /// Checks tags, owner and values, so that a job started later cannot stumble over them.
    pub async fn check(self, app: &App, tx: &TenantTx) -> Result<Self, Problem> {
        let invalid = |error: FieldError| Problem::invalid(vec![error]);
        let clean = |tags: &[String]| match clean_tags(tags) {
            Ok(tags) if tags.is_empty() => Err(Problem::field("/tags", "tags.required", "Name at least one tag")),
            Ok(tags) => Ok(tags),
            Err(why) => Err(Problem::field("/tags", "tags.invalid", why)),
        };
        match self {
            Self::AddTags { tags } => Ok(Self::AddTags { tags: clean(&tags)? }),
            Self::RemoveTags { tags } => Ok(Self::RemoveTags { tags: clean(&tags)? }),
            Self::RenameTag { from, to } => match clean_tags([&to]) {
                Err(why) => Err(Problem::field("/to", "to.invalid", why)),
                Ok(tags) => match tags.into_iter().next() {
                    None => Err(Problem::field("/to", "to.required", "Give the tag a new name")),
                    Some(to) if to == from => Err(Problem::field("/to", "to.same", "This is the name that the tag has: give another")),
                    Some(to) => Ok(Self::RenameTag { from, to }),
                },
            },
            Self::SetOwner { owner_id } => {
                if let Some(owner) = owner_id
                    && !identity::members(tx).await?.iter().any(|member| member.id == owner)
                {
                    return Err(invalid(FieldError::new(
                        "/owner_id",
                        "owner_id.unknown",
                        "The owner is not a member of your organisation",
                    )));
                }
                check_owner(tx.scope(), owner_id).map_err(invalid)?;
                Ok(self)
            }
            Self::SetField { field, value } => {
                let known = BulkField::parse(&field).map_err(invalid)?;
                let value = known.check(&value, &custom_fields::list(tx).await?).map_err(invalid)?;
                Ok(Self::SetField { field, value })
            }
            Self::ClearField { field } => {
                let known = BulkField::parse(&field).map_err(invalid)?;
                known.check_clear(&custom_fields::list(tx).await?).map_err(invalid)?;
                Ok(Self::ClearField { field })
            }
            Self::Enrol { campaign_id } => {
                let takes = match app.extension::<Campaigns>() {
                    Some(campaigns) => campaigns.takes(tx, campaign_id).await?,
                    None => false,
                };
                if takes {
                    return Ok(self);
                }
                Err(invalid(FieldError::new(
                    "/campaign_id",
                    "campaign_id.closed",
                    "There is no such campaign, or it was not launched yet: choose one that was launched",
                )))
            }
            Self::SetStatus { .. } | Self::Delete => Ok(self),
        }
    }
}
