// What a person does again and again: signing up, importing, waiting for something to appear.
import assert from "node:assert/strict";
import { generate } from "otplib";

export const PERSON = { organisation: "Northwind Analytics", name: "Mara Lindholm", email: "mara@northwind.example", password: "correct horse battery 42" };

export async function signUp(page, person = PERSON) {
  await page.goto("/signup");
  await page.getByLabel("Organisation").fill(person.organisation);
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create organisation" }).click();
  await page.getByRole("heading", { level: 1, name: /Welcome/ }).waitFor();
}

export async function signIn(page, person = PERSON) {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => url.pathname === "/");
}

/** Adds an authenticator app, reading its secret from the page as somebody who cannot scan; answers the secret. */
export async function addAuthenticator(page, name = "Work phone") {
  await page.goto("/account/security");
  await page.getByRole("button", { name: "Add an authenticator app" }).click();
  await page.getByRole("img", { name: /QR code/ }).waitFor();
  const secret = (await page.locator("[data-secret]").innerText()).replaceAll(/\s/g, "");
  await page.getByLabel("Code", { exact: true }).fill(await generate({ secret }));
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("button", { name: "Make recovery codes" }).waitFor();
  return secret;
}

/** Chooses a file on the import page and sends it; the scripts of the page that answers have run. */
export async function upload(page, name, content, mimeType = "text/csv") {
  await page.goto("/imports/new");
  await page.locator("file-drop input[type=file]").setInputFiles({ name, mimeType, buffer: Buffer.isBuffer(content) ? content : Buffer.from(content) });
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await Promise.race([page.waitForURL(/\/imports\/imp_/), page.locator("[data-drop-error]").filter({ hasText: /\w/ }).waitFor()]);
  await page.waitForLoadState("load");
}

/** From the mapping page to the end of the import; answers the four counts. */
export async function startImport(page) {
  await page.getByRole("button", { name: /^Import [\d,]+ rows?$/ }).click();
  return importFinished(page);
}

export async function importFinished(page) {
  await page.locator("#import").getByText("Finished", { exact: true }).waitFor({ timeout: 25_000 });
  return counts(page.locator("#import"));
}

/** The figures of a row of stats: { Created: 290, … }. */
export async function counts(region) {
  const pairs = await region.locator(".stat").evaluateAll((stats) =>
    stats.map((stat) => [stat.querySelector(".stat-label")?.textContent?.trim(), Number(stat.querySelector(".stat-value")?.textContent?.replaceAll(",", ""))]),
  );
  return Object.fromEntries(pairs);
}

/** What the rows of a file would do: { Created: 296, … }. */
export async function trial(page) {
  const tabs = page.getByRole("navigation", { name: "What the rows would do" }).getByRole("link");
  const pairs = await tabs.evaluateAll((links) => links.map((link) => [link.firstChild.textContent.trim(), Number(link.querySelector(".tab-count").textContent.replaceAll(",", ""))]));
  return Object.fromEntries(pairs);
}

/** Calls until the answer is truthy; for what happens in the background and is not on this page. */
export async function eventually(what, ask, { timeout = 20_000, pause = 250 } = {}) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < deadline, `not within ${timeout / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, pause));
  }
}

/** The API as the signed-in person, for setting a scene that is not what a test is about. */
export async function api(context, method, path, body, headers = {}) {
  const answer = await context.request.fetch(`/api/v1${path}`, { method, data: body, headers: { ...(method === "POST" ? { "Idempotency-Key": crypto.randomUUID() } : {}), ...headers } });
  const text = await answer.text();
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${text}`);
  return text ? JSON.parse(text) : null;
}
