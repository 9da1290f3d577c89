// What goes by mail: confirmation, sign-in by link and code, recovery, change of address.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, SITE, data, fragment, refused, somebody, startWorld } from "./lib/world.mjs";

let world;
before(async () => (world = await startWorld("letters", { confirm: true })));
after(() => world?.stop());

/** Follows the link of a letter as a browser does; answers where it leads. */
async function follow(link) {
  const answer = await fetch(link, { redirect: "manual" });
  assert.equal(answer.status, 303, await answer.text());
  return answer.headers.get("location");
}

test("signing up: no session before the address is proved, and one after", async () => {
  const [client, email] = [world.client(), somebody()];
  const { user, session } = data(await client.auth.signUp({ email: email.toUpperCase(), password: PASSWORD, options: { data: { name: "Ada" }, emailRedirectTo: SITE } }));
  assert.equal(session, null);
  assert.equal(user.email, email);
  assert.deepEqual([user.aud, user.role, user.phone, user.is_anonymous, user.email_confirmed_at], ["authenticated", "authenticated", "", false, undefined]);
  assert.equal(user.identities.length, 1);
  assert.deepEqual(user.user_metadata, { name: "Ada" });
  assert.ok(user.confirmation_sent_at);
  refused(await client.auth.signInWithPassword({ email, password: PASSWORD }), 400, "email_not_confirmed");

  const letter = await world.mail.read(email);
  const location = await follow(letter.link);
  assert.equal(location.split("#")[0], SITE);
  const told = fragment(location);
  assert.deepEqual([told.get("type"), told.get("token_type"), told.get("expires_in"), told.has("sb")], ["signup", "bearer", "3600", true]);
  const tokens = { access_token: told.get("access_token"), refresh_token: told.get("refresh_token") };
  const opened = data(await client.auth.setSession(tokens));
  assert.ok(opened.user.email_confirmed_at && opened.user.confirmed_at);
  assert.equal(opened.user.identities[0].identity_data.email_verified, true);
  const claims = data(await client.auth.getClaims()).claims;
  assert.equal(claims.amr[0].method, "otp");

  const again = fragment(await follow(letter.link));
  assert.deepEqual([again.get("error"), again.get("error_code")], ["access_denied", "otp_expired"]);
  assert.match(again.get("error_description"), /expired/);
  data(await world.client().auth.signInWithPassword({ email, password: PASSWORD }));
});

test("signing up with an address that somebody has tells nothing, but by mail", async () => {
  const email = somebody();
  data(await world.admin().createUser({ email, password: PASSWORD, email_confirm: true }));
  const { user, session } = data(await world.client().auth.signUp({ email, password: PASSWORD, options: { data: { a: 1 } } }));
  assert.equal(session, null);
  assert.deepEqual([user.email, user.identities, user.user_metadata], [email, [], { a: 1 }]);
  const { users } = data(await world.admin().listUsers());
  assert.ok(!users.some((known) => known.id === user.id));
  assert.match((await world.mail.read(email)).subject, /account already/);
});

test("signing up with the code instead of the link", async () => {
  const [client, email] = [world.client(), somebody()];
  data(await client.auth.signUp({ email, password: PASSWORD }));
  const { code } = await world.mail.read(email);
  const wrong = code === "000000" ? "000001" : "000000";
  refused(await client.auth.verifyOtp({ email, token: wrong, type: "signup" }), 403, "otp_expired");
  const { user, session } = data(await client.auth.verifyOtp({ email, token: code, type: "signup" }));
  assert.equal(user.email, email);
  assert.equal(session.token_type, "bearer");
  refused(await client.auth.verifyOtp({ email, token: code, type: "signup" }), 403, "otp_expired");
});

test("a second letter within a minute is refused, for known and unknown addresses alike", async () => {
  const [client, email, unknown] = [world.client(), somebody(), somebody()];
  data(await client.auth.signUp({ email, password: PASSWORD }));
  refused(await client.auth.resend({ type: "signup", email }), 429, "over_email_send_rate_limit");
  data(await client.auth.resetPasswordForEmail(unknown));
  refused(await client.auth.resetPasswordForEmail(unknown), 429, "over_email_send_rate_limit");
});

