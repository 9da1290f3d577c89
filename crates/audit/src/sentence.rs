//! Entries as people read them.

use std::collections::HashMap;

use kernel::Uuid;
use serde_json::Value;

use crate::entry::Entry;

/// The names of the people that entries speak of.
pub(crate) type Names = HashMap<Uuid, String>;

/// Everybody an entry speaks of.
pub(crate) fn people(entry: &Entry) -> impl Iterator<Item = Uuid> {
    let subject = entry.subject_parts().filter(|(kind, _)| *kind == "user").map(|(_, id)| id);
    let owners = ["/from", "/to", "/owner/from", "/owner/to"].map(|at| {
        let id = entry.details.pointer(at).and_then(Value::as_str)?;
        Uuid::try_parse(id.strip_prefix("user_").unwrap_or(id)).ok()
    });
    entry.person().into_iter().chain(subject).chain(owners.into_iter().flatten())
}

/// Who did it.
pub(crate) fn actor(entry: &Entry, names: &Names) -> String {
    let name = match (entry.person(), entry.actor.as_str()) {
        (Some(id), _) => name(id, names),
        (None, "system") => "Leadline".to_owned(),
        (None, _) => "Somebody".to_owned(),
    };
    if entry.origin.starts_with("key_") { format!("{name}, by an API key,") } else { name }
}

fn name(id: Uuid, names: &Names) -> String {
    names.get(&id).cloned().unwrap_or_else(|| "Somebody who is gone".to_owned())
}

