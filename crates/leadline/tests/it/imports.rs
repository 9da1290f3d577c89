mod choices;

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Visitor};

const SMALL: &str = "First Name,Last Name,Email,Company,Converted,Visits\n\
    Ada,Lovelace,ada@acme.example,Acme,1,3\n\
    Bob,Byron,bob@acme.example,Acme,0,5\n\
    Cy,Cook,not-an-address,Acme,0,7\n";

async fn upload(visitor: &Visitor, name: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    visitor.upload("/api/v1/imports", "file", name, bytes.into()).await
}

/// Uploads and starts by the guessed plan; the import's path in the API.
async fn start(visitor: &Visitor, bytes: impl Into<Vec<u8>>) -> String {
    let uploaded = upload(visitor, "leads.csv", bytes).await.expect(201);
    let path = uploaded.location().to_owned();
    visitor.post_json(&format!("{path}/start"), &json!({})).await.expect(202);
    path
}

/// The same, to its end.
async fn import(app: &TestApp, visitor: &Visitor, bytes: impl Into<Vec<u8>>) -> Value {
    let path = start(visitor, bytes).await;
    app.settle().await;
    let import = visitor.get(&path).await.expect(200).json();
    assert_eq!(import["status"], "finished", "{import}");
    import
}

fn counts(import: &Value) -> [u64; 4] {
    ["created", "updated", "unchanged", "rejected"].map(|name| import[name].as_u64().unwrap())
}

async fn rejected(visitor: &Visitor, import: &Value) -> String {
    visitor.get(&format!("/imports/{}/rejected.csv", import["id"].as_str().unwrap())).await.expect(200).body
}