test("resending a confirmation", async () => {
  const [client, email] = [world.client(), somebody()];
  data(await world.admin().createUser({ email, password: PASSWORD }));
  data(await client.auth.resend({ type: "signup", email, options: { emailRedirectTo: SITE } }));
  const { token } = await world.mail.read(email);
  data(await client.auth.verifyOtp({ token_hash: token, type: "signup" }));
  // Nobody, and somebody who needs none: the same answer.
  data(await client.auth.resend({ type: "signup", email: somebody() }));
});

test("signing in by a link: code and token, each once, for somebody new too", async () => {
  const [client, email, fresh, unknown] = [world.client(), somebody(), somebody(), somebody()];
  data(await world.admin().createUser({ email, email_confirm: true }));
  data(await client.auth.signInWithOtp({ email, options: { shouldCreateUser: false } }));
  const known = await world.mail.read(email);
  refused(await client.auth.verifyOtp({ token_hash: known.token, type: "recovery" }), 403, "otp_expired");
  assert.equal(data(await client.auth.verifyOtp({ token_hash: known.token, type: "magiclink" })).user.email, email);
  refused(await client.auth.verifyOtp({ email, token: known.code, type: "email" }), 403, "otp_expired");

  data(await client.auth.signInWithOtp({ email: fresh, options: { data: { from: "fair" } } }));
  const letter = await world.mail.read(fresh);
  const { user } = data(await client.auth.verifyOtp({ email: fresh, token: letter.code, type: "email" }));
  assert.deepEqual([user.email, user.user_metadata], [fresh, { from: "fair" }]);
  assert.ok(user.email_confirmed_at);

  refused(await client.auth.signInWithOtp({ email: unknown, options: { shouldCreateUser: false } }), 422, "otp_disabled");
});

test("recovery by PKCE: the link gives a code, which its verifier alone exchanges, once", async () => {
  const [client, stranger, email] = [world.client({ flowType: "pkce" }), world.client({ flowType: "pkce" }), somebody()];
  data(await world.admin().createUser({ email, password: PASSWORD, email_confirm: true }));
  data(await client.auth.resetPasswordForEmail(email, { redirectTo: `${SITE}?a=b` }));
  const { link, token } = await world.mail.read(email);
  assert.match(token, /^pkce_/);
  const location = new URL(await follow(link));
  assert.deepEqual([location.origin + location.pathname, location.searchParams.get("a"), location.hash], [SITE, "b", ""]);
  const code = location.searchParams.get("code");
  // The stranger has a verifier of their own, for another letter.
  data(await stranger.auth.resetPasswordForEmail(somebody()));
  refused(await stranger.auth.exchangeCodeForSession(code), 400, "bad_code_verifier");
  const { session } = data(await client.auth.exchangeCodeForSession(code));
  assert.equal(session.user.email, email);
  assert.equal(data(await client.auth.getClaims()).claims.amr[0].method, "recovery");
  refused(await client.auth.updateUser({ password: PASSWORD }), 422, "same_password");
  data(await client.auth.updateUser({ password: "another-lantern-crossing-9" }));
  data(await world.client().auth.signInWithPassword({ email, password: "another-lantern-crossing-9" }));

  const again = new URL(await follow(link));
  assert.equal(again.searchParams.get("error_code"), "otp_expired");
  assert.equal(fragment(again.href).get("error_code"), "otp_expired");
  const reused = await world.raw("POST", "/token?grant_type=pkce", { body: { auth_code: code, code_verifier: "v".repeat(43) }, version: "2024-01-01" });
  assert.deepEqual([reused.status, reused.body.code], [404, "flow_state_not_found"]);
});

