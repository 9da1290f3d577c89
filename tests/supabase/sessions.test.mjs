// Passwords, sessions, their tokens, and the person's own account, where addresses need no proof.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, data, later, refused, somebody, startWorld } from "./lib/world.mjs";

let world;
before(async () => (world = await startWorld("sessions", { confirm: false })));
after(() => world?.stop());

/** Somebody who has just signed up. */
async function person(options) {
  const [client, email] = [world.client(options), somebody()];
  const { session, user } = data(await client.auth.signUp({ email, password: PASSWORD }));
  return { client, email, session, user };
}

const refresh = (token) => world.raw("POST", "/token?grant_type=refresh_token", { body: { refresh_token: token }, version: "2024-01-01" });

test("signing up signs in", async () => {
  const { session, user, email } = await person();
  assert.equal(session.token_type, "bearer");
  assert.equal(session.expires_in, 3600);
  assert.ok(Math.abs(session.expires_at - Date.now() / 1000 - 3600) < 60);
  assert.ok(user.email_confirmed_at && user.last_sign_in_at && user.created_at && user.updated_at);
  assert.deepEqual([user.app_metadata.provider, user.app_metadata.providers], ["email", ["email"]]);
  const [identity] = user.identities;
  assert.deepEqual([identity.provider, identity.id, identity.user_id, identity.email], ["email", user.id, user.id, email]);
  assert.ok(identity.identity_id && identity.identity_data.sub === user.id);
});

test("what nobody can sign up with", async () => {
  const [client, { email }] = [world.client(), await person()];
  refused(await client.auth.signUp({ email, password: PASSWORD }), 422, "user_already_exists");
  refused(await client.auth.signUp({ email: "nobody", password: PASSWORD }), 400, "validation_failed");
  refused(await client.auth.signUp({ email: somebody(), password: "x".repeat(73) }), 400, "validation_failed");
  refused(await client.auth.signInAnonymously(), 422, "anonymous_provider_disabled");
  for (const [password, reason] of [["short", "length"], ["aaaaaaaaaaaa", "characters"], ["password12345", "pwned"]]) {
    const error = refused(await client.auth.signUp({ email: somebody(), password }), 422, "weak_password");
    assert.deepEqual([error.name, error.reasons], ["AuthWeakPasswordError", [reason]], password);
  }
});

test("signing in with a password; an unknown address is told what a wrong password is", async () => {
  const [{ email }, client] = [await person(), world.client()];
  const { session } = data(await client.auth.signInWithPassword({ email: ` ${email.toUpperCase()}`, password: PASSWORD }));
  assert.equal(data(await client.auth.getClaims()).claims.amr[0].method, "password");
  assert.ok(session.user.last_sign_in_at);
  const wrong = refused(await client.auth.signInWithPassword({ email, password: "wrong wrong wrong" }), 400, "invalid_credentials");
  const unknown = refused(await client.auth.signInWithPassword({ email: somebody(), password: "wrong wrong wrong" }), 400, "invalid_credentials");
  assert.deepEqual([wrong.message, unknown.message], ["Invalid login credentials", "Invalid login credentials"]);
});

test("guessing one password is slowed down", async () => {
  const [{ email }, client] = [await person(), world.client()];
  for (let n = 0; n < 10; n++) refused(await client.auth.signInWithPassword({ email, password: `wrong wrong ${n}` }), 400, "invalid_credentials");
  refused(await client.auth.signInWithPassword({ email, password: PASSWORD }), 429, "over_request_rate_limit");
});

test("refreshing rotates the token and keeps the session", async () => {
  const { client, session } = await person();
  const first = data(await client.auth.getClaims()).claims;
  const refreshed = data(await client.auth.refreshSession()).session;
  assert.notEqual(refreshed.refresh_token, session.refresh_token);
  assert.equal(data(await client.auth.getClaims()).claims.session_id, first.session_id);
  // The answer may have been lost: the token before gets the one that is valid now.
  const again = await refresh(session.refresh_token);
  assert.deepEqual([again.status, again.body.refresh_token], [200, refreshed.refresh_token]);
});