/// "changed Bo's role from rep to admin": what was done, to be read after who did it.
pub(crate) fn act(entry: &Entry, names: &Names) -> String {
    let word = |name: &str| text(entry.details.get(name));
    let number = |name: &str| entry.details.get(name).and_then(Value::as_i64).unwrap_or_default();
    let whom = || entry.subject_parts().filter(|(kind, _)| *kind == "user").map_or_else(|| thing(entry), |(_, id)| name(id, names));
    let is_self = entry.actor == entry.subject;
    let whose = || if is_self { "their".to_owned() } else { format!("{}’s", whom()) };
    let moved = |what: &str| change(entry.details.get(what).unwrap_or(&entry.details), names);
    match entry.kind.as_str() {
        "session.started" => format!("signed in by {} with {}", method(&word("method")), word("device")),
        "session.refused" => format!("failed to sign in as {}: {}", whom(), refusal(&word("why"))),
        "session.raised" => format!("showed a second factor ({})", method(&word("method"))),
        "session.ended" if word("why") == "refresh_token_reused" => {
            format!("used a copied refresh token of {}, whose session was ended", whom())
        }
        "session.ended" => match (is_self, word("which").as_str()) {
            (true, "one") => "signed out".to_owned(),
            (true, _) => "signed out of their other sessions".to_owned(),
            (false, _) => format!("ended {}’s sessions", whom()),
        },
        "person.password_changed" => format!("changed {} password", whose()),
        "person.email_changed" => format!("changed {} address", whose()),
        "person.email_confirmed" => format!("confirmed {} address", whose()),
        "person.mfa_enrolled" => format!("set up {} authenticator app", whose()),
        "person.passkey_added" => format!("added a passkey to {} account", whose()),
        "person.mfa_removed" => format!("removed a second factor from {} account", whose()),
        "person.recovery_codes_made" => format!("made {} recovery codes", whose()),
        "person.recovery_code_used" => format!("used one of {} recovery codes, of which {} are left", whose(), number("left")),
        "person.suspended" => format!("suspended {}", whom()),
        "person.reinstated" => format!("lifted the suspension of {}", whom()),
        "person.deleted" => format!("deleted {} account", whose()),
        "person.renamed" => format!("changed {} name", whose()),
        "person.passkey_removed" => format!("removed a passkey from {} account", whose()),
        "member.joined" if is_self => format!("joined as {}", role(&entry.details, names)),
        "member.joined" => format!("added {} as {}", whom(), role(&entry.details, names)),
        "member.invited" => format!("invited {} as {}", word("email"), role(&entry.details, names)),
        "member.left" => "left the organisation".to_owned(),
        "invitation.revoked" => format!("took back the invitation of {}", word("email")),
        "organisation.domain_claimed" => {
            format!("lets people with addresses of {} join as {}", word("domain"), role(&entry.details, names))
        }
        "organisation.domain_released" => format!("lets people with addresses of {} join no more", word("domain")),
        "team.renamed" => format!("renamed a team{}", moved("name")),
        "role.created" | "role.updated" | "role.deleted" => {
            let verb = entry.kind.split('.').nth(1).unwrap_or_default();
            let named = ["/role/name", "/role/to/name"].into_iter().find_map(|at| entry.details.pointer(at)).map(|name| text(Some(name)));
            format!("{} the role “{}”", if verb == "updated" { "changed" } else { verb }, named.unwrap_or_default())
        }
        "member.added" => format!("added {} as {}", whom(), word("role")),
        "member.removed" => format!("removed {} from the organisation", whom()),
        "member.role_changed" => format!("changed {} role{}", whose(), moved("role")),
        "member.team_changed" => format!("changed {} team{}", whose(), moved("team")),
        "ownership.transferred" => {
            let heir = entry.details.pointer("/owner/to").map(|value| shown(value, names)).unwrap_or_default();
            format!("handed the organisation over to {heir}")
        }
        "identity.linked" => format!("connected another way to sign in to {} account ({})", whose(), word("provider")),
        "identity.removed" => format!("took a way to sign in from {} account ({})", whose(), word("provider")),
        "sso.connected" => format!("connected the identity provider {}", word("issuer")),
        "sso.updated" => format!("changed the identity provider’s {}", fields(&entry.details)),
        "sso.removed" => format!("removed the identity provider {}", word("issuer")),
        "sso.enforcement_changed" => format!("changed whether people must sign in through the identity provider{}", moved("enforced")),
        "organisation.created" => "created the organisation".to_owned(),
        "organisation.updated" => format!("changed the organisation’s {}", fields(&entry.details)),
        "key.created" => format!("made the API key “{}”", word("name")),
        "key.revoked" => format!("revoked the API key “{}”", word("name")),
        "key.refused" => "used an API key from an address where it may not be used".to_owned(),
        "permission.denied" => format!("was refused: their role lacks the permission {}", word("permission")),
        "lead.created" => "created a lead".to_owned(),
        "lead.updated" => format!("changed a lead’s {}", fields(&entry.details)),
        "lead.status_changed" => format!("changed a lead’s status{}", change(&entry.details, names)),
        "lead.converted" => "converted a lead".to_owned(),
        "lead.owner_changed" => format!("changed a lead’s owner{}", change(&entry.details, names)),
        "lead.tagged" => "changed a lead’s tags".to_owned(),
        "lead.deleted" => "deleted a lead".to_owned(),
        "account.updated" => format!("changed an account’s {}", fields(&entry.details)),
        "leads.bulk_started" => format!("set a change of many leads going ({})", bulk(&entry.details)),
        "leads.bulk_changed" => format!("changed {} at once ({})", ui::plural(number("changed"), "lead", "leads"), bulk(&entry.details)),
        "leads.exported" => format!("exported {} as {}", ui::plural(number("count"), "lead", "leads"), word("format")),
        "changes.undo_started" => format!("began to undo “{}” ({})", word("title"), ui::plural(number("rows"), "change", "changes")),
        "changes.undone" => format!(
            "undid “{}”: {} put back, {} left as they were",
            word("title"),
            ui::plural(number("undone"), "row", "rows"),
            ui::number(number("conflicts"))
        ),
        "segment.members_added" => format!("put {} into the segment “{}”", ui::plural(number("leads"), "lead", "leads"), word("name")),
        "segment.members_removed" => format!("took {} out of the segment “{}”", ui::plural(number("leads"), "lead", "leads"), word("name")),
        "import.uploaded" => format!("uploaded the file {} with {}", word("file_name"), ui::plural(number("rows"), "row", "rows")),
        "import.discarded" => format!("discarded the uploaded file {}", word("file_name")),
        "import.started" => "started an import".to_owned(),
        "import.stopped" => format!("stopped an import after {}", ui::plural(number("rows"), "row", "rows")),
        "import.failed" => "ran an import that failed".to_owned(),
        "import.finished" => {
            format!("finished an import: {} created, {} updated", ui::number(number("created")), ui::number(number("updated")))
        }
        "campaign.launched" => format!("launched a campaign to {}", ui::plural(number("leads"), "lead", "leads")),
        "campaign.updated" => format!("changed a campaign’s {}", fields(&entry.details)),
        "template.updated" => format!("changed a template’s {}", fields(&entry.details)),
        "scoring.changed" => "changed how leads are scored".to_owned(),
        "suppression.added" => "suppressed an address".to_owned(),
        "suppression.removed" => "took an address off the suppressions".to_owned(),
        "suppressions.exported" => format!("exported {}", ui::plural(number("count"), "suppressed address", "suppressed addresses")),
        "audit.exported" => format!("exported {} of this log", ui::plural(number("count"), "entry", "entries")),
        "audit.verified" => format!("verified this log: {} unbroken", ui::plural(number("entries"), "entry", "entries")),
        "audit.damaged" => format!("verified this log and found it damaged: {}", word("found")),
        "mail.replied" => "noted a lead’s reply".to_owned(),
        _ => generic(entry),
    }
}

