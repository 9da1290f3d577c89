// Second factors as a person uses them: a real authenticator library for the codes, Chromium's virtual
// authenticator for the passkeys. Passkeys are bound to a name, so the server is reached as localhost.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { generate } from "otplib";
import { explained, launchBrowser, newContext, snapshot, watch } from "./lib/browser.mjs";
import { PERSON, addAuthenticator, signUp } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";

describe("second factors", () => {
  let server, browser, context, page, faults, devtools, authenticator;
  let secret, codes;

  before(async () => {
    [server, browser] = await Promise.all([startServer("passkeys", { host: "localhost" }), launchBrowser()]);
    context = await newContext(browser, server.url);
    page = await context.newPage();
    faults = watch(page);
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  let failed = false;
  const step = (name, act, timeout = 60_000) =>
    test(name, { timeout }, async (t) => {
      if (failed) return t.skip("an earlier step failed");
      failed = true;
      try {
        faults.allow();
        await act();
        assert.deepEqual(faults.take(), [], "nothing went wrong behind the screen");
      } catch (error) {
        await snapshot(page, "passkeys-failed").catch(() => {});
        throw explained(error, page, faults, server);
      }
      failed = false;
    });

  /** A device with a fingerprint reader that keeps its passkeys. */
  async function plugIn() {
    devtools = await context.newCDPSession(page);
    await devtools.send("WebAuthn.enable", { enableUI: false });
    const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
    ({ authenticatorId: authenticator } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options }));
  }

  const credentials = async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId: authenticator })).credentials;
  const at = (path) => page.waitForURL((url) => url.pathname === path);
  const factor = (name) => page.locator(".factor", { hasText: name });

  const finger = (enabled) => devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: authenticator, enabled });

  /** To the sign-in page as a stranger. The virtual person takes every suggestion at once, so they hold back for that one. */
  async function signOut() {
    await page.goto("about:blank");
    await context.clearCookies();
    if (!authenticator) return page.goto("/login");
    await finger(false);
    await Promise.all([page.waitForResponse((answer) => answer.url().endsWith("/login/passkey/begin")), page.goto("/login")]);
    await page.waitForTimeout(300);
    await finger(true);
  }

  async function typePassword() {
    await page.getByLabel("E-mail").fill(PERSON.email);
    await page.getByLabel("Password").fill(PERSON.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  }

  step("an authenticator app is added from the secret on the page", async () => {
    await signUp(page);
    await page.getByRole("link", { name: "Add a second factor" }).click();
    await at("/account/security");
    secret = await addAuthenticator(page);
    assert.match(secret, /^[A-Z2-7]{32}$/);
    await page.getByRole("button", { name: "Make recovery codes" }).click();
    codes = await page.locator(".recovery-codes li").allInnerTexts();
    assert.equal(codes.length, 10);
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
    assert.equal(file.suggestedFilename(), "leadline-recovery-codes.txt");
    await page.getByRole("link", { name: "I have kept them" }).click();
    await at("/account/security");
    await factor("Work phone").waitFor();
  });

  step("signing in asks for the code, which works once", async () => {
    await signOut();
    await typePassword();
    await at("/login/factor");
    faults.allow(422);
    await page.getByLabel("Code of your authenticator app").fill("000000");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("That code does not count").waitFor();
    // The code of the enrolment is used up; the app shows the next one within half a minute.
    const step = Math.floor(Date.now() / 30_000);
    const code = await generate({ secret, epoch: (step + 1) * 30 });
    await page.getByLabel("Code of your authenticator app").fill(code);
    await page.getByRole("button", { name: "Continue" }).click();
    await at("/");
  });

  step("a recovery code stands in", async () => {
    await signOut();
    await typePassword();
    await page.getByText("Use a recovery code").click();
    await page.getByLabel("Recovery code").fill(codes[0].toUpperCase());
    await page.getByRole("button", { name: "Use recovery code" }).click();
    await at("/");
    await page.goto("/account/security");
    await page.getByText("9 of 10 left").waitFor();
  });

  step("a passkey is added", async () => {
    await plugIn();
    await page.getByRole("textbox", { name: "Name" }).fill("Laptop");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await factor("Laptop").waitFor();
    const [stored] = await credentials();
    assert.equal(stored.rpId, "localhost");
    assert.equal(stored.isResidentCredential, true);
    // The same device is not added twice.
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("has a passkey for your account already").waitFor();
  });

  step("it is a second factor", async () => {
    await signOut();
    await typePassword();
    await at("/login/factor");
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await at("/");
  });

  step("it signs in by itself, with both factors in one", async () => {
    await signOut();
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await at("/");
    const { data } = await (await context.request.get("/api/v1/factors")).json();
    assert.deepEqual(data.map((one) => one.kind).sort(), ["totp", "webauthn"]);
  });

  step("without the person's finger it does not", async () => {
    await signOut();
    await devtools.send("WebAuthn.setUserVerified", { authenticatorId: authenticator, isUserVerified: false });
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.locator("[data-problem]").filter({ hasText: /\w/ }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/login");
    await devtools.send("WebAuthn.setUserVerified", { authenticatorId: authenticator, isUserVerified: true });
  });

  step("a copy of it is noticed by its counter", async () => {
    const [stored] = await credentials();
    // The original is used, and with it the counter moves on; the copy stays behind.
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await at("/");
    await signOut();
    await devtools.send("WebAuthn.removeCredential", { authenticatorId: authenticator, credentialId: stored.credentialId });
    await devtools.send("WebAuthn.addCredential", { authenticatorId: authenticator, credential: { ...stored, signCount: stored.signCount - 1 } });
    faults.allow(422);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("seems to have been copied").waitFor();
    assert.equal((await context.request.get("/api/v1/me")).status(), 401);
    // An answer that was seen once is worth nothing a second time, whatever its counter.
    await devtools.send("WebAuthn.removeCredential", { authenticatorId: authenticator, credentialId: stored.credentialId });
    await devtools.send("WebAuthn.addCredential", { authenticatorId: authenticator, credential: { ...stored, signCount: stored.signCount + 50 } });
    let answer;
    await page.route("**/login/passkey/finish", async (route) => {
      answer = route.request().postData();
      await route.continue();
    });
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await at("/");
    await page.unroute("**/login/passkey/finish");
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    const replay = await context.request.post("/login/passkey/finish", { data: answer, headers });
    assert.equal(replay.status(), 422);
    assert.equal((await replay.json()).errors[0].code, "passkey.ended");
  });

  step("the browser suggests it in the field for the address", async () => {
    await page.goto("about:blank");
    await context.clearCookies();
    await page.goto("/login?next=/leads");
    await at("/leads");
  });

  step("what is sensitive takes a fresh proof, and removing the last factor opens the account again", async () => {
    for (const name of ["Laptop", "Work phone"]) {
      await page.goto("/account/security");
      if (new URL(page.url()).pathname === "/login/factor") {
        await page.getByLabel("Code of your authenticator app").fill(await generate({ secret, epoch: Math.floor(Date.now() / 30_000 + 1) * 30 }));
        await page.getByRole("button", { name: "Continue" }).click();
        await at("/account/security");
      }
      await factor(name).getByRole("button", { name: "Remove" }).click();
      await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
      await page.locator(".toast", { hasText: "Removed" }).waitFor();
      // The code of this half minute is used up.
      if (name === "Laptop") await page.waitForTimeout(31_000);
    }
    await signOut();
    await typePassword();
    await at("/");
  }, 120_000);
});
