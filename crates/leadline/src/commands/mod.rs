//! One file per command.

mod admin;
mod doctor;
mod import;
mod serve;
mod verify_audit;

use std::process::ExitCode;

use anyhow::{Result, bail};
use http_kit::App;
use kernel::OrgId;

use crate::{
    boot::{self, Database},
    cli::{Cli, Command},
    settings::Settings,
    terminal::say,
};

pub(crate) async fn run(cli: Cli) -> Result<ExitCode> {
    let command = cli.command.unwrap_or(Command::Up);
    if matches!(command, Command::Openapi) {
        say(&web::openapi().to_pretty_json()?);
        return Ok(ExitCode::SUCCESS);
    }
    let settings = Settings::load()?;
    match command {
        Command::Up => serve::run(&settings, serve::Parts::Everything).await?,
        Command::Serve => serve::run(&settings, serve::Parts::Web).await?,
        Command::Worker => serve::run(&settings, serve::Parts::Jobs).await?,
        Command::Migrate => migrate(&settings).await?,
        Command::SeedDemo(organisation) => import::seed_demo(&settings, organisation.org.as_deref()).await?,
        Command::Import(arguments) => import::run(&settings, &arguments).await?,
        Command::Doctor { json } => return doctor::run(&settings, json).await,
        Command::Admin(command) => admin::run(&settings, command).await?,
        Command::Openapi => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn migrate(settings: &Settings) -> Result<()> {
    let database = Database::open_beside(settings).await?;
    let ran = db::migrate::run(&database.url).await?;
    database.close(settings).await?;
    match ran.as_slice() {
        [] => say("The schema is up to date."),
        names => names.iter().for_each(|name| say(&format!("applied {name}"))),
    }
    Ok(())
}

/// Runs a command over a migrated database, which may be that of a running `leadline up`.
async fn with_app<T>(settings: &Settings, work: impl AsyncFnOnce(&App) -> Result<T>) -> Result<T> {
    let database = Database::open_beside(settings).await?;
    db::migrate::run(&database.url).await?;
    let app = boot::app(settings, &database).await?;
    let outcome = work(&app).await;
    app.db.close();
    database.close(settings).await?;
    outcome
}

/// The organisation that a command means.
async fn organisation(app: &App, named: Option<&str>) -> Result<OrgId> {
    let rows = app.db.read_system("SELECT org_id, name FROM organisations ORDER BY created_at LIMIT 1000", &[]).await?;
    let known: Vec<(OrgId, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let list = || known.iter().map(|(id, name)| format!("\n  {id}  {name}")).collect::<String>();
    match named {
        None => match known.as_slice() {
            [] => bail!("there is no organisation yet: sign up in the browser, or run `leadline admin create-owner`"),
            [(only, _)] => Ok(*only),
            _ => bail!("there are several organisations; choose one with --org:{}", list()),
        },
        Some(text) => {
            let matches: Vec<OrgId> =
                known.iter().filter(|(id, name)| id.to_string() == text || name.eq_ignore_ascii_case(text)).map(|(id, _)| *id).collect();
            match matches.as_slice() {
                [one] => Ok(*one),
                [] => bail!("--org: no organisation is called {text:?}; there are:{}", list()),
                _ => bail!("--org: several organisations are called {text:?}; use the id:{}", list()),
            }
        }
    }
}
