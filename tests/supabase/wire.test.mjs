// What the client hides: shapes of errors, the gateway's key, cross-origin access, limits.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PASSWORD, data, somebody, startWorld } from "./lib/world.mjs";

let world;
before(async () => (world = await startWorld("wire", { confirm: true })));
after(() => world?.stop());

const NEW = "2024-01-01";

test("errors have the shape of the version that asks", async () => {
  const ask = (version) => world.raw("POST", "/token?grant_type=password", { body: { email: somebody(), password: "x" }, version });
  const old = await ask();
  assert.deepEqual(old.body, { code: 400, error_code: "invalid_credentials", msg: "Invalid login credentials" });
  assert.deepEqual([old.headers.get("x-sb-error-code"), old.headers.get("x-supabase-api-version")], ["invalid_credentials", null]);
  for (const version of [NEW, "2025-06-30"]) {
    const recent = await ask(version);
    assert.deepEqual([recent.status, recent.body], [400, { code: "invalid_credentials", message: "Invalid login credentials" }]);
    assert.deepEqual([recent.headers.get("x-sb-error-code"), recent.headers.get("x-supabase-api-version")], ["invalid_credentials", NEW]);
  }
  assert.equal((await ask("2023-12-31")).body.code, 400);
  assert.equal((await ask("nonsense")).body.code, 400);
  const weak = (version) => world.raw("POST", "/signup", { body: { email: somebody(), password: "short" }, version });
  assert.deepEqual((await weak(NEW)).body.weak_password, { reasons: ["length"] });
  const body = (await weak()).body;
  assert.deepEqual([body.code, body.error_code, body.weak_password], [422, "weak_password", { reasons: ["length"] }]);
});

test("what cannot be read", async () => {
  const broken = await world.raw("POST", "/token?grant_type=password", { body: "{", version: NEW });
  assert.deepEqual([broken.status, broken.body.code], [400, "bad_json"]);
  const grant = await world.raw("POST", "/token?grant_type=magic", { body: {}, version: NEW });
  assert.deepEqual([grant.status, grant.body.code], [400, "invalid_credentials"]);
  const large = await world.raw("POST", "/signup", { body: { email: "x".repeat(1 << 20) }, version: NEW });
  assert.equal(large.status, 413);
  const nowhere = await world.raw("GET", "/nowhere", { version: NEW });
  assert.deepEqual([nowhere.status, nowhere.body.code], [404, "not_found"]);
  assert.equal((await world.raw("PATCH", "/user", { version: NEW })).status, 405);
});

test("the gateway wants a key", async () => {
  for (const path of ["/settings", "/health", "/user", "/admin/users", "/nowhere"]) {
    assert.equal((await world.raw("GET", path, { apikey: null })).status, 401, path);
    assert.equal((await world.raw("GET", path, { apikey: "forged" })).status, 401, path);
  }
  const forged = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"role":"service_role"}').toString("base64url")}.`;
  assert.equal((await world.raw("GET", "/settings", { apikey: forged })).status, 401);
  assert.equal((await world.raw("GET", `/settings?apikey=${world.anon}`, { apikey: null })).status, 200);
  assert.equal((await world.raw("GET", "/verify?token=x&type=signup", { apikey: null })).status, 303);
  assert.equal((await world.raw("POST", "/verify", { apikey: null, body: { type: "signup", token_hash: "x" } })).status, 403);
  const keys = await world.raw("GET", "/.well-known/jwks.json", { apikey: null });
  assert.deepEqual([keys.status, keys.headers.get("cache-control")], [200, "public, max-age=600"]);
  assert.ok(keys.body.keys.every((key) => key.alg === "ES256" && key.kid && !("d" in key)));
});

