// What trusted servers do with everybody's account.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, SITE, data, refused, somebody, startWorld } from "./lib/world.mjs";

let world, admin;
before(async () => {
  world = await startWorld("admin", { confirm: true });
  admin = world.admin();
});
after(() => world?.stop());

test("creating, reading and changing a user", async () => {
  const email = somebody();
  const { user } = data(await admin.createUser({ email, password: PASSWORD, email_confirm: true, user_metadata: { a: 1, b: 2 }, app_metadata: { plan: "team" } }));
  assert.deepEqual([user.email, user.user_metadata, user.app_metadata.plan], [email, { a: 1, b: 2 }, "team"]);
  assert.ok(user.email_confirmed_at);
  refused(await admin.createUser({ email: email.toUpperCase() }), 422, "email_exists");
  refused(await admin.createUser({}), 400, "validation_failed");
  refused(await admin.createUser({ email: somebody(), password: "short" }), 422, "weak_password");
  assert.equal(data(await admin.getUserById(user.id)).user.email, email);
  refused(await admin.getUserById(crypto.randomUUID()), 404, "user_not_found");

  const client = world.client();
  data(await client.auth.signInWithPassword({ email, password: PASSWORD }));
  const [moved, other] = [somebody("moved"), somebody()];
  data(await admin.createUser({ email: other }));
  refused(await admin.updateUserById(user.id, { email: other }), 422, "email_exists");
  const changed = data(await admin.updateUserById(user.id, { email: moved, password: "silver-harbour-violin-8", user_metadata: { a: null, c: 3 }, app_metadata: { plan: "solo", org_id: "org_forged" } })).user;
  assert.deepEqual([changed.email, changed.user_metadata, changed.app_metadata.plan], [moved, { b: 2, c: 3 }, "solo"]);
  assert.equal(changed.app_metadata.org_id, undefined, "where somebody works is not a matter of metadata");
  // A password that somebody else has set ends what the old one opened.
  assert.ok((await client.auth.getUser()).error);
  data(await client.auth.signInWithPassword({ email: moved, password: "silver-harbour-violin-8" }));
});

test("an unconfirmed user is confirmed by an administrator", async () => {
  const email = somebody();
  const { user } = data(await admin.createUser({ email, password: PASSWORD }));
  refused(await world.client().auth.signInWithPassword({ email, password: PASSWORD }), 400, "email_not_confirmed");
  assert.ok(data(await admin.updateUserById(user.id, { email_confirm: true })).user.email_confirmed_at);
  data(await world.client().auth.signInWithPassword({ email, password: PASSWORD }));
});

test("a ban closes the account, and its end opens it", async () => {
  const [client, email] = [world.client(), somebody()];
  const { user } = data(await admin.createUser({ email, password: PASSWORD, email_confirm: true }));
  const { session } = data(await client.auth.signInWithPassword({ email, password: PASSWORD }));
  const until = Date.parse(data(await admin.updateUserById(user.id, { ban_duration: "24h" })).user.banned_until);
  assert.ok(Math.abs(until - Date.now() - 86_400_000) < 60_000);
  refused(await world.client().auth.signInWithPassword({ email, password: PASSWORD }), 400, "user_banned");
  refused(await client.auth.refreshSession(), 400, "user_banned");
  assert.equal((await world.raw("GET", "/user", { token: session.access_token, version: "2024-01-01" })).body.code, "user_banned");
  refused(await admin.updateUserById(user.id, { ban_duration: "a while" }), 400, "validation_failed");
  assert.equal(data(await admin.updateUserById(user.id, { ban_duration: "none" })).user.banned_until, undefined);
  data(await world.client().auth.signInWithPassword({ email, password: PASSWORD }));
});

test("lists have pages", async () => {
  const emails = Array.from({ length: 5 }, () => somebody("page"));
  for (const email of emails) data(await admin.createUser({ email }));
  const first = data(await admin.listUsers({ page: 1, perPage: 2 }));
  assert.deepEqual(first.users.map((user) => user.email), emails.slice(-2).reverse());
  assert.equal(first.nextPage, 2);
  assert.equal(first.lastPage, Math.ceil(first.total / 2));
  assert.equal(first.aud, "authenticated");
  const rest = data(await admin.listUsers({ page: 2, perPage: 2 }));
  assert.deepEqual(rest.users.map((user) => user.email), emails.slice(1, 3).reverse());
  const { headers } = await world.raw("GET", "/admin/users?per_page=2&page=2", { token: world.service });
  assert.match(headers.get("link"), /^<\/admin\/users\?page=3&per_page=2>; rel="next", <\/admin\/users\?page=\d+&per_page=2>; rel="last"$/);
  assert.equal(Number(headers.get("x-total-count")), first.total);
  assert.equal((await world.raw("GET", "/admin/users?page=x", { token: world.service })).status, 400);
});

