//! The words of every letter, one function for each.

use http_kit::App;
use jiff::Timestamp;

use super::Letter;

const NOT_YOU: &str = "If you did not ask for this, ignore this mail: nothing happens without the link or the code.";

fn greeting(name: &str) -> String {
    let name = name.trim();
    if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") }
}

pub(crate) fn confirm_signup(name: &str, link: &str, code: &str) -> Letter {
    Letter {
        subject: "Confirm your e-mail address".to_owned(),
        preview: "One step until you can start with Leadline.".to_owned(),
        heading: "Confirm your e-mail address".to_owned(),
        paragraphs: vec![greeting(name), "You signed up to Leadline with this address. Confirm that it is yours to start.".to_owned()],
        action: Some(("Confirm address", link.to_owned())),
        code: Some(code.to_owned()),
        notes: vec![
            "The link and the code work once, for 24 hours.".to_owned(),
            "If you did not sign up, do not confirm: whoever did would use your address. Ignore this mail and nothing happens.".to_owned(),
        ],
    }
}

pub(crate) fn magic_link(name: &str, link: &str, code: &str) -> Letter {
    Letter {
        subject: "Your link to sign in".to_owned(),
        preview: "Sign in to Leadline without a password.".to_owned(),
        heading: "Sign in to Leadline".to_owned(),
        paragraphs: vec![greeting(name), "Here is your link to sign in.".to_owned()],
        action: Some(("Sign in", link.to_owned())),
        code: Some(code.to_owned()),
        notes: vec![
            "The link and the code work once, for an hour. Give them to nobody: we never ask for them.".to_owned(),
            NOT_YOU.to_owned(),
        ],
    }
}

pub(crate) fn recovery(name: &str, link: &str, code: &str) -> Letter {
    Letter {
        subject: "Choose a new password".to_owned(),
        preview: "You asked for a way back into Leadline.".to_owned(),
        heading: "Choose a new password".to_owned(),
        paragraphs: vec![greeting(name), "You asked for a way back into your account. Choose a new password here.".to_owned()],
        action: Some(("Choose a new password", link.to_owned())),
        code: Some(code.to_owned()),
        notes: vec![
            "The link and the code work once, for an hour. Give them to nobody: we never ask for them.".to_owned(),
            "If you did not ask for this, ignore this mail: your password stays as it is.".to_owned(),
        ],
    }
}

pub(crate) fn invite(name: &str, link: &str, code: &str) -> Letter {
    Letter {
        subject: "You are invited to Leadline".to_owned(),
        preview: "Accept the invitation to start.".to_owned(),
        heading: "You are invited to Leadline".to_owned(),
        paragraphs: vec![greeting(name), "An account was made for this address. Accept the invitation to use it.".to_owned()],
        action: Some(("Accept invitation", link.to_owned())),
        code: Some(code.to_owned()),
        notes: vec![
            "The link and the code work once, for seven days.".to_owned(),
            "If you did not expect this, ignore this mail: nothing happens.".to_owned(),
        ],
    }
}

pub(crate) fn email_change(name: &str, from: &str, link: &str, code: &str) -> Letter {
    Letter {
        subject: "Confirm your new e-mail address".to_owned(),
        preview: "You want to sign in with this address.".to_owned(),
        heading: "Confirm your new e-mail address".to_owned(),
        paragraphs: vec![greeting(name), format!("You want to sign in to Leadline with this address instead of {from}.")],
        action: Some(("Use this address", link.to_owned())),
        code: Some(code.to_owned()),
        notes: vec!["The link and the code work once, for 24 hours.".to_owned(), NOT_YOU.to_owned()],
    }
}

pub(crate) fn reauthentication(name: &str, code: &str) -> Letter {
    Letter {
        subject: format!("{code} is your code"),
        preview: "Confirm that it is you.".to_owned(),
        heading: "Confirm that it is you".to_owned(),
        paragraphs: vec![greeting(name), "Type this code to go on with what you were doing.".to_owned()],
        action: None,
        code: Some(code.to_owned()),
        notes: vec![
            "It works once, for an hour. Give it to nobody: we never ask for it.".to_owned(),
            "If you were not doing anything, somebody else may be signed in to your account: change your password.".to_owned(),
        ],
    }
}

