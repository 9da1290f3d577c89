use std::collections::HashMap;

use db::{DbError, TenantTx};
use leads::ports::{AddressCheck, Addresses, Answer};

use crate::model::SuppressionReason;

/// Answers others who ask about addresses, by our suppressions.
#[derive(Debug)]
struct BySuppressions;

/// The application's check of addresses, for its extensions.
pub fn address_check() -> Addresses {
    Addresses::new(BySuppressions)
}

impl AddressCheck for BySuppressions {
    fn suppressed<'a>(&'a self, tx: &'a TenantTx, emails: &'a [&'a str]) -> Answer<'a, HashMap<String, String>> {
        Box::pin(async move {
            let sql = "SELECT email, reason FROM suppressions WHERE org_id = $1 AND email = ANY($2::text[])";
            let rows = tx.query(sql, &[&tx.org(), &emails]).await?;
            let row = |row: &db::Row| {
                let reason: SuppressionReason = row.try_get("reason")?;
                Ok::<_, DbError>((row.try_get("email")?, reason.label().to_owned()))
            };
            rows.iter().map(row).collect()
        })
    }
}
