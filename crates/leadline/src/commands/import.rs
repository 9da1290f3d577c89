use anyhow::Result;
use db::Scope;
use http_kit::App;
use imports::Plan;
use kernel::{Actor, OrgId};
use serde_json::json;
use std::path::Path;

use crate::{
    cli::Import,
    settings::Settings,
    terminal::{ProgressLine, say},
};

pub(crate) async fn run(settings: &Settings, arguments: &Import) -> Result<()> {
    super::with_app(settings, async |app| {
        let org = super::organisation(app, arguments.organisation.org.as_deref()).await?;
        let adjust = |plan: &mut Plan| {
            plan.existing = arguments.existing.into();
            if let Some(source) = &arguments.source {
                plan.source.clone_from(source);
            }
        };
        import(app, org, &arguments.file, adjust, arguments.json).await
    })
    .await
}

pub(crate) async fn seed_demo(settings: &Settings, named: Option<&str>) -> Result<()> {
    super::with_app(settings, async |app| {
        let org = super::organisation(app, named).await?;
        let path = settings.data_dir.join("demo-leads.csv");
        std::fs::create_dir_all(&settings.data_dir)?;
        std::fs::write(&path, web::write_demo_csv())?;
        let outcome = import(app, org, &path, |_| {}, false).await;
        let _ = std::fs::remove_file(&path); // made anew each time
        outcome
    })
    .await
}

async fn import(app: &App, org: OrgId, file: &Path, adjust: impl FnOnce(&mut Plan), as_json: bool) -> Result<()> {
    let mut line = ProgressLine::new();
    let summary = imports::import_file(app, &Scope::whole(org), Actor::System, file, adjust, |progress| {
        line.show(&format!("{} rows read", progress.rows));
    })
    .await;
    line.end();
    let summary = summary?;
    if as_json {
        say(&json!({
            "import_id": summary.import_id, "created": summary.created, "updated": summary.updated,
            "unchanged": summary.unchanged, "rejected": summary.rejected
        })
        .to_string());
    } else {
        say(&format!(
            "{} created, {} updated, {} unchanged, {} rejected (see /imports/{} for the reasons)",
            summary.created, summary.updated, summary.unchanged, summary.rejected, summary.import_id
        ));
    }
    Ok(())
}
