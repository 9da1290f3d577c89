//! The catcher against a real PostgreSQL, with the real migrations.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use db::{
    Db, DbConfig, Scope,
    embedded::{EmbeddedOptions, EmbeddedPostgres},
};
use kernel::{Clock, OrgId};
use leadline_mail::{Batch, Catcher, Lookup, Mailbox, Outcome, OutgoingMail, Reader, RejectionKind, Simulate, Transport, batch_key};

fn mail(key: &str, to: &str) -> OutgoingMail {
    OutgoingMail {
        idempotency_key: key.to_owned(),
        from: Mailbox::new("Ada", "ada@sender.example"),
        to: Mailbox::new("Grace", to),
        reply_to: None,
        subject: format!("Grüße {key}"),
        html: "<p>Hi</p>".to_owned(),
        text: "Hi".to_owned(),
        headers: vec![("List-Unsubscribe".to_owned(), "<https://u.example/1>".to_owned())],
        message_id: format!("<{key}@sender.example>"),
        date: "2026-01-05T09:00:00Z".parse().unwrap(),
        tags: vec![],
    }
}

async fn send(catcher: &Catcher, org: OrgId, mails: &[OutgoingMail]) -> Vec<Outcome> {
    let key = batch_key(mails.iter().map(|mail| mail.idempotency_key.as_str()));
    catcher.send_batch(Batch { org, key: &key, mails }).await
}

fn id(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Accepted { provider_id } => provider_id,
        other => panic!("not accepted: {other:?}"),
    }
}

/// One server for all cases: starting it takes longer than they do.
#[tokio::test]
async fn the_catcher_is_an_idempotent_provider() {
    let dir = tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o700)).tempdir().unwrap();
    let postgres = EmbeddedPostgres::start(dir.path(), EmbeddedOptions::throwaway()).await.unwrap();
    db::migrate::run(&postgres.url()).await.unwrap();
    let db = Db::new(&DbConfig::new(postgres.url())).unwrap();
    let clock = Clock::manual("2026-01-05T09:00:00Z".parse().unwrap());
    let catcher = Catcher::new(db.clone(), clock.clone(), Simulate::default());
    let (org, other) = (OrgId::new(), OrgId::new());

    repeats_are_recognised(&catcher, org, other).await;
    recipients_misbehave_as_asked(&catcher, org).await;
    failures_are_simulated(&db, &clock).await;

    assert!(catcher.clear(&Scope::whole(org), Reader::Everything).await.unwrap() > 0);
    assert!(catcher.list(&Scope::whole(org), Reader::Everything, None, None, 10).await.unwrap().is_empty());
    assert_eq!(
        catcher.list(&Scope::whole(other), Reader::Everything, None, None, 10).await.unwrap().len(),
        1,
        "another organisation keeps its mail"
    );
    db.close();
    postgres.stop().await.unwrap();
}

async fn repeats_are_recognised(catcher: &Catcher, org: OrgId, other: OrgId) {
    let mails = [mail("a", "a@x.example"), mail("b", "b@x.example"), mail("a", "a@x.example")];
    let first = send(catcher, org, &mails).await;
    assert_eq!(id(&first[0]), id(&first[2]), "a key twice in one batch is one message");
    assert_eq!(send(catcher, org, &mails).await, first, "a repeat gets the same answer");
    assert_ne!(id(&send(catcher, other, &mails[..1]).await[0]), id(&first[0]), "keys belong to an organisation");

    let list = catcher.list(&Scope::whole(org), Reader::Everything, None, None, 10).await.unwrap();
    assert_eq!(list.len(), 2);
    assert!(list.iter().all(|row| row.attempts == 2), "{list:?}");
    let page = catcher.list(&Scope::whole(org), Reader::Everything, None, Some((list[0].caught_at, list[0].id)), 10).await.unwrap();
    assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [list[1].id]);
    assert_eq!(catcher.list(&Scope::whole(org), Reader::Everything, Some("b@x.example"), None, 10).await.unwrap().len(), 1);

    assert_eq!(catcher.search(&Scope::whole(org), Reader::Everything, " B@X. ", None, 10).await.unwrap().len(), 1);
    assert_eq!(catcher.search(&Scope::whole(org), Reader::Everything, "grüße", None, 10).await.unwrap().len(), 2);
    assert!(catcher.search(&Scope::whole(org), Reader::Everything, "100%", None, 10).await.unwrap().is_empty());

    let caught = catcher.get(&Scope::whole(org), Reader::Everything, id(&first[0]).parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((caught.summary.subject.as_str(), caught.text.as_str()), ("Grüße a", "Hi"));
    assert_eq!(caught.headers, [("List-Unsubscribe".to_owned(), "<https://u.example/1>".to_owned())]);
    assert!(String::from_utf8(caught.raw).unwrap().contains("Message-ID: <a@sender.example>"));
    assert!(catcher.get(&Scope::whole(other), Reader::Everything, caught.summary.id).await.unwrap().is_none());

    assert_eq!(catcher.lookup(org, "a").await, Lookup::Accepted { provider_id: id(&first[0]).to_owned() });
    assert_eq!(catcher.lookup(org, "never").await, Lookup::NotFound);
}

async fn recipients_misbehave_as_asked(catcher: &Catcher, org: OrgId) {
    let mut broken = mail("r5", "ok@x.example");
    broken.subject = "a\r\nBcc: b".to_owned();
    let mails = [
        mail("r1", "x+bounce-now@x.example"),
        mail("r2", "defer@x.example"),
        mail("r3", "x+auth@x.example"),
        mail("r4", "x+timeout@x.example"),
        broken,
        mail("r6", "x+bounce@x.example"),
    ];
    let outcomes = send(catcher, org, &mails).await;
    let kinds: Vec<Option<RejectionKind>> =
        outcomes.iter().map(|o| if let Outcome::Rejected(r) = o { Some(r.kind) } else { None }).collect();
    use RejectionKind::{Message, Recipient, Sender, Temporary};
    assert_eq!(kinds, [Some(Recipient), Some(Temporary), Some(Sender), None, Some(Message), None]);
    assert!(matches!(outcomes[3], Outcome::Unknown { safe_to_repeat: true, .. }));
    id(&outcomes[5]);
    let again = send(catcher, org, &mails).await;
    let Lookup::Accepted { provider_id } = catcher.lookup(org, "r4").await else { panic!("the lost one was taken") };
    assert_eq!(id(&again[3]), provider_id);
    assert_eq!(catcher.lookup(org, "r1").await, Lookup::NotFound);
}

async fn failures_are_simulated(db: &Db, clock: &Clock) {
    let catcher =
        Catcher::new(db.clone(), clock.clone(), "latency_ms=1,throttle_every=4,unavailable_every=3,unknown_every=2".parse().unwrap());
    let org = OrgId::new();
    let mut seen = vec![];
    for i in 1..=4 {
        seen.push(send(&catcher, org, &[mail(&format!("s{i}"), "a@x.example")]).await.remove(0));
    }
    assert!(matches!(seen[0], Outcome::Accepted { .. }));
    assert!(matches!(seen[1], Outcome::Unknown { safe_to_repeat: true, .. }));
    assert!(matches!(seen[2], Outcome::Unavailable { .. }));
    assert_eq!(seen[3], Outcome::Throttled { retry_after: Duration::from_secs(1) });
    for (key, taken) in [("s1", true), ("s2", true), ("s3", false), ("s4", false)] {
        assert_eq!(catcher.lookup(org, key).await != Lookup::NotFound, taken, "{key}");
    }
}
