//! What recipients do: open, click, unsubscribe. No session anywhere.

use jiff::SignedDuration;
use serde_json::json;

use crate::mailing::{Caught, Mailing, THREE_STEPS};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// One lead who got step 1 an hour ago.
async fn sent() -> (Mailing, String, Caught) {
    let mailing = Mailing::start().await;
    mailing.lead("Ada", "ada@a.example").await;
    let campaign = mailing.launched(&THREE_STEPS).await;
    mailing.app.settle().await;
    let mail = mailing.mail("ada@a.example", "Hello Ada").await;
    (mailing, campaign, mail)
}

async fn visit(mailing: &Mailing, method: &str, path: &str) -> crate::support::Answer {
    let stranger = mailing.app.stranger();
    stranger.send(stranger.request(method, path).header("user-agent", BROWSER)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_and_clicks_of_people_and_machines_are_told_apart() {
    let (mailing, campaign, mail) = sent().await;
    let (pixel, link) = (mail.path("/t/o/"), mail.path("/t/c/"));
    // Within two seconds of the sending nobody has read anything.
    visit(&mailing, "GET", &pixel).await.expect(200);
    mailing.after(SignedDuration::from_hours(1)).await;
    visit(&mailing, "HEAD", &link).await.expect(302);
    let scanner = mailing.app.stranger();
    scanner.send(scanner.request("GET", &link).header("user-agent", "Barracuda Sentinel")).await.expect(302);
    let send = &mailing.sends(&campaign).await[0];
    assert_eq!(
        (&send["opens"], &send["machine_opens"], &send["clicks"], &send["machine_clicks"]),
        (&json!(0), &json!(1), &json!(0), &json!(2))
    );
    assert_eq!(send["opened_at"], json!(null));

    let image = visit(&mailing, "GET", &pixel).await.expect(200);
    assert_eq!((image.header("content-type"), image.header("cache-control")), ("image/gif", "no-store"));
    visit(&mailing, "GET", &pixel).await.expect(200);
    let redirect = visit(&mailing, "GET", &link).await.expect(302);
    assert_eq!(redirect.location(), "https://shop.example/?a=1&b=2");
    let send = &mailing.sends(&campaign).await[0];
    assert_eq!((&send["opens"], &send["clicks"]), (&json!(2), &json!(1)));
    assert!(send["opened_at"].is_string() && send["clicked_at"].is_string());
    let human = |kind: &str| format!("SELECT count(*) FROM events WHERE kind = '{kind}' AND NOT (payload->>'machine')::boolean");
    assert_eq!(mailing.app.scalar(&human("mail.opened")).await, 1, "the first time only");
    assert_eq!(mailing.app.scalar(&human("mail.clicked")).await, 1);
    let first =
        "SELECT count(*) FROM events WHERE payload->'first' = 'true' AND NOT (payload->'opened' = 'true' AND kind = 'mail.clicked')";
    assert_eq!(mailing.app.scalar(first).await, 2, "one first opening, one first click that was not the first sign of an opening");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_foreign_tokens_do_nothing() {
    let (mailing, campaign, mail) = sent().await;
    mailing.after(SignedDuration::from_hours(1)).await;
    let (pixel, link, unsubscribe) = (mail.path("/t/o/"), mail.path("/t/c/"), mail.path("/u/"));
    let token = |path: &str| path.rsplit('/').next().unwrap().trim_end_matches(".gif").to_owned();
    let mut forged = token(&link);
    let last = if forged.ends_with('A') { 'B' } else { 'A' };
    forged.replace_range(10..11, &last.to_string());
    assert_eq!(visit(&mailing, "GET", &format!("/t/c/{forged}")).await.status, 404);
    // A token of one purpose is none of another, so nobody can turn an image into an unsubscription.
    assert_eq!(visit(&mailing, "POST", &format!("/u/{}", token(&pixel))).await.status, 404);
    assert_eq!(visit(&mailing, "GET", &format!("/t/c/{}", token(&unsubscribe))).await.status, 404);
    assert_eq!(visit(&mailing, "GET", "/t/o/nonsense.gif").await.status, 200, "an image in a mail is never broken");
    let send = &mailing.sends(&campaign).await[0];
    assert_eq!((&send["opens"], &send["clicks"]), (&json!(0), &json!(0)));
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM suppressions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_the_page_unsubscribes_nobody_and_the_button_does() {
    let (mailing, campaign, mail) = sent().await;
    let path = mail.path("/u/");
    let page = visit(&mailing, "GET", &path).await.expect(200);
    assert!(page.body.contains("ada@a.example") && page.body.contains("<form"), "{}", page.body);
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM suppressions").await, 0);
    let done = visit(&mailing, "POST", &path).await.expect(200);
    assert!(done.body.contains("You are unsubscribed"));
    visit(&mailing, "POST", &path).await.expect(200);
    mailing.after(SignedDuration::from_hours(49)).await;
    assert_eq!(mailing.caught("true").await, 1, "step 2 is not sent");
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM events WHERE kind = 'mail.unsubscribed'").await, 1);
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM leads WHERE status = 'unsubscribed'").await, 1);
    assert_eq!(mailing.numbers(&campaign).await["leads"]["reasons"], json!([["unsubscribed", 1]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_program_unsubscribes_with_one_click() {
    let (mailing, _, mail) = sent().await;
    let address = mail.header("List-Unsubscribe").split('>').next().unwrap().trim_start_matches('<').to_owned();
    let path = address.strip_prefix(&mailing.app.address).unwrap();
    let stranger = mailing.app.stranger();
    // RFC 8058: from the provider's servers, without cookies, possibly naming another origin.
    let request = stranger.request("POST", path).header("origin", "https://mail.example").form(&[("List-Unsubscribe", "One-Click")]);
    stranger.send(request).await.expect(200);
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM suppressions WHERE reason = 'unsubscribed' AND source = 'one_click'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsubscription_by_mistake_is_taken_back() {
    let mailing = Mailing::start().await;
    mailing.lead("Ada", "ada@a.example").await;
    mailing.lead("Bob", "bob@b.example").await;
    mailing.launched(&THREE_STEPS).await;
    mailing.app.settle().await;
    let path = mailing.mail("ada@a.example", "Hello Ada").await.path("/u/");
    visit(&mailing, "POST", &path).await.expect(200);
    mailing.after(SignedDuration::from_hours(49)).await;
    assert_eq!(mailing.caught("to_address = 'ada@a.example'").await, 1);
    assert!(visit(&mailing, "GET", &path).await.expect(200).body.contains("/undo"));
    assert!(visit(&mailing, "POST", &format!("{path}/undo")).await.expect(200).body.contains("Welcome back"));
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM suppressions").await, 0);
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM leads WHERE status = 'contacted'").await, 2);
    mailing.app.settle().await;
    assert_eq!(mailing.caught("subject = 'Still there?'").await, 2, "the sequence goes on where it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_complained_cannot_be_brought_back_by_a_link() {
    let (mailing, _, mail) = sent().await;
    let path = mail.path("/u/");
    visit(&mailing, "POST", &path).await.expect(200);
    mailing.app.sql("UPDATE suppressions SET reason = 'complained'").await;
    assert!(visit(&mailing, "POST", &format!("{path}/undo")).await.expect(200).body.contains("Not changed"));
    assert_eq!(mailing.app.scalar("SELECT count(*) FROM suppressions").await, 1);
}