test("a refresh token that comes back after ten seconds ends the family", async () => {
  const { client, session } = await person();
  const [second, third] = [data(await client.auth.refreshSession()).session, data(await client.auth.refreshSession()).session];
  // Within ten seconds an older one is another tab that came late.
  const late = await refresh(session.refresh_token);
  assert.deepEqual([late.status, late.body.refresh_token], [200, third.refresh_token]);
  await later(10_500);
  const fourth = data(await client.auth.refreshSession()).session;
  // That somebody else has just refreshed makes the copy no younger.
  const copied = await refresh(second.refresh_token);
  assert.deepEqual([copied.status, copied.body.code], [400, "refresh_token_already_used"]);
  const descendant = await refresh(fourth.refresh_token);
  assert.deepEqual([descendant.status, descendant.body.code], [400, "refresh_token_not_found"]);
  const access = await world.raw("GET", "/user", { token: fourth.access_token, version: "2024-01-01" });
  assert.deepEqual([access.status, access.body.code], [403, "session_not_found"]);
});

test("refreshes at once give one usable session", async () => {
  const { session, client } = await person();
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(session.refresh_token)));
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
  const tokens = new Set(answers.map((answer) => answer.body.refresh_token));
  assert.equal(tokens.size, 1);
  const next = await refresh([...tokens][0]);
  assert.equal(next.status, 200);
  data(await client.auth.getUser(next.body.access_token));
});

test("refresh tokens of nobody", async () => {
  for (const token of ["", "nonsense", "v1.abc", "A".repeat(75)]) {
    const answer = await refresh(token);
    assert.equal(answer.status, 400);
    assert.equal(answer.body.code, token ? "refresh_token_not_found" : "validation_failed");
  }
});

