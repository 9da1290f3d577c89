//! Accounts that may be one company: of one name but for its legal form, or of one registered domain. Read through the
//! view, because an index over an expression is not used under row-level security.

use db::{Db, DbError, Scope};
use kernel::AccountId;

use super::{ACCOUNT, account};
use crate::model::Account;

const MOST: i64 = 5;

/// Other accounts that may be the same company.
pub(crate) async fn similar(db: &Db, scope: &Scope, id: AccountId) -> Result<Vec<Account>, DbError> {
    let sql = format!(
        "WITH this AS MATERIALIZED (SELECT leadline_company_key(a.name) AS name, leadline_registrable(a.domain) AS domain
           FROM account_rows a WHERE a.org_id = $1 AND a.id = $2)
         SELECT {ACCOUNT} FROM (
           SELECT a.* FROM this JOIN account_rows a ON a.org_id = $1 AND leadline_company_key(a.name) = this.name WHERE this.name <> ''
           UNION
           SELECT a.* FROM this JOIN account_rows a ON a.org_id = $1 AND leadline_registrable(a.domain) = this.domain AND a.domain <> '' WHERE this.domain <> '') a
         WHERE a.id <> $2 ORDER BY a.created_at, a.id LIMIT $3"
    );
    db.read(scope, &sql, &[&scope.org(), &id, &MOST]).await?.iter().map(account).collect()
}

/// Names that several accounts share, with those accounts: after `after`, in the order of the names.
pub(crate) async fn groups(db: &Db, scope: &Scope, after: &str, limit: i64) -> Result<Vec<(String, Vec<Account>)>, DbError> {
    let sql = format!(
        "WITH shared AS MATERIALIZED (
           SELECT leadline_company_key(a.name) AS key FROM account_rows a
           WHERE a.org_id = $1 AND leadline_company_key(a.name) > $2 GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT $3)
         SELECT {ACCOUNT}, s.key FROM shared s
         CROSS JOIN LATERAL (SELECT * FROM account_rows a WHERE a.org_id = $1 AND leadline_company_key(a.name) = s.key ORDER BY a.created_at, a.id LIMIT 10) a
         ORDER BY s.key, a.created_at, a.id"
    );
    let mut groups: Vec<(String, Vec<Account>)> = Vec::new();
    for row in &db.read(scope, &sql, &[&scope.org(), &after, &limit]).await? {
        let key: String = row.try_get(10)?;
        match groups.last_mut().filter(|(known, _)| *known == key) {
            Some((_, accounts)) => accounts.push(account(row)?),
            None => groups.push((key, vec![account(row)?])),
        }
    }
    Ok(groups)
}