/// From the kind alone: "created a role", "invitation: accepted late".
fn generic(entry: &Entry) -> String {
    let (noun, verb) = entry.kind.split_once('.').unwrap_or((entry.kind.as_str(), ""));
    let (noun, verb) = (noun.replace('_', " "), verb.replace('_', " "));
    let named = text(entry.details.get("name"));
    let named = if named.is_empty() { named } else { format!(" “{named}”") };
    if verb.contains(' ') || verb.is_empty() {
        return format!("– {noun} {verb}{named}");
    }
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{verb} {article} {noun}{named}")
}

/// What the subject is, where it has no name.
fn thing(entry: &Entry) -> String {
    match entry.subject_parts().map(|(kind, _)| kind) {
        Some("address") | None => "an unknown account",
        Some("org") => "the organisation",
        Some("key") => "an API key",
        Some(_) => "it",
    }
    .to_owned()
}

/// " from rep to admin", of an object with those two members.
fn change(value: &Value, names: &Names) -> String {
    let side = |side: &str| value.get(side).map(|value| shown(value, names));
    match (side("from"), side("to")) {
        (Some(from), Some(to)) => format!(" from {from} to {to}"),
        (None, Some(to)) => format!(" to {to}"),
        _ => String::new(),
    }
}

/// The role that the details name.
fn role(details: &Value, names: &Names) -> String {
    details.get("role").map(|role| shown(role, names)).unwrap_or_default()
}

/// A value; a person, team or role by its name.
pub(crate) fn shown(value: &Value, names: &Names) -> String {
    let text = text(Some(value));
    match Uuid::try_parse(text.rsplit('_').next().unwrap_or(&text)).ok().and_then(|id| names.get(&id)) {
        Some(name) => name.clone(),
        None if text.is_empty() => "nothing".to_owned(),
        None => text,
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| text(Some(item))).collect::<Vec<_>>().join(", "),
        Some(Value::Object(members)) => {
            members.iter().map(|(name, value)| format!("{}: {}", name.replace('_', " "), text(Some(value)))).collect::<Vec<_>>().join("; ")
        }
        Some(other) => other.to_string(),
    }
}

