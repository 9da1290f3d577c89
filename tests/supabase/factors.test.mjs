// Second factors, with an authenticator library as people's phones have it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generate } from "otplib";
import { PASSWORD, data, refused, somebody, startWorld } from "./lib/world.mjs";

let world;
before(async () => (world = await startWorld("factors", { confirm: false })));
after(() => world?.stop());

const STEP = 30;
/** The app's code, now or some steps from now (a clock may be off by one). */
const code = (secret, steps = 0) => generate({ secret, epoch: Math.floor(Date.now() / 1000) + steps * STEP });

async function person() {
  const [client, email] = [world.client(), somebody()];
  const { session, user } = data(await client.auth.signUp({ email, password: PASSWORD }));
  return { client, email, session, user, mfa: client.auth.mfa };
}

/** Enrols an app and shows its first code. */
async function enrolled(mfa, friendlyName = "Phone") {
  const factor = data(await mfa.enroll({ factorType: "totp", friendlyName, issuer: "Acme" }));
  data(await mfa.challengeAndVerify({ factorId: factor.id, code: await code(factor.totp.secret, -1) }));
  return factor;
}

test("from the first factor to the second, and back", async () => {
  const { client, email, session, mfa } = await person();
  const other = world.client();
  data(await other.auth.signInWithPassword({ email, password: PASSWORD }));

  const factor = data(await mfa.enroll({ factorType: "totp", friendlyName: "Phone", issuer: "Acme" }));
  assert.deepEqual([factor.type, factor.friendly_name], ["totp", "Phone"]);
  assert.match(factor.totp.secret, /^[A-Z2-7]+=*$/);
  assert.match(factor.totp.uri, /^otpauth:\/\/totp\/Acme:/);
  assert.match(factor.totp.qr_code, /^data:image\/svg\+xml;utf-8,<(\?xml|svg)/);
  assert.deepEqual(data(await mfa.getAuthenticatorAssuranceLevel()), { currentLevel: "aal1", nextLevel: "aal1", currentAuthenticationMethods: data(await client.auth.getClaims()).claims.amr });
  assert.equal(data(await mfa.listFactors()).totp.length, 0);
  assert.equal(data(await mfa.listFactors()).all[0].status, "unverified");

  const asked = data(await mfa.challenge({ factorId: factor.id }));
  assert.equal(asked.type, "totp");
  assert.ok(asked.expires_at > Date.now() / 1000);
  const right = await code(factor.totp.secret);
  const wrong = right === "000000" ? "000001" : "000000";
  refused(await mfa.verify({ factorId: factor.id, challengeId: asked.id, code: wrong }), 422, "mfa_verification_failed");
  refused(await mfa.verify({ factorId: factor.id, challengeId: crypto.randomUUID(), code: right }), 422, "mfa_factor_not_found");
  const raised = data(await mfa.verify({ factorId: factor.id, challengeId: asked.id, code: right }));
  assert.equal(raised.token_type, "bearer");
  const { claims } = data(await client.auth.getClaims());
  assert.equal(claims.aal, "aal2");
  assert.deepEqual(claims.amr.map((entry) => entry.method), ["totp", "password"]);
  assert.equal(claims.session_id, JSON.parse(atob(session.access_token.split(".")[1])).session_id);
  assert.equal(data(await mfa.listFactors()).totp[0].status, "verified");
  const [shown] = data(await client.auth.getUser()).user.factors;
  assert.deepEqual([shown.factor_type, shown.friendly_name, "secret" in shown], ["totp", "Phone", false]);

  // Whoever stayed at one factor could not show the second.
  const ended = await other.auth.getUser();
  assert.ok(ended.error);

  // A code works once, also in a challenge of its own.
  const next = data(await mfa.challenge({ factorId: factor.id }));
  refused(await mfa.verify({ factorId: factor.id, challengeId: next.id, code: right }), 422, "mfa_verification_failed");

  const gone = data(await mfa.unenroll({ factorId: factor.id }));
  assert.equal(gone.id, factor.id);
  data(await client.auth.refreshSession());
  assert.equal(data(await client.auth.getClaims()).claims.aal, "aal1");
});

test("a session with one factor touches neither factors, address nor password", async () => {
  const { email, mfa } = await person();
  const factor = await enrolled(mfa);
  const weaker = world.client();
  data(await weaker.auth.signInWithPassword({ email, password: PASSWORD }));
  assert.deepEqual([data(await weaker.auth.mfa.getAuthenticatorAssuranceLevel()).currentLevel, data(await weaker.auth.mfa.getAuthenticatorAssuranceLevel()).nextLevel], ["aal1", "aal2"]);
  refused(await weaker.auth.mfa.enroll({ factorType: "totp", friendlyName: "Mine" }), 403, "insufficient_aal");
  refused(await weaker.auth.mfa.unenroll({ factorId: factor.id }), 422, "insufficient_aal");
  refused(await weaker.auth.updateUser({ password: "another-lantern-crossing-9" }), 401, "insufficient_aal");
  refused(await weaker.auth.updateUser({ email: somebody() }), 401, "insufficient_aal");
  data(await weaker.auth.updateUser({ data: { a: 1 } }));
  data(await weaker.auth.mfa.challengeAndVerify({ factorId: factor.id, code: await code(factor.totp.secret) }));
  data(await weaker.auth.mfa.enroll({ factorType: "totp", friendlyName: "Mine" }));
});

test("names, kinds and other people's factors", async () => {
  const [{ mfa }, neighbour] = [await person(), await person()];
  data(await mfa.enroll({ factorType: "totp", friendlyName: "Phone" }));
  refused(await mfa.enroll({ factorType: "totp", friendlyName: "Phone" }), 422, "mfa_factor_name_conflict");
  refused(await mfa.enroll({ factorType: "phone", phone: "+15550100" }), 422, "mfa_phone_enroll_not_enabled");
  const theirs = data(await neighbour.mfa.enroll({ factorType: "totp" }));
  refused(await mfa.challenge({ factorId: theirs.id }), 404, "mfa_factor_not_found");
  refused(await mfa.unenroll({ factorId: theirs.id }), 404, "mfa_factor_not_found");
  const asked = data(await neighbour.mfa.challenge({ factorId: theirs.id }));
  refused(await mfa.verify({ factorId: theirs.id, challengeId: asked.id, code: await code(theirs.totp.secret) }), 404, "mfa_factor_not_found");
});

test("ten factors are enough", async () => {
  const { mfa } = await person();
  for (let n = 0; n < 10; n++) data(await mfa.enroll({ factorType: "totp", friendlyName: `App ${n}` }));
  refused(await mfa.enroll({ factorType: "totp", friendlyName: "One more" }), 422, "too_many_enrolled_mfa_factors");
});

test("an administrator helps somebody who has lost their phone", async () => {
  const { user, mfa, email } = await person();
  const factor = await enrolled(mfa);
  const { factors } = data(await world.admin().mfa.listFactors({ userId: user.id }));
  assert.deepEqual(factors.map((known) => [known.id, known.status, "secret" in known]), [[factor.id, "verified", false]]);
  // The client wraps the answer twice.
  assert.equal(data(await world.admin().mfa.deleteFactor({ userId: user.id, id: factor.id })).data.id, factor.id);
  refused(await world.admin().mfa.deleteFactor({ userId: user.id, id: factor.id }), 404, "mfa_factor_not_found");
  const client = world.client();
  data(await client.auth.signInWithPassword({ email, password: PASSWORD }));
  assert.equal(data(await client.auth.mfa.getAuthenticatorAssuranceLevel()).nextLevel, "aal1");
});
