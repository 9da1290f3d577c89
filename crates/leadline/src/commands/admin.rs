use std::io::{BufRead, stdin};

use anyhow::{Context, Result, bail};
use identity::{NewOrganisation, SignUpError, sign_up};

use crate::{cli::Admin, settings::Settings, terminal::say};

pub(crate) async fn run(settings: &Settings, command: Admin) -> Result<()> {
    match command {
        Admin::CreateOwner { organisation, name, email } => create_owner(settings, organisation, name, email).await,
        Admin::RotateDataKey => rotate_data_key(settings).await,
    }
}

        Admin::VerifyAudit(arguments) => super::verify_audit::run(settings, &arguments).await,
async fn rotate_data_key(settings: &Settings) -> Result<()> {
    super::with_app(settings, async |app| {
        let id = app.vault.add_data_key().await?;
        say(&format!("added data key {id}; it is used from three minutes from now, when every running node knows it"));
        Ok(())
    })
    .await
}

async fn create_owner(settings: &Settings, organisation: String, name: String, email: String) -> Result<()> {
    // From standard input: what stands on a command line is seen by every process of the machine.
    let mut password = String::new();
    stdin().lock().read_line(&mut password).context("the password could not be read from standard input")?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("give the password on standard input, for example `read -s P; echo \"$P\" | leadline admin create-owner …`");
    }
    super::with_app(settings, async |app| match sign_up(app, NewOrganisation { organisation, name, email, password }).await {
        Ok((user, org)) => {
            say(&format!("created {user} as owner of {org}"));
            Ok(())
        }
        Err(SignUpError::Invalid(errors)) => {
            bail!(
                "{}",
                errors
                    .iter()
                    .map(|error| format!("{}: {}", error.pointer.trim_start_matches('/'), error.detail))
                    .collect::<Vec<_>>()
                    .join("; ")
            )
        }
        Err(error) => Err(error.into()),
    })
    .await
}