test("any website may ask, and no cookie is looked at", async () => {
  const asked = ["apikey", "authorization", "content-type", "x-client-info", "x-supabase-api-version"];
  const preflight = await world.raw("OPTIONS", "/token", { apikey: null, headers: { Origin: "https://app.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": asked.join(",") } });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  const allowed = preflight.headers.get("access-control-allow-headers").split(",").map((name) => name.trim());
  assert.ok(asked.every((name) => allowed.includes(name)), allowed.join());
  for (const method of ["GET", "POST", "PUT", "DELETE"]) assert.ok(preflight.headers.get("access-control-allow-methods").includes(method));
  const foreign = { Origin: "https://app.example", "Sec-Fetch-Site": "cross-site" };
  const answer = await world.raw("POST", "/token?grant_type=password", { body: { email: somebody(), password: "x" }, headers: foreign });
  assert.equal(answer.status, 400);
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  const exposed = answer.headers.get("access-control-expose-headers").toLowerCase();
  assert.ok(exposed.includes("link") && exposed.includes("x-total-count"), exposed);
  assert.equal(answer.headers.get("access-control-allow-credentials"), null);

  const form = new URLSearchParams({ organisation: "Acme", name: "Olive", email: somebody(), password: PASSWORD });
  const signedUp = await fetch(`${world.url}/signup`, { method: "POST", body: form, redirect: "manual" });
  const cookie = signedUp.headers.getSetCookie().map((text) => text.split(";")[0]).join("; ");
  const withCookie = await world.raw("GET", "/user", { headers: { Cookie: cookie }, version: NEW });
  assert.deepEqual([withCookie.status, withCookie.body.code], [401, "no_authorization"]);
});

test("bearers that are none", async () => {
  const missing = await world.raw("GET", "/user", { version: NEW });
  assert.deepEqual([missing.status, missing.body.code], [401, "no_authorization"]);
  for (const token of ["nonsense", "a.b.c", world.anon, world.service]) {
    const answer = await world.raw("GET", "/user", { token, version: NEW });
    assert.deepEqual([answer.status, answer.body.code], [403, "bad_jwt"], token.slice(0, 10));
  }
});

test("settings and health", async () => {
  const { body } = await world.raw("GET", "/settings");
  assert.deepEqual([body.external.email, body.external.phone, body.external.google, body.external.linkedin_oidc, body.external.anonymous_users], [true, false, false, false, false]);
  assert.deepEqual([body.disable_signup, body.mailer_autoconfirm, body.phone_autoconfirm, body.saml_enabled], [false, false, false, false]);
  assert.deepEqual(Object.keys((await world.raw("GET", "/health")).body).sort(), ["description", "name", "version"]);
});

test("a challenge is whole or refused", async () => {
  const ask = (path, challenge) => world.raw("POST", path, { body: { email: somebody(), password: PASSWORD, ...challenge }, version: NEW });
  const [short, right, long] = ["a".repeat(42), "a".repeat(43), "a".repeat(129)];
  for (const path of ["/signup", "/otp", "/recover"]) {
    for (const challenge of [{ code_challenge: right }, { code_challenge_method: "s256" }, { code_challenge: short, code_challenge_method: "s256" }, { code_challenge: long, code_challenge_method: "s256" }, { code_challenge: right, code_challenge_method: "md5" }]) {
      const answer = await ask(path, challenge);
      assert.deepEqual([answer.status, answer.body.code], [400, "validation_failed"], `${path} ${JSON.stringify(challenge)}`);
    }
    assert.equal((await ask(path, { code_challenge: right, code_challenge_method: "s256" })).status, 200);
  }
});

test("known and unknown addresses are answered alike", async () => {
  const known = somebody();
  data(await world.admin().createUser({ email: known, password: PASSWORD, email_confirm: true }));
  const unknown = somebody();
  for (const path of ["/recover", "/otp", "/resend"]) {
    // A letter a minute to one address: each path has its own pair.
    const pair = path === "/recover" ? [known, unknown] : [somebody(), somebody()];
    if (path !== "/recover") data(await world.admin().createUser({ email: pair[0], email_confirm: path === "/otp" }));
    const answers = [];
    for (const email of pair) answers.push(await world.raw("POST", path, { body: { type: "signup", email }, version: NEW }));
    assert.deepEqual(answers.map(({ status, body }) => [status, body]), [[200, {}], [200, {}]], path);
  }
});

test("guessing codes is limited, and the limit is told", async () => {
  let last;
  for (let n = 0; n < 40; n++) {
    last = await world.raw("POST", "/verify", { body: { type: "email", email: "nobody@people.example", token: "123456" }, version: NEW });
    if (last.status === 429) break;
    assert.equal(last.body.code, "otp_expired");
  }
  assert.deepEqual([last.status, last.body.code], [429, "over_request_rate_limit"]);
  assert.ok(Number(last.headers.get("retry-after")) > 0);
  assert.equal(last.headers.get("ratelimit-limit"), "30");
  assert.equal(last.headers.get("ratelimit-remaining"), "0");
});
