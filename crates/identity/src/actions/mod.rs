pub(crate) mod accept_invitation;
pub(crate) mod add_member;
pub(crate) mod change_email;
pub(crate) mod change_member;
pub(crate) mod change_password;
pub(crate) mod confirm;
pub(crate) mod domains;
pub(crate) mod end_sessions;
mod guessing;
pub(crate) mod invite;
pub(crate) mod join;
pub(crate) mod log_in;
pub(crate) mod log_out;
pub(crate) mod organisations;
pub(crate) mod reauthenticate;
pub(crate) mod remove_member;
pub(crate) mod roles;
pub(crate) mod set_name;
pub(crate) mod sign_up;
pub(crate) mod teams;
pub(crate) mod transfer_ownership;
pub(crate) mod update_organisation;

/// Trims a name and says what is wrong with it.
pub(crate) fn checked_name(text: &str, what: &str) -> Result<String, String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        Err(format!("{what} is missing"))
    } else if name.chars().count() > 200 {
        Err(format!("{what} is longer than 200 characters"))
    } else if name.chars().any(char::is_control) {
        Err(format!("{what} contains a control character"))
    } else {
        Ok(name)
    }
}
