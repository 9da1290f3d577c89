use super::*;
use leads::model::LeadDraft;

fn row(fields: serde_json::Value) -> LeadRow {
    let mut draft: LeadDraft = serde_json::from_value(fields).unwrap();
    draft.first_name = format!("{}N", draft.first_name);
    LeadRow { row: 2, lead: draft.check().unwrap(), status: None, opted_out: false, import_key: None, cells: Vec::new() }
}

fn rules(existing: Existing) -> Rules {
    Rules { existing, tags: vec!["imported".to_owned()], source: "file".to_owned() }
}

fn stored(rows: &[serde_json::Value]) -> Batch {
    let mut first = Batch::default();
    rows.iter().for_each(|fields| first.take(&row(fields.clone()), &rules(Existing::Fill)));
    first.finish();
    let mut batch = Batch::default();
    for slot in &first.accounts {
        batch.know_account(slot.id, slot.now.clone(), slot.now.name.to_lowercase(), Timestamp::UNIX_EPOCH);
    }
    for slot in &first.leads {
        batch.know_lead(slot.id, 1, slot.now.clone());
    }
    batch
}

fn verdicts(batch: &mut Batch, rows: &[serde_json::Value], existing: Existing) -> Vec<Verdict> {
    rows.iter().for_each(|fields| batch.take(&row(fields.clone()), &rules(existing)));
    batch.finish().into_iter().map(|taken| taken.verdict).collect()
}

use Verdict::{Created, Unchanged, Updated};

#[test]
fn a_repeated_address_is_one_lead_and_its_gaps_are_filled() {
    let rows = [
        serde_json::json!({"email": "a@acme.example", "company_name": "Acme"}),
        serde_json::json!({"email": "A@acme.example", "title": "CTO", "industry": "Tech"}),
        serde_json::json!({"email": "a@acme.example", "title": "CEO"}),
    ];
    let mut batch = Batch::default();
    assert_eq!(verdicts(&mut batch, &rows, Existing::Fill), [Created, Updated, Unchanged]);
    assert_eq!((batch.leads.len(), batch.accounts.len()), (1, 1));
    assert_eq!((batch.leads[0].now.title.as_str(), batch.leads[0].now.company.industry.as_str()), ("CTO", "Tech"));
}

#[test]
fn the_same_file_again_changes_nothing_whatever_the_rule() {
    let rows = [
        serde_json::json!({"email": "a@acme.example", "title": "CTO", "custom": {"visits": 3}, "tags": ["x"], "city": "Rome"}),
        serde_json::json!({"email": "b@acme.example", "industry": "Tech", "city": "Paris"}),
        serde_json::json!({"external_id": "7", "company_name": "Solo"}),
    ];
    for existing in Existing::ALL {
        let mut batch = stored(&rows);
        assert_eq!(verdicts(&mut batch, &rows, existing), [Unchanged, Unchanged, Unchanged], "{existing:?}");
        assert_eq!((batch.changed_leads().count(), batch.changed_accounts().count()), (0, 0));
    }
}

#[test]
fn overwriting_replaces_by_what_the_file_says_and_by_nothing_else() {
    let mut batch = stored(&[serde_json::json!({"email": "a@acme.example", "title": "CTO", "phone": "12345", "city": "Rome"})]);
    let update = [serde_json::json!({"email": "a@acme.example", "title": "CEO", "city": "Paris"})];
    assert_eq!(verdicts(&mut batch, &update, Existing::Overwrite), [Updated]);
    let lead = &batch.leads[0].now;
    assert_eq!((lead.title.as_str(), lead.phone.as_str(), lead.company.city.as_str()), ("CEO", "12345", "Paris"));
    assert_eq!(batch.accounts[0].now.city, "Rome");
}

#[test]
fn an_address_and_an_id_of_two_leads_are_a_conflict() {
    let mut batch = stored(&[serde_json::json!({"email": "a@acme.example"}), serde_json::json!({"external_id": "7"})]);
    let both = [serde_json::json!({"email": "a@acme.example", "external_id": "7"})];
    assert!(matches!(verdicts(&mut batch, &both, Existing::Fill).as_slice(), [Verdict::Conflict(why)] if why.contains("belongs")));
    let linked = [serde_json::json!({"email": "new@acme.example", "external_id": "7"})];
    assert_eq!(verdicts(&mut batch, &linked, Existing::Fill), [Updated]);
}

#[test]
fn a_profile_recognises_who_has_nothing_else() {
    let mut batch = stored(&[serde_json::json!({"email": "a@acme.example", "linkedin_url": "https://www.linkedin.com/in/a"})]);
    assert_eq!(
        verdicts(&mut batch, &[serde_json::json!({"linkedin_url": "https://www.linkedin.com/in/a", "title": "CTO"})], Existing::Fill),
        [Updated]
    );
    assert_eq!(batch.leads.len(), 1);
}

#[test]
fn an_unsubscribed_lead_stays_so() {
    let mut batch = stored(&[serde_json::json!({"email": "a@acme.example"})]);
    batch.leads[0].now.status = Status::Unsubscribed;
    let mut again = row(serde_json::json!({"email": "a@acme.example"}));
    again.status = Some(Status::Converted);
    batch.take(&again, &rules(Existing::Overwrite));
    assert_eq!(batch.leads[0].now.status, Status::Unsubscribed);
}

#[test]
fn rows_that_contradict_each_other_are_told_in_a_trial() {
    let mut batch = stored(&[serde_json::json!({"email": "b@acme.example", "title": "CTO"})]);
    batch.compares_rows = true;
    let rows = [
        serde_json::json!({"email": "a@acme.example", "title": "CTO", "city": "Rome"}),
        serde_json::json!({"email": "a@acme.example", "title": "CEO", "city": "Rome"}),
        // Only what the file itself has said can be contradicted by the file.
        serde_json::json!({"email": "b@acme.example", "title": "CEO"}),
    ];
    rows.iter().for_each(|fields| batch.take(&row(fields.clone()), &rules(Existing::Fill)));
    let taken = batch.finish();
    assert_eq!(taken[1].contradicts, [Change { field: "title".to_owned(), before: "CTO".to_owned(), after: "CEO".to_owned() }]);
    assert!(taken[0].contradicts.is_empty() && taken[2].contradicts.is_empty());
}

#[test]
fn leads_that_a_row_connects_are_written_by_one_writer() {
    let mut batch = Batch::default();
    let mut rows: Vec<LeadRow> =
        (0..3000).map(|n| row(serde_json::json!({"email": format!("p{n}@acme.example"), "external_id": format!("x{n}")}))).collect();
    // The first and the last are one conflict: both halves must not decide about it.
    rows.push(row(serde_json::json!({"email": "p0@acme.example", "external_id": "x2999"})));
    rows.iter().for_each(|row| batch.take(row, &rules(Existing::Fill)));
    let taken = batch.finish();
    assert!(matches!(taken[3000].verdict, Verdict::Conflict(_)));
    let lanes = batch.lanes(rows.iter().map(Some));
    assert!(lanes.are_two());
    assert_eq!((lanes.leads[0], lanes.rows[0], lanes.rows[3000]), (lanes.leads[2999], lanes.rows[2999], lanes.leads[0]));
    let second = lanes.leads.iter().filter(|lane| **lane).count();
    assert!((1400..=1600).contains(&second), "{second}");
    for (lead, row) in taken.iter().zip(&lanes.rows).filter_map(|(taken, lane)| Some((taken.place?, *lane))) {
        assert_eq!(lanes.leads[lead], row);
    }
}
