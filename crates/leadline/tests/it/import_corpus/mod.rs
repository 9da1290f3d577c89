//! Nasty files, made here, each with what must become of every row of it: told by the dry run, then done.

mod files;
mod pack;

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};
use files::{Case, Expected, Outcome};

/// Rows of a tally of the dry run.
fn rows(trial: &Value, kind: &str) -> Vec<u64> {
    trial[kind]["samples"].as_array().unwrap().iter().map(|sample| sample["row"].as_u64().unwrap()).collect()
}

/// A test for each kind of file.
macro_rules! corpus {
    ($($kind:ident),+) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $kind() {
            play_all(files::$kind()).await;
        })+
    };
}
corpus!(encodings, separators_and_lines, broken_rows, headers, values, packed, workbooks, no_tables, layouts);

/// Every file comes to what it must.
async fn play_all(cases: Vec<Case>) {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let mut wrong = Vec::new();
    for case in &cases {
        app.sql("DELETE FROM leads; DELETE FROM accounts; DELETE FROM suppressions; DELETE FROM custom_fields").await;
        let known = json!({"email": "known@old.example", "first_name": "Known", "title": "CTO", "external_id": "k-1"});
        owner.post_json("/api/v1/leads", &known).await.expect(201);
        if let Err(why) = play(&app, &owner, case).await {
            wrong.push(format!("{}: {why}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

macro_rules! same {
    ($left:expr, $right:expr, $($what:tt)+) => {{
        let (left, right) = (&$left, &$right);
        if *left != *right {
            return Err(format!("{}: {left:?} instead of {right:?}", format!($($what)+)));
        }
    }};
}

/// How many uploads the application keeps.
fn files(app: &TestApp) -> usize {
    let organisations = std::fs::read_dir(app.app.config.data_dir.join("imports")).into_iter().flatten();
    organisations.map(|organisation| std::fs::read_dir(organisation.unwrap().path()).unwrap().count()).sum()
}

async fn play(app: &TestApp, owner: &Visitor, case: &Case) -> Result<(), String> {
    let before = files(app);
    let uploaded = owner.upload("/api/v1/imports", "file", case.file_name, case.bytes.clone()).await;
    let expected = match &case.expected {
        Expected::Refused(words) => {
            let detail = uploaded.json()["detail"].as_str().unwrap_or_default().to_owned();
            same!(files(app), before, "files on the disk");
            same!(uploaded.status, 422, "status ({detail})");
            return if detail.contains(words) { Ok(()) } else { Err(format!("{detail:?} does not say {words:?}")) };
        }
        Expected::Rows(expected) => expected,
    };
    if uploaded.status != 201 {
        return Err(format!("refused: {}", uploaded.body));
    }
    let path = uploaded.location().to_owned();
    let found = uploaded.json();
    if let Some(layout) = case.layout {
        same!(found["layout"], json!(layout), "layout");
    }
    for (column, target) in &case.targets {
        let guess = found["columns"].as_array().unwrap().iter().find(|one| one["name"] == *column).map(|one| one["guess"].clone());
        same!(guess, Some(json!(target)), "column {column}");
    }
    let mut plan = found["plan"].clone();
    plan["existing"] = json!(case.existing);
    let tried = owner.post_json(&format!("{path}/dry-run"), &json!({"plan": plan})).await;
    same!(tried.status, 202, "dry run of {}: {}", plan["targets"], tried.body);
    let trial = owner.get(&format!("{path}/dry-run")).await.expect(200).json();
    same!(trial["complete"], json!(true), "dry run");
    same!(app.scalar("SELECT count(*) FROM leads").await, 1, "leads after the dry run");

    let of = |wanted: fn(&Outcome) -> bool| -> Vec<u64> {
        expected.iter().filter(|(_, outcome)| wanted(outcome)).map(|(row, _)| *row).collect()
    };
    let (created, updated) = (of(|o| matches!(o, Outcome::Created)), of(|o| matches!(o, Outcome::Updated)));
    let (unchanged, rejected) = (of(|o| matches!(o, Outcome::Unchanged)), of(|o| matches!(o, Outcome::Rejected(_))));
    for (kind, expected) in [("created", &created), ("updated", &updated), ("unchanged", &unchanged), ("rejected", &rejected)] {
        same!(rows(&trial, kind), *expected, "rows {kind} in the dry run");
    }

    same!(owner.post_json(&format!("{path}/start"), &Value::Null).await.status, 202, "start");
    app.settle().await;
    let import = owner.get(&path).await.expect(200).json();
    same!(import["status"], json!("finished"), "status");
    let counts = ["created", "updated", "unchanged", "rejected"].map(|name| import[name].as_u64().unwrap());
    same!(counts, [&created, &updated, &unchanged, &rejected].map(|rows| rows.len() as u64), "counts");
    let stored = app.scalar("SELECT count(*) FROM leads").await;
    same!(stored, 1 + i64::try_from(created.len()).unwrap(), "leads");
    let refused = app.text("SELECT coalesce(string_agg(row_no || ':' || reason, E'\\n' ORDER BY row_no), '') FROM import_rejections WHERE import_id = (SELECT id FROM imports ORDER BY id DESC LIMIT 1)").await;
    let refused: Vec<&str> = refused.lines().collect();
    same!(refused.len(), rejected.len(), "rejected rows ({refused:?})");
    for ((row, outcome), told) in expected.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Rejected(_))).zip(refused) {
        let Outcome::Rejected(words) = outcome else { continue };
        if !(told.starts_with(&format!("{row}:")) && told.contains(words)) {
            return Err(format!("row {row} is to be rejected for {words:?}: {told:?}"));
        }
    }
    for (sql, expected) in &case.stored {
        same!(app.text(sql).await, *expected, "{sql}");
    }
    Ok(())
}
