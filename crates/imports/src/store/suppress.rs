use db::{DbError, TenantTx};
use jiff::Timestamp;

/// Puts addresses on the list of those that are never written to, in the transaction that stores their rows. One that is there
/// stays as it is. As a colleague's word: what a file says can be a mistake of whoever chose its columns, and a colleague can
/// take it back, which nobody can with what recipients have said themselves.
pub(crate) async fn suppress(tx: &TenantTx, emails: &[&str], file_name: &str, now: Timestamp) -> Result<(), DbError> {
    if emails.is_empty() {
        return Ok(());
    }
    let detail = format!("Wants no e-mail, says the imported file “{file_name}”");
    // In the order of the addresses, like everybody who writes many: so two writers wait and do not deadlock.
    tx.execute(
        "INSERT INTO suppressions (org_id, email, reason, source, detail, lead_status, at)
         SELECT $1, email, 'manual', 'person', $3, '', $4 FROM (SELECT DISTINCT lower(e) AS email FROM unnest($2::text[]) e) said
         WHERE email <> '' ORDER BY email
         ON CONFLICT (org_id, email) DO NOTHING",
        &[&tx.org(), &emails, &detail, &now],
    )
    .await?;
    Ok(())
}
