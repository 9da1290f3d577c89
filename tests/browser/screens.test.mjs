// Every screen on a desk and on a phone, in light and in dark: nothing overflows, nothing goes wrong
// behind it, axe finds nothing. The screenshots stay in out/.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DESKTOP, PHONE, launchBrowser, newContext, watch } from "./lib/browser.mjs";
import { connect, startIssuer } from "./lib/issuer.mjs";
import { PERSON, addAuthenticator, signUp } from "./lib/person.mjs";
import { furnish } from "./lib/scene.mjs";
import { OUT, startServer } from "./lib/server.mjs";
import { work } from "./lib/work.mjs";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = { 1440: DESKTOP, 390: PHONE };

let scene;
/** All sections of the API's page are made alike, and axe takes a minute for every one of them. */
const shortened = (page) => page.evaluate(() => document.querySelectorAll("main section.card:nth-of-type(n+4)").forEach((section) => section.remove()));
const press = (name) => async (page) => page.getByRole("button", { name }).first().click();

/** name, path, and what else: who looks, which status the document has, what to do before looking. */
const SCREENS = [
  { name: "login", as: "stranger", path: () => "/login" },
  { name: "login-refused", as: "stranger", path: () => "/login", status: 422, act: async (page) => {
    await page.getByLabel("E-mail").fill("nobody@nowhere.example");
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("alert").first().waitFor();
  } },
  { name: "signup", as: "stranger", path: () => "/signup" },
  { name: "signup-refused", as: "stranger", path: () => "/signup", status: 422, act: async (page) => {
    await page.getByLabel("Organisation").fill("Northwind");
    await page.getByLabel("Your name").fill("Mara");
    await page.getByLabel("E-mail").fill("mara@localhost");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create organisation" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "login-link", as: "stranger", path: () => "/login/link" },
  { name: "check-mail", as: "stranger", path: () => "/login/link", act: async (page) => {
    // Whatever is asked for again and again is refused, so each look asks for another address.
    await page.getByLabel("E-mail").fill(`nobody${Math.random().toString(36).slice(2)}@nowhere.example`);
    await press("Send link")(page);
    await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  } },
  { name: "check-mail-refused", as: "stranger", path: () => "/login/link", status: 422, act: async (page) => {
    await page.getByLabel("E-mail").fill(`nobody${Math.random().toString(36).slice(2)}@nowhere.example`);
    await press("Send link")(page);
    await page.getByLabel("Code from the mail").fill("000000");
    await press("Continue")(page);
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "recover", as: "stranger", path: () => "/recover" },
  { name: "recover-mail", as: "stranger", path: () => "/recover", act: async (page) => {
    await page.getByLabel("E-mail").fill(`nobody${Math.random().toString(36).slice(2)}@nowhere.example`);
    await press("Send link")(page);
    await page.getByLabel("New password").fill("summer2024");
    await page.locator(".strength:not([hidden])").waitFor();
  } },
  { name: "link-dead", as: "stranger", path: () => "/confirm?token=none", status: 410 },
  { name: "account", path: () => "/account" },
  { name: "account-refused", as: "beginner", path: () => "/account", status: 422, act: async (page) => {
    await page.getByLabel("Current password").fill("not the password");
    await page.getByLabel("New password").fill("short");
    await press("Change password")(page);
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "account-sessions", path: () => "/account/sessions" },
  { name: "welcome", path: () => "/welcome" },
  { name: "login-sso", as: "stranger", path: () => "/login/sso" },
  { name: "login-sso-refused", as: "stranger", path: () => "/login/sso", status: 422, act: async (page) => {
    await page.getByLabel("Work address").fill("ada@nowhere.example");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "invitation", as: "stranger", path: () => scene.invitation },
  { name: "invitation-other-address", path: () => scene.invitation },
  { name: "invitation-gone", as: "stranger", path: () => "/invitations/none", status: 404 },
  { name: "unsubscribe", as: "stranger", path: () => scene.unsubscribe },
  { name: "unsubscribe-preview", as: "stranger", path: () => "/u/preview" },
  { name: "docs-stranger", as: "stranger", path: () => "/docs", act: shortened },
  { name: "error-404-stranger", as: "stranger", path: () => "/nowhere", status: 404 },

  { name: "second-factor", as: "half", path: () => "/login/factor?next=/leads", act: (page) => page.getByText("Use a recovery code").click() },
  { name: "second-factor-refused", as: "half", path: () => "/login/factor?next=/leads", status: 422, act: async (page) => {
    await page.getByLabel("Code of your authenticator app").fill("000000");
    await press("Continue")(page);
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "confirm-identity", as: "beginner", path: () => "/login/confirm?next=/leads" },
  { name: "confirm-by-factor", as: "guarded", path: () => "/login/confirm?next=/leads" },
  { name: "account-security-none", as: "beginner", path: () => "/account/security" },
  { name: "account-security", as: "guarded", path: () => "/account/security" },
  { name: "account-security-app", as: "beginner", path: () => "/account/security", act: async (page) => {
    await press("Add an authenticator app")(page);
    await page.locator("[data-secret]").waitFor();
  } },
  { name: "recovery-codes", as: "guarded", path: () => "/account/security/recovery-codes", act: async (page) => {
    await press(/^Make/)(page);
    await page.locator(".recovery-codes").waitFor();
  } },

  { name: "empty-home", as: "beginner", path: () => "/" },
  { name: "empty-leads", as: "beginner", path: () => "/leads" },
  { name: "empty-accounts", as: "beginner", path: () => "/accounts" },
  { name: "empty-imports", as: "beginner", path: () => "/imports" },
  { name: "empty-segments", as: "beginner", path: () => "/segments" },
  { name: "empty-tasks", as: "beginner", path: () => "/tasks" },
  { name: "empty-duplicates", as: "beginner", path: () => "/duplicates" },
  { name: "empty-changes", as: "beginner", path: () => "/changes" },
  { name: "empty-tags", as: "beginner", path: () => "/tags" },
  { name: "empty-fields", as: "beginner", path: () => "/settings/fields" },
  { name: "empty-campaigns", as: "beginner", path: () => "/campaigns" },
  { name: "empty-templates", as: "beginner", path: () => "/templates" },
  { name: "empty-suppressions", as: "beginner", path: () => "/suppressions" },
  { name: "empty-catcher", as: "beginner", path: () => "/catcher" },
  { name: "empty-insights", as: "beginner", path: () => "/insights" },
  { name: "empty-scoring", as: "beginner", path: () => "/settings/scoring" },
  { name: "empty-security", as: "beginner", path: () => "/settings/security" },
  { name: "empty-keys", as: "beginner", path: () => "/settings/keys" },
  { name: "empty-audit-security", as: "beginner", path: () => "/settings/audit/security" },

  { name: "home", path: () => "/" },
  { name: "palette", path: () => "/", act: async (page) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("ada");
    await page.locator("[data-palette-results] .palette-item").first().waitFor();
  } },
  { name: "keyboard-help", path: () => "/leads", act: async (page) => {
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  } },
  { name: "menu", path: () => "/campaigns", only: "390", act: async (page) => {
    await page.getByRole("button", { name: "Open menu" }).click();
    await page.getByRole("link", { name: "Scoring" }).waitFor();
  } },
  { name: "user-menu", path: () => "/imports", only: "1440", act: (page) => page.locator(".user-menu > summary").click() },
  { name: "leads", path: () => "/leads?sort=-score" },
  { name: "leads-filtered", path: () => `/leads?filter=${encodeURIComponent(JSON.stringify({ all: [{ field: "country", op: "is", value: "SE" }, { field: "status", op: "in", value: ["contacted", "new"] }] }))}` },
  { name: "leads-no-match", path: () => "/leads?q=nobody-has-this-name" },
  { name: "leads-nearly", path: () => "/leads?q=Achterbreg" },
  { name: "leads-bulk-field", path: () => "/leads", act: async (page) => {
    await page.locator("tbody td.is-select input").first().click();
    await page.getByRole("region", { name: "Selected rows" }).locator("summary", { hasText: "Field" }).click();
  } },
  { name: "leads-bulk-delete", path: () => "/leads", act: async (page) => {
    await page.locator("tbody td.is-select input").first().click();
    await page.getByRole("region", { name: "Selected rows" }).getByRole("button", { name: "Delete" }).click();
    await page.locator("dialog#confirm").waitFor();
  } },
  { name: "leads-into-segment", path: () => "/leads", act: async (page) => {
    await page.locator("tbody td.is-select input").first().click();
    await page.getByRole("region", { name: "Selected rows" }).getByRole("button", { name: "Segment" }).click();
    await page.getByRole("heading", { level: 1, name: "Put into a segment" }).waitFor();
  } },
  { name: "leads-export", path: () => "/leads/export" },
  { name: "leads-selected", path: () => "/leads", act: async (page) => {
    for (const row of [0, 1, 2]) await page.locator("tbody td.is-select input").nth(row).click();
    await page.getByText("3 selected").waitFor();
  } },
  { name: "leads-all-selected", path: () => "/leads", act: async (page) => {
    await page.evaluate(() => document.querySelector("[data-select-all]").click());
    await page.getByRole("button", { name: /^Select all \d+ that match$/ }).click();
    await page.getByText(/^All \d+$/).waitFor();
  } },
  { name: "leads-status-menu", path: () => "/leads", act: (page) => page.locator(".toolbar summary", { hasText: "Status" }).click() },
  { name: "leads-owner-menu", path: () => "/leads", act: (page) => page.locator(".toolbar summary", { hasText: "Owner" }).click() },
  { name: "leads-add-filter", path: () => "/leads", act: (page) => page.locator("summary", { hasText: "Add filter" }).click() },
  { name: "leads-builder", path: () => "/leads", act: async (page) => {
    await page.getByRole("button", { name: "Advanced" }).click();
    await page.getByRole("button", { name: "Add group" }).click();
  } },
  { name: "leads-filter-page", path: () => "/leads/filter" },
  { name: "leads-filter-unreadable", path: () => "/leads?filter=%7B%22field%22%3A%22shoe%22%7D", status: 422 },
  { name: "leads-columns", path: () => "/leads", act: async (page) => {
    await page.getByRole("button", { name: "Columns", exact: true }).click();
    await page.getByRole("button", { name: "Move Status down" }).click();
  } },
  { name: "leads-columns-page", path: () => "/leads/columns" },
  { name: "leads-columns-other", path: () => "/leads?columns=title,email,phone,industry,employees,revenue,linkedin,created" },
  { name: "leads-cell-editing", path: () => "/leads", act: async (page) => {
    await page.locator("tbody td[data-label=Status]").nth(1).click();
    await page.locator("tbody td[data-label=Status]").nth(1).click();
    await page.locator("td.is-editing select").waitFor();
  } },
  { name: "leads-cell-refused", path: () => "/leads?columns=email,phone", status: 422, act: async (page) => {
    const cell = page.locator("tbody td[data-label=Phone]").nth(1);
    await cell.click();
    await cell.click();
    await page.locator("td.is-editing input").fill("call me");
    await page.keyboard.press("Enter");
    await page.locator("td.is-editing .field-error").waitFor();
  } },
  { name: "leads-score-reasons", path: () => "/leads", only: "1440", act: async (page) => {
    await page.locator("tbody td[data-label=Score]").first().hover();
    await page.locator("#score-reasons .ledger-row").first().waitFor();
  } },
  { name: "leads-save-view", path: () => "/leads?sort=name", act: (page) => page.locator(".view-bar summary", { hasText: "Save as a view" }).click() },
  { name: "leads-view", path: () => `/leads?view=${scene.view}` },
  { name: "leads-view-changed", path: () => `/leads?view=${scene.view}&sort=name`, act: (page) => page.locator(".view-bar .menu.is-end > summary").click() },
  { name: "views", path: () => "/leads/views" },
  { name: "views-none", as: "beginner", path: () => "/leads/views" },
  { name: "lead", path: () => scene.lead },
  { name: "lead-worked", path: () => scene.worked },
  { name: "lead-notes", path: () => `${scene.worked}/notes` },
  { name: "note", path: () => scene.note },
  { name: "tasks", path: () => "/tasks?assignee=all" },
  { name: "tasks-selected", path: () => "/tasks", act: (page) => page.locator("tbody td.is-select input").first().click() },
  { name: "task", path: () => scene.task },
  { name: "task-refused", path: () => scene.task, status: 422, act: async (page) => {
    await page.getByLabel("What is to be done").fill(" ");
    await page.getByLabel("Time").fill("half past nine");
    await page.getByRole("button", { name: "Save task" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "segments", path: () => "/segments" },
  { name: "segment", path: () => scene.segment },
  { name: "segment-fixed", path: () => scene.fixed },
  { name: "segment-edit", path: () => `${scene.segment}/edit` },
  { name: "segment-refused", path: () => "/segments/new", status: 422, act: async (page) => {
    await page.getByLabel("Name", { exact: true }).fill("Swedish accounts");
    await page.getByRole("button", { name: "Make segment" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "segments-overlap", path: () => `${scene.segment}/overlap?with=${scene.other}` },
  { name: "duplicates", path: () => "/duplicates" },
  { name: "duplicate", path: () => scene.duplicate, act: async (page) => {
    await page.getByRole("radio", { name: "Head of Operations", exact: true }).check();
    await page.locator("#compare td[data-label=Result]", { hasText: "Head of Operations" }).waitFor();
  } },
  { name: "duplicates-settings", path: () => "/duplicates/settings" },
  { name: "duplicates-settings-refused", path: () => "/duplicates/settings", status: 422, act: async (page) => {
    await page.getByLabel("Show from").fill("20");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "changes", path: () => "/changes" },
  { name: "change", path: () => scene.change },
  { name: "tags", path: () => "/tags" },
  { name: "fields", path: () => "/settings/fields" },
  { name: "field", path: () => "/settings/fields/plan" },
  { name: "field-refused", path: () => "/settings/fields", status: 422, act: async (page) => {
    await page.getByLabel("Name", { exact: true }).fill("Plan");
    await page.getByLabel("Key", { exact: true }).fill("plan");
    await page.getByRole("button", { name: "Add field" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "lead-new", path: () => "/leads/new" },
  { name: "lead-edit-refused", path: () => `${scene.lead}/edit`, status: 422, act: async (page) => {
    await page.getByLabel("E-mail").fill("nobody@");
    await page.getByLabel("Employees").fill("many");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "accounts", path: () => "/accounts" },
  { name: "account", path: () => scene.account },
  { name: "account-new", path: () => "/accounts/new" },
  { name: "accounts-alike", path: () => "/accounts/duplicates" },
  { name: "account-merge", path: () => scene.merge },
  { name: "account-merge-none", path: () => `${scene.merge}?q=nothing+like+that` },
  { name: "account-side-by-side", path: () => scene.mergeWith },
  { name: "account-edit", path: () => `${scene.account}/edit` },
  { name: "imports", path: () => "/imports" },
  { name: "import-new", path: () => "/imports/new" },
  { name: "import-refused", path: () => "/imports/new", status: 422, act: async (page) => {
    await page.locator("file-drop input[type=file]").setInputFiles({ name: "report.csv", mimeType: "text/csv", buffer: Buffer.from("%PDF-1.7 and so on") });
    await press("Upload")(page);
    await page.locator("[data-drop-error]").filter({ hasText: /PDF/ }).waitFor();
  } },
  { name: "import-mapping", path: () => scene.mapping },
  { name: "import-finished", path: () => scene.imported },
  { name: "templates", path: () => "/templates" },
  { name: "template-new", path: () => "/templates/new" },
  { name: "template", path: () => scene.template },
  { name: "template-refused", path: () => scene.template, status: 422, act: async (page) => {
    await page.getByLabel("Subject").fill("Hello {{ frist_name }}");
    await page.getByRole("button", { name: "Save template" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "campaigns", path: () => "/campaigns" },
  { name: "campaign-new", path: () => "/campaigns/new" },
  { name: "campaign-draft", path: () => scene.draft },
  { name: "campaign-step", path: () => scene.step },
  { name: "campaign-step-new", path: () => `${scene.draft}/steps/new` },
  { name: "campaign-preflight", path: () => `${scene.draft}/preflight` },
  { name: "campaign-confirm", path: () => `${scene.draft}/preflight`, act: async (page) => {
    await page.getByRole("button", { name: /^Launch to/ }).click();
    await page.locator("dialog#confirm").waitFor();
  } },
  { name: "campaign-running", path: () => scene.campaign },
  { name: "campaign-people", path: () => `${scene.campaign}/people` },
  { name: "campaign-ledger", path: () => `${scene.campaign}/ledger` },
  { name: "suppressions", path: () => "/suppressions" },
  { name: "catcher", path: () => "/catcher" },
  { name: "catcher-mail", path: () => scene.mail },
  { name: "insights", path: () => "/insights" },
  { name: "insights-campaign", path: () => scene.insights },
  { name: "scoring", path: () => "/settings/scoring" },
  { name: "team", path: () => "/settings/team" },
  { name: "team-invite-refused", path: () => "/settings/team", status: 422, act: async (page) => {
    await page.getByLabel("E-mail addresses").fill("otto@northwind.example nobody@");
    await page.getByRole("button", { name: "Send invitations" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "team-remove", path: () => "/settings/team", act: async (page) => {
    await page.getByRole("button", { name: "Remove Priya Raman" }).click();
    await page.locator("dialog#confirm").waitFor();
  } },
  { name: "teams", path: () => "/settings/teams" },
  { name: "roles", path: () => "/settings/roles" },
  { name: "role-new", path: () => "/settings/roles/new" },
  { name: "role", path: () => scene.role },
  { name: "role-built-in", path: () => "/settings/roles/rep" },
  { name: "organisation-new", path: () => "/organisations/new" },
  { name: "organisation-menu", path: () => "/imports", only: "1440", act: (page) => page.locator(".org-menu > summary").click() },
  { name: "security", path: () => "/settings/security" },
  { name: "security-edit", path: () => `/settings/security?edit=${scene.connection}` },
  { name: "keys-made", path: () => "/settings/keys", act: async (page) => {
    await page.getByLabel("Name").fill("Import from the shop");
    await page.getByLabel("Allowed addresses").fill("203.0.113.0/24\n2001:db8::/48");
    await page.getByRole("button", { name: "Make key" }).click();
    await page.locator(".secret code").waitFor();
  } },
  { name: "keys", path: () => "/settings/keys" },
  { name: "keys-refused", path: () => "/settings/keys", status: 422, act: async (page) => {
    await page.getByLabel("Name").fill("Too much");
    await page.getByLabel("Allowed addresses").fill("10.0.0.0/99\noffice");
    await page.getByRole("button", { name: "Make key" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  } },
  { name: "audit", path: () => "/settings/audit" },
  { name: "audit-details", path: () => "/settings/audit?kind=organisation", act: (page) => page.locator(".audit-details > summary").first().click() },
  { name: "audit-no-match", path: () => "/settings/audit?q=nobody-did-this" },
  { name: "audit-verified", path: () => "/settings/audit", act: async (page) => {
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText("Unbroken").waitFor();
  } },
  { name: "audit-security", path: () => "/settings/audit/security" },
  { name: "docs", path: () => "/docs", act: shortened },
  { name: "error-404", path: () => "/leads/lead_0190b5a4c3d27e8f9a0b1c2d3e4f5a6b", status: 404 },
];

// The two sizes go beside each other, each on pages of its own.
describe("screens", { concurrency: 2 }, () => {
  let server, browser, axe, issuer;
  /** One page for each who and size, kept signed in and open. */
  const pages = new Map();

  before(async () => {
    const source = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
    [server, browser, axe] = await Promise.all([startServer("screens"), launchBrowser(), readFile(source, "utf8"), mkdir(OUT, { recursive: true })]);
    scene = await furnish(browser, server.url);
    Object.assign(scene, await work(scene.context));
    issuer = await startIssuer();
    scene.connection = await connect(scene.context, issuer, "northwind.example");
    const beginner = await newContext(browser, server.url);
    await signUp(await beginner.newPage(), { ...PERSON, organisation: "Fresh Start", email: "new@fresh.example" });
    const [guarded, half] = [await newContext(browser, server.url), await newContext(browser, server.url)];
    const careful = { ...PERSON, organisation: "Careful", email: "mara@careful.example" };
    const page = await guarded.newPage();
    await signUp(page, careful);
    await addAuthenticator(page);
    await page.getByRole("button", { name: "Make recovery codes" }).click();
    await page.locator(".recovery-codes").waitFor();
    // Signed in with the first factor only.
    await half.request.post("/login", { form: { email: careful.email, password: careful.password } });
    const states = { stranger: undefined, half: await half.storageState(), guarded: await guarded.storageState(), beginner: await beginner.storageState(), owner: await scene.context.storageState() };
    for (const [who, storageState] of Object.entries(states)) {
      for (const [size, viewport] of Object.entries(SIZES)) {
        const context = await newContext(browser, server.url, { storageState, viewport, ...(size === "390" ? { hasTouch: true } : {}) });
        const page = await context.newPage();
        pages.set(`${who} ${size}`, { page, faults: watch(page) });
      }
    }
  });

  after(async () => {
    await browser?.close();
    issuer?.stop();
    const ended = await server?.stop();
    assert.deepEqual(ended, { code: 0, signal: null, left: [] });
  });

  for (const size of Object.keys(SIZES)) {
    describe(`at ${size}`, { concurrency: 1 }, () => {
      for (const screen of SCREENS.filter(({ only }) => !only || only === size)) {
        test(`${screen.name} at ${size}`, { timeout: 60_000 }, () => look(screen, size));
      }
    });
  }

  async function look({ name, as = "owner", path, status, act }, size) {
    const { page, faults } = pages.get(`${as} ${size}`);
    const wrong = [];
    faults.allow(...(status ? [status] : []));
    await page.emulateMedia({ colorScheme: "light" });
    // What one screen selected is not selected on the next.
    if (page.url().startsWith(server.url)) await page.evaluate(() => sessionStorage.clear());
    await page.goto(path(), { waitUntil: "load" });
    await act?.(page, size);
    await settled(page);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await settled(page);
      const overlay = await page.locator("dialog[open], :popover-open").count();
      // The defaults of the caret and animations inject a style element, which our policy forbids.
      await page.screenshot({ path: join(OUT, `${name}-${size}-${colorScheme}.png`), fullPage: overlay === 0, caret: "initial", animations: "allow" });
      wrong.push(...(await overflowing(page)).map((what) => `${colorScheme}: sticks out of the page: ${what}`));
      // In the dark only the colours are others.
      wrong.push(...(await violations(page, axe, colorScheme === "light" ? { type: "tag", values: RULES } : { type: "rule", values: ["color-contrast"] })).map((what) => `${colorScheme}: ${what}`));
    }
    wrong.push(...faults.take());
    assert.deepEqual(wrong, []);
  }
});

/** Fonts are there, frames in the screenshot have loaded, a change of colours has been painted. */
async function settled(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    // Frames below the fold wait for somebody to scroll; the screenshot shows them all the same.
    const frames = [...document.querySelectorAll("iframe[loading=lazy]")].map((frame) => {
      const loaded = new Promise((done) => frame.addEventListener("load", done, { once: true }));
      frame.loading = "eager";
      return loaded;
    });
    await Promise.race([Promise.all(frames), new Promise((done) => setTimeout(done, frames.length * 1500))]);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ended = document.getAnimations().map((animation) => animation.finished.catch(() => {}));
    await Promise.race([Promise.all(ended), new Promise((done) => setTimeout(done, 400))]);
  });
}

/** The elements that make the page wider than the window. */
function overflowing(page) {
  return page.evaluate(() => {
    if (document.scrollingElement.scrollWidth <= innerWidth) return [];
    const name = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}${[...element.classList].map((each) => `.${each}`).join("")}`;
    const wide = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5);
    return [`${document.scrollingElement.scrollWidth} > ${innerWidth}`, ...wide.slice(0, 6).map(name)];
  });
}

async function violations(page, axe, runOnly) {
  // Evaluated through the debugger, which the page's Content-Security-Policy does not concern.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  const found = await page.evaluate(async (runOnly) => {
    const { violations } = await window.axe.run(document, { runOnly, iframes: false, resultTypes: ["violations"] });
    // What lies half under a bar that stays in view can be scrolled out from under it.
    const told = (node) => node.any.concat(node.all, node.none)[0]?.message ?? "";
    const seen = violations.map((each) => ({ ...each, nodes: each.nodes.filter((node) => !told(node).includes("partially obscured")) })).filter((each) => each.nodes.length > 0);
    return seen.map((each) => ({ id: each.id, help: each.help, nodes: each.nodes.slice(0, 4).map((node) => `${node.html.slice(0, 160)} — ${told(node)}`) }));
  }, runOnly);
  return found.map(({ id, help, nodes }) => `axe ${id}: ${help}\n    ${nodes.join("\n    ")}`);
}
