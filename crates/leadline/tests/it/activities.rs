//! Notes and tasks: on a lead's page, in one's list, through the API, and only for whoever sees the lead.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

async fn lead(owner: &Visitor, name: &str) -> String {
    owner.post_json("/api/v1/leads", &json!({"first_name": name})).await.expect(201).json()["id"].as_str().unwrap().to_owned()
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn kinds(owner: &Visitor, lead: &str) -> Vec<String> {
    let timeline = owner.get(&format!("/api/v1/leads/{lead}/timeline")).await.expect(200).json();
    timeline["data"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_its_authors_and_stands_on_the_leads_page() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = lead(&owner, "Ada").await;
    let page = format!("/leads/{ada}");
    owner.post_form(&format!("{page}/notes"), &[("body", "Wants <b>looms</b>\r\nin May")]).await.expect(303);
    let shown = owner.get(&page).await.expect(200);
    assert_eq!(shown.texts(".note-text"), ["Wants <b>looms</b> in May"], "text, not markup");
    assert!(shown.text().contains("Wrote a note"), "{}", shown.text());
    let empty = owner.post_form(&format!("{page}/notes"), &[("body", "  ")]).await.expect(422);
    assert!(empty.text().contains("at least one character"), "{}", empty.text());
    let long = "x".repeat(10_001);
    let refused = owner.post_form(&format!("{page}/notes"), &[("body", &long)]).await.expect(422);
    assert_eq!(refused.texts("textarea[aria-invalid]").len(), 1, "what was typed stays beside what is wrong");

    let list = owner.get(&format!("/api/v1/notes?lead={ada}")).await.expect(200).json();
    let note = format!("/api/v1/notes/{}", id(&list["data"][0]));
    let rep = app.colleague(&owner, "rep").await;
    rep.get(&note).await.expect(200);
    rep.patch_json(&note, &json!({"body": "Mine now"})).await.expect(403);
    rep.delete(&note).await.expect(403);
    rep.get(&format!("/notes/{}/edit", id(&list["data"][0]))).await.expect(403);
    let viewer = app.colleague(&owner, "viewer").await;
    viewer.post_json("/api/v1/notes", &json!({"lead_id": ada, "body": "x"})).await.expect(403);
    assert!(viewer.get(&page).await.expect(200).attributes("form", "action").iter().all(|action| !action.ends_with("/notes")));

    let stale = owner.request("PATCH", &note).header("if-match", "\"9\"").json(&json!({"body": "Late"}));
    owner.send(stale).await.expect(412);
    let changed = owner.patch_json(&note, &json!({"body": "Wants looms in June"})).await.expect(200);
    assert_eq!((changed.header("etag"), changed.json()["body"].as_str()), ("\"2\"", Some("Wants looms in June")));
    assert!(owner.get(&page).await.text().contains(", edited"));

    // Whoever runs the organisation clears up after those who have left.
    let theirs = id(&rep.post_json("/api/v1/notes", &json!({"lead_id": ada, "body": "By the rep"})).await.expect(201).json());
    owner.patch_json(&format!("/api/v1/notes/{theirs}"), &json!({"body": "x"})).await.expect(403);
    owner.post_form(&format!("/notes/{theirs}/delete"), &[("x", "")]).await.expect(303);
    assert_eq!(kinds(&owner, &ada).await, ["note.deleted", "note.added", "note.changed", "note.added", "lead.created"]);
    let told = app.scalar("SELECT count(*) FROM events WHERE kind LIKE 'note.%' AND payload::text ~* 'looms|rep'").await;
    assert_eq!(told, 0, "the log never holds what was written");
    let narrowed = owner.get(&format!("{page}?events=changes")).await.expect(200);
    assert!(!narrowed.text().contains("Wrote a note") && narrowed.text().contains("Added by hand"), "{}", narrowed.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_stand_as_they_are_due_and_are_ticked_off() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = lead(&owner, "Ada").await;
    // The test's clock stands on Monday, 5 January 2026, 09:00 UTC.
    let add = async |title: &str, due: Value| {
        id(&owner.post_json("/api/v1/tasks", &json!({"lead_id": ada, "title": title, "due": due})).await.expect(201).json())
    };
    let whenever = add("Whenever", Value::Null).await;
    add("Tomorrow", json!("2026-01-06")).await;
    let today = add("Today", json!("2026-01-05")).await;
    let late = add("An hour late", json!("2026-01-05T08:00:00Z")).await;
    let yesterday = add("Yesterday", json!("2026-01-04")).await;
    let page = owner.get("/tasks").await.expect(200);
    assert_eq!(page.texts(".card h2"), ["Overdue", "Today", "Upcoming", "Without a date"]);
    assert_eq!(page.texts("td.is-title"), ["Yesterday", "An hour late", "Today", "Tomorrow", "Whenever"]);

    // One page after the other, across the tasks that are never due.
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let part = owner.get(&format!("/api/v1/tasks?assignee=me&limit=2{cursor}")).await.expect(200).json();
        seen.extend(part["data"].as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()));
        match part["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["Yesterday", "An hour late", "Today", "Tomorrow", "Whenever"]);

    owner.post_form("/tasks/done", &[("id", late.as_str()), ("id", &yesterday), ("back", "//evil.example")]).await.expect(303);
    let only =
        owner.post_form("/tasks/done", &[("id", whenever.as_str()), ("only", &today), ("back", "/tasks?assignee=all")]).await.expect(303);
    assert_eq!(only.location(), "/tasks?assignee=all");
    assert_eq!(owner.get("/tasks").await.texts("td.is-title"), ["Tomorrow", "Whenever"], "the button of one task ticks off that one alone");
    assert_eq!(owner.get("/tasks?state=done").await.texts("td.is-title").len(), 3);
    owner.post_form(&format!("/tasks/{today}/reopen"), &[("back", "/tasks")]).await.expect(303);
    assert_eq!(owner.get("/tasks").await.texts("td.is-title"), ["Today", "Tomorrow", "Whenever"]);

    for (body, pointer) in [
        (json!({"lead_id": ada, "title": " "}), "/title"),
        (json!({"lead_id": ada, "title": "x", "due": "soon"}), "/due"),
        (json!({"lead_id": ada, "title": "x", "assignee_id": kernel::UserId::new()}), "/assignee_id"),
    ] {
        let refused = owner.post_json("/api/v1/tasks", &body).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    owner.post_json("/api/v1/tasks", &json!({"lead_id": kernel::LeadId::new(), "title": "x"})).await.expect(404);
    let task = format!("/api/v1/tasks/{today}");
    let stale = owner.request("PATCH", &task).header("if-match", "\"1\"").json(&json!({"title": "Late"}));
    owner.send(stale).await.expect(412);
    let patched = owner.patch_json(&task, &json!({"due": null, "priority": "high", "done": true})).await.expect(200).json();
    assert!(patched["due"].is_null() && patched["done_at"].is_string() && patched["priority"] == "high", "{patched}");
    owner.delete(&task).await.expect(204);
    owner.get(&task).await.expect(404);
    assert_eq!(kinds(&owner, &ada).await[..3], ["task.deleted", "task.completed", "task.changed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_makes_and_changes_a_task_and_keeps_what_was_refused() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let ada = lead(&owner, "Ada").await;
    let refused = owner.post_form(&format!("/leads/{ada}/tasks"), &[("title", "Call"), ("due", "tomorrow")]).await.expect(422);
    assert_eq!(refused.attributes("[aria-invalid]", "id"), ["field-due"]);
    assert_eq!(refused.attributes("#field-title", "value"), ["Call"]);
    owner.post_form(&format!("/leads/{ada}/tasks"), &[("title", "Call"), ("due", "2026-01-09")]).await.expect(303);
    let page = owner.get(&format!("/leads/{ada}")).await.expect(200);
    assert_eq!(page.texts(".task-title"), ["Call"]);
    assert!(page.text().contains("due on 2026-01-09"), "{}", page.text());
    let edit = page.attributes(".task-title a", "href")[0].clone();
    let form = owner.get(&edit).await.expect(200);
    assert_eq!(form.attributes("#field-due", "value"), ["2026-01-09"]);
    let (path, version) = (edit.split('?').next().unwrap().to_owned(), form.attributes("input[name=version]", "value")[0].clone());
    let change = [
        ("title", "Call again"),
        ("due", "2026-01-09"),
        ("time", "10:30"),
        ("priority", "high"),
        ("version", &version),
        ("back", &format!("/leads/{ada}")),
    ];
    assert_eq!(owner.post_form(&path, &change).await.expect(303).location(), format!("/leads/{ada}"));
    owner.post_form(&path, &change).await.expect(412);
    let task = path.trim_start_matches("/tasks/").trim_end_matches("/edit");
    assert_eq!(owner.get(&format!("/api/v1/tasks/{task}")).await.json()["due"], "2026-01-09T10:30:00Z");
    owner.post_form(&path, &[("title", "x"), ("due", "2026-01-09"), ("time", "noon")]).await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_see_the_lead_sees_nothing_of_it() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    let (hidden, hers) = (lead(&owner, "Hidden").await, lead(&rep, "Hers").await);
    let note = id(&owner.post_json("/api/v1/notes", &json!({"lead_id": hidden, "body": "secret"})).await.expect(201).json());
    let me = rep.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned();
    let task =
        id(&owner.post_json("/api/v1/tasks", &json!({"lead_id": hidden, "title": "Secret", "assignee_id": me})).await.expect(201).json());
    for path in [
        format!("/api/v1/notes/{note}"),
        format!("/api/v1/tasks/{task}"),
        format!("/api/v1/notes?lead={hidden}"),
        format!("/leads/{hidden}/notes"),
        format!("/tasks/{task}/edit"),
    ] {
        rep.get(&path).await.expect(404);
    }
    rep.post_json("/api/v1/notes", &json!({"lead_id": hidden, "body": "x"})).await.expect(404);
    rep.post_json("/api/v1/tasks", &json!({"lead_id": hidden, "title": "x"})).await.expect(404);
    rep.post_form("/tasks/done", &[("id", &task)]).await.expect(303);
    assert_eq!(app.scalar("SELECT count(*) FROM tasks WHERE done_at IS NOT NULL").await, 0);
    assert_eq!(rep.get("/tasks?assignee=all").await.expect(200).texts("td.is-title").len(), 0);
    rep.post_json("/api/v1/notes", &json!({"lead_id": hers, "body": "x"})).await.expect(201);
    let neighbour = app.sign_up("Neighbour").await;
    neighbour.get(&format!("/api/v1/notes/{note}")).await.expect(404);
    neighbour.patch_json(&format!("/api/v1/tasks/{task}"), &json!({"done": true})).await.expect(404);

    // They go with the lead.
    owner.delete(&format!("/api/v1/leads/{hidden}")).await.expect(204);
    assert_eq!(app.scalar("SELECT (SELECT count(*) FROM notes) + (SELECT count(*) FROM tasks)").await, 1);
}
