//! Addresses that are never written to.

use serde_json::json;

use crate::mailing::{Mailing, THREE_STEPS};

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_listed_added_and_taken_off() {
    let mailing = Mailing::start().await;
    let add = async |email: &str| mailing.owner.post_json("/api/v1/suppressions", &json!({"email": email, "detail": "competitor"})).await;
    assert_eq!(add("nobody").await.expect(422).json()["errors"][0]["pointer"], "/email");
    assert_eq!(add(" Ada@A.example ").await.expect(201).json()["email"], "ada@a.example");
    add("ada@a.example").await.expect(201);
    for n in 0..5 {
        add(&format!("x{n}@b.example")).await.expect(201);
    }
    let first = mailing.owner.get("/api/v1/suppressions?limit=4").await.expect(200).json();
    assert_eq!((first["data"].as_array().unwrap().len(), &first["total"]["value"]), (4, &json!(6)));
    let rest = mailing
        .owner
        .get(&format!("/api/v1/suppressions?limit=4&cursor={}", first["next_cursor"].as_str().unwrap()))
        .await
        .expect(200)
        .json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next_cursor"]), (2, &json!(null)));
    let found = mailing.owner.get("/api/v1/suppressions?q=ADA").await.expect(200).json();
    assert_eq!(found["data"][0]["reason"], "manual");
    assert_eq!(mailing.owner.delete("/api/v1/suppressions/ada@a.example").await.status, 204);
    assert_eq!(mailing.owner.delete("/api/v1/suppressions/ada@a.example").await.status, 404);
    let neighbour = mailing.app.sign_up("Neighbour").await;
    assert_eq!(neighbour.get("/api/v1/suppressions").await.expect(200).json()["total"]["value"], 0);
    assert_eq!(neighbour.delete("/api/v1/suppressions/x1@b.example").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suppression_ends_the_sequences_of_its_lead() {
    let mailing = Mailing::start().await;
    mailing.lead("Ada", "ada@a.example").await;
    let campaign = mailing.launched(&THREE_STEPS).await;
    mailing.app.settle().await;
    mailing.owner.post_json("/api/v1/suppressions", &json!({"email": "ada@a.example"})).await.expect(201);
    mailing.after(jiff::SignedDuration::from_hours(48)).await;
    assert_eq!(mailing.caught("true").await, 1);
    assert_eq!(mailing.numbers(&campaign).await["leads"]["reasons"], json!([["suppressed", 1]]));
    mailing.after(jiff::SignedDuration::from_hours(1)).await;
    assert_eq!(mailing.read(&campaign).await["status"], "finished");
}
