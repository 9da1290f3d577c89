use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem};
use identity::{Can, SecurityWrite, gate};
use kernel::ConnectionId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    metadata::Metadata,
    relying::Relying,
    store::connections::{self, Connection, Written, secret_context},
};

/// So many at most: each is a door.
const MOST: usize = 20;
/// No company has more of its own.
const MOST_DOMAINS: usize = 50;

/// What somebody types about a provider.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct TypedConnection {
    pub(crate) label: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// Empty on an existing connection: the one there is stays.
    pub(crate) client_secret: String,
    /// Separated by commas, spaces or lines.
    pub(crate) domains: String,
    pub(crate) default_role: String,
}

/// What is right with it so far.
struct Checked {
    label: String,
    issuer: String,
    client_id: String,
    domains: Vec<String>,
}

/// Adds a connection, or changes one. The issuer is asked for its document before anything is written; another issuer
/// means other people, so whoever the connection knew is forgotten with it.
pub(crate) async fn save_connection(
    app: &App,
    viewer: &Can<SecurityWrite>,
    id: Option<ConnectionId>,
    typed: &TypedConnection,
) -> Result<ConnectionId, Problem> {
    viewer.require_fresh(app)?;
    let mut problems = Vec::new();
    let checked = check(viewer, typed, id.is_none(), &mut problems);
    // The document is fetched before the transaction: a slow provider must not hold one open.
    let issuer = match Metadata::discover(Relying::of(app)?.guarded(), &checked.issuer).await {
        Ok(metadata) => metadata.issuer,
        Err(_) if checked.issuer.is_empty() => String::new(),
        Err(error) => {
            problems.push(FieldError::new("/issuer", "issuer.unusable", format!("The issuer {error}")));
            String::new()
        }
    };
    let now = app.clock.now();
    let system = app.db.system().await?;
    let before = match id {
        None => None,
        Some(id) => Some(known(app, viewer, id).await?),
    };
    if let (Some(before), Some(id)) = (&before, id)
        && before.issuer != issuer
        && problems.is_empty()
    {
        connections::forget_people(&system, viewer.org_id, id).await?;
    }
    let tx = system.enter(&viewer.scope).await?;
    let role = match gate::joining_role(&tx, viewer, &typed.default_role, "/default_role").await {
        Ok(role) => role.to_string(),
        Err(problem) if problem.errors.is_empty() => return Err(problem),
        Err(problem) => {
            problems.extend(problem.errors);
            String::new()
        }
    };
    prove_domains(&tx, viewer, before.as_ref(), &checked.domains, &mut problems).await?;
    if !problems.is_empty() {
        return Err(Problem::invalid(problems));
    }
    let connection = id.unwrap_or_else(ConnectionId::new);
    let secret = typed.client_secret.trim();
    let sealed = if secret.is_empty() { None } else { Some(app.vault.seal(&secret_context(connection), secret.as_bytes())?) };
    let written = Written {
        label: &checked.label,
        issuer: &issuer,
        client_id: &checked.client_id,
        client_secret: sealed.as_deref(),
        domains: &checked.domains,
        default_role: &role,
    };
    let (kind, payload) = match &before {
        None => {
            if connections::list(&tx).await?.len() >= MOST {
                return Err(Problem::conflict(format!("An organisation has {MOST} identity providers at most.")));
            }
            connections::insert(&tx, connection, &written, now).await?;
            ("sso.connected", json!({ "issuer": issuer, "domains": checked.domains, "default_role": role }))
        }
        Some(before) => {
            connections::update(&tx, connection, &written, now).await?;
            ("sso.updated", changes(before, &written, sealed.is_some()))
        }
    };
    append(&tx, &[NewEvent { kind, subject: Subject::of(connection), actor: viewer.actor(), at: now, payload }]).await?;
    tx.commit().await?;
    Ok(connection)
}

async fn known(app: &App, viewer: &Can<SecurityWrite>, id: ConnectionId) -> Result<Connection, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    connections::get(&tx, id).await?.ok_or_else(Problem::not_found)
}

fn check(viewer: &Can<SecurityWrite>, typed: &TypedConnection, is_new: bool, problems: &mut Vec<FieldError>) -> Checked {
    let mut refuse = |field: &str, code: &str, detail: String| problems.push(FieldError::new(field, code, detail));
    let label = typed.label.split_whitespace().collect::<Vec<_>>().join(" ");
    if label.is_empty() || label.chars().count() > 60 || label.chars().any(char::is_control) {
        refuse("/label", "label.invalid", "Name it in 1 to 60 characters: people see this on the button".to_owned());
    }
    let issuer = typed.issuer.trim().to_owned();
    if issuer.is_empty() {
        refuse("/issuer", "issuer.missing", "Enter the issuer's address, such as https://login.example.com".to_owned());
    }
    let client_id = typed.client_id.trim().to_owned();
    if client_id.is_empty() || client_id.len() > 500 {
        refuse("/client_id", "client_id.invalid", "Enter the client id that the provider has given to Leadline".to_owned());
    }
    if is_new && typed.client_secret.trim().is_empty() {
        refuse("/client_secret", "client_secret.missing", "Enter the client secret that belongs to the client id".to_owned());
    }
    let words =
        typed.domains.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).map(|word| word.trim_start_matches('@').to_lowercase());
    let mut domains: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    domains.sort();
    domains.dedup();
    if domains.len() > MOST_DOMAINS {
        refuse("/domains", "domains.many", format!("At most {MOST_DOMAINS} domains"));
    }
    if let Some(free) = domains.iter().find(|domain| identity::is_free_mail(domain)) {
        refuse(
            "/domains",
            "domains.free_mail",
            format!("Anybody can have an address at {free}, so it cannot stand for {}", viewer.org_name),
        );
    }
    Checked { label, issuer, client_id, domains }
}

/// A domain is named by somebody who has shown to be of it, or stands there already: nobody takes in,
/// or sends to their own provider, the people of a company that they do not belong to.
async fn prove_domains(
    tx: &TenantTx,
    viewer: &Can<SecurityWrite>,
    before: Option<&Connection>,
    domains: &[String],
    problems: &mut Vec<FieldError>,
) -> Result<(), Problem> {
    let mut proved = connections::own_domains(tx).await?;
    proved.extend(before.iter().flat_map(|before| before.domains.iter().cloned()));
    if viewer.principal().email_confirmed
        && let Some((_, own)) = viewer.email.rsplit_once('@')
    {
        proved.push(own.to_owned());
    }
    if let Some(foreign) = domains.iter().find(|domain| !proved.contains(domain)) {
        let detail = format!(
            "{foreign} is not shown to be yours: it is added by somebody with a confirmed address there, or claimed on the team page first"
        );
        problems.push(FieldError::new("/domains", "domains.not_yours", detail));
    }
    Ok(())
}

/// What differs, before and after; of a secret only that it does.
fn changes(before: &Connection, after: &Written<'_>, new_secret: bool) -> Value {
    let pairs = [
        ("label", json!(before.label), json!(after.label)),
        ("issuer", json!(before.issuer), json!(after.issuer)),
        ("client_id", json!(before.client_id), json!(after.client_id)),
        ("domains", json!(before.domains), json!(after.domains)),
        ("default_role", json!(before.default_role), json!(after.default_role)),
    ];
    let differing =
        pairs.into_iter().filter(|(_, from, to)| from != to).map(|(name, from, to)| (name.to_owned(), json!({ "from": from, "to": to })));
    let mut payload: serde_json::Map<String, Value> = differing.collect();
    if new_secret {
        payload.insert("client_secret".to_owned(), json!("replaced"));
    }
    Value::Object(payload)
}
