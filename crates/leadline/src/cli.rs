use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Leadline: find, score and reach the companies that will buy. Without a command: `up`.
///
/// Settings come from leadline.toml, a Terraform outputs file and the environment, in this order;
/// `leadline doctor` shows what they amount to.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Says more in the log (RUST_LOG says exactly what).
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything in one process, with embedded defaults for what is not set (the default).
    Up,
    /// Web pages, API and live updates; needs DATABASE_URL.
    Serve,
    /// Background jobs; needs DATABASE_URL.
    Worker,
    /// Brings the database's schema up to date.
    Migrate,
    /// Loads the invented demo leads into an organisation.
    SeedDemo(Organisation),
    /// Imports a CSV file of leads.
    Import(Import),
    /// Lists every dependency, in use or defaulted, and whether it answers.
    Doctor {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Prints the API's OpenAPI document.
    Openapi,
    /// For the person who runs the server.
    #[command(subcommand)]
    Admin(Admin),
}

/// Which organisation is meant.
#[derive(Debug, Args)]
pub(crate) struct Organisation {
    /// Its id (org_…) or its name; not needed while there is only one.
    #[arg(long)]
    pub(crate) org: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file: CSV with a header line.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) organisation: Organisation,
    /// What happens to leads that exist already.
    #[arg(long, value_enum, default_value_t = Existing::Fill)]
    pub(crate) existing: Existing,
    /// Where new leads come from, unless a column says so; without it, the file's name.
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Prints the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Existing {
    /// Their empty fields are filled.
    Fill,
    /// What the file says replaces what they have; its empty cells replace nothing.
    Overwrite,
    /// They stay as they are.
    Skip,
}

impl From<Existing> for imports::Existing {
    fn from(chosen: Existing) -> Self {
        match chosen {
            Existing::Fill => Self::Fill,
            Existing::Overwrite => Self::Overwrite,
            Existing::Skip => Self::Skip,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct VerifyAudit {
    /// The export: one entry a line, a seal at the end.
    pub(crate) file: PathBuf,
    /// The JWK set of the installation that exported it (its /.well-known/jwks.json); without it, the keys of this one.
    #[arg(long)]
    pub(crate) jwks: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Creates an organisation and its owner; the password is read from standard input.
    CreateOwner {
        #[arg(long)]
        organisation: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
    },
    /// Checks an exported audit log: says which entry was changed, removed, put in or moved, if any. Ends with 1 then.
    VerifyAudit(VerifyAudit),
    /// Adds a key under which secrets are encrypted from now on; what earlier ones encrypted stays readable.
    RotateDataKey,
    /// Makes a new key that signs access tokens; nobody is signed out, and the one before it verifies on for a day.
    RotateKeys,
    /// Removes somebody's second factors and recovery codes and signs them out everywhere. Make sure that it is they who ask.
    ResetMfa {
        #[arg(long)]
        email: String,
    },
    /// Prints what a program needs to use Leadline as its Supabase Auth: the address and both keys.
    SupabaseKeys,
}