test("signing up and signing in by PKCE", async () => {
  const [client, email] = [world.client({ flowType: "pkce" }), somebody()];
  data(await client.auth.signUp({ email, password: PASSWORD, options: { emailRedirectTo: SITE } }));
  const code = new URL(await follow((await world.mail.read(email)).link)).searchParams.get("code");
  assert.equal(data(await client.auth.exchangeCodeForSession(code)).session.user.email, email);
  assert.equal(data(await client.auth.getClaims()).claims.amr[0].method, "email/signup");
});

test("a new address takes effect when its letter is answered, and not before", async () => {
  const [client, email, taken, fresh] = [world.client(), somebody(), somebody(), somebody("new")];
  for (const address of [email, taken]) data(await world.admin().createUser({ email: address, password: PASSWORD, email_confirm: true }));
  data(await client.auth.signInWithPassword({ email, password: PASSWORD }));
  refused(await client.auth.updateUser({ email: taken }), 422, "email_exists");
  refused(await client.auth.updateUser({ email: "nobody" }), 400, "validation_failed");
  const { user } = data(await client.auth.updateUser({ email: fresh }, { emailRedirectTo: SITE }));
  assert.deepEqual([user.email, user.new_email], [email, fresh]);
  const letter = await world.mail.read(fresh);
  const changed = data(await world.client().auth.verifyOtp({ email: fresh, token: letter.code, type: "email_change" })).user;
  assert.deepEqual([changed.email, changed.new_email], [fresh, undefined]);
  assert.equal(changed.identities[0].identity_data.email, fresh);
  data(await world.client().auth.signInWithPassword({ email: fresh, password: PASSWORD }));
  assert.match((await world.mail.read(email)).subject, /address was changed/);
});

test("reauthentication: a mailed code that a change of password can carry", async () => {
  const [client, email] = [world.client(), somebody()];
  data(await world.admin().createUser({ email, password: PASSWORD, email_confirm: true }));
  data(await client.auth.signInWithPassword({ email, password: PASSWORD }));
  data(await client.auth.reauthenticate());
  const { code } = await world.mail.read(email);
  const wrong = code === "000000" ? "000001" : "000000";
  const change = { password: "window-orchard-signal-3" };
  refused(await client.auth.updateUser({ ...change, nonce: wrong }), 422, "reauthentication_not_valid");
  data(await client.auth.updateUser({ ...change, nonce: code }));
});

test("invitations", async () => {
  const email = somebody();
  const { user } = data(await world.admin().inviteUserByEmail(email, { data: { team: "north" }, redirectTo: SITE }));
  assert.deepEqual([user.email, user.user_metadata], [email, { team: "north" }]);
  assert.ok(user.invited_at);
  const { token, link } = await world.mail.read(email);
  assert.equal(new URL(link).searchParams.get("redirect_to"), SITE);
  const client = world.client();
  data(await client.auth.verifyOtp({ token_hash: token, type: "invite" }));
  data(await client.auth.updateUser({ password: PASSWORD }));
  data(await world.client().auth.signInWithPassword({ email, password: PASSWORD }));
  refused(await world.admin().inviteUserByEmail(email), 422, "email_exists");
});

test("a link leads to listed addresses and to our own, else to the front page", async () => {
  const admin = world.admin();
  for (const [wanted, expected] of [
    ["https://app.example/welcome/deep?x=1", "https://app.example/welcome/deep?x=1"],
    [`${world.url}/leads`, `${world.url}/leads`],
    ["https://evil.example/", `${world.url}/`],
    ["https://app.example.evil.example/", `${world.url}/`],
    ["https://app.example@evil.example/", `${world.url}/`],
    ["//evil.example", `${world.url}/`],
    ["javascript:alert(1)", `${world.url}/`],
  ]) {
    const email = somebody();
    data(await admin.createUser({ email, email_confirm: true }));
    const { properties } = data(await admin.generateLink({ type: "magiclink", email, options: { redirectTo: wanted } }));
    const link = new URL(properties.action_link);
    // Also when somebody rewrites the link itself.
    link.searchParams.set("redirect_to", wanted);
    assert.equal((await follow(link)).split("#")[0], expected, wanted);
  }
});