test("links that somebody trusted hands over", async () => {
  const [email, fresh, invited, newEmail] = [somebody(), somebody(), somebody(), somebody("new")];
  data(await admin.createUser({ email, email_confirm: true }));
  for (const [params, kind, type] of [
    [{ type: "magiclink", email }, "magiclink", "magiclink"],
    [{ type: "recovery", email }, "recovery", "recovery"],
    [{ type: "magiclink", email: fresh }, "signup", "signup"],
    [{ type: "invite", email: invited }, "invite", "invite"],
    [{ type: "email_change_new", email, newEmail }, "email_change_new", "email_change"],
  ]) {
    const { properties, user } = data(await admin.generateLink({ ...params, options: { redirectTo: SITE } }));
    assert.equal(user.email, params.email);
    assert.deepEqual([properties.verification_type, properties.redirect_to], [kind, SITE]);
    assert.match(properties.email_otp, /^\d{6}$/);
    const link = new URL(properties.action_link);
    assert.deepEqual([link.origin + link.pathname, link.searchParams.get("token"), link.searchParams.get("type"), link.searchParams.get("redirect_to")], [`${world.url}/auth/v1/verify`, properties.hashed_token, type, SITE]);
    const session = data(await world.client().auth.verifyOtp({ token_hash: properties.hashed_token, type })).session;
    assert.equal(session.user.email, kind === "email_change_new" ? newEmail : params.email);
  }
  assert.ok(![fresh, invited, newEmail].some((address) => world.mail.has(address)), "no letter goes out");
  // But for the news that it is the address no more, which may have come by now.
  const others = ({ subject }) => subject !== "Your e-mail address was changed";
  assert.ok(!world.mail.has(email, others), "no letter goes out but the notice of the change");
  const signup = { type: "signup", email: somebody(), password: PASSWORD };
  data(await admin.generateLink(signup));
  refused(await admin.generateLink({ ...signup, email: newEmail }), 422, "email_exists");
  refused(await admin.generateLink({ type: "recovery", email: somebody() }), 404, "user_not_found");
  refused(await admin.generateLink({ type: "nonsense", email: newEmail }), 400, "validation_failed");
});

test("deleting a user ends everything that was theirs", async () => {
  const [client, email] = [world.client(), somebody()];
  const { user } = data(await admin.createUser({ email, password: PASSWORD, email_confirm: true }));
  const { session } = data(await client.auth.signInWithPassword({ email, password: PASSWORD }));
  data(await admin.deleteUser(user.id));
  refused(await admin.deleteUser(user.id), 404, "user_not_found");
  const answer = await world.raw("GET", "/user", { token: session.access_token, version: "2024-01-01" });
  assert.deepEqual([answer.status, answer.body.code], [403, "user_not_found"]);
  refused(await client.auth.refreshSession(), 400, "refresh_token_not_found");
  data(await admin.createUser({ email }));
});

test("only the service key opens this", async () => {
  const email = somebody();
  data(await admin.createUser({ email, password: PASSWORD, email_confirm: true }));
  const { session } = data(await world.client().auth.signInWithPassword({ email, password: PASSWORD }));
  const routes = [["GET", "/admin/users"], ["POST", "/admin/users"], ["GET", `/admin/users/${session.user.id}`], ["PUT", `/admin/users/${session.user.id}`], ["DELETE", `/admin/users/${session.user.id}`], ["GET", `/admin/users/${session.user.id}/factors`], ["POST", "/invite"], ["POST", "/admin/generate_link"]];
  for (const [method, path] of routes) {
    const body = ["POST", "PUT"].includes(method) ? { email } : undefined;
    for (const [token, apikey, status, code] of [
      [session.access_token, world.anon, 403, "not_admin"],
      [session.access_token, world.service, 403, "not_admin"],
      [world.anon, world.anon, 403, "not_admin"],
      ["forged", world.anon, 403, "bad_jwt"],
      [null, world.anon, 403, "not_admin"],
    ]) {
      const answer = await world.raw(method, path, { token, apikey, body, version: "2024-01-01" });
      assert.deepEqual([answer.status, answer.body.code], [status, code], `${method} ${path} ${token?.slice(0, 8)}`);
    }
  }
});