fn many(rows: usize) -> String {
    let mut text = String::from("email,first_name,company_domain,title,notes\n");
    for n in 0..rows {
        text.push_str(&format!("p{n}@c{}.example,Pat {n},c{}.example,\"Head of\n{n}\",x\n", n % 700, n % 700));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_as_a_person_would_do_it() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    assert!(owner.get("/imports").await.expect(200).text().contains("No file imported yet"));
    assert_eq!(owner.get("/imports/new").await.expect(200).attributes("input[type=file]", "name"), ["file"]);

    let uploaded = owner.upload("/imports", "file", "my leads.csv", SMALL.into()).await.expect(303);
    let page = uploaded.location().to_owned();
    let mapping = owner.get(&page).await.expect(200);
    assert_eq!(
        mapping.attributes("select[name=target] option[selected]", "value"),
        ["first_name", "last_name", "email", "company_name", "status", "custom:visits"]
    );
    assert_eq!(mapping.texts("#trial .tab-count"), ["2", "0", "0", "1", "0", "0"]);
    assert!(mapping.text().contains("not an e-mail address"), "{}", mapping.text());
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 0);

    // A correction changes the preview, a plan that names nobody is refused and keeps what was chosen.
    let plan = |targets: &'static [&'static str]| {
        let mut form: Vec<(&str, &str)> = targets.iter().map(|target| ("target", *target)).collect();
        form.extend([("has_header", "true"), ("existing", "fill"), ("source", "Fair"), ("tags", "spring, vip")]);
        form
    };
    owner.post_form(&format!("{page}/mapping"), &plan(&["ignore", "last_name", "email", "ignore", "ignore", "ignore"])).await.expect(303);
    let corrected = owner.get(&page).await.expect(200);
    assert_eq!(corrected.attributes("select[name=target] option[selected]", "value")[0], "ignore");
    let refused = owner
        .post_form(&format!("{page}/start"), &plan(&["ignore", "ignore", "ignore", "company_name", "ignore", "ignore"]))
        .await
        .expect(422);
    assert!(refused.text().contains("No column says who the leads are"));
    let twice =
        owner.post_form(&format!("{page}/start"), &plan(&["email", "ignore", "email", "ignore", "ignore", "ignore"])).await.expect(422);
    assert!(twice.text().contains("“First Name” and “Email” are both to become E-mail"), "{}", twice.text());

    owner
        .post_form(&format!("{page}/start"), &plan(&["first_name", "last_name", "email", "company_name", "status", "custom:visits"]))
        .await
        .expect(303);
    let running = owner.get(&page).await.expect(200);
    assert!(running.text().contains("Running") && running.text().contains("0 of 3"), "{}", running.text());
    assert_eq!(running.attributes("#import", "data-live"), [format!("import:{}", page.rsplit('/').next().unwrap())]);
    app.settle().await;
    let finished = owner.get(&page).await.expect(200);
    assert_eq!(finished.texts(".stat-value"), ["2", "0", "0", "1"]);
    assert!(finished.text().contains("Finished") && finished.text().contains("not-an-address"));
    assert!(owner.get("/imports").await.expect(200).text().contains("my leads.csv"));

    let leads = owner.get("/api/v1/leads").await.expect(200).json();
    let ada = leads["data"].as_array().unwrap().iter().find(|lead| lead["email"] == "ada@acme.example").unwrap();
    assert_eq!(
        (&ada["status"], &ada["source"], &ada["tags"], &ada["custom"]),
        (&json!("converted"), &json!("Fair"), &json!(["spring", "vip"]), &json!({"visits": 3}))
    );
    assert_eq!((&ada["company_name"], &ada["company_domain"]), (&json!("Acme"), &json!("acme.example")));
    assert_eq!(app.scalar("SELECT count(*) FROM accounts").await, 1);
    // A second start finds it done.
    owner
        .post_form(&format!("{page}/start"), &plan(&["first_name", "last_name", "email", "company_name", "status", "custom:visits"]))
        .await
        .expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_again_creates_and_updates_nothing() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let text = format!("{SMALL}Ada,King,ADA@acme.example,Acme,1,3\nDi,,,Solo,0,\nDi,,,solo,0,\n");
    assert_eq!(counts(&import(&app, &owner, text.clone()).await), [3, 0, 2, 1]);
    let events = app.scalar("SELECT count(*) FROM events WHERE kind LIKE 'lead.%'").await;
    assert_eq!(counts(&import(&app, &owner, text.clone()).await), [0, 0, 5, 1]);
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 3);
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind LIKE 'lead.%'").await, events);
    // More is learned of who is known; nobody is made twice.
    let more = "Email,Title,City\nada@acme.example,Countess,London\nbob@acme.example,,\n";
    assert_eq!(counts(&import(&app, &owner, more).await), [0, 1, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_table_of_leads_gets_a_clear_answer_and_leaves_nothing() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let wide = format!("email{}\na@b.example\n", ",x".repeat(600));
    for (bytes, words) in [
        (b"".to_vec(), "The file is empty"),
        (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml xl/workbook.xml".to_vec(), "damaged"),
        (b"%PDF-1.7\n%\xe2\xe3".to_vec(), "PDF"),
        (b"\x7fELF\0\0\0\0\0\0\0\x01\x02\0\0".to_vec(), "binary"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>".to_vec(), "web page"),
        (b"[{\"email\": \"a@b.example\"}]".to_vec(), "JSON"),
        (b"Dear all,\nthis is a letter\nand no table\n".to_vec(), "No separator"),
        (b"email,first_name\n".to_vec(), "no rows"),
        (wide.into_bytes(), "601 columns"),
    ] {
        let page = owner.upload("/imports", "file", "x.csv", bytes.clone()).await;
        let page = page.expect(422);
        assert!(page.texts(".notice-body").join(" ").contains(words), "{words}: {}", page.text());
        let problem = upload(&owner, "x.csv", bytes).await.expect(422).json();
        assert!(problem["detail"].as_str().unwrap().contains(words) && problem["errors"][0]["pointer"] == "/file", "{problem}");
    }
    let none =
        owner.send(owner.request("POST", "/imports").multipart(reqwest::multipart::Form::new().text("other", "x"))).await.expect(422);
    assert!(none.text().contains("holds no file"));
    assert_eq!(app.scalar("SELECT count(*) FROM imports").await, 0);
    let kept = std::fs::read_dir(app.app.config.data_dir.join("imports"))
        .unwrap()
        .map(|org| std::fs::read_dir(org.unwrap().path()).unwrap().count());
    assert_eq!(kept.sum::<usize>(), 0, "refused files are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_is_rejected_with_its_reason_and_no_other_is_lost() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let mut bytes = b"email,first_name,note\n".to_vec();
    bytes.extend_from_slice(b"ok1@x.example,One,fine\n");
    bytes.extend_from_slice(b"nul@x.example,N\0ul,x\n");
    bytes.extend_from_slice(format!("big@x.example,Big,{}\n", "y".repeat(1 << 20)).as_bytes());
    bytes.extend_from_slice(b"many@x.example,Many,a,b,c\n");
    bytes.extend_from_slice(b"torn@x.example,\xff\xfeTorn,x\n");
    bytes.extend_from_slice(b"=cmd|' /C calc'!A0,Evil,@SUM(1)\n");
    bytes.extend_from_slice("ok2@x.example,Zoë Ångström öäü éèê,=1+1\n,,\nshort@x.example\n".as_bytes());
    bytes.extend_from_slice(b"cut@x.example,\"never closed\n");
    let import = import(&app, &owner, bytes).await;
    assert_eq!(counts(&import), [3, 0, 0, 7], "{import}");
    assert_eq!(import["total_rows"], 10);
    let file = rejected(&owner, &import).await;
    for words in [
        "NUL character",
        "has 1.0 MB; at most 65.5 kB fit",
        "the row has 5 cells",
        "not UTF-8",
        "not an e-mail address",
        "empty in every column",
        "never closed",
        "\"email\",\"first_name\",\"note\",\"leadline_row\",\"leadline_reason\"",
        "\"'=cmd|' /C calc'!A0\",\"Evil\",\"'@SUM(1)\",\"7\"",
    ] {
        assert!(file.contains(words), "{words}: {}", file.chars().filter(|c| *c != 'y').collect::<String>());
    }
    let stored = owner.get("/api/v1/leads").await.json();
    assert!(
        stored["data"].as_array().unwrap().iter().any(|lead| lead["custom"]["note"] == "=1+1"),
        "a formula is only text here: {stored}"
    );

    // Mended in the downloaded file, the rows come in, and the two added columns do not.
    let mended = file.replace("'=cmd|' /C calc'!A0", "good@x.example");
    let again = self::import(&app, &owner, mended).await;
    assert_eq!(again["created"], 4, "the mended one, and the three whose broken characters and quote the file shows as text: {again}");
    assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE custom ?| array['leadline_row', 'leadline_reason']").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn encodings_separators_and_many_columns_are_read() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let german = "E-Mail;Vorname;Ort\njo@x.example;Jörg;Köln\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(german.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let first = import(&app, &owner, utf16).await;
    assert_eq!((counts(&first), &first["encoding"]), ([1, 0, 0, 0], &json!("UTF-16LE")));
    let windows: Vec<u8> = german.replace("jo@", "jo2@").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let second = import(&app, &owner, windows).await;
    assert_eq!((counts(&second), &second["encoding"]), ([1, 0, 0, 0], &json!("windows-1252")));
    assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE first_name = 'Jörg' AND city = 'Köln'").await, 2);
    let names: Vec<String> = (0..199).map(|n| format!("Answer {n}")).collect();
    let wide = format!("email,{}\nw@x.example,{}\n", names.join(","), vec!["7"; 199].join(","));
    assert_eq!(counts(&import(&app, &owner, wide).await), [1, 0, 0, 0]);
    assert_eq!(app.scalar("SELECT count(*) FROM leads, jsonb_object_keys(custom) WHERE email = 'w@x.example'").await, 199);
    let old_mac = "email,first_name\rmac@x.example,Mac\r";
    assert_eq!(counts(&import(&app, &owner, old_mac).await), [1, 0, 0, 0]);
    let headless = import(&app, &owner, "h1@x.example,Ann\nh2@x.example,Ben\n").await;
    assert_eq!(counts(&headless), [2, 0, 0, 0], "the first row is one of data: {headless}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_in_the_middle_loses_and_doubles_nothing() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    const ROWS: usize = 21_000;
    let path = start(&owner, many(ROWS)).await;
    let mut interrupted = 0;
    let finished = loop {
        // Dropping the worker in mid-air is what a kill is to the database: the transaction is rolled back.
        // Each run gets longer, so that a slow machine ends too.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(400 + 130 * interrupted), app.run_jobs()).await;
        let import = owner.get(&path).await.expect(200).json();
        if import["status"] == "finished" {
            break import;
        }
        interrupted += 1;
        assert!(interrupted < 200, "{import}");
        app.sql("UPDATE jobs SET leased_until = clock_timestamp() - interval '1 second' WHERE state = 'running'").await;
    };
    assert!(interrupted > 0, "the file was too small to be interrupted");
    assert_eq!((counts(&finished), &finished["rows_done"]), ([ROWS as u64, 0, 0, 0], &json!(ROWS)));
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, ROWS as i64);
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'lead.created'").await, ROWS as i64);
    assert_eq!(app.scalar("SELECT count(DISTINCT subject_id) FROM events WHERE kind = 'lead.created'").await, ROWS as i64);
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'import.finished'").await, 1);
    assert_eq!(app.scalar("SELECT count(*) FROM accounts").await, 700);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_stops_when_told_and_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let path = start(&owner, many(17_000)).await;
    let page = path.replace("/api/v1", "");
    let worker = async {
        app.run_jobs().await;
    };
    let stopper = async {
        while owner.get(&path).await.json()["rows_done"] == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        owner.post_form(&format!("{page}/stop"), &[("x", "")]).await.expect(303);
    };
    tokio::join!(worker, stopper);
    let stopped = owner.get(&path).await.json();
    assert_eq!(stopped["status"], "stopped");
    let done = stopped["rows_done"].as_u64().unwrap();
    assert!(done > 0 && done < 17_000, "{done}");
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, i64::try_from(done).unwrap());
    assert!(owner.get(&page).await.expect(200).text().contains("Continue"));
    owner.post_form(&format!("{page}/continue"), &[("x", "")]).await.expect(303);
    app.run_jobs().await;
    assert_eq!(counts(&owner.get(&path).await.json()), [17_000, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_tried_by_a_job_and_the_page_follows() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.post_json("/api/v1/leads", &json!({"email": "p1500@c100.example", "title": "CTO"})).await.expect(201);
    owner.post_json("/api/v1/suppressions", &json!({"email": "p2000@c600.example"})).await.expect(201);
    // Beyond what is tried at once: a lead that exists, a repeat of the first row, an address not to be written to.
    let text = format!("{}p0@c0.example,Other,c0.example,CEO,x\n", many(2500));
    let uploaded = owner.upload("/imports", "file", "large.csv", text.into()).await.expect(303);
    let page = uploaded.location().to_owned();
    assert!(owner.get(&page).await.expect(200).text().contains("Of the first 1,000 rows of 2,501"));
    app.settle().await;
    let tried = owner.get(&page).await.expect(200);
    assert!(tried.text().contains("All 2,501 rows were tried"), "{}", tried.text());
    assert_eq!(tried.texts("#trial .tab-count"), ["2,499", "1", "1", "0", "1", "1"]);
    assert!(tried.text().contains("An earlier row says otherwise, and counts"), "{}", tried.text());
    let updated = owner.get(&format!("{page}?show=updated")).await.expect(200).text();
    assert!(updated.contains("First name empty → Pat 1500") && !updated.contains("CTO →"), "{updated}");
    assert!(owner.get(&format!("{page}?show=suppressed")).await.text().contains("Added by hand. The lead comes in and is never mailed."));
    assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 1, "nothing is written");
    let trial = owner.get(&format!("/api/v1{page}/dry-run")).await.expect(200).json();
    assert_eq!((&trial["complete"], &trial["created"]["count"], &trial["suppressed"]["count"]), (&json!(true), &json!(2499), &json!(1)));

    // Another rule is another trial, and what it tells is what happens.
    let plan = owner.get(&format!("/api/v1{page}")).await.json()["plan"].clone();
    let mut plan = plan;
    plan["existing"] = json!("overwrite");
    owner.post_json(&format!("/api/v1{page}/dry-run"), &json!({"plan": plan})).await.expect(202);
    app.settle().await;
    let trial = owner.get(&format!("/api/v1{page}/dry-run")).await.expect(200).json();
    assert_eq!((&trial["complete"], &trial["updated"]["count"]), (&json!(true), &json!(2)));
    owner.post_json(&format!("/api/v1{page}/start"), &json!({})).await.expect(202);
    app.settle().await;
    let import = owner.get(&format!("/api/v1{page}")).await.json();
    assert_eq!(counts(&import), [2499, 2, 0, 0], "{import}");
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_fields_are_made_on_the_way_and_keep_the_type_they_have() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.post_json("/api/v1/custom-fields", &json!({"label": "Rank", "kind": "choice", "options": ["A", "B"]})).await.expect(201);
    let mut text = String::from("Email,Rank,Budget,Joined,Plan,Remark\n");
    for n in 0..30 {
        let (rank, plan) = (["a", "B", "C"][n % 3], ["Gold", "Silver"][n % 2]);
        text.push_str(&format!("p{n}@x.example,{rank},{}.5,{}/01/2026,{plan},remark {n}\n", n * 10, n % 28 + 1));
    }
    let uploaded = upload(&owner, "leads.csv", text).await.expect(201);
    let path = uploaded.location().to_owned();
    let page = path.replace("/api/v1", "");
    // Rank has its type already; the others are to be made, of the type that their values suit.
    let mapping = owner.get(&page).await.expect(200);
    assert_eq!(mapping.attributes("select[name=kind] option[selected]", "value"), ["number", "date", "choice", "text"]);
    let tried = owner.get(&format!("{path}/dry-run")).await.expect(200).json();
    assert_eq!((&tried["created"]["count"], &tried["rejected"]["count"]), (&json!(20), &json!(10)));
    assert!(tried["rejected"]["samples"][0]["reason"].as_str().unwrap().contains("Rank holds one of: A, B"), "{tried}");
    assert_eq!(app.scalar("SELECT count(*) FROM custom_fields").await, 1, "a trial makes nothing");
    // A remark has too many values to choose from.
    let mut plan = uploaded.json()["plan"].clone();
    plan["kinds"] = json!({"remark": "choice"});
    let refused = owner.post_json(&format!("{path}/start"), &json!({"plan": plan})).await.expect(422).json();
    assert!(refused["detail"].as_str().unwrap().contains("“Remark” has too many different values"), "{refused}");

    owner.post_json(&format!("{path}/start"), &Value::Null).await.expect(202);
    app.settle().await;
    assert_eq!(counts(&owner.get(&path).await.json()), [20, 0, 0, 10]);
    let fields = owner.get("/api/v1/custom-fields").await.expect(200).json();
    let field = |key: &str| fields["data"].as_array().unwrap().iter().find(|field| field["key"] == key).unwrap().clone();
    assert_eq!((&field("budget")["kind"], &field("budget")["label"]), (&json!("number"), &json!("Budget")));
    assert_eq!((&field("joined")["kind"], &field("plan")["kind"]), (&json!("date"), &json!("choice")));
    assert_eq!(field("plan")["options"], json!(["Gold", "Silver"]));
    let first = app.text("SELECT custom::text FROM leads WHERE email = 'p0@x.example'").await;
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(first, json!({"rank": "A", "budget": 0.5, "joined": "2026-01-01", "plan": "Gold", "remark": "remark 0"}));

    owner.patch_json("/api/v1/custom-fields/rank", &json!({"archived": true})).await.expect(200);
    let again = upload(&owner, "again.csv", "Email,Rank\nq@x.example,A\n").await.expect(201);
    let refused = owner.post_json(&format!("{}/start", again.location()), &Value::Null).await.expect(422).json();
    assert!(refused["detail"].as_str().unwrap().contains("Rank is archived"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_undone_as_a_whole() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    owner.post_json("/api/v1/leads", &json!({"email": "ada@acme.example"})).await.expect(201);
    app.settle().await;
    let checksum =
        "SELECT coalesce(string_agg((to_jsonb(l) - 'score' - 'score_reasons' - 'version')::text, ';' ORDER BY id), '') FROM leads l";
    let before = app.text(checksum).await;
    let done = import(&app, &owner, SMALL).await;
    let page = format!("/imports/{}", done["id"].as_str().unwrap());
    let shown = owner.get(&page).await.expect(200);
    assert!(shown.text().contains("Undo this import"));
    let set = done["change_set_ids"][0].as_str().unwrap();
    assert_eq!(shown.attributes(&format!("form[action='/changes/{set}/undo'] button"), "type"), ["submit"]);
    owner.post_json(&format!("/api/v1{page}/undo"), &Value::Null).await.expect(202);
    app.settle().await;
    assert_eq!(app.text(checksum).await, before);
    assert!(owner.get(&page).await.text().contains("has been undone"));
    owner.post_json(&format!("/api/v1{page}/undo"), &Value::Null).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_nobody_starts_are_forgotten() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let old = upload(&owner, "old.csv", SMALL).await.expect(201).location().to_owned();
    let new = upload(&owner, "new.csv", SMALL).await.expect(201).location().to_owned();
    app.sql("UPDATE imports SET created_at = created_at - interval '8 days' WHERE file_name = 'old.csv'").await;
    let directory = app.app.config.data_dir.join("imports");
    let directory = std::fs::read_dir(directory).unwrap().next().unwrap().unwrap().path();
    let past = std::time::SystemTime::UNIX_EPOCH;
    for file in std::fs::read_dir(&directory).unwrap() {
        std::fs::File::options().write(true).open(file.unwrap().path()).unwrap().set_modified(past).unwrap();
    }
    app.sql("INSERT INTO jobs (kind, payload, run_at) VALUES ('leads.sweep_uploads', '{}', '2020-01-01')").await;
    app.run_jobs().await;
    assert_eq!((owner.get(&old).await.status, owner.get(&new).await.status), (404, 200));
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "the file of the one that still waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_discarded_and_only_so_many_wait() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let files = || {
        let directory = std::fs::read_dir(app.app.config.data_dir.join("imports")).unwrap().next().unwrap().unwrap().path();
        std::fs::read_dir(directory).unwrap().count()
    };
    let first = upload(&owner, "one.csv", SMALL).await.expect(201).location().to_owned();
    app.sql(
        "INSERT INTO imports (org_id, id, file_name, file_bytes, analysis, plan, status, total_rows, actor, created_at)
         SELECT org_id, gen_random_uuid(), file_name, file_bytes, analysis, plan, status, total_rows, actor, created_at
         FROM imports, generate_series(1, 49)",
    )
    .await;
    let refused = upload(&owner, "two.csv", SMALL).await.expect(409);
    assert!(refused.body.contains("50 uploaded files wait"), "{}", refused.body);
    let refused = owner.upload("/imports", "file", "two.csv", SMALL.into()).await.expect(409);
    assert!(refused.text().contains("50 uploaded files wait"), "{}", refused.text());
    assert_eq!(files(), 1, "what is refused leaves nothing");
    let gone = owner.post_form(&format!("{}/discard", first.replace("/api/v1", "")), &[("x", "y")]).await.expect(303);
    assert_eq!((gone.location(), files()), ("/imports", 0));
    assert_eq!(owner.get(&first).await.status, 404);

    let second = upload(&owner, "two.csv", SMALL).await.expect(201).location().to_owned();
    owner.delete(&second).await.expect(204);
    owner.delete(&second).await.expect(404);
    let third = upload(&owner, "three.csv", SMALL).await.expect(201).location().to_owned();
    owner.post_json(&format!("{third}/start"), &json!({})).await.expect(202);
    owner.delete(&third).await.expect(409);
    let trail = "SELECT count(*) FROM events WHERE kind = 'import.discarded'";
    assert_eq!(app.scalar(trail).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_its_organisations_and_its_roles_alone() {
    let app = TestApp::start().await;
    let (owner, neighbour) = (app.sign_up("Acme").await, app.sign_up("Other").await);
    let path = upload(&owner, "leads.csv", SMALL).await.expect(201).location().to_owned();
    let page = path.replace("/api/v1", "");
    for path in [&path, &page, &format!("{page}/rejected.csv"), &format!("{path}/rejected.csv")] {
        assert_eq!(neighbour.get(path).await.status, 404, "{path}");
    }
    for verb in ["start", "stop"] {
        assert_eq!(neighbour.post_json(&format!("{path}/{verb}"), &json!(null)).await.status, 404);
    }
    for verb in ["mapping", "start", "stop", "continue"] {
        assert_eq!(neighbour.post_form(&format!("{page}/{verb}"), &[("target", "email")]).await.status, 404, "{verb}");
    }
    assert_eq!(neighbour.get("/api/v1/imports").await.json()["total"]["value"], 0);
    let viewer = app.colleague(&owner, "viewer").await;
    assert_eq!(viewer.get(&page).await.status, 200);
    assert!(!viewer.get(&page).await.text().contains("/discard"));
    for file in [format!("{page}/rejected.csv"), format!("{path}/rejected.csv")] {
        assert_eq!((owner.get(&file).await.status, viewer.get(&file).await.status), (200, 403), "whole rows leave with {file}");
    }
    assert_eq!(viewer.post_form(&format!("{page}/discard"), &[("x", "y")]).await.status, 403);
    assert_eq!(neighbour.post_form(&format!("{page}/discard"), &[("x", "y")]).await.status, 404);
    assert_eq!(viewer.get("/imports/new").await.status, 403);
    assert_eq!(upload(&viewer, "leads.csv", SMALL).await.status, 403);
    assert_eq!(viewer.post_json(&format!("{path}/start"), &json!({})).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_upload_with_one_key_is_one_import() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let send = || {
        let part = reqwest::multipart::Part::text(SMALL).file_name("leads.csv");
        let form = reqwest::multipart::Form::new().part("file", part);
        owner.send(owner.request("POST", "/api/v1/imports").header("idempotency-key", "k1").multipart(form))
    };
    let (first, second) = (send().await.expect(201), send().await.expect(201));
    assert_eq!(first.json()["id"], second.json()["id"]);
    assert_eq!(owner.get("/api/v1/imports").await.json()["total"], json!({"value": 1, "exact": true}));
    // Another file is another request, and must not be taken for this one.
    let other = reqwest::multipart::Part::bytes(b"First name,Email\nBea,bea@other.example\n".to_vec()).file_name("other.csv");
    let form = reqwest::multipart::Form::new().part("file", other);
    let refused = owner.send(owner.request("POST", "/api/v1/imports").header("idempotency-key", "k1").multipart(form)).await.expect(422);
    assert_eq!(refused.json()["errors"][0]["code"], "idempotency_key.reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_over_the_limit_is_refused_in_words() {
    use futures_util::StreamExt;
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    const SIZE: u64 = 513 << 20;
    let piece = bytes::Bytes::from(vec![b'x'; 1 << 20]);
    let pieces = futures_util::stream::repeat(piece).take(513).map(Ok::<_, std::io::Error>);
    let part = reqwest::multipart::Part::stream_with_length(reqwest::Body::wrap_stream(pieces), SIZE).file_name("huge.csv");
    let form = reqwest::multipart::Form::new().part("file", part);
    let answer = owner.send(owner.request("POST", "/imports").header("accept", "text/html").multipart(form)).await.expect(413);
    assert!(answer.text().contains("larger than 512 MB"));
}
