// Sign-in through a real OpenID provider, in Chromium: by the unmodified client, and on our own pages.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { CLIENT, agree, startIssuer } from "./lib/issuer.mjs";
import { PASSWORD, SITE, data, fragment, somebody, startWorld } from "./lib/world.mjs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

describe("an OpenID provider", () => {
  let issuer, world, browser;
  before(async () => {
    issuer = await startIssuer();
    const env = { OIDC_ISSUER: issuer.url, OIDC_CLIENT_ID: CLIENT.id, OIDC_CLIENT_SECRET: CLIENT.secret, OIDC_LABEL: "Test ID", LEADLINE_SIGNUP: "open" };
    world = await startWorld("oauth", { confirm: true, env });
    issuer.serve(`${world.url}/auth/v1/callback`);
    const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
    assert.ok(executablePath, "Chromium is missing: apt-get install chromium, or set CHROMIUM to the browser's path");
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  after(async () => {
    await browser?.close();
    issuer?.stop();
    await world?.stop();
  });

  /** A fresh browser, for which the program's own site is an empty page. */
  async function page() {
    const context = await browser.newContext({ baseURL: world.url });
    await context.route("https://app.example/**", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>app</title>" }));
    context.setDefaultTimeout(15_000);
    return context.newPage();
  }

  /** There and back by the client; where the program's site was opened. */
  async function visit(client, login, options = {}) {
    const { url } = data(await client.auth.signInWithOAuth({ provider: "oidc", options: { skipBrowserRedirect: true, redirectTo: SITE, ...options } }));
    const tab = await page();
    await tab.goto(url);
    await agree(tab, login);
    await tab.waitForURL(/^https:\/\/app\.example/);
    const address = new URL(tab.url());
    await tab.context().close();
    return address;
  }

  test("is named in the settings", async () => {
    const { body } = await world.raw("GET", "/settings");
    assert.equal(body.external.google, false);
  });

  test("PKCE: session, user and the provider's token", async () => {
    const client = world.client({ flowType: "pkce" });
    const address = somebody("ida");
    const code = (await visit(client, address)).searchParams.get("code");
    const wrong = await world.raw("POST", "/token?grant_type=pkce", { body: { auth_code: code, code_verifier: "x".repeat(56) }, version: "2024-01-01" });
    assert.deepEqual([wrong.status, wrong.body.code], [400, "bad_code_verifier"]);
    const { session, user } = data(await client.auth.exchangeCodeForSession(code));
    assert.equal(user.email, address);
    assert.equal(user.app_metadata.provider, "oidc");
    assert.deepEqual(user.app_metadata.providers, ["oidc"]);
    assert.equal(user.user_metadata.full_name, "Ida Identity");
    assert.ok(user.email_confirmed_at && session.provider_token);
    assert.equal(user.identities[0].provider, "oidc");
    assert.equal(user.identities[0].identity_data.email_verified, true);
    const { claims } = data(await client.auth.getClaims());
    assert.equal(claims.amr[0].method, "oauth");
    const again = await world.raw("POST", "/token?grant_type=pkce", { body: { auth_code: code, code_verifier: "x".repeat(56) }, version: "2024-01-01" });
    assert.deepEqual([again.status, again.body.code], [404, "flow_state_not_found"]);
    // The same person next time, with the same id.
    const next = world.client({ flowType: "pkce" });
    const second = data(await next.auth.exchangeCodeForSession((await visit(next, address)).searchParams.get("code")));
    assert.equal(second.user.id, user.id);
  });

  test("implicit: the session is behind the #", async () => {
    const client = world.client();
    const address = somebody("imp");
    const tokens = fragment(await visit(client, address));
    const { user } = data(await client.auth.setSession({ access_token: tokens.get("access_token"), refresh_token: tokens.get("refresh_token") }));
    assert.equal(user.email, address);
    assert.equal(tokens.get("token_type"), "bearer");
    assert.ok(tokens.get("provider_token"));
  });

  test("links to the account whose address it has verified, and to no other", async () => {
    const email = somebody("linked");
    const owner = world.client();
    data(await world.admin().createUser({ email, password: PASSWORD, email_confirm: true }));
    const before = data(await owner.auth.signInWithPassword({ email, password: PASSWORD })).user;
    const client = world.client({ flowType: "pkce" });
    const { user } = data(await client.auth.exchangeCodeForSession((await visit(client, email)).searchParams.get("code")));
    assert.equal(user.id, before.id);
    assert.deepEqual(user.app_metadata.providers.sort(), ["email", "oidc"]);

    const claimed = somebody("claimed");
    data(await world.admin().createUser({ email: claimed, password: PASSWORD, email_confirm: true }));
    const back = await visit(world.client({ flowType: "pkce" }), claimed);
    assert.equal(back.searchParams.get("code"), null);
    assert.equal(back.searchParams.get("error"), "access_denied");
    assert.match(back.searchParams.get("error_description"), /has not confirmed/);
  });

  test("an unknown provider is refused, a foreign address is not gone to", async () => {
    const unknown = await world.raw("GET", "/authorize?provider=facebook", { apikey: null });
    assert.deepEqual([unknown.status, unknown.body.error_code], [400, "validation_failed"]);
    const { url } = data(await world.client().auth.signInWithOAuth({ provider: "oidc", options: { skipBrowserRedirect: true, redirectTo: "https://evil.example/x" } }));
    const tab = await page();
    await tab.goto(url);
    await agree(tab, somebody("eve"));
    await tab.waitForURL((at) => at.origin === world.url);
    await tab.context().close();
  });

  test("our own page: one button there and back", async () => {
    const tab = await page();
    await tab.goto("/login?next=/leads");
    await tab.getByRole("link", { name: "Continue with Test ID" }).click();
    const address = somebody("own");
    await agree(tab, address);
    // They have no organisation yet.
    await tab.waitForURL(/\/welcome/);
    const names = (await tab.context().cookies()).filter((cookie) => cookie.httpOnly).map((cookie) => cookie.name);
    assert.ok(names.includes("leadline_session"), names.join());
    await tab.goto("/account");
    assert.match(await tab.locator("main").innerText(), /Test ID/);
    await tab.context().close();
  });

  test("our own page: connects the provider to an account", async () => {
    const tab = await page();
    const email = somebody("connect");
    data(await world.admin().createUser({ email, password: PASSWORD, email_confirm: true }));
    await tab.goto("/login?next=/account");
    await tab.getByLabel("E-mail").fill(email);
    await tab.getByLabel("Password").fill(PASSWORD);
    await tab.getByRole("button", { name: "Sign in", exact: true }).click();
    await tab.waitForURL(/\/account/);
    await tab.getByRole("button", { name: "Connect" }).click();
    // The page in between goes on by itself, past a policy that lets no form leave our site.
    await agree(tab, somebody("elsewhere"));
    await tab.waitForURL(/\/account/);
    await tab.getByText("is connected").waitFor();
    await tab.context().close();
  });
});
