use db::{DbError, Scope, TenantTx};
use http_kit::App;
use jiff::Timestamp;
use jobs::{Failure, Job, Options, Outcome, Run};
use kernel::{InvitationId, UserId};
use serde::{Deserialize, Serialize};

use super::{Delivery, Letter, Stamp, deliver};
use crate::{
    actions::invite::LIFETIME,
    one_time::Issued,
    store::{self, colleagues, invitations, roles},
};

/// A letter about somebody's place in an organisation.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TeamLetter {
    Invitation {
        id: InvitationId,
    },
    /// Somebody has been made the owner.
    NowOwner {
        to: UserId,
        from: UserId,
    },
    /// Somebody has handed the organisation over.
    NoLongerOwner {
        to: UserId,
        heir: UserId,
    },
}

/// Sends it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SendTeamLetter {
    #[serde(flatten)]
    stamp: Stamp,
    letter: TeamLetter,
}

/// Enqueues a letter in the transaction of what it tells.
pub(crate) async fn send_team_letter(tx: &TenantTx, letter: TeamLetter, now: Timestamp) -> Result<(), DbError> {
    send_stamped(tx, letter, Stamp::new(now)).await
}

/// The same with the stamp that its link was made from.
pub(crate) async fn send_stamped(tx: &TenantTx, letter: TeamLetter, stamp: Stamp) -> Result<(), DbError> {
    jobs::enqueue(tx, &SendTeamLetter { stamp, letter }, Options::default()).await?;
    Ok(())
}

/// What the link of an invitation holds: made from the letter's number and our secret, so that it is kept nowhere.
pub(crate) fn invitation_token(app: &App, stamp: Stamp) -> String {
    Issued::of_letter(&app.config.secret, stamp.id, false).token
}

impl Job for SendTeamLetter {
    const KIND: &'static str = "identity.send_team_letter";
    type State = App;
    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let app = &cx.state;
        if cx.now().duration_since(self.stamp.at) > LIFETIME {
            return Err(Failure::give_up("the letter was not taken while it was of use"));
        }
        let org = cx.org()?;
        let tx = app.db.tenant(&Scope::whole(org)).await?;
        let written = self.write(&tx, app).await?;
        tx.commit().await?;
        // Taken back, sent again, or about somebody who has gone since.
        let Some((name, email, letter)) = written else { return Ok(Outcome::Done) };
        let delivery = Delivery { stamp: self.stamp, org: Some(org), name: &name, email: &email };
        deliver(&cx, &delivery, &letter).await
    }
}

impl SendTeamLetter {
    /// The addressee's name and address, and what they read.
    async fn write(&self, tx: &TenantTx, app: &App) -> Result<Option<(String, String, Letter)>, DbError> {
        let organisation = store::organisation(tx).await?.name;
        match self.letter {
            TeamLetter::Invitation { id } => {
                let token = invitation_token(app, self.stamp);
                let Some(invitation) = invitations::of_token(tx, id, &token).await? else { return Ok(None) };
                let all = roles::roles(tx).await?;
                let link = app.config.link(&format!("/invitations/{token}"));
                let letter = invited(&organisation, &invitation.invited_by_name, all.name(&invitation.role), link);
                Ok(Some((String::new(), invitation.email, letter)))
            }
            TeamLetter::NowOwner { to, from } => {
                let (Some(to), from) = (colleagues::get(tx, to).await?, colleagues::get(tx, from).await?) else { return Ok(None) };
                let giver = from.map_or("The owner before you".to_owned(), |from| from.name);
                Ok(Some((to.name.clone(), to.email, now_owner(&organisation, &to.name, &giver, app.config.link("/settings/team")))))
            }
            TeamLetter::NoLongerOwner { to, heir } => {
                let (Some(to), heir) = (colleagues::get(tx, to).await?, colleagues::get(tx, heir).await?) else { return Ok(None) };
                let heir = heir.map_or("somebody who has left since".to_owned(), |heir| heir.name);
                Ok(Some((to.name.clone(), to.email, no_longer_owner(&organisation, &to.name, &heir))))
            }
        }
    }
}

fn invited(organisation: &str, inviter: &str, role: &str, link: String) -> Letter {
    Letter {
        subject: format!("{inviter} invites you to {organisation}"),
        preview: format!("Join {organisation} on Leadline."),
        heading: format!("Join {organisation} on Leadline"),
        paragraphs: vec!["Hello,".to_owned(), format!("{inviter} invites you to work with {organisation} in Leadline. Your role: {role}.")],
        action: Some(("See the invitation", link)),
        notes: vec![
            "The link works once, for seven days, and for this address only. Give it to nobody.".to_owned(),
            "If you do not know who this is, ignore this mail: nothing happens.".to_owned(),
        ],
        ..Letter::default()
    }
}

fn now_owner(organisation: &str, name: &str, giver: &str, link: String) -> Letter {
    Letter {
        subject: format!("You are now the owner of {organisation}"),
        preview: format!("{giver} handed {organisation} over to you."),
        heading: format!("You are now the owner of {organisation}"),
        paragraphs: vec![
            format!("Hello {name},"),
            format!("{giver} handed {organisation} over to you. Owners may do everything, and decide who else is one."),
        ],
        action: Some(("See the team", link)),
        ..Letter::default()
    }
}

fn no_longer_owner(organisation: &str, name: &str, heir: &str) -> Letter {
    Letter {
        subject: format!("You handed {organisation} over"),
        preview: format!("{heir} is its owner now."),
        heading: format!("You handed {organisation} over"),
        paragraphs: vec![format!("Hello {name},"), format!("{heir} is the owner of {organisation} now, and you are an admin.")],
        notes: vec![format!("That was not you? Somebody may be signed in to your account. Change your password, and tell {heir} at once.")],
        ..Letter::default()
    }
}
