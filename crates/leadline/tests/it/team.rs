//! The organisation's people: who may let whom in, give whom what, and see whose records.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Visitor};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

async fn id_of(visitor: &Visitor) -> String {
    text(&visitor.get("/api/v1/me").await.expect(200).json()["id"])
}

async fn role_of(visitor: &Visitor) -> String {
    text(&visitor.get("/api/v1/me").await.expect(200).json()["role"])
}

fn code(answer: &Answer) -> String {
    text(&answer.json()["errors"][0]["code"])
}

/// The path of the link in the newest letter to an address.
async fn link_to(app: &TestApp, email: &str) -> String {
    let letter = app.letter_to(email).await;
    let at = letter.find("/invitations/").unwrap_or_else(|| panic!("{letter}"));
    letter[at..].split_whitespace().next().unwrap().to_owned()
}

async fn invite(owner: &Visitor, email: &str, role: &str) -> Value {
    owner.post_json("/api/v1/invitations", &json!({"emails": [email], "role": role})).await.expect(201).json()["data"][0].clone()
}

async fn make_role(owner: &Visitor, role: Value) -> String {
    text(&owner.post_json("/api/v1/roles", &role).await.expect(201).json()["id"])
}

/// How often something happened.
async fn happened(app: &TestApp, kind: &str) -> i64 {
    app.scalar(&format!("SELECT count(*) FROM events WHERE kind = '{kind}'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_unknown_joins_by_the_link_in_their_letter() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let form = [("emails", "new@acme.example, two@acme.example\nNEW@acme.example"), ("role", "manager"), ("team_id", "")];
    assert_eq!(owner.post_form("/settings/team/invitations", &form).await.expect(303).location(), "/settings/team");
    assert_eq!(app.scalar("SELECT count(*) FROM invitations").await, 2);
    let page = owner.get("/settings/team").await.expect(200).text();
    assert!(page.contains("new@acme.example") && page.contains("two@acme.example") && page.contains("Waiting"), "{page}");

    let link = link_to(&app, "new@acme.example").await;
    let stranger = app.stranger();
    let page = stranger.get(&link).await.expect(200);
    for part in ["Join Acme", "Olive Owner", "Manager"] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
    assert_eq!(page.attributes("input[name=email]", "value"), ["new@acme.example"]);
    assert_eq!(page.header("referrer-policy"), "strict-origin");
    let weak = stranger.post_form(&link, &[("name", ""), ("password", "short")]).await.expect(422).text();
    assert!(weak.contains("name is missing") && weak.contains("at least 10"), "{weak}");
    stranger.post_form(&link, &[("name", "Nora New"), ("password", Visitor::PASSWORD)]).await.expect(303);
    assert_eq!(role_of(&stranger).await, "manager");
    assert_eq!(happened(&app, "member.invited").await, 2);
    assert_eq!(happened(&app, "member.joined").await, 1);

    // The link is used up, for whoever else has it too.
    assert_eq!(stranger.get(&link).await.status, 404);
    assert_eq!(app.stranger().post_form(&link, &[("name", "Eve"), ("password", Visitor::PASSWORD)]).await.status, 404);
    // Their address is proved: they sign in like everybody.
    let login = [("email", "new@acme.example"), ("password", Visitor::PASSWORD)];
    assert_eq!(app.stranger().post_form("/login", &login).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_known_joins_with_one_click_and_only_with_the_invited_address() {
    let app = TestApp::start().await;
    let (owner, neighbour, eve) = (app.sign_up("Acme").await, app.sign_up("Neighbours").await, app.sign_up("Evil").await);
    invite(&owner, &neighbour.email, "rep").await;
    let link = link_to(&app, &neighbour.email).await;

    let stranger = app.stranger();
    assert!(stranger.get(&link).await.expect(200).text().contains("Sign in as"));
    let taken_over = stranger.post_form(&link, &[("name", "Eve"), ("password", Visitor::PASSWORD)]).await;
    assert_eq!(taken_over.status, 409, "an account is not made anew by a link");
    assert!(eve.get(&link).await.expect(200).text().contains(&eve.email));
    assert_eq!(eve.post_form(&link, &[("", "")]).await.status, 403);
    assert_eq!(app.scalar("SELECT count(*) FROM memberships").await, 3);

    neighbour.post_form(&link, &[("", "")]).await.expect(303);
    let me = neighbour.get("/api/v1/me").await.json();
    assert_eq!(
        (text(&me["role"]), me["organisation_id"].clone()),
        ("rep".to_owned(), owner.get("/api/v1/me").await.json()["organisation_id"].clone())
    );
    assert_eq!(neighbour.post_form(&link, &[("", "")]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_replaced_or_withdrawn_invitation_opens_nothing() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let new = || [("name", "Nora New"), ("password", Visitor::PASSWORD)];
    let first = invite(&owner, "new@acme.example", "rep").await;
    let before = link_to(&app, "new@acme.example").await;
    app.app.clock.advance(SignedDuration::from_mins(1));
    owner.post_json(&format!("/api/v1/invitations/{}/resend", text(&first["id"])), &json!({})).await.expect(200);
    let after = link_to(&app, "new@acme.example").await;
    assert_ne!(before, after);
    assert_eq!(app.stranger().post_form(&before, &new()).await.status, 404, "replaced");
    app.app.clock.advance(SignedDuration::from_hours(7 * 24 + 1));
    assert_eq!(app.stranger().post_form(&after, &new()).await.status, 404, "too old");
    assert!(owner.get("/settings/team").await.text().contains("Expired"));
    let form: [(&str, &str); 0] = [];
    owner.post_form(&format!("/settings/team/invitations/{}/resend", text(&first["id"])), &form).await.expect(303);
    let again = link_to(&app, "new@acme.example").await;
    assert_eq!(app.stranger().get(&again).await.status, 200);
    owner.delete(&format!("/api/v1/invitations/{}", text(&first["id"]))).await.expect(204);
    assert_eq!(app.stranger().post_form(&again, &new()).await.status, 404, "withdrawn");
    assert_eq!(happened(&app, "invitation.revoked").await, 1);

    // Whoever sent it must still be able to give what it gives, and be there.
    // The clock has moved by days, so they prove anew that it is them.
    owner.post_form("/login", &[("email", owner.email.as_str()), ("password", Visitor::PASSWORD)]).await.expect(303);
    let admin = app.colleague(&owner, "admin").await;
    for (email, undo) in [("x@acme.example", "demote"), ("y@acme.example", "remove")] {
        if role_of(&admin).await != "admin" {
            owner.patch_json(&format!("/api/v1/members/{}", id_of(&admin).await), &json!({"role": "admin"})).await.expect(200);
        }
        invite(&admin, email, "rep").await;
        let link = link_to(&app, email).await;
        let path = format!("/api/v1/members/{}", id_of(&admin).await);
        match undo {
            "demote" => owner.patch_json(&path, &json!({"role": "viewer"})).await.expect(200),
            _ => owner.delete(&path).await.expect(204),
        };
        assert_eq!(app.stranger().post_form(&link, &new()).await.status, 404, "{undo}");
        assert_eq!(app.scalar(&format!("SELECT count(*) FROM users WHERE email = '{email}'")).await, 0, "{undo}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_none_or_here_already_are_named() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let page =
        owner.post_form("/settings/team/invitations", &[("emails", "fine@x.example nonsense also@bad"), ("role", "rep")]).await.expect(422);
    let errors = page.texts(".field-error").join(" ");
    assert!(errors.contains("nonsense") && errors.contains("also@bad"), "{errors}");
    assert!(page.texts("textarea[name=emails]")[0].contains("fine@x.example"));
    assert_eq!(app.scalar("SELECT count(*) FROM invitations").await, 0);
    let own = owner.post_json("/api/v1/invitations", &json!({"emails": [owner.email], "role": "rep"})).await.expect(422);
    assert_eq!(code(&own), "email.member");
    let none = owner.post_json("/api/v1/invitations", &json!({"emails": [], "role": "rep"})).await.expect(422);
    assert_eq!(none.json()["errors"][0]["pointer"], "/emails");
    let wrong = owner.post_json("/api/v1/invitations", &json!({"emails": ["a@b.example", "x"], "role": "rep"})).await.expect(422);
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/emails/1");
    // Repeated with its key, it is one letter.
    let body = json!({"emails": ["once@x.example"], "role": "rep"});
    let post = || owner.send(owner.request("POST", "/api/v1/invitations").header("idempotency-key", "k").json(&body));
    let first = post().await.expect(201).json();
    assert_eq!(post().await.expect(201).json(), first);
    app.run_jobs().await;
    assert_eq!(app.scalar("SELECT count(*) FROM caught_mail WHERE to_address = 'once@x.example'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_climbs_above_themselves() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (admin, manager, rep) =
        (app.colleague(&owner, "admin").await, app.colleague(&owner, "manager").await, app.colleague(&owner, "rep").await);
    let path = |id: String| format!("/api/v1/members/{id}");
    let (owners, admins, managers, reps) =
        (path(id_of(&owner).await), path(id_of(&admin).await), path(id_of(&manager).await), path(id_of(&rep).await));

    // A rep and a manager change nobody, themselves included.
    for (who, whom) in [(&rep, &reps), (&rep, &managers), (&manager, &reps), (&manager, &managers)] {
        assert_eq!(who.patch_json(whom, &json!({"role": "admin"})).await.status, 403);
        assert_eq!(who.delete(whom).await.status, 403);
    }
    // An admin makes no owner, and touches none.
    for whom in [&admins, &reps] {
        let refused = admin.patch_json(whom, &json!({"role": "owner"})).await.expect(403);
        assert_eq!((code(&refused), refused.json()["errors"][0]["pointer"].clone()), ("role.above_yours".to_owned(), json!("/role")));
    }
    assert_eq!(admin.patch_json(&owners, &json!({"role": "viewer"})).await.status, 403);
    assert_eq!(admin.delete(&owners).await.status, 403);
    assert_eq!(admin.post_json("/api/v1/organisation/owner", &json!({"to": id_of(&admin).await})).await.status, 403);
    for (who, role) in [(&admin, "owner"), (&owner, "owner")] {
        let invited = who.post_json("/api/v1/invitations", &json!({"emails": ["x@y.example"], "role": role})).await;
        assert_eq!(invited.status, 422);
        let added = json!({"name": "X", "email": "x@y.example", "role": role, "password": Visitor::PASSWORD});
        assert_eq!(who.post_json("/api/v1/members", &added).await.status, 422);
    }
    assert_eq!(app.scalar("SELECT count(*) FROM users WHERE email = 'x@y.example'").await, 0);
    // The form offers an admin no ownership, and sees it refused when forged.
    let offered = admin.get("/settings/team").await.expect(200).attributes("select[name=role]:not(#filter-role) option", "value");
    assert!(!offered.contains(&"owner".to_owned()) && offered.contains(&"admin".to_owned()), "{offered:?}");
    let id = id_of(&rep).await;
    admin.post_form(&format!("/settings/team/members/{id}"), &[("role", "owner")]).await.expect(303);
    assert_eq!(role_of(&rep).await, "rep");

    // The last owner stays one, whoever asks.
    let last = owner.patch_json(&owners, &json!({"role": "admin"})).await.expect(409);
    assert_eq!(code(&last), "owner.last");
    assert_eq!(owner.delete(&owners).await.status, 409);
    let form: [(&str, &str); 0] = [];
    owner.post_form("/settings/team/leave", &form).await.expect(303);
    assert_eq!(role_of(&owner).await, "owner");
    // With a second owner, the first may step down.
    owner.patch_json(&admins, &json!({"role": "owner"})).await.expect(200);
    owner.patch_json(&owners, &json!({"role": "viewer"})).await.expect(200);
    assert_eq!((role_of(&owner).await, role_of(&admin).await), ("viewer".to_owned(), "owner".to_owned()));
    assert_eq!(happened(&app, "member.role_changed").await, 2);
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'member.role_changed' AND payload -> 'role' ->> 'from' = 'admin' AND payload -> 'role' ->> 'to' = 'owner'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_of_what_its_maker_may_do() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let office = make_role(&owner, json!({"name": "Office", "permissions": ["team:write", "leads:write"], "visibility": "all"})).await;
    let powerful = make_role(&owner, json!({"name": "Powerful", "permissions": ["campaigns:send"]})).await;
    let (keeper, rep) = (app.colleague(&owner, &office).await, app.colleague(&owner, "rep").await);
    let reps = format!("/api/v1/members/{}", id_of(&rep).await);

    let above = |answer: Answer| assert_eq!(code(&answer.expect(403)), "role.above_yours");
    above(keeper.post_json("/api/v1/roles", &json!({"name": "More", "permissions": ["campaigns:send"]})).await);
    above(keeper.patch_json(&format!("/api/v1/roles/{office}"), &json!({"permissions": ["team:write", "keys:write"]})).await);
    above(keeper.patch_json(&format!("/api/v1/roles/{powerful}"), &json!({"name": "Weak"})).await);
    above(keeper.delete(&format!("/api/v1/roles/{powerful}")).await);
    above(keeper.patch_json(&reps, &json!({"role": powerful})).await);
    above(keeper.patch_json(&reps, &json!({"role": "admin"})).await);
    above(keeper.post_json("/api/v1/invitations", &json!({"emails": ["x@y.example"], "role": "manager"})).await);
    // Who may not set security rules does not decide who needs a second factor.
    let demand = keeper.patch_json(&format!("/api/v1/roles/{office}"), &json!({"mfa_required": true})).await.expect(403);
    assert_eq!(code(&demand), "mfa_required.not_yours");
    // Within their own, they may.
    let less = make_role(&keeper, json!({"name": "Less", "permissions": ["leads:write"]})).await;
    let made = keeper.get(&format!("/api/v1/roles/{less}")).await.expect(200).json();
    assert_eq!(made["permissions"], json!(["leads:read", "leads:write"]), "whoever changes sees");

    // Names and words are checked, and named.
    for (role, pointer, expected) in [
        (json!({"name": "less", "permissions": ["leads:read"]}), "/name", "name.taken"),
        (json!({"name": "Owner", "permissions": ["leads:read"]}), "/name", "name.taken"),
        (json!({"name": "", "permissions": ["leads:read"]}), "/name", "name.invalid"),
        (json!({"name": "X", "permissions": []}), "/permissions", "permissions.empty"),
        (json!({"name": "X", "permissions": ["leads:read", "leads:fly"]}), "/permissions/1", "permission.unknown"),
        (json!({"name": "X", "permissions": ["leads:read"], "visibility": "some"}), "/visibility", "visibility.unknown"),
    ] {
        let refused = owner.post_json("/api/v1/roles", &role).await.expect(422);
        assert_eq!((refused.json()["errors"][0]["pointer"].clone(), code(&refused)), (json!(pointer), expected.to_owned()), "{role}");
    }
    let fixed = owner.patch_json("/api/v1/roles/rep", &json!({"permissions": ["leads:read"]})).await.expect(422);
    assert_eq!(code(&fixed), "role.built_in");
    let blind = owner.patch_json("/api/v1/roles/owner", &json!({"visibility": "own"})).await.expect(422);
    assert_eq!(code(&blind), "visibility.owner");
    assert_eq!(owner.delete("/api/v1/roles/rep").await.status, 409);

    // A role in use goes only when another takes its place.
    let in_use = owner.delete(&format!("/api/v1/roles/{office}")).await.expect(422);
    assert_eq!((in_use.json()["errors"][0]["pointer"].clone(), code(&in_use)), (json!("/replacement"), "replacement.required".to_owned()));
    assert_eq!(code(&owner.delete(&format!("/api/v1/roles/{office}?replacement=owner")).await.expect(422)), "replacement.owner");
    owner.delete(&format!("/api/v1/roles/{office}?replacement=viewer")).await.expect(204);
    assert_eq!(role_of(&keeper).await, "viewer");
    for (kind, times) in [("role.created", 3), ("role.deleted", 1), ("member.role_changed", 1)] {
        assert_eq!(happened(&app, kind).await, times, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_some_records_gives_nobody_sight_of_others() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let narrow = json!({"name": "Team lead", "permissions": ["team:write", "leads:write"], "visibility": "team"});
    let lead = app.colleague(&owner, &make_role(&owner, narrow).await).await;
    let team = text(&owner.post_json("/api/v1/teams", &json!({"name": "North"})).await.expect(201).json()["id"]);
    let wide = lead.post_json("/api/v1/roles", &json!({"name": "Wide", "permissions": ["leads:read"], "visibility": "all"})).await;
    assert_eq!(wide.status, 403);
    // Nor by moving themselves into a team whose records they do not see.
    let own = format!("/api/v1/members/{}", id_of(&lead).await);
    assert_eq!(lead.patch_json(&own, &json!({"team_id": team})).await.expect(403).json()["errors"][0]["pointer"], "/team_id");
    assert_eq!(lead.post_json("/api/v1/teams", &json!({"name": "South"})).await.status, 403);
    assert_eq!(lead.delete(&format!("/api/v1/teams/{team}")).await.status, 403);
    let invited = json!({"emails": ["x@y.example"], "role": "viewer", "team_id": team});
    assert_eq!(lead.post_json("/api/v1/invitations", &invited).await.status, 403);
    lead.post_json("/api/v1/roles", &json!({"name": "Narrow", "permissions": ["leads:read"], "visibility": "own"})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_organisation_is_not_there() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.sign_up("Ours").await, app.sign_up("Theirs").await);
    let rep = app.colleague(&ours, "rep").await;
    let role = make_role(&theirs, json!({"name": "Theirs", "permissions": ["leads:read"]})).await;
    let team = text(&theirs.post_json("/api/v1/teams", &json!({"name": "Theirs"})).await.expect(201).json()["id"]);
    let invitation = text(&invite(&theirs, "x@theirs.example", "rep").await["id"]);
    let reps = format!("/api/v1/members/{}", id_of(&rep).await);
    assert_eq!(code(&ours.patch_json(&reps, &json!({"role": role})).await.expect(422)), "role.unknown");
    assert_eq!(code(&ours.patch_json(&reps, &json!({"team_id": team})).await.expect(422)), "team.unknown");
    let invited = json!({"emails": ["y@ours.example"], "role": role});
    assert_eq!(code(&ours.post_json("/api/v1/invitations", &invited).await.expect(422)), "role.unknown");
    for (method, path, body) in [
        ("GET", format!("/api/v1/roles/{role}"), json!({})),
        ("PATCH", format!("/api/v1/roles/{role}"), json!({"name": "Mine"})),
        ("DELETE", format!("/api/v1/roles/{role}"), json!({})),
        ("PATCH", format!("/api/v1/teams/{team}"), json!({"name": "Mine"})),
        ("DELETE", format!("/api/v1/teams/{team}"), json!({})),
        ("DELETE", format!("/api/v1/invitations/{invitation}"), json!({})),
        ("POST", format!("/api/v1/invitations/{invitation}/resend"), json!({})),
        ("GET", format!("/api/v1/members/{}", id_of(&theirs).await), json!({})),
        ("PATCH", format!("/api/v1/members/{}", id_of(&theirs).await), json!({"role": "viewer"})),
        ("DELETE", format!("/api/v1/members/{}", id_of(&theirs).await), json!({})),
        ("DELETE", "/api/v1/domains/theirs.example".to_owned(), json!({})),
    ] {
        assert_eq!(ours.send(ours.request(method, &path).json(&body)).await.status, 404, "{method} {path}");
    }
    let names: Vec<String> =
        ours.get("/api/v1/roles").await.json()["data"].as_array().unwrap().iter().map(|role| text(&role["name"])).collect();
    assert_eq!(names, ["Owner", "Admin", "Manager", "Sales rep", "Viewer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_standing_acts_on_the_next_request() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let role = make_role(&owner, json!({"name": "Writer", "permissions": ["leads:write"]})).await;
    let writer = app.colleague(&owner, &role).await;
    let path = format!("/api/v1/members/{}", id_of(&writer).await);
    let lead = |n: u8| json!({"first_name": "Ada", "email": format!("ada{n}@engines.example")});
    // Remembered as they were, several times over.
    for n in 0..3 {
        writer.post_json("/api/v1/leads", &lead(n)).await.expect(201);
    }
    owner.patch_json(&format!("/api/v1/roles/{role}"), &json!({"permissions": ["leads:read"]})).await.expect(200);
    assert_eq!(writer.post_json("/api/v1/leads", &lead(4)).await.status, 403, "the role lost a permission");
    owner.patch_json(&path, &json!({"role": "rep"})).await.expect(200);
    writer.post_json("/api/v1/leads", &lead(5)).await.expect(201);
    owner.patch_json(&path, &json!({"role": "viewer"})).await.expect(200);
    assert_eq!(writer.post_json("/api/v1/leads", &lead(6)).await.status, 403, "another role");
    owner.patch_json("/api/v1/roles/viewer", &json!({"mfa_required": true})).await.expect(200);
    assert_eq!(writer.get("/leads").await.expect(303).location(), "/account/security?next=%2Fleads", "the role needs a second factor");
    assert_eq!(writer.get("/api/v1/leads").await.expect(403).json()["remedy"], "/account/security");
    owner.patch_json("/api/v1/roles/viewer", &json!({"mfa_required": false})).await.expect(200);
    assert_eq!(writer.get("/leads").await.status, 200);
    assert_eq!(happened(&app, "role.updated").await, 3);
    let kept = "SELECT count(*) FROM events WHERE kind = 'role.updated' AND payload -> 'role' -> 'from' ->> 'mfa_required' = 'false' AND payload -> 'role' -> 'to' ->> 'mfa_required' = 'true'";
    assert_eq!(app.scalar(kept).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_removed_is_out_at_once() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let rep = app.colleague(&owner, "rep").await;
    let again = app.stranger();
    again.post_form("/login", &[("email", rep.email.as_str()), ("password", Visitor::PASSWORD)]).await.expect(303);
    let lead = json!({"first_name": "Ada", "email": "ada@engines.example", "owner_id": id_of(&rep).await});
    let lead = text(&rep.post_json("/api/v1/leads", &lead).await.expect(201).json()["id"]);
    assert_eq!(rep.get("/leads").await.status, 200);
    let form: [(&str, &str); 0] = [];
    let path = format!("/settings/team/members/{}/remove", id_of(&rep).await);
    assert_eq!(owner.post_form(&path, &form).await.expect(303).location(), "/settings/team");
    for session in [&rep, &again] {
        assert_eq!(session.get("/api/v1/me").await.status, 401);
        assert_eq!(session.get("/leads").await.expect(303).location(), "/login?next=%2Fleads");
    }
    assert_eq!(owner.get(&format!("/api/v1/leads/{lead}")).await.expect(200).json()["owner_id"], Value::Null);
    assert_eq!(happened(&app, "member.removed").await, 1);
    // They can sign in, and belong nowhere.
    rep.post_form("/login", &[("email", rep.email.as_str()), ("password", Visitor::PASSWORD)]).await.expect(303);
    assert_eq!(rep.get("/api/v1/leads").await.expect(403).json()["remedy"], "/welcome");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gives_power_takes_a_fresh_proof() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let rep = app.colleague(&owner, "rep").await;
    let (path, form) = (id_of(&rep).await, [("role", "manager")]);
    let member = format!("/api/v1/members/{path}");
    app.app.clock.advance(SignedDuration::from_mins(11));
    let stale = owner.patch_json(&format!("/api/v1/members/{path}"), &json!({"role": "manager"})).await.expect(403);
    assert_eq!(stale.json()["remedy"], "/login/confirm");
    let page = owner.post_form(&format!("/settings/team/members/{path}"), &form).await.expect(303);
    assert!(page.location().starts_with("/login/confirm?next="), "{}", page.location());
    // Where one comes back to is a page.
    assert_eq!(owner.get(&format!("/settings/team/members/{path}")).await.expect(303).location(), "/settings/team");
    for (method, path, body) in [
        ("POST", "/api/v1/roles", json!({"name": "X", "permissions": ["leads:read"]})),
        ("PATCH", "/api/v1/roles/rep", json!({"visibility": "own"})),
        ("DELETE", member.as_str(), json!({})),
        ("POST", "/api/v1/organisation/owner", json!({"to": path})),
        ("POST", "/api/v1/invitations", json!({"emails": ["x@y.example"], "role": "admin"})),
        ("POST", "/api/v1/members", json!({"name": "X", "email": "x@y.example", "role": "admin", "password": Visitor::PASSWORD})),
        ("POST", "/api/v1/domains", json!({"domain": "acme.example", "role": "viewer"})),
    ] {
        let answer = owner.send(owner.request(method, path).json(&body)).await.expect(403);
        assert_eq!(answer.json()["remedy"], "/login/confirm", "{method} {path}");
    }
    assert_eq!(app.scalar("SELECT count(*) FROM users WHERE email = 'x@y.example'").await, 0);
    // What gives none does not.
    invite(&owner, "x@y.example", "rep").await;
    owner.post_json("/api/v1/teams", &json!({"name": "North"})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_is_handed_over_and_both_are_told() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let heir = app.colleague(&owner, "rep").await;
    let own = owner.post_json("/api/v1/organisation/owner", &json!({"to": id_of(&owner).await})).await.expect(422);
    assert_eq!(own.json()["errors"][0]["pointer"], "/to");
    owner.post_form("/settings/team/owner", &[("to", id_of(&heir).await)]).await.expect(303);
    assert_eq!((role_of(&owner).await, role_of(&heir).await), ("admin".to_owned(), "owner".to_owned()));
    assert!(app.letter_to(&heir.email).await.contains("now the owner of Acme"));
    assert!(app.letter_to(&owner.email).await.contains("You handed Acme over"));
    assert_eq!(happened(&app, "ownership.transferred").await, 1);
    assert_eq!(owner.post_json("/api/v1/organisation/owner", &json!({"to": id_of(&owner).await})).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_see_all_records_their_teams_or_their_own() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (ada, bob, cyd) = (app.colleague(&owner, "rep").await, app.colleague(&owner, "rep").await, app.colleague(&owner, "rep").await);
    let mut leads = Vec::new();
    for (n, who) in [&ada, &bob, &cyd].into_iter().enumerate() {
        let lead = json!({"first_name": format!("Lead{n}"), "email": format!("lead{n}@engines.example"), "owner_id": id_of(who).await});
        leads.push(text(&owner.post_json("/api/v1/leads", &lead).await.expect(201).json()["id"]));
    }
    let seen = async |visitor: &Visitor| {
        let page = visitor.get("/leads").await.expect(200).body;
        let mut opened = Vec::new();
        for (n, lead) in leads.iter().enumerate() {
            let listed = page.contains(lead.as_str());
            assert_eq!(visitor.get(&format!("/leads/{lead}")).await.status == 200, listed, "the list and the page agree");
            if listed {
                opened.push(n);
            }
        }
        opened
    };
    assert_eq!(seen(&ada).await, [0, 1, 2]);
    owner.patch_json("/api/v1/roles/rep", &json!({"visibility": "own"})).await.expect(200);
    assert_eq!((seen(&ada).await, seen(&bob).await), (vec![0], vec![1]));
    owner.patch_json("/api/v1/roles/rep", &json!({"visibility": "team"})).await.expect(200);
    assert_eq!(seen(&ada).await, [0], "in no team, one sees one's own");
    let form: [(&str, &str); 1] = [("name", "North")];
    owner.post_form("/settings/teams", &form).await.expect(303);
    let team = text(&owner.get("/api/v1/teams").await.json()["data"][0]["id"]);
    for who in [&ada, &bob] {
        owner.post_form(&format!("/settings/teams/{team}/members"), &[("user_id", id_of(who).await)]).await.expect(303);
    }
    assert_eq!((seen(&ada).await, seen(&bob).await, seen(&cyd).await), (vec![0, 1], vec![0, 1], vec![2]));
    assert_eq!(seen(&owner).await, [0, 1, 2]);
    let page = owner.get("/settings/teams").await.expect(200);
    assert!(page.text().contains(&ada.email) && page.text().contains(&bob.email));
    owner.delete(&format!("/api/v1/teams/{team}")).await.expect(204);
    assert_eq!(seen(&ada).await, [0]);
    for (kind, times) in [("team.created", 1), ("member.team_changed", 2), ("team.deleted", 1)] {
        assert_eq!(happened(&app, kind).await, times, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_works_in_several_organisations_one_at_a_time() {
    let app = TestApp::start().await;
    let (ada, neighbour) = (app.sign_up("First").await, app.sign_up("Neighbours").await);
    let org = async |visitor: &Visitor| text(&visitor.get("/api/v1/me").await.expect(200).json()["organisation_id"]);
    let first = org(&ada).await;
    ada.post_json("/api/v1/leads", &json!({"first_name": "Ada", "email": "ada@engines.example"})).await.expect(201);
    let form = [("organisation", " ")];
    assert_eq!(ada.post_form("/organisations/new", &form).await.status, 422);
    ada.post_form("/organisations/new", &[("organisation", "Second")]).await.expect(303);
    let second = org(&ada).await;
    assert_ne!(first, second);
    assert_eq!(ada.get("/api/v1/leads").await.json()["data"], json!([]));
    let home = ada.get("/").await.expect(200);
    assert_eq!(home.texts(".org-menu form .menu-item span"), ["First", "Second"]);
    ada.post_form("/switch", &[("organisation", first.as_str())]).await.expect(303);
    assert_eq!(org(&ada).await, first);
    assert_eq!(ada.get("/api/v1/leads").await.json()["data"].as_array().unwrap().len(), 1);
    // Not into somebody else's.
    assert_eq!(ada.post_form("/switch", &[("organisation", org(&neighbour).await)]).await.status, 404);
    assert_eq!(org(&ada).await, first);
    // Confined by an organisation's own identity provider, a session stays there.
    app.sql(&format!("UPDATE sessions SET only_org = active_org WHERE user_id = '{}'", uuid_of(&id_of(&ada).await))).await;
    assert_eq!(ada.post_form("/switch", &[("organisation", second.as_str())]).await.status, 404);
    assert_eq!(ada.post_form("/organisations/new", &[("organisation", "Third")]).await.status, 403);

    // Leaving one goes on in the other.
    invite(&neighbour, "guest@elsewhere.example", "rep").await;
    let guest = app.stranger();
    let link = link_to(&app, "guest@elsewhere.example").await;
    guest.post_form(&link, &[("name", "Gus Guest"), ("password", Visitor::PASSWORD)]).await.expect(303);
    guest.post_form("/organisations/new", &[("organisation", "Guest's own")]).await.expect(303);
    guest.post_form("/switch", &[("organisation", org(&neighbour).await)]).await.expect(303);
    let nothing: [(&str, &str); 0] = [];
    guest.post_form("/settings/team/leave", &nothing).await.expect(303);
    assert_eq!(role_of(&guest).await, "owner");
    assert_eq!(happened(&app, "member.left").await, 1);
    assert_eq!(neighbour.get("/api/v1/members").await.json()["total"]["value"], 1);
}

fn uuid_of(id: &str) -> String {
    id.split_once('_').unwrap().1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_claimed_by_somebody_of_it_and_its_people_join() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let domain = owner.email.split_once('@').unwrap().1.to_owned();
    for (wanted, role, expected) in [
        ("gmail.com", "viewer", "domain.free_mail"),
        ("other.example", "viewer", "domain.not_yours"),
        (domain.as_str(), "admin", "role.governs"),
        (domain.as_str(), "owner", "role.governs"),
        (domain.as_str(), "nobody", "role.unknown"),
    ] {
        let refused = owner.post_json("/api/v1/domains", &json!({"domain": wanted, "role": role})).await.expect(422);
        assert_eq!(code(&refused), expected, "{wanted} {role}");
    }
    let rep = app.colleague(&owner, "rep").await;
    assert_eq!(rep.post_json("/api/v1/domains", &json!({"domain": "colleagues.example", "role": "viewer"})).await.status, 403);
    // With the key that a browser with scripts adds to every form.
    let typed = [("domain", domain.as_str()), ("role", "rep"), ("idempotency_key", "of-the-form")];
    owner.post_form("/settings/team/domains", &typed).await.expect(303);
    assert!(owner.get("/settings/team").await.text().contains(&format!("@{domain}")));
    // Another organisation with people of it cannot.
    let rival = app.sign_up("Acme").await;
    let taken = rival.post_json("/api/v1/domains", &json!({"domain": domain, "role": "viewer"})).await.expect(422);
    assert_eq!(code(&taken), "domain.taken");

    let joined = async |visitor: &Visitor| {
        let tx = app.app.db.system().await.unwrap();
        let user = id_of(visitor).await.parse().unwrap();
        let joined = identity::join_by_address(&tx, user, &visitor.email, app.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        joined
    };
    assert!(joined(&rep).await.is_none(), "of another domain");
    assert!(joined(&rival).await.is_some());
    assert!(joined(&rival).await.is_none(), "once");
    let role = "SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.role = 'rep' AND u.email LIKE 'owner%'";
    assert_eq!(app.scalar(role).await, 1);
    assert_eq!(app.scalar("SELECT count(*) FROM events WHERE kind = 'member.joined' AND payload ->> 'by' = 'domain'").await, 1);
    // Whoever was removed comes back by an invitation only.
    owner.delete(&format!("/api/v1/members/{}", id_of(&rival).await)).await.expect(204);
    assert!(joined(&rival).await.is_none());
    owner.delete(&format!("/api/v1/domains/{domain}")).await.expect(204);
    assert_eq!(happened(&app, "organisation.domain_claimed").await, 1);
    assert_eq!(happened(&app, "organisation.domain_released").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_password_is_for_somebody_new_and_others_are_invited() {
    let app = TestApp::start().await;
    let (owner, neighbour) = (app.sign_up("Acme").await, app.sign_up("Neighbours").await);
    let body = |email: &str, password: &str| json!({"name": "Casey", "email": email, "role": "rep", "password": password});
    let new = owner.post_json("/api/v1/members", &body("new@acme.example", Visitor::PASSWORD)).await.expect(201);
    let known = owner.post_json("/api/v1/members", &body(&neighbour.email, Visitor::PASSWORD)).await.expect(201);
    let keys = |answer: &Answer| answer.json().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&new), keys(&known));
    // The neighbour is as they were, and has a letter.
    assert!(app.letter_to(&neighbour.email).await.contains("/invitations/"));
    assert_eq!(owner.get("/api/v1/members").await.json()["total"]["value"], 2);
    neighbour.post_form("/login", &[("email", neighbour.email.as_str()), ("password", Visitor::PASSWORD)]).await.expect(303);

    // The password is no part of what a repeated key is compared by.
    let post = |body: Value| owner.send(owner.request("POST", "/api/v1/members").header("idempotency-key", "k-2").json(&body));
    let first = post(body("two@acme.example", Visitor::PASSWORD)).await.expect(201).json();
    assert_eq!(post(body("two@acme.example", "a different horse battery")).await.expect(201).json(), first);
    let login =
        async |password: &str| app.stranger().post_form("/login", &[("email", "two@acme.example"), ("password", password)]).await.status;
    assert_eq!((login(Visitor::PASSWORD).await, login("a different horse battery").await), (303, 422));
    assert_eq!(code(&post(body("three@acme.example", Visitor::PASSWORD)).await.expect(422)), "idempotency_key.reused");
    // Many at once with one key are one.
    let crowd = (0..6).map(|_| {
        owner.send(
            owner.request("POST", "/api/v1/members").header("idempotency-key", "k-3").json(&body("four@acme.example", Visitor::PASSWORD)),
        )
    });
    let statuses: Vec<u16> = futures_util::future::join_all(crowd).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201; 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_searched_and_paged() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    for (name, role) in [("Ada", "rep"), ("Bob", "rep"), ("Cyd", "manager")] {
        let new =
            json!({"name": name, "email": format!("{}@acme.example", name.to_lowercase()), "role": role, "password": Visitor::PASSWORD});
        owner.post_json("/api/v1/members", &new).await.expect(201);
    }
    let names = |answer: Answer| -> Vec<String> {
        answer.expect(200).json()["data"].as_array().unwrap().iter().map(|row| text(&row["name"])).collect()
    };
    assert_eq!(names(owner.get("/api/v1/members").await), ["Ada", "Bob", "Cyd", "Olive Owner"]);
    assert_eq!(names(owner.get("/api/v1/members?q=ACME.ex&role=rep").await), ["Ada", "Bob"]);
    assert_eq!(names(owner.get("/api/v1/members?has_second_factor=true").await), Vec::<String>::new());
    let (mut path, mut read) = ("/api/v1/members?limit=3".to_owned(), Vec::new());
    loop {
        let page = owner.get(&path).await.expect(200);
        let next = page.json()["next_cursor"].as_str().map(str::to_owned);
        read.extend(names(page));
        let Some(next) = next else { break };
        path = format!("/api/v1/members?limit=3&cursor={next}");
    }
    assert_eq!(read, ["Ada", "Bob", "Cyd", "Olive Owner"]);
    let page = owner.get("/settings/team?role=manager").await.expect(200);
    assert_eq!(page.texts("#people .person-name"), ["Cyd"]);
    // Last seen here, and a row's form without scripts.
    let olive = owner.get("/api/v1/members?q=olive").await.json()["data"][0].clone();
    assert!(olive["last_seen_at"].is_string());
    let id = text(&owner.get("/api/v1/members?q=ada").await.json()["data"][0]["id"]);
    owner.post_form(&format!("/settings/team/members/{id}"), &[("role", "viewer")]).await.expect(303);
    assert_eq!(owner.get(&format!("/api/v1/members/{id}")).await.json()["role"], "viewer");
    for path in ["/settings/team", "/settings/teams", "/settings/roles", "/settings/roles/new", "/settings/roles/rep", "/organisations/new"]
    {
        owner.get(path).await.expect(200);
    }
    let viewer = app.colleague(&owner, "viewer").await;
    for (path, status) in [
        ("/settings/team", 200),
        ("/settings/teams", 200),
        ("/settings/roles", 200),
        ("/settings/roles/rep", 200),
        ("/settings/roles/new", 403),
    ] {
        assert_eq!(viewer.get(path).await.status, status, "{path}");
    }
}
