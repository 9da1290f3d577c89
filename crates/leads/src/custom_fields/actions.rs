//! Making, changing and indexing custom fields.

use db::{DbError, Scope, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem, ProblemKind};
use jiff::Timestamp;
use jobs::Options;
use kernel::Actor;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{Field, FieldKind, IndexState, MOST_FIELDS, MOST_LABEL, MOST_OPTION, MOST_OPTIONS, Registry, jobs::IndexField, store};
use crate::model::is_custom_key;

/// A field that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
pub struct NewField {
    /// Made from the label if left out.
    #[serde(default)]
    pub key: String,
    pub label: String,
    pub kind: FieldKind,
    /// What a choice chooses from.
    #[serde(default)]
    pub options: Vec<String>,
}

/// What can change of a field. What is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FieldPatch {
    pub label: Option<String>,
    pub options: Option<Vec<String>>,
    /// The place among the others, from 1.
    pub position: Option<i32>,
    /// Archived fields take no new values.
    pub archived: Option<bool>,
}

/// The key that a label becomes: `Renewal date` is `renewal_date`.
pub(crate) fn key_of(label: &str) -> String {
    let plain: String = label.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let words: Vec<&str> = plain.split('_').filter(|word| !word.is_empty()).collect();
    words.join("_").chars().take(60).collect()
}

fn label(text: &str) -> Result<String, FieldError> {
    let clean = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match clean.chars().count() {
        0 => Err(FieldError::new("/label", "label.required", "Give the field a name that people read")),
        1..=MOST_LABEL => Ok(clean),
        _ => Err(FieldError::new("/label", "label.too_long", format!("The name has at most {MOST_LABEL} characters"))),
    }
}

fn options(kind: FieldKind, given: &[String]) -> Result<Vec<String>, FieldError> {
    let wrong = |why: String| FieldError::new("/options", "options.invalid", why);
    let mut clean: Vec<String> = Vec::new();
    for text in given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        if text.chars().count() > MOST_OPTION || text.contains(['\0', '\n']) {
            return Err(wrong(format!("A choice is one line of at most {MOST_OPTION} characters")));
        }
        if !clean.iter().any(|known| known.to_lowercase() == text.to_lowercase()) {
            clean.push(text.to_owned());
        }
    }
    match (kind, clean.len()) {
        (FieldKind::Choice, 0) => Err(wrong("A choice needs something to choose from: give at least one".to_owned())),
        (FieldKind::Choice, 1..=MOST_OPTIONS) => Ok(clean),
        (FieldKind::Choice, _) => Err(wrong(format!("A field has at most {MOST_OPTIONS} choices"))),
        (_, 0) => Ok(clean),
        _ => Err(wrong("Only a choice has choices: leave them out, or make the kind a choice".to_owned())),
    }
}

async fn tell(tx: &TenantTx, kind: &'static str, payload: Value, actor: Actor, at: Timestamp) -> Result<(), DbError> {
    append(tx, &[NewEvent { kind, subject: Subject::of(tx.org()), actor, at, payload }]).await
}

/// Makes a field.
pub(crate) async fn add(tx: &TenantTx, new: NewField, actor: Actor, now: Timestamp) -> Result<Field, Problem> {
    let mut errors = Vec::new();
    let label = label(&new.label).unwrap_or_else(|error| {
        errors.push(error);
        String::new()
    });
    let options = options(new.kind, &new.options).unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    });
    let key = if new.key.trim().is_empty() { key_of(&label) } else { new.key.trim().to_owned() };
    if !label.is_empty() && !is_custom_key(&key) {
        let why = "The key has 1 to 60 of a–z, 0–9 and _; give one, because the name holds none of these";
        errors.push(FieldError::new("/key", "key.invalid", why));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let registry = store::list(tx).await?;
    if registry.iter().count() >= MOST_FIELDS {
        return Err(Problem::field("/label", "fields.too_many", format!("An organisation has at most {MOST_FIELDS} fields")));
    }
    let taken =
        || Problem::field("/key", "key.taken", format!("There is a field with the key {key} already: rename it, or choose another key"));
    if !store::insert(tx, &key, &label, new.kind, &options, actor, now).await? {
        return Err(taken());
    }
    tell(tx, "custom_field.created", json!({ "key": key, "kind": new.kind, "label": label }), actor, now).await?;
    store::lock(tx, &key).await?.ok_or_else(Problem::not_found)
}