/// Somebody signed up with an address that has an account: the page must not tell them, so this does.
pub(crate) fn already_registered(app: &App, name: &str) -> Letter {
    Letter {
        subject: "You have an account already".to_owned(),
        preview: "Sign in instead of signing up.".to_owned(),
        heading: "You have an account already".to_owned(),
        paragraphs: vec![
            greeting(name),
            "Somebody, most likely you, has just signed up to Leadline with this address. It has an account already, so nothing was changed.".to_owned(),
        ],
        action: Some(("Sign in", app.config.link("/login"))),
        notes: vec![format!("Password forgotten? Choose a new one at {}", app.config.link("/recover"))],
        ..Letter::default()
    }
}

pub(crate) fn password_changed(app: &App, name: &str, at: Timestamp) -> Letter {
    Letter {
        subject: "Your password was changed".to_owned(),
        preview: "Every other device was signed out.".to_owned(),
        heading: "Your password was changed".to_owned(),
        paragraphs: vec![
            greeting(name),
            format!("The password of your Leadline account was changed on {}. Every other device was signed out.", when(at)),
        ],
        notes: vec![format!("That was not you? Choose a new password at once: {}", app.config.link("/recover"))],
        ..Letter::default()
    }
}

pub(crate) fn recovery_code_used(app: &App, name: &str, at: Timestamp) -> Letter {
    Letter {
        subject: "A recovery code was used".to_owned(),
        preview: "Somebody signed in to your account with one.".to_owned(),
        heading: "A recovery code was used".to_owned(),
        paragraphs: vec![
            greeting(name),
            format!("On {} somebody proved to be you with one of your recovery codes. It does not work again.", when(at)),
            format!("Make new ones before they run out: {}", app.config.link("/account/security")),
        ],
        notes: vec![not_me(app)],
        ..Letter::default()
    }
}

pub(crate) fn factor_added(app: &App, name: &str, at: Timestamp) -> Letter {
    Letter {
        subject: "A second factor was added".to_owned(),
        preview: "Your account has another way to prove that it is you.".to_owned(),
        heading: "A second factor was added".to_owned(),
        paragraphs: vec![greeting(name), format!("On {} an authenticator app or a passkey was added to your Leadline account.", when(at))],
        notes: vec![not_me(app)],
        ..Letter::default()
    }
}

pub(crate) fn factor_removed(app: &App, name: &str, at: Timestamp) -> Letter {
    Letter {
        subject: "A second factor was removed".to_owned(),
        preview: "It does not open your account any more.".to_owned(),
        heading: "A second factor was removed".to_owned(),
        paragraphs: vec![
            greeting(name),
            format!("On {} an authenticator app or a passkey was removed from your Leadline account.", when(at)),
        ],
        notes: vec![not_me(app)],
        ..Letter::default()
    }
}

/// What to do about something that whoever has the address did not do.
fn not_me(app: &App) -> String {
    format!("That was not you? Choose a new password at once: {}", app.config.link("/recover"))
}

pub(crate) fn address_changed(app: &App, name: &str, at: Timestamp) -> Letter {
    Letter {
        subject: "Your e-mail address was changed".to_owned(),
        preview: "This address no longer opens your account.".to_owned(),
        heading: "Your e-mail address was changed".to_owned(),
        paragraphs: vec![
            greeting(name),
            format!("On {} you began to sign in to Leadline with another address. This one no longer opens your account.", when(at)),
        ],
        notes: vec![format!(
            "That was not you? Tell an owner of your organisation, or whoever runs {}, at once.",
            app.config.public_url.host_str().unwrap_or("this server")
        )],
        ..Letter::default()
    }
}

/// In UTC: a mail knows no time zone.
fn when(at: Timestamp) -> String {
    at.strftime("%-d %B %Y at %H:%M UTC").to_string()
}
