//! Searching leads: what is found, in which order, and by whom.

use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn page(visitor: &Visitor, pairs: &[(&str, &str)]) -> Value {
    visitor.get(&format!("/api/v1/leads?{}", query(pairs))).await.expect(200).json()
}

fn names(page: &Value) -> String {
    let names: Vec<&str> = page["data"].as_array().unwrap().iter().map(|lead| lead["first_name"].as_str().unwrap()).collect();
    names.join(" ")
}

async fn found(visitor: &Visitor, q: &str) -> String {
    names(&page(visitor, &[("q", q), ("sort", "name")]).await)
}

async fn add(visitor: &Visitor, first: &str, last: &str, email: &str, company: &str, title: &str) -> Value {
    let mut lead = json!({"first_name": first, "last_name": last, "company_name": company, "title": title});
    if !email.is_empty() {
        lead["email"] = json!(email);
    }
    visitor.post_json("/api/v1/leads", &lead).await.expect(201).json()
}

async fn people(owner: &Visitor) {
    add(owner, "Ada", "Jonson", "ada.k1984@acme.example", "Atlas Energy GmbH", "Chief Engineer").await;
    add(owner, "Søren", "Kowalski", "sk@blue-foods.example", "Blue Foods", "50% off_peak").await;
    add(owner, "Zoë", "O'Brien", "zoe.obrien@gmail.com", "Blueatlas Labs", "Head of Energy").await;
    add(owner, "Łukasz", "Weiß", "", "Microsoft", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_is_found_wherever_it_stands() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    for (q, expected) in [
        // Whole words, beginnings, ends and middles.
        ("jonson", "Ada"),
        ("jon", "Ada"),
        ("onso", "Ada"),
        ("SON", "Ada"),
        // Accents, case, letters spelt out; either way round.
        ("soren", "Søren"),
        ("SØREN", "Søren"),
        ("weiss", "Łukasz"),
        ("Weiß", "Łukasz"),
        ("ZOE", "Zoë"),
        ("łukasz", "Łukasz"),
        // All words, in any field and order.
        ("energy ada", "Ada"),
        ("energy atlas", "Ada Zoë"),
        ("atlas labs", "Zoë"),
        ("engineer energy jonson atlas", "Ada"),
        ("ada kowalski", ""),
        // Titles, companies and domains.
        ("chief", "Ada"),
        ("blue", "Søren Zoë"),
        ("energy", "Ada Zoë"),
        ("e", "Ada Søren Zoë Łukasz"),
        ("zy", ""),
        // Pieces of addresses.
        ("ada.k", "Ada"),
        ("a.k19", "Ada"),
        ("k1984", "Ada"),
        ("1984", "Ada"),
        ("98", "Ada"),
        ("k1984@acme.ex", "Ada"),
        ("@acme.ex", "Ada"),
        ("obrien@gm", "Zoë"),
        ("gmail", "Zoë"),
        ("sk@", "Søren"),
        ("blue-foods", "Søren"),
        ("ada.k2", ""),
        ("1985", ""),
        ("ada.k1984 atlas", "Ada"),
        // Nothing in a word means anything else.
        ("o'brien", "Zoë"),
        ("50%", "Søren"),
        ("off_peak", "Søren"),
        ("offxpeak", ""),
        ("%", "Søren"),
        ("_", "Søren"),
        ("\\", ""),
        // A word ends at a field's end.
        ("jonsonada", ""),
    ] {
        assert_eq!(sorted(&found(&owner, q).await), sorted(expected), "{q}");
        // The same words inside a filter.
        let filter = json!({"field": "search", "op": "contains", "value": q}).to_string();
        assert_eq!(sorted(&names(&page(&owner, &[("filter", &filter)]).await)), sorted(expected), "{q} in a filter");
    }
    // With a filter beside it.
    let filter = json!({"field": "title", "op": "contains", "value": "head"}).to_string();
    let both = page(&owner, &[("q", "energy"), ("filter", &filter)]).await;
    assert_eq!((names(&both).as_str(), &both["total"]), ("Zoë", &json!({"value": 1, "exact": true})));
}

fn sorted(names: &str) -> Vec<&str> {
    let mut names: Vec<&str> = names.split_whitespace().collect();
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_is_found_anew() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let lead = add(&owner, "Ada", "Byron", "ada@engines.example", "Engines", "").await;
    let path = format!("/api/v1/leads/{}", lead["id"].as_str().unwrap());
    owner.patch_json(&path, &json!({"last_name": "Lovelace", "email": "countess7734@engines.example"})).await.expect(200);
    assert_eq!(found(&owner, "byron").await, "");
    assert_eq!(found(&owner, "lovel").await, "Ada");
    assert_eq!(found(&owner, "7734").await, "Ada");
    // The company's name reaches its people by another statement.
    let account = format!("/api/v1/accounts/{}", lead["account_id"].as_str().unwrap());
    owner.patch_json(&account, &json!({"name": "Difference Machines"})).await.expect(200);
    assert_eq!(found(&owner, "machines lovelace").await, "Ada");
    owner.delete(&path).await;
    assert_eq!(found(&owner, "lovelace").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_search_hold_each_lead_once_and_in_order() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let org = "(SELECT org_id FROM organisations LIMIT 1)";
    // Enough that a frequent word is met while walking along the sort, and a rare one collected.
    app.sql(&format!(
        "INSERT INTO leads (org_id, id, first_name, last_name, email, company_name, title, score, created_at, updated_at)
         SELECT {org}, gen_random_uuid(), 'n' || n, CASE n % 50 WHEN 0 THEN 'Rarely' ELSE 'Often' END, 'n' || n || '@x.example', 'Company ' || n % 7, '', n % 97, now(), now()
         FROM generate_series(1, 9000) n"
    ))
    .await;
    app.sql("UPDATE lead_terms SET leads = 8820 WHERE term = 'often'").await;
    for (q, count) in [("often", 8820), ("rarely", 180), ("rare comp", 180), ("oft 3@x", 900)] {
        let expected = app
            .text(&format!(
                "SELECT string_agg(first_name, ' ' ORDER BY score DESC, id DESC) FROM leads WHERE {}",
                q.split(' ').map(|word| format!("search LIKE '%{word}%'")).collect::<Vec<_>>().join(" AND ")
            ))
            .await;
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = page(&owner, &[("q", q), ("limit", "200"), ("cursor", &cursor)]).await;
            if cursor.is_empty() {
                assert_eq!(page["total"], json!({"value": count, "exact": true}), "{q}");
            }
            seen.push(names(&page));
            match page["next_cursor"].as_str() {
                Some(next) if seen.len() < 4 => next.clone_into(&mut cursor),
                _ => break,
            }
        }
        let seen = seen.join(" ");
        assert!(expected.starts_with(&seen) && seen.len() > 600, "{q}: {seen}");
    }
    let uncounted = page(&owner, &[("q", "often"), ("total", "false")]).await;
    assert_eq!(uncounted["total"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbours_leads_are_not_found_and_a_reps_are_their_own() {
    let app = TestApp::start().await;
    let (owner, neighbour) = (app.sign_up("Acme").await, app.sign_up("Other").await);
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    people(&owner).await;
    add(&rep, "Mine", "Jonson", "", "", "").await;
    add(&neighbour, "Theirs", "Jonson", "", "", "").await;
    assert_eq!(sorted(&found(&owner, "jonson").await), ["Ada", "Mine"]);
    assert_eq!(found(&rep, "jonson").await, "Mine");
    assert_eq!(found(&rep, "kowalski").await, "");
    assert_eq!(found(&neighbour, "jonson").await, "Theirs");
    // Nearly right words lead to nobody whom they do not see, either.
    for (visitor, q, whom) in [(&rep, "jonsen", "Mine"), (&neighbour, "jonsen", "Theirs")] {
        let text = visitor.get(&format!("/search?q={q}")).await.expect(200).body;
        assert!(text.contains(whom) && !text.contains("Ada"), "{text}");
    }
    let text = rep.get("/search?q=kowalsky").await.expect(200).body;
    assert!(!text.contains("Kowalski") && !text.contains("Blue Foods"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_of_the_pen_finds_what_was_meant() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    for (q, name) in [
        ("jonsen", "Ada"),
        ("mircosoft", "Łukasz"),
        ("kovalski", "Søren"),
        ("chief enginer", "Ada"),
        ("atlsa energy", "Ada"),
        // Of four letters with two in each other's place hardly a trigram is left.
        ("lbue", "Søren"),
        ("jnoson", "Ada"),
    ] {
        assert_eq!(found(&owner, q).await, "", "{q}");
        let text = owner.get(&format!("/search?{}", query(&[("q", q)]))).await.expect(200).body;
        assert!(text.contains(name), "{q}: {text}");
    }
    assert!(!owner.get("/search?q=xyzzyx").await.expect(200).body.contains("Ada"));
}

/// The leads and accounts that the palette offers, in its order.
async fn offered(visitor: &Visitor, q: &str) -> Vec<String> {
    visitor.get(&format!("/search?{}", query(&[("q", q)]))).await.expect(200).texts(".palette-title")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_palette_begins_with_whom_the_words_mean_best() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for (first, last, email, title) in [
        ("Ada", "Blackstone", "", ""),
        ("Ada", "Stoneham", "", ""),
        ("Eve", "Mason", "", "Stone mason"),
        ("Eve", "Stone", "", ""),
        ("Ann", "Lee", "ann.lee@x.example", ""),
        ("Søren", "Lee", "", ""),
    ] {
        add(&owner, first, last, email, "", title).await;
    }
    // The worse the words fit, the higher the score.
    app.sql("UPDATE leads SET score = CASE last_name WHEN 'Blackstone' THEN 90 WHEN 'Stoneham' THEN 80 WHEN 'Mason' THEN 70 ELSE 0 END")
        .await;
    assert_eq!(offered(&owner, "stone").await, ["Eve Stone", "Eve Mason", "Ada Stoneham", "Ada Blackstone"]);
    assert_eq!(offered(&owner, "STONE ada").await, ["Ada Stoneham", "Ada Blackstone"]);

    // More than are looked at, all of a higher score, hold the same letters.
    app.sql(
        "INSERT INTO leads (org_id, id, first_name, last_name, email, title, score, created_at, updated_at)
         SELECT org_id, gen_random_uuid(), 'Joanne', 'Leeds', 'jo' || n || 'ann.lee@x.example.org', 'Sørensen', 90, now(), now()
         FROM organisations, generate_series(1, 80) n",
    )
    .await;
    for (q, name) in [
        ("ann lee", "Ann Lee"),
        ("LEE  Ann", "Ann Lee"),
        ("Ann.Lee@X.example", "Ann Lee"),
        ("SØREN Lee", "Søren Lee"),
        // A last name alone: of two, the one who scores higher; both before those whose name only begins so.
        ("lee", "Ann Lee"),
    ] {
        app.sql(&format!(
            "UPDATE leads SET score = CASE first_name WHEN '{}' THEN 2 ELSE 1 END WHERE last_name = 'Lee'",
            &name[..name.len() - 4]
        ))
        .await;
        let offered = offered(&owner, q).await;
        assert_eq!((offered.first().map(String::as_str), offered.len()), (Some(name), 6), "{q}: {offered:?}");
    }
    assert_eq!(offered(&owner, "lee").await[..3], ["Ann Lee", "Søren Lee", "Joanne Leeds"]);

    // Whoever sees their own leads only is offered no others, however well the words fit.
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    let me = rep.get("/api/v1/me").await.expect(200).json()["id"].as_str().unwrap().trim_start_matches("user_").to_owned();
    app.sql(&format!("UPDATE leads SET owner_id = '{me}' WHERE first_name = 'Joanne'")).await;
    for q in ["ann lee", "lee", "ann.lee@x.example"] {
        let offered = offered(&rep, q).await;
        assert!(offered.iter().all(|name| name == "Joanne Leeds") && offered.len() == 6, "{q}: {offered:?}");
    }
    let neighbour = app.sign_up("Other").await;
    assert!(offered(&neighbour, "ann lee").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_asks_for_what_is_spelt_nearly_so() {
    let app = TestApp::start().await;
    let (owner, neighbour) = (app.sign_up("Acme").await, app.sign_up("Other").await);
    people(&owner).await;
    add(&neighbour, "Theirs", "Jonson", "", "", "").await;
    let close = |page: &Value| -> Option<Vec<String>> {
        let leads = page.get("close_matches")?.as_array().unwrap();
        Some(leads.iter().map(|lead| lead["first_name"].as_str().unwrap().to_owned()).collect())
    };
    let plain = page(&owner, &[("q", "jonsen")]).await;
    assert_eq!((names(&plain).as_str(), close(&plain)), ("", None), "nobody has asked");
    let asked = page(&owner, &[("q", "jonsen"), ("close", "true")]).await;
    assert_eq!((names(&asked).as_str(), close(&asked)), ("", Some(vec!["Ada".to_owned()])));
    assert_eq!((&asked["total"], &asked["next_cursor"]), (&json!({"value": 0, "exact": true}), &Value::Null));
    assert_eq!(asked["close_matches"][0]["company_name"], "Atlas Energy GmbH", "a lead like any other");
    assert_eq!(close(&page(&neighbour, &[("q", "jonsen"), ("close", "true")]).await), Some(vec!["Theirs".to_owned()]));

    // What is found is not told twice, and a filter counts for both.
    add(&owner, "Jon", "Jonsen", "", "", "").await;
    let both = page(&owner, &[("q", "jonsen"), ("close", "true")]).await;
    assert_eq!((names(&both).as_str(), close(&both)), ("Jon", Some(vec!["Ada".to_owned()])));
    let narrowed = page(&owner, &[("q", "jonsen"), ("close", "true"), ("filter", "title is empty")]).await;
    assert_eq!((names(&narrowed).as_str(), close(&narrowed)), ("Jon", Some(Vec::new())));

    // A full page has no room, a later one has had it, and paging stays as it was.
    add(&owner, "Jan", "Jonsen", "", "", "").await;
    let full = page(&owner, &[("q", "jonsen"), ("close", "true"), ("limit", "1"), ("sort", "name")]).await;
    assert_eq!((names(&full).as_str(), close(&full)), ("Jan", Some(Vec::new())));
    let cursor = full["next_cursor"].as_str().unwrap();
    let last = page(&owner, &[("q", "jonsen"), ("close", "true"), ("limit", "5"), ("sort", "name"), ("cursor", cursor)]).await;
    assert_eq!((names(&last).as_str(), close(&last), &last["next_cursor"]), ("Jon", Some(Vec::new()), &Value::Null));
    owner.get("/api/v1/leads?q=jonsen&close=perhaps").await.expect(422);
    assert_eq!(close(&page(&owner, &[("close", "true")]).await), Some(Vec::new()), "nothing is like nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vocabulary_is_counted_and_forgets() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    people(&owner).await;
    let insert = "INSERT INTO leads (org_id, id, first_name, last_name, created_at, updated_at)
        SELECT (SELECT org_id FROM organisations LIMIT 1), gen_random_uuid(), 'Gone', 'word' || translate(n::text, '0123456789', 'abcdefghij'), now(), now() FROM generate_series(1, 600) n";
    app.sql(insert).await;
    let count = async || {
        app.sql("INSERT INTO jobs (kind, payload, run_at) VALUES ('leads.count_terms', '{}', '-infinity')").await;
        app.run_jobs().await;
    };
    // A word may stand there once for each connection that has written it.
    let leads_of =
        async |term: &str| app.scalar(&format!("SELECT coalesce(max(leads), 0)::bigint FROM lead_terms WHERE term = '{term}'")).await;
    count().await;
    assert_eq!((leads_of("gone").await, leads_of("jonson").await), (600, 1));
    app.sql("DELETE FROM leads WHERE first_name = 'Gone'").await;
    app.sql(&insert.replace("word", "later").replace("Gone", "Later")).await;
    count().await;
    assert_eq!(leads_of("gone").await, -1);
    // Marked only: somebody may be writing it this moment. Whoever does so now finds it again.
    add(&owner, "Gone", "Again", "", "", "").await;
    assert_eq!((leads_of("gone").await, found(&owner, "gone again").await.as_str()), (0, "Gone"));
    app.sql(&insert.replace("word", "last").replace("Gone", "Last")).await;
    count().await;
    assert_eq!((leads_of("gone").await, app.scalar("SELECT count(*) FROM lead_terms WHERE term LIKE 'word%'").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_folded_alike_here_and_there() {
    let app = TestApp::start().await;
    let (client, connection) = tokio_postgres::connect(app.app.db.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    // All letters of the scripts that have cases and accents, and many others, in pieces.
    let letters: Vec<char> = (1..0x3100_u32)
        .chain(0xac00..0xad00)
        .chain(0xfb00..0xfb50)
        .chain(0xff00..0xfff0)
        .chain(0x1_0400..0x1_0450)
        .filter_map(char::from_u32)
        .collect();
    let (mut differ, mut newer) = (Vec::new(), 0);
    let known =
        "SELECT array_agg(letter ~ '[[:graph:][:space:][:cntrl:]]' ORDER BY at) FROM unnest($1::text[]) WITH ORDINALITY t (letter, at)";
    for piece in letters.chunks(64) {
        let text: String = piece.iter().flat_map(|letter| [*letter, '|']).collect();
        let theirs: String = client.query_one("SELECT leadline_fold($1)", &[&text]).await.unwrap().get(0);
        let ours = leads::search::fold(&text);
        assert_eq!(ours.matches('|').count(), theirs.matches('|').count());
        let texts: Vec<String> = piece.iter().map(char::to_string).collect();
        let known: Vec<bool> = client.query_one(known, &[&texts]).await.unwrap().get(0);
        for (((letter, is_known), ours), theirs) in piece.iter().zip(known).zip(ours.split('|')).zip(theirs.split('|')) {
            match (ours == theirs, is_known) {
                (true, _) => {}
                (false, true) => differ.push(*letter),
                // Every year a few letters are added to Unicode, of which a database that is older than we are knows nothing.
                (false, false) => newer += 1,
            }
        }
    }
    assert!(newer < 20, "the database knows {newer} letters fewer than we do");
    assert!(differ.is_empty(), "{}", differ.iter().map(|letter| format!("{:x} ", u32::from(*letter))).collect::<String>());
}