/// "name and postal address": a list of fields, or the members that have a before and an after.
fn fields(details: &Value) -> String {
    let listed: Vec<String> = match details.get("fields") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => {
            details.as_object().into_iter().flatten().filter(|(_, value)| value.get("to").is_some()).map(|(name, _)| name.clone()).collect()
        }
    };
    let words: Vec<String> = listed.iter().map(|name| name.replace('_', " ")).collect();
    match words.as_slice() {
        [] => "settings".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn bulk(details: &Value) -> String {
    match text(details.get("action")).as_str() {
        "add_tags" => format!("added tags: {}", text(details.get("tags"))),
        "remove_tags" => format!("removed tags: {}", text(details.get("tags"))),
        "set_status" => format!("status {}", text(details.get("status"))),
        "set_owner" => "owner".to_owned(),
        "set_field" => format!("field {}", text(details.get("field")).replace('_', " ")),
        "clear_field" => format!("field {} emptied", text(details.get("field")).replace('_', " ")),
        "enrol" => "added to a campaign".to_owned(),
        "delete" => "deleted".to_owned(),
        other => other.replace('_', " "),
    }
}

fn method(word: &str) -> &str {
    match word {
        "password" => "password",
        "otp" => "a mailed code",
        "magiclink" => "a mailed link",
        "recovery" => "a recovery link",
        "invite" => "an invitation",
        "email/signup" => "confirming their address",
        "email_change" => "confirming a new address",
        "oauth" => "another service",
        "sso/oidc" => "single sign-on",
        "totp" => "authenticator app",
        "recovery_code" => "recovery code",
        "webauthn" => "passkey",
        other => other,
    }
}

fn refusal(word: &str) -> &str {
    match word {
        "password" => "the password was wrong",
        "unconfirmed" => "the address is not confirmed",
        "suspended" => "the account is suspended",
        "code" => "the code was wrong",
        "passkey" => "the passkey could not be verified",
        "passkey_copied" => "the passkey seems to be a copy",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::chain;
    use kernel::{OrgId, UserId};
    use serde_json::json;

    #[test]
    fn an_entry_reads_as_a_sentence() {
        let (ada, bo) = (UserId::new(), UserId::new());
        let names = Names::from([(ada.uuid(), "Ada Byron".to_owned()), (bo.uuid(), "Bo".to_owned())]);
        let say = |kind: &str, subject: String, details: Value| {
            let mut entry = chain(OrgId::new(), 1).remove(0);
            (entry.kind, entry.subject, entry.details, entry.actor) = (kind.to_owned(), subject, details, ada.to_string());
            format!("{} {}", actor(&entry, &names), act(&entry, &names))
        };
        assert_eq!(
            say("member.role_changed", bo.to_string(), json!({"role": {"from": "rep", "to": "admin"}})),
            "Ada Byron changed Bo’s role from rep to admin"
        );
        assert_eq!(say("person.password_changed", ada.to_string(), json!({})), "Ada Byron changed their password");
        assert_eq!(
            say("lead.owner_changed", "lead_0".to_owned(), json!({"from": null, "to": bo.uuid().to_string()})),
            "Ada Byron changed a lead’s owner from nothing to Bo"
        );
        assert_eq!(
            say(
                "organisation.updated",
                "org_0".to_owned(),
                json!({"name": {"from": "A", "to": "B"}, "postal_address": {"from": "", "to": "C"}})
            ),
            "Ada Byron changed the organisation’s name and postal address"
        );
        assert_eq!(
            say("role.updated", "role_0".to_owned(), json!({"role": {"from": {"name": "A"}, "to": {"name": "B"}}})),
            "Ada Byron changed the role “B”"
        );
        assert_eq!(say("member.joined", ada.to_string(), json!({"role": "rep"})), "Ada Byron joined as rep");
        assert_eq!(say("invitation.accepted", "inv_0".to_owned(), json!({})), "Ada Byron accepted an invitation");
        assert_eq!(
            say("role.permissions_changed", "role_0".to_owned(), json!({"name": "Closer"})),
            "Ada Byron – role permissions changed “Closer”"
        );
    }
}
