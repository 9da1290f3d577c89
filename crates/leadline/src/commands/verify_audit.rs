//! `admin verify-audit`: whether an exported audit log is whole and unchanged.

use std::{fs::File, io::BufReader, path::Path};

use anyhow::{Context, Result, anyhow};
use audit::KeySet;

use crate::{cli::VerifyAudit, settings::Settings, terminal::say};

/// Fails, and so ends with exit code 1, at the first entry that is not as it was sealed.
pub(crate) async fn run(settings: &Settings, arguments: &VerifyAudit) -> Result<()> {
    let keys = match &arguments.jwks {
        Some(path) => given(path)?,
        None => ours(settings).await?,
    };
    let path = &arguments.file;
    let file = File::open(path).with_context(|| format!("{} could not be opened", path.display()))?;
    let verified = audit::verify(BufReader::new(file), &keys).map_err(|error| anyhow!("{}: {error}", path.display()))?;
    let seal = verified.seal;
    say(&format!("unbroken: {} entries, {} to {}, of {}", seal.count, seal.first_no, seal.last_no, seal.org));
    say(&format!("sealed {} by key {}; the last entry's hash is {}", seal.exported_at, verified.key, seal.head_hash));
    Ok(())
}

fn given(path: &Path) -> Result<KeySet> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))?;
    KeySet::parse(&text).map_err(|why| anyhow!("{}: {why}", path.display()))
}

/// The keys of this installation, also those that sign no more.
async fn ours(settings: &Settings) -> Result<KeySet> {
    super::with_app(settings, async |app| {
        let set = identity::all_signing_keys(&app.db).await?;
        KeySet::parse(&set.to_string()).map_err(|why| anyhow!("the stored keys: {why}"))
    })
    .await
}
