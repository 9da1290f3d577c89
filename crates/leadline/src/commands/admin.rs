use std::{
    io::{BufRead, stdin},
    net::Ipv4Addr,
};

use anyhow::{Context, Result, bail};
use identity::{Client, NewOrganisation, SignUpError, mfa, rotate_signing_key, sign_up};
use supabase::Keys;

use crate::{cli::Admin, settings::Settings, terminal::say};

pub(crate) async fn run(settings: &Settings, command: Admin) -> Result<()> {
    match command {
        Admin::CreateOwner { organisation, name, email } => create_owner(settings, organisation, name, email).await,
        Admin::VerifyAudit(arguments) => super::verify_audit::run(settings, &arguments).await,
        Admin::RotateDataKey => rotate_data_key(settings).await,
        Admin::RotateKeys => rotate_keys(settings).await,
        Admin::ResetMfa { email } => reset_mfa(settings, &email).await,
        Admin::SupabaseKeys => supabase_keys(settings).await,
    }
}

async fn rotate_data_key(settings: &Settings) -> Result<()> {
    super::with_app(settings, async |app| {
        let id = app.vault.add_data_key().await?;
        say(&format!("added data key {id}; it is used from three minutes from now, when every running node knows it"));
        Ok(())
    })
    .await
}

async fn rotate_keys(settings: &Settings) -> Result<()> {
    super::with_app(settings, async |app| {
        let kid = rotate_signing_key(&app.db, &app.vault, app.clock.now()).await?;
        say(&format!("access tokens are signed by the key {kid} from now on; those of the key before it stay good until they expire"));
        Ok(())
    })
    .await
}

async fn reset_mfa(settings: &Settings, email: &str) -> Result<()> {
    super::with_app(settings, async |app| {
        let operator = Client::new(Ipv4Addr::LOCALHOST.into(), "leadline admin");
        let Some(done) = mfa::reset(app, email, &operator).await? else { bail!("nobody here has the address {email}") };
        let (factors, sessions) = (done.factors, done.sessions);
        say(&format!("removed {factors} second factors of {} and their recovery codes, and ended {sessions} sessions", done.user));
        Ok(())
    })
    .await
}

/// In the form of an environment file, which most programs read.
async fn supabase_keys(settings: &Settings) -> Result<()> {
    super::with_app(settings, async |app| {
        let keys = Keys::open(&app.config, app.clock.now())?;
        say(&format!("PUBLIC_URL={}", app.config.link("")));
        say(&format!("ANON_KEY={}", keys.anon()));
        say(&format!("SERVICE_ROLE_KEY={}", keys.service_role()));
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
