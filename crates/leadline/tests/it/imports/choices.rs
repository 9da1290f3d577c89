//! What is chosen on the page of the columns, and what a file says of people who want no mail.

use serde_json::{Value, json};

use super::{counts, import, upload};
use crate::support::{Answer, TestApp};

/// The form as the page shows it, and a browser would send it.
fn form(page: &Answer) -> Vec<(&'static str, String)> {
    let mut form: Vec<(&'static str, String)> = Vec::new();
    for name in ["target", "kind", "date_order"] {
        let of_column = format!("td [name={name}] option[selected], td input[name={name}]");
        form.extend(page.attributes(&of_column, "value").into_iter().map(|value| (name, value)));
    }
    form.extend([("has_header", "true".to_owned()), ("existing", "fill".to_owned()), ("source", "Fair".to_owned())]);
    form
}

fn targets(page: &Answer) -> Vec<String> {
    page.attributes("select[name=target] option[selected]", "value")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_columns_that_no_field_was_recognised_for_are_left_out_at_once() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.post_json("/api/v1/custom-fields", &json!({"label": "Rank", "kind": "text"})).await.expect(201);
    let file = "Email,Rank,Answer 1,Answer 2,Empty,Chosen\na@x.example,A,x,y,,z\n";
    let page = owner.upload("/imports", "file", "leads.csv", file.into()).await.expect(303).location().to_owned();
    let before = owner.get(&page).await.expect(200);
    let button = "button[name=leave_out]";
    assert_eq!(before.texts(button), ["Do not import the 3 other columns"]);
    // Without scripts the button sends the form itself.
    assert_eq!(before.attributes(button, "formaction"), [format!("{page}/mapping")]);
    assert_eq!(before.attributes(&format!("form#mapping {button}"), "value"), ["true"]);
    // What somebody has chosen otherwise is no other column.
    let mut sent = form(&before);
    sent[5].1 = "title".to_owned();
    sent.push(("leave_out", "true".to_owned()));
    owner.post_form(&format!("{page}/mapping"), &sent).await.expect(303);
    let after = owner.get(&page).await.expect(200);
    assert_eq!(targets(&after), ["email", "custom:rank", "ignore", "ignore", "ignore", "title"]);
    assert!(after.texts(button).is_empty(), "nothing is left to leave out");
    owner.post_form(&format!("{page}/start"), &form(&after)).await.expect(303);
    app.settle().await;
    assert_eq!(app.text("SELECT custom::text || title FROM leads").await, "{\"rank\": \"A\"}z");
    assert_eq!(app.scalar("SELECT count(*) FROM custom_fields").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_says_whether_days_or_months_come_first() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.post_json("/api/v1/custom-fields", &json!({"label": "Joined", "kind": "date"})).await.expect(201);
    let file = "Email,Joined,Met\na@x.example,02/03/2026,04/05/2026\nb@x.example,n/a,-\n";
    let page = owner.upload("/imports", "file", "leads.csv", file.into()).await.expect(303).location().to_owned();
    let shown = owner.get(&page).await.expect(200);
    // The field that is there is a date; the new one stays text until somebody says that it is one.
    assert_eq!(shown.attributes("select[name=date_order] option[selected]", "value"), ["dmy"]);
    assert_eq!(shown.attributes("select[name=kind] option[selected]", "value"), ["text"]);
    let tried = owner.get(&format!("/api/v1{page}/dry-run")).await.expect(200).json();
    assert_eq!(tried["created"]["count"], 2, "{tried}");
    let mut sent = form(&shown);
    let order: Vec<usize> = sent.iter().enumerate().filter(|(_, (name, _))| *name == "date_order").map(|(place, _)| place).collect();
    assert_eq!(order.len(), 3, "one for each column: {sent:?}");
    sent[order[1]].1 = "mdy".to_owned();
    let kind = sent.iter().rposition(|(name, _)| *name == "kind").unwrap();
    sent[kind].1 = "date".to_owned();
    owner.post_form(&format!("{page}/mapping"), &sent).await.expect(303);
    let chosen = owner.get(&page).await.expect(200);
    assert_eq!(chosen.attributes("select[name=date_order] option[selected]", "value"), ["mdy", "dmy"]);
    owner.post_form(&format!("{page}/start"), &form(&chosen)).await.expect(303);
    app.settle().await;
    let stored = app.text("SELECT custom::text FROM leads WHERE email = 'a@x.example'").await;
    assert_eq!(stored, "{\"met\": \"2026-05-04\", \"joined\": \"2026-02-03\"}");
    assert_eq!(app.text("SELECT custom::text FROM leads WHERE email = 'b@x.example'").await, "{}");

    // The same through the API; an address of America has the month first unless told otherwise.
    let file = "Email,Zip,Joined\nc@x.example,0210,02/03/2026\n";
    let uploaded = upload(&owner, "leads.csv", file).await.expect(201);
    assert_eq!(
        (&uploaded.json()["columns"][2]["date_order"], &uploaded.json()["columns"][2]["ambiguous_dates"]),
        (&json!("mdy"), &json!(true))
    );
    let mut plan = uploaded.json()["plan"].clone();
    plan["date_orders"] = json!({"joined": "dmy"});
    owner.post_json(&format!("{}/start", uploaded.location()), &json!({"plan": plan})).await.expect(202);
    app.settle().await;
    assert_eq!(app.text("SELECT custom->>'joined' FROM leads WHERE email = 'c@x.example'").await, "2026-03-02");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_opted_out_elsewhere_is_not_mailed_here() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for (email, status) in [("met@x.example", "contacted"), ("bought@x.example", "converted"), ("left@x.example", "unsubscribed")] {
        owner.post_json("/api/v1/leads", &json!({"email": email, "external_id": email})).await.expect(201);
        app.sql(&format!("UPDATE leads SET status = '{status}' WHERE email = '{email}'")).await;
    }
    // The one who bought is named by an id alone.
    let file = "Email,External ID,Email Opt Out\nmet@x.example,,Yes\n,bought@x.example,TRUE\nleft@x.example,,no\nnew@x.example,,1\nbad@x.example,,perhaps\nfine@x.example,,\n";
    let path = upload(&owner, "file.csv", file).await.expect(201).location().to_owned();
    let tried = owner.get(&format!("{path}/dry-run")).await.expect(200).json();
    assert_eq!(tried["suppressed"]["count"], 3, "{tried}");
    assert_eq!(app.scalar("SELECT count(*) FROM suppressions").await, 0, "a trial writes nothing");
    let done = import(&app, &owner, file).await;
    assert_eq!(counts(&done), [2, 1, 2, 1], "{done}");
    let statuses = "SELECT string_agg(split_part(email, '@', 1) || ' ' || status, ', ' ORDER BY email) FROM leads";
    assert_eq!(app.text(statuses).await, "bought converted, fine new, left unsubscribed, met unsubscribed, new unsubscribed");
    let suppressed: Value = owner.get("/api/v1/suppressions").await.expect(200).json();
    let mut emails: Vec<&str> = suppressed["data"].as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap()).collect();
    emails.sort_unstable();
    assert_eq!(emails, ["bought@x.example", "met@x.example", "new@x.example"]);
    assert!(suppressed["data"][0]["detail"].as_str().unwrap().contains("“leads.csv”"), "{suppressed}");

    // A later file that says the contrary brings nobody back, and undoing the import lets no mail through.
    let again = import(&app, &owner, "Email,Email Opt Out,Status\nmet@x.example,no,new\nnew@x.example,0,contacted\n").await;
    assert_eq!(counts(&again), [0, 0, 2, 0]);
    owner.post_json(&format!("/api/v1/imports/{}/undo", done["id"].as_str().unwrap()), &Value::Null).await.expect(202);
    app.settle().await;
    assert_eq!(app.text(statuses).await, "bought converted, left unsubscribed, met contacted");
    assert_eq!(app.scalar("SELECT count(*) FROM suppressions").await, 3);
}