/// Changes a field. With `expected`, only if it still has that version.
pub(crate) async fn change(
    tx: &TenantTx,
    key: &str,
    patch: FieldPatch,
    expected: Option<i32>,
    actor: Actor,
    now: Timestamp,
) -> Result<Field, Problem> {
    let before = store::lock(tx, key).await?.ok_or_else(Problem::not_found)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(Problem::new(ProblemKind::PreconditionFailed, "Somebody changed this field since you read it. Read it again."));
    }
    let mut after = before.clone();
    let mut errors = Vec::new();
    if let Some(text) = patch.label {
        label(&text).map_or_else(|error| errors.push(error), |label| after.label = label);
    }
    if let Some(given) = patch.options {
        options(after.kind, &given).map_or_else(|error| errors.push(error), |options| after.options = options);
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    match patch.archived {
        Some(true) => after.archived_at = after.archived_at.or(Some(now)),
        Some(false) => after.archived_at = None,
        None => {}
    }
    if after != before {
        store::update(tx, &after).await?;
        let mut changes = Map::new();
        let mut note = |name: &str, from: Value, to: Value| {
            if from != to {
                changes.insert(name.to_owned(), json!({ "from": from, "to": to }));
            }
        };
        note("label", json!(before.label), json!(after.label));
        note("options", json!(before.options), json!(after.options));
        note("archived", json!(before.archived_at.is_some()), json!(after.archived_at.is_some()));
        tell(tx, "custom_field.updated", json!({ "key": key, "changes": changes }), actor, now).await?;
    }
    if let Some(position) = patch.position {
        move_to(tx, key, position).await?;
    }
    store::lock(tx, key).await?.ok_or_else(Problem::not_found)
}

/// Puts a field at a place among the others, from 1.
async fn move_to(tx: &TenantTx, key: &str, position: i32) -> Result<(), Problem> {
    let mut keys: Vec<String> = store::list(tx).await?.iter().map(|field| field.key.clone()).filter(|other| other != key).collect();
    let at = usize::try_from(position.max(1) - 1).unwrap_or(0).min(keys.len());
    keys.insert(at, key.to_owned());
    Ok(store::reorder(tx, &keys).await?)
}

/// What [`ensure`] would come to, without making anything: to try values before they are written.
pub fn planned(known: &Registry, wanted: &[NewField], now: Timestamp) -> Registry {
    let mut fields = known.as_slice().to_vec();
    for new in wanted.iter().filter(|new| is_custom_key(&new.key)) {
        if fields.len() < MOST_FIELDS && !fields.iter().any(|field| field.key == new.key) {
            let (label, kind, options) = made_of(new);
            let (key, position) = (new.key.clone(), i32::try_from(fields.len()).unwrap_or(i32::MAX));
            fields.push(Field {
                key,
                label,
                kind,
                options,
                position,
                indexed: false,
                index: IndexState::None,
                archived_at: None,
                created_at: now,
                version: 1,
            });
        }
    }
    Registry::new(fields)
}

/// Name, kind and choices of a field that somebody wants unseen: a choice of nothing can hold nothing.
fn made_of(new: &NewField) -> (String, FieldKind, Vec<String>) {
    let name = label(&new.label).unwrap_or_else(|_| new.key.chars().take(MOST_LABEL).collect());
    match options(new.kind, &new.options) {
        Ok(choices) => (name, new.kind, choices),
        Err(_) => (name, FieldKind::Text, Vec::new()),
    }
}

