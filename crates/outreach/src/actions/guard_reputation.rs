use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{Actor, CampaignId};

use super::pause_because;
use crate::store::{self, sends::Harm};

/// The newest sends that are looked at: old sins of a long campaign weigh nothing, nor does counting it cost.
const LOOKED_AT: i64 = 2000;
/// Sends before a share of bounces says anything.
const BOUNCE_FLOOR: i64 = 40;
/// Sends before a share of complaints says anything; below it, three people are enough.
const COMPLAINT_FLOOR: i64 = 1000;

/// Pauses a running campaign that harms the sender's name: 5 % bounces or 0.10 % complaints (Google and
/// Yahoo want complaints below that). Called after one of either was recorded, in its transaction.
pub(crate) async fn guard_reputation(tx: &TenantTx, campaign: CampaignId, now: Timestamp) -> Result<(), DbError> {
    let harm = store::sends::recent_harm(tx, campaign, LOOKED_AT).await?;
    let Some(why) = verdict(harm) else { return Ok(()) };
    match pause_because(tx, Actor::System, campaign, &why, now).await {
        Err(super::CampaignError::Db(error)) => Err(error),
        // A finished campaign has nothing to pause.
        Ok(_) | Err(_) => Ok(()),
    }
}

fn verdict(Harm { sent, bounced, complained }: Harm) -> Option<String> {
    if sent >= BOUNCE_FLOOR && bounced * 100 >= sent * 5 {
        return Some(format!(
            "Paused by itself: {bounced} of the newest {sent} mails bounced, and from 5 % on mailbox providers begin to refuse everything from the sender. Check where these addresses come from before you resume."
        ));
    }
    if complained >= 3 || sent >= COMPLAINT_FLOOR && complained * 1000 >= sent {
        return Some(format!(
            "Paused by itself: {complained} of the newest {sent} mails were reported as spam, and 0.10 % is the limit of Google and Yahoo. Look at the audience and the text before you resume."
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sent: i64, bounced: i64, complained: i64) -> Option<String> {
        verdict(Harm { sent, bounced, complained })
    }

    #[test]
    fn shares_count_from_their_floors_on() {
        assert!(of(39, 20, 0).is_none() && of(40, 1, 0).is_none());
        assert!(of(40, 2, 0).is_some_and(|why| why.contains("2 of the newest 40")));
        assert!(of(999, 0, 2).is_none() && of(100, 0, 3).is_some());
        assert!(of(2000, 0, 1).is_none() && of(1000, 0, 1).is_some_and(|why| why.contains("spam")));
    }
}
