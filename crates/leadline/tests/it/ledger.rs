//! The send ledger when things go wrong: two pumps at once, crashes, lost answers, refusals.

use jiff::SignedDuration;
use mail::MailConfig;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    mailing::{Mailing, THREE_STEPS},
    support::TestOptions,
};

const ONE_STEP: [crate::mailing::Step<'static>; 1] = [(0, "Hello {{ first_name }}", "<p>Hi {{ first_name }}</p>")];

#[tokio::test(flavor = "multi_thread")]
async fn many_pumps_at_once_send_nothing_twice() {
    let mailing = Mailing::start_simulating("latency_ms=20").await;
    mailing.many_leads(1_200).await;
    let campaign = mailing.launched(&ONE_STEP).await;
    // Without their unique key nothing keeps these from running at the same time but the ledger itself.
    mailing
        .app
        .sql(
            "INSERT INTO jobs (org_id, kind, payload, run_at)
             SELECT org_id, kind, payload, '-infinity' FROM jobs, generate_series(1, 5) WHERE kind = 'outreach.pump'",
        )
        .await;
    tokio::join!(mailing.app.run_jobs(), mailing.app.run_jobs(), mailing.app.run_jobs());
    mailing.end_leases().await;
    mailing.app.settle().await;
    assert_eq!(mailing.caught("true").await, 1_200);
    assert_eq!(mailing.caught("attempts > 1").await, 0, "not even tried twice");
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM events WHERE kind = 'mail.sent'").await, 1_200);
    assert_eq!(mailing.read(&campaign).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_sender_died_is_repeated_under_the_same_key() {
    let mailing = Mailing::start_simulating("latency_ms=1000").await;
    mailing.many_leads(150).await;
    let campaign = mailing.launched(&ONE_STEP).await;
    mailing.die_in_hand_over(1).await;
    let keys = "SELECT count(DISTINCT key) FROM send_batches WHERE tries = 1";
    assert!(mailing.app.scalar(keys).await >= 1, "a hand-over had begun");
    mailing.app.sql("CREATE TABLE keys AS SELECT id, key, mails::text AS mails FROM send_batches WHERE tries = 1").await;
    mailing.end_leases().await;
    mailing.die_in_hand_over(2).await;
    let same = "SELECT count(*) FROM send_batches b JOIN keys k ON k.id = b.id AND k.key = b.key AND k.mails = b.mails::text WHERE b.tries = 2 AND b.token = 2";
    assert!(mailing.app.scalar(same).await >= 1, "the identical batch under the identical key");
    mailing.end_leases().await;
    mailing.app.settle().await;
    assert_eq!(mailing.caught("true").await, 150);
    assert_eq!(mailing.read(&campaign).await["status"], "finished");
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM send_batches").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_got_lost_is_asked_for_again_and_counts_once() {
    let mailing = Mailing::start_simulating("unknown_every=2").await;
    mailing.many_leads(300).await;
    mailing.launched(&THREE_STEPS).await;
    for _ in 0..12 {
        mailing.app.settle().await;
        mailing.end_leases().await;
    }
    assert_eq!(mailing.caught("true").await, 300);
    assert!(mailing.caught("attempts > 1").await >= 100, "the provider recognised the repeat");
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM sends WHERE state = 'sent'").await, 300);
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM events WHERE kind = 'mail.sent'").await, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_unsubscribes_while_an_outcome_is_unknown_is_not_written_to_again() {
    // Nothing reached the provider: the process died during the wait.
    let mailing = Mailing::start_simulating("latency_ms=1000").await;
    mailing.lead("Ada", "ada@a.example").await;
    mailing.lead("Bob", "bob@b.example").await;
    mailing.launched(&ONE_STEP).await;
    mailing.die_in_hand_over(1).await;
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM sends WHERE state = 'claimed'").await, 2);
    mailing.owner.post_json("/api/v1/suppressions", &json!({"email": "ada@a.example"})).await.expect(201);
    mailing.end_leases().await;
    mailing.app.settle().await;
    assert_eq!(mailing.caught("to_address = 'ada@a.example'").await, 0);
    assert_eq!(mailing.caught("to_address = 'bob@b.example'").await, 1);
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM sends WHERE state = 'suppressed' AND reason = 'suppressed'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_suppressed_between_claim_and_call_is_left_out() {
    let mailing = Mailing::start_simulating("latency_ms=1000").await;
    mailing.lead("Ada", "ada@a.example").await;
    mailing.lead("Bob", "bob@b.example").await;
    mailing.launched(&ONE_STEP).await;
    mailing.die_in_hand_over(1).await;
    // As if it had died between the claim and the note that the hand-over begins.
    mailing.app.sql("UPDATE send_batches SET tries = 0, first_try_at = NULL").await;
    mailing.owner.post_json("/api/v1/suppressions", &json!({"email": "ada@a.example"})).await.expect(201);
    mailing.end_leases().await;
    mailing.app.settle().await;
    assert_eq!(mailing.caught("to_address = 'ada@a.example'").await, 0);
    assert_eq!(mailing.caught("to_address = 'bob@b.example' AND attempts = 1").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deleted_while_an_outcome_is_unknown_is_not_written_to() {
    let mailing = Mailing::start_simulating("latency_ms=1000").await;
    let ada = mailing.lead("Ada", "ada@a.example").await;
    mailing.lead("Bob", "bob@b.example").await;
    let campaign = mailing.launched(&ONE_STEP).await;
    mailing.die_in_hand_over(1).await;
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM sends WHERE state = 'claimed'").await, 2);
    assert_eq!(mailing.owner.delete(&format!("/api/v1/leads/{ada}")).await.status, 204);
    mailing.end_leases().await;
    mailing.app.settle().await;
    assert_eq!(mailing.caught("to_address = 'ada@a.example'").await, 0);
    assert_eq!(mailing.caught("to_address = 'bob@b.example'").await, 1);
    assert_eq!(mailing.read(&campaign).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_apart() {
    let mailing = Mailing::start().await;
    for (name, email) in [("Gone", "gone+bounce-now@x.example"), ("Busy", "busy+defer@x.example"), ("Ada", "ada@a.example")] {
        mailing.lead(name, email).await;
    }
    let campaign = mailing.launched(&ONE_STEP).await;
    mailing.app.settle().await;
    let of = |sends: &[Value], email: &str| sends.iter().find(|send| send["email"].as_str().unwrap().starts_with(email)).unwrap().clone();
    let sends = mailing.sends(&campaign).await;
    assert_eq!(of(&sends, "ada")["state"], "sent");
    let gone = of(&sends, "gone");
    assert_eq!((&gone["state"], &gone["reason"]), (&json!("failed"), &json!("bounced")));
    assert!(gone["detail"].as_str().unwrap().contains("no such user"));
    let list = mailing.owner.get("/api/v1/suppressions").await.expect(200).json();
    assert_eq!(
        (&list["data"][0]["email"], &list["data"][0]["reason"], &list["total"]["value"]),
        (&json!("gone+bounce-now@x.example"), &json!("bounced"), &json!(1))
    );
    let busy = of(&sends, "busy");
    assert_eq!((&busy["state"], &busy["attempts"]), (&json!("planned"), &json!(1)), "{busy}");
    for _ in 0..8 {
        mailing.after(SignedDuration::from_hours(4)).await;
    }
    let busy = of(&mailing.sends(&campaign).await, "busy");
    assert_eq!((&busy["state"], &busy["reason"], &busy["attempts"]), (&json!("failed"), &json!("soft_bounce"), &json!(6)), "{busy}");
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM suppressions").await, 1, "a full mailbox is not a dead one");
    assert_eq!(mailing.read(&campaign).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_us_pauses_the_campaign_and_blames_no_lead() {
    let mailing = Mailing::start().await;
    mailing.lead("Auth", "a+auth@x.example").await;
    let campaign = mailing.launched(&ONE_STEP).await;
    mailing.app.settle().await;
    let read = mailing.read(&campaign).await;
    assert_eq!(read["status"], "paused");
    assert!(read["status_reason"].as_str().unwrap().contains("unauthenticated"), "{read}");
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM sends WHERE state = 'planned' AND attempts = 0").await, 1);
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM suppressions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_or_wants_a_pause_gets_one() {
    for simulate in ["unavailable_every=2", "throttle_every=2"] {
        let mailing = Mailing::start_simulating(simulate).await;
        mailing.many_leads(250).await;
        let campaign = mailing.launched(&ONE_STEP).await;
        mailing.app.settle().await;
        let read = mailing.read(&campaign).await;
        assert!(read["hold_reason"].as_str().unwrap().contains("provider"), "{read}");
        for _ in 0..6 {
            mailing.end_leases().await;
            mailing.app.settle().await;
        }
        assert_eq!(mailing.caught("true").await, 250, "{simulate}");
        assert_eq!(mailing.caught("attempts > 1").await, 0, "what was not taken was not sent, and what was is not repeated");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_lost_its_name_after_the_launch_fails_alone() {
    let mailing = Mailing::start().await;
    let ada = mailing.lead("Ada", "ada@a.example").await;
    mailing.lead("Bob", "bob@b.example").await;
    let campaign = mailing.launched(&ONE_STEP).await;
    mailing.owner.patch_json(&format!("/api/v1/leads/{ada}"), &json!({"first_name": ""})).await.expect(200);
    mailing.app.settle().await;
    assert_eq!(mailing.caught("true").await, 1);
    let failed = mailing.owner.get(&format!("/api/v1/campaigns/{campaign}/sends?state=failed")).await.expect(200).json();
    assert!(failed["data"][0]["detail"].as_str().unwrap().contains("first_name"), "{failed}");
    assert_eq!(mailing.read(&campaign).await["status"], "finished");
}

/// A server that takes the whole message and hangs up before it says whether it will deliver it.
async fn silent_smtp() -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}?starttls=never", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(conversation(stream));
        }
    });
    (url, serving)
}

async fn conversation(stream: TcpStream) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let _ = write.write_all(b"220 silent\r\n").await;
    let mut in_message = false;
    while let Ok(Some(line)) = lines.next_line().await {
        if in_message {
            if line == "." {
                return;
            }
            continue;
        }
        let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
        in_message = verb == "DATA";
        let answer: &[u8] = if in_message { b"354 go on\r\n" } else { b"250 ok\r\n" };
        if write.write_all(answer).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_smtp_may_have_sent_is_parked_until_a_person_decides() {
    let (url, _serving) = silent_smtp().await;
    let mail = MailConfig { smtp_url: Some(url), ..MailConfig::default() };
    let mailing = Mailing::start_with(TestOptions { mail, ..TestOptions::default() }).await;
    mailing.lead("Ada", "ada@a.example").await;
    mailing.lead("Bob", "bob@b.example").await;
    let campaign = mailing.launched(&[(0, "Hi", "<p>Hi</p>"), (1, "Again", "<p>Again</p>")]).await;
    mailing.app.settle().await;
    let parked = mailing.sends(&campaign).await;
    assert!(parked.iter().all(|send| send["state"] == "unknown" && !send["detail"].as_str().unwrap().is_empty()), "{parked:?}");
    for _ in 0..3 {
        mailing.end_leases().await;
        mailing.after(SignedDuration::from_hours(48)).await;
    }
    assert_eq!(
        mailing.app.scalar("SELECT count(*) FROM sends WHERE state = 'unknown' AND attempts = 1").await,
        2,
        "never repeated blindly"
    );
    assert_eq!(mailing.read(&campaign).await["status"], "running", "somebody has to decide");
    let resolve = async |at: usize, verdict: &str| {
        let path = format!("/api/v1/sends/{}/resolve", parked[at]["id"].as_str().unwrap());
        mailing.owner.post_json(&path, &json!({"verdict": verdict})).await
    };
    assert_eq!(resolve(0, "sent").await.expect(200).json()["state"], "sent");
    assert_eq!(resolve(0, "sent").await.status, 200, "again changes nothing");
    assert_eq!(resolve(0, "not_sent").await.status, 409);
    assert_eq!(resolve(1, "not_sent").await.expect(200).json()["state"], "planned");
    mailing.app.settle().await;
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM sends WHERE step_no = 1 AND state = 'unknown'").await, 1, "it was tried again");
    mailing.after(SignedDuration::from_hours(25)).await;
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM sends WHERE step_no = 2").await, 1, "the other went on");
}