/// Makes those of these fields that are not there yet; returns all fields. For imports and for keys that nobody has named before.
/// One that is there stays as it is, whatever kind is wanted.
pub async fn ensure(tx: &TenantTx, wanted: &[NewField], actor: Actor, now: Timestamp) -> Result<Registry, DbError> {
    let known = store::list(tx).await?;
    let mut missing: Vec<&NewField> = wanted.iter().filter(|field| is_custom_key(&field.key) && known.get(&field.key).is_none()).collect();
    // In one order, so that two who make the same fields wait for each other and not both for ever.
    missing.sort_by(|a, b| a.key.cmp(&b.key));
    missing.dedup_by(|a, b| a.key == b.key);
    missing.truncate(MOST_FIELDS.saturating_sub(known.iter().count()));
    if missing.is_empty() {
        return Ok(known);
    }
    for new in missing {
        let (name, kind, choices) = made_of(new);
        if store::insert(tx, &new.key, &name, kind, &choices, actor, now).await? {
            tell(tx, "custom_field.created", json!({ "key": new.key, "kind": kind, "label": name }), actor, now).await?;
        }
    }
    store::list(tx).await
}

/// The fields for writing these values: keys that nobody has named before become fields of the kind of their value.
pub async fn for_values(tx: &TenantTx, values: &Map<String, Value>, actor: Actor, now: Timestamp) -> Result<Registry, DbError> {
    if values.is_empty() {
        return Ok(Registry::default());
    }
    let known = store::list(tx).await?;
    let strangers = known.strangers(values);
    if strangers.is_empty() {
        return Ok(known);
    }
    let wanted: Vec<NewField> = strangers
        .into_iter()
        .map(|(key, value)| NewField { key: key.clone(), label: label_of(key), kind: FieldKind::of(value), options: Vec::new() })
        .collect();
    ensure(tx, &wanted, actor, now).await
}

/// The label that a key becomes: `renewal_date` is `Renewal date`.
pub(crate) fn label_of(key: &str) -> String {
    let words = key.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut letters = words.chars();
    letters.next().map_or_else(|| key.to_owned(), |first| first.to_uppercase().chain(letters).collect())
}

/// Somebody filters or sorts by these fields: those without an index get one, by a job.
pub async fn used(app: &App, scope: &Scope, registry: &Registry, keys: &[String]) -> Result<(), DbError> {
    let without = |key: &&String| registry.get(key).is_some_and(|field| field.index == IndexState::None);
    let wanting: Vec<String> = keys.iter().filter(without).cloned().collect();
    let indexed = registry.iter().filter(|field| field.index != IndexState::None).count();
    if wanting.is_empty() || i64::try_from(indexed).unwrap_or(i64::MAX) >= super::MOST_INDEXED {
        return Ok(());
    }
    let tx = app.db.tenant(scope).await?;
    for key in store::begin_index(&tx, &wanting).await? {
        let options = Options::unique(format!("{}/{key}", tx.org()));
        jobs::enqueue(&tx, &IndexField { key }, options).await?;
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_becomes_a_key_and_back() {
        assert_eq!(key_of(" Renewal date (UTC) "), "renewal_date_utc");
        assert_eq!(key_of("日付"), "");
        assert_eq!(label_of("renewal_date"), "Renewal date");
        assert!(is_custom_key(&key_of(&"long ".repeat(40))));
    }

    #[test]
    fn only_choices_have_choices() {
        let given = [" Free ".to_owned(), "free".to_owned(), "Pro".to_owned()];
        assert_eq!(options(FieldKind::Choice, &given), Ok(vec!["Free".to_owned(), "Pro".to_owned()]));
        assert!(options(FieldKind::Text, &given).is_err() && options(FieldKind::Choice, &[]).is_err());
    }
}