test("claims are verified by the program itself, from the published keys", async () => {
  const calls = [];
  const { client, user, email } = await person({ calls });
  calls.length = 0;
  const { claims, header } = data(await client.auth.getClaims());
  assert.equal(header.alg, "ES256");
  assert.deepEqual(calls, ["GET /auth/v1/.well-known/jwks.json"]);
  data(await client.auth.getClaims());
  assert.equal(calls.length, 1);
  assert.deepEqual([claims.iss, claims.aud, claims.role, claims.sub, claims.email, claims.phone], [`${world.url}/auth/v1`, "authenticated", "authenticated", user.id, email, ""]);
  assert.deepEqual([claims.aal, claims.is_anonymous, claims.exp - claims.iat], ["aal1", false, 3600]);
  assert.match(claims.session_id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(Object.keys(claims.amr[0]).sort(), ["method", "timestamp"]);
  const [head, body, signature] = data(await client.auth.getSession()).session.access_token.split(".");
  const tampered = Buffer.from(JSON.stringify({ ...claims, email: "eve@people.example" })).toString("base64url");
  assert.ok((await client.auth.getClaims([head, tampered, signature].join("."))).error);
  assert.ok(body);
});

test("the account: data merges, null deletes, app_metadata is not the person's", async () => {
  const { client, user } = await person();
  assert.equal(data(await client.auth.getUser()).user.id, user.id);
  data(await client.auth.updateUser({ data: { a: 1, b: { c: 2 }, d: 3 } }));
  const changed = data(await client.auth.updateUser({ data: { b: "x", d: null } })).user;
  assert.deepEqual(changed.user_metadata, { a: 1, b: "x" });
  const { session } = data(await client.auth.refreshSession());
  assert.deepEqual(session.user.user_metadata, { a: 1, b: "x" });
  assert.deepEqual(data(await client.auth.getClaims()).claims.user_metadata, { a: 1, b: "x" });
  const forbidden = await world.raw("PUT", "/user", { token: session.access_token, body: { app_metadata: { role: "owner" } }, version: "2024-01-01" });
  assert.deepEqual([forbidden.status, forbidden.body.code], [403, "not_admin"]);
});

test("a new password signs out every other device", async () => {
  const [{ client, email }, other] = [await person(), world.client()];
  data(await other.auth.signInWithPassword({ email, password: PASSWORD }));
  refused(await client.auth.updateUser({ password: PASSWORD }), 422, "same_password");
  refused(await client.auth.updateUser({ password: "short" }), 422, "weak_password");
  data(await client.auth.updateUser({ password: "cobalt-meadow-lantern-7" }));
  data(await client.auth.getUser());
  const { data: left, error } = await other.auth.getUser();
  assert.ok(error && !left.user);
  refused(await world.client().auth.signInWithPassword({ email, password: PASSWORD }), 400, "invalid_credentials");
});

test("signing out: here, elsewhere, everywhere", async () => {
  const first = await person();
  const clients = [first.client, world.client(), world.client()];
  for (const client of clients.slice(1)) data(await client.auth.signInWithPassword({ email: first.email, password: PASSWORD }));
  const tokens = await Promise.all(clients.map(async (client) => data(await client.auth.getSession()).session));
  const alive = async () => {
    const answers = await Promise.all(tokens.map(({ access_token }) => world.raw("GET", "/user", { token: access_token, version: "2024-01-01" })));
    for (const answer of answers) if (answer.status !== 200) assert.deepEqual([answer.status, answer.body.code], [403, "session_not_found"]);
    return answers.map((answer) => answer.status === 200);
  };
  assert.equal((await clients[0].auth.signOut({ scope: "local" })).error, null);
  assert.deepEqual(await alive(), [false, true, true]);
  assert.equal((await clients[1].auth.signOut({ scope: "others" })).error, null);
  assert.deepEqual(await alive(), [false, true, false]);
  assert.equal((await clients[1].auth.signOut()).error, null);
  assert.deepEqual(await alive(), [false, false, false]);
  assert.equal((await refresh(tokens[1].refresh_token)).body.code, "refresh_token_not_found");
  const { session } = data(await clients[2].auth.signInWithPassword({ email: first.email, password: PASSWORD }));
  const unknown = await world.raw("POST", "/logout?scope=galaxy", { token: session.access_token, version: "2024-01-01" });
  assert.deepEqual([unknown.status, unknown.body.code], [400, "validation_failed"]);
  const out = await world.raw("POST", "/logout", { token: session.access_token });
  assert.deepEqual([out.status, out.body], [204, ""]);
});

test("the token opens Leadline's own API for members of an organisation", async () => {
  const { client, email, session } = await person();
  const api = (token) => fetch(`${world.url}/api/v1/me`, { headers: { Authorization: `Bearer ${token}`, Accept: "application/json" } });
  assert.equal((await api(session.access_token)).status, 403);
  const form = new URLSearchParams({ organisation: "Acme", name: "Olive Owner", email: `owner-${email}`, password: PASSWORD });
  const signedUp = await fetch(`${world.url}/signup`, { method: "POST", body: form, redirect: "manual" });
  assert.equal(signedUp.status, 303);
  const owner = data(await client.auth.signInWithPassword({ email: `owner-${email}`, password: PASSWORD })).session;
  const me = await api(owner.access_token);
  assert.equal(me.status, 200);
  assert.deepEqual((await me.json()).role, "owner");
  assert.equal(owner.user.app_metadata.org_role, "owner");
  assert.match(data(await client.auth.getClaims()).claims.app_metadata.org_id, /^org_/);
});

test("a new signing key signs nobody out", async () => {
  const { client, session } = await person();
  const before = data(await client.auth.getClaims()).header.kid;
  await world.command("admin", "rotate-keys");
  const keys = (await world.raw("GET", "/.well-known/jwks.json", { apikey: null })).body.keys;
  let published = keys;
  for (let n = 0; n < 40 && published.length < 2; n++) {
    await later(100);
    published = (await world.raw("GET", "/.well-known/jwks.json", { apikey: null })).body.keys;
  }
  assert.equal(published.length, 2);
  assert.ok(published.some((key) => key.kid === before));
  assert.ok(published.every((key) => key.kty === "EC" && key.crv === "P-256" && key.d === undefined));
  // The old token is good, here and in a program that has yet to fetch the keys.
  assert.equal((await world.raw("GET", "/user", { token: session.access_token })).status, 200);
  data(await world.client().auth.getClaims(session.access_token));
  data(await client.auth.refreshSession());
  const { header } = data(await client.auth.getClaims());
  assert.notEqual(header.kid, before);
  data(await client.auth.getUser());
});
