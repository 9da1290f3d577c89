use db::{DbError, SystemTx};
use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use kernel::UserId;
use serde::{Deserialize, Serialize};

use super::{Delivery, Letter, NewPerson, Stamp, Via, deliver, letters, link};
use crate::{
    one_time::{self, Challenge, Issued, Purpose},
    store::{
        self, NewUser,
        account::{self, Addressee},
    },
};

/// Sends the code and the link of `purpose` to `email`, if somebody has it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SendLetter {
    #[serde(flatten)]
    pub(crate) stamp: Stamp,
    pub(crate) purpose: Purpose,
    pub(crate) email: String,
    /// Whom it is about, where that is not whoever has the address.
    pub(crate) user: Option<UserId>,
    pub(crate) via: Via,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) create: Option<NewPerson>,
}

impl Job for SendLetter {
    const KIND: &'static str = "identity.send_letter";
    type State = App;
    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let app = &cx.state;
        if cx.now().duration_since(self.stamp.at) > self.purpose.lifetime() {
            return Err(Failure::give_up("the letter was not taken while its link was good"));
        }
        let tx = app.db.system().await?;
        let prepared = self.prepare(&tx, app).await;
        let Some((addressee, letter)) = (match prepared {
            // Two requests made the same person known at once.
            Err(error) if error.constraint() == Some("users_email_key") => {
                return Err(Failure::retry("the address has just become somebody's"));
            }
            other => other?,
        }) else {
            return Ok(Outcome::Done);
        };
        tx.commit().await?;
        let delivery = Delivery { stamp: self.stamp, org: addressee.org, name: &addressee.name, email: &self.email };
        deliver(&cx, &delivery, &letter).await
    }
}

impl SendLetter {
    /// Who becomes known by this request, if it is of a kind that can make somebody known.
    fn newcomer(&self) -> Option<&NewPerson> {
        self.create.as_ref().filter(|_| matches!(self.purpose, Purpose::Signup | Purpose::MagicLink))
    }

    /// Who gets which letter; `None`: nobody gets any.
    async fn prepare(&self, tx: &SystemTx, app: &App) -> Result<Option<(Addressee, Letter)>, DbError> {
        let now = self.stamp.at;
        let known = match self.user {
            Some(user) => account::addressee(tx, user).await?,
            None => account::addressee_of(tx, &self.email).await?,
        };
        let person = match (known, self.newcomer()) {
            (Some(person), Some(new)) if !person.confirmed && new.password_hash.is_some() => {
                // Nobody has proved the address yet, so what an earlier sign-up claimed binds nobody.
                account::sign_up_anew(tx, person.user, &new.name, new.password_hash.as_deref(), &new.user_metadata, now).await?;
                Addressee { name: new.name.clone(), ..person }
            }
            (Some(person), _) => person,
            (None, Some(new)) => {
                let NewPerson { id, name, password_hash, user_metadata } = new;
                let password_hash = password_hash.as_deref();
                let user = NewUser { id: *id, email: &self.email, name, password_hash, confirmed: false, user_metadata };
                store::insert_user(tx, &user, now).await?;
                let Some(person) = account::addressee(tx, *id).await? else { return Ok(None) };
                person
            }
            (None, None) => return Ok(None),
        };
        if person.banned_until.is_some_and(|until| until > now) {
            return Ok(None);
        }
        // Supabase Auth confirms whoever is new with a letter of this kind, also when they asked for a link.
        let is_new = self.newcomer().is_some_and(|new| new.id == person.user);
        let purpose = if is_new && app.config.auth.confirm_email { Purpose::Signup } else { self.purpose };
        match purpose {
            Purpose::Signup if person.confirmed => return Ok(Some((person.clone(), letters::already_registered(app, &person.name)))),
            // They have changed their mind since.
            Purpose::EmailChange if person.new_email.as_deref() != Some(self.email.as_str()) => return Ok(None),
            _ => {}
        }
        let issued = Issued::of_letter(&app.config.secret, self.stamp.id, self.challenge.is_some());
        match account::sent(tx, person.user, purpose).await? {
            // A later letter has ended what this one holds.
            Some(sent) if sent > now => return Ok(None),
            // Made by an earlier run of this job. It may have been used since, so it is not made again.
            Some(sent) if sent == now => {}
            _ => {
                one_time::keep(tx, &app.config.secret, &issued, person.user, purpose, &self.email, self.challenge.as_ref(), now).await?;
                account::set_sent(tx, person.user, purpose, now).await?;
            }
        }
        let link = link(app, purpose, &issued.token, &self.via);
        let letter = match purpose {
            Purpose::Signup => letters::confirm_signup(&person.name, &link, &issued.code),
            Purpose::MagicLink => letters::magic_link(&person.name, &link, &issued.code),
            Purpose::Recovery => letters::recovery(&person.name, &link, &issued.code),
            Purpose::Invite => letters::invite(&person.name, &link, &issued.code),
            Purpose::EmailChange => letters::email_change(&person.name, &person.email, &link, &issued.code),
            Purpose::Reauthentication => letters::reauthentication(&person.name, &issued.code),
        };
        Ok(Some((person, letter)))
    }
}
