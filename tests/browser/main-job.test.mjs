// The whole main job in one sitting, as a person does it: from signing up to what came back.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { explained, launchBrowser, newContext, snapshot, watch } from "./lib/browser.mjs";
import { csv, parse } from "./lib/files.mjs";
import { PERSON, counts, eventually, signUp, startImport, trial, upload } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";

const GOOD = 296;
const BAD = [
  ["Bad", "Address", "not-an-address", "CEO", "Blue Harbor", "", "Software", 8, "Germany", "Berlin", "", "New", ""],
  ["Bad", "Number", "number@works.example", "CEO", "Urban Works", "", "Software", "many", "Germany", "Berlin", "", "New", ""],
  ["", "", "", "", "", "", "", "", "", "", "", "", ""],
  ["Too", "Long", "too.long@works.example", "CEO", "Urban Works", "", "Software", 8, "Germany", "Berlin", "", "New", "", "one cell too many"],
];
/** Two minutes of business pass in each second, so that a pause of 40 minutes takes 20 seconds. */
const CLOCK = 120;

describe("the main job", () => {
  let server, browser, context, page, faults;

  before(async () => {
    [server, browser] = await Promise.all([startServer("main-job", { clock: CLOCK }), launchBrowser()]);
    context = await newContext(browser, server.url, { acceptDownloads: true });
    page = await context.newPage();
    faults = watch(page);
  });

  after(async () => {
    await browser?.close();
    const ended = await server?.stop();
    assert.deepEqual(ended, { code: 0, signal: null, left: [] }, "Leadline stops cleanly and leaves no PostgreSQL behind");
  });

  /** A step of the job; the next makes no sense without it, so the first failure ends the job. */
  let failed = false;
  const step = (name, act, timeout = 60_000) =>
    test(name, { timeout }, async (t) => {
      if (failed) return t.skip("an earlier step failed");
      failed = true;
      try {
        await act();
        assert.deepEqual(faults.take(), [], "nothing went wrong behind the screen");
      } catch (error) {
        await snapshot(page, `main-job-failed`).catch(() => {});
        throw explained(error, page, faults, server);
      }
      failed = false;
    });

  /** Numbers of the campaign's page by their label. */
  const numbers = () => counts(page.locator("#campaign"));
  const toast = (text) => page.locator(".toast", { hasText: text }).waitFor();

  step("signs up and finds a checklist", async () => {
    await signUp(page);
    const list = page.locator(".steps");
    assert.equal(await list.locator("li").count(), 5);
    assert.equal(await list.locator('[aria-current="step"]').innerText().then((text) => text.includes("Import a file")), true);
    await list.getByRole("link", { name: "Import a file" }).click();
    await page.getByRole("heading", { name: "Import a file" }).waitFor();
  });

  step("imports a file: columns are guessed, one is corrected", async () => {
    await upload(page, "fair-2026.csv", csv(GOOD, BAD));
    await page.getByRole("heading", { level: 1, name: "fair-2026.csv" }).waitFor();
    const becomes = (column) => page.getByLabel(`“${column}” becomes`);
    assert.equal(await becomes("Work email").inputValue(), "email");
    assert.equal(await becomes("Employees").inputValue(), "employee_count");
    assert.equal(await becomes("Lead status").inputValue(), "status");
    assert.match(await becomes("Place of work").inputValue(), /^custom:/, "nobody can know what this column is");
    await becomes("Place of work").selectOption({ label: "City" });
    // The preview follows the correction without a press of a button.
    await page.locator("tr", { hasText: "Place of work" }).getByText("Chosen").waitFor();
    assert.deepEqual(await trial(page), { Created: GOOD, Updated: 0, Skipped: 0, Rejected: BAD.length, "In conflict": 0, Suppressed: 0 });
    await page.locator("#trial").getByText(`All ${GOOD + BAD.length} rows were tried`).waitFor();
    await page.locator("#trial tbody tr").first().getByText("not an e-mail address").waitFor();
  });

  step("watches the import until it is finished", async () => {
    assert.deepEqual(await startImport(page), { Created: GOOD, Updated: 0, Unchanged: 0, Rejected: BAD.length });
    await page.getByText("Rejected rows").waitFor();
  });

  step("downloads the rejected rows with their reasons", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download all as CSV" }).click()]);
    assert.match(download.suggestedFilename(), /fair-2026.*\.csv$/);
    const rows = parse(await readFile(await download.path(), "utf8"));
    assert.equal(rows.length, 1 + BAD.length);
    const reason = rows[0].indexOf("leadline_reason");
    const reasons = rows.slice(1).map((row) => row.at(reason === -1 ? -1 : row.length - 1));
    assert.match(reasons[0], /e-?mail|address/i);
    assert.match(reasons[1], /Employees/);
    assert.match(reasons[2], /empty/);
    assert.match(reasons[3], /14 cells|more than/);
    assert.equal(rows[1][2], "not-an-address", "what was in the file is in the file");
  });

  step("importing the same file again creates nothing", async () => {
    await upload(page, "fair-2026.csv", csv(GOOD, BAD));
    await page.getByLabel("“Place of work” becomes").selectOption({ label: "City" });
    await page.locator("tr", { hasText: "Place of work" }).getByText("Chosen").waitFor();
    assert.deepEqual(await startImport(page), { Created: 0, Updated: 0, Unchanged: GOOD, Rejected: BAD.length });
    await page.getByRole("link", { name: "See the leads" }).click();
    await page.getByRole("heading", { level: 1, name: "Leads" }).waitFor();
  });

  step("filters, searches and sorts the leads", async () => {
    await page.goto("/leads");
    await page.getByText(`50 of ${GOOD} leads`).waitFor();
    await page.locator(".toolbar summary", { hasText: "Status" }).click();
    await page.locator(".menu-panel").getByRole("button", { name: "Qualified" }).click();
    await page.locator(".chips", { hasText: "Qualified" }).waitFor();
    const qualified = await page.locator("tbody tr").count();
    assert.ok(qualified > 10 && qualified < 60, `${qualified} rows`);
    await page.locator("summary", { hasText: "Country" }).click();
    await page.getByRole("textbox", { name: "Country" }).fill("Germany");
    await page.locator(".menu-panel").getByRole("button", { name: "Show" }).click();
    await page.getByText("No lead matches").waitFor();
    await page.getByRole("link", { name: "Clear filters" }).first().click();
    await page.getByText(`50 of ${GOOD} leads`).waitFor();

    // The search narrows the grid while one types, and the address keeps it.
    await page.keyboard.press("/");
    await page.keyboard.type("okafor", { delay: 20 });
    await page.waitForURL(/q=okafor/);
    await eventually("only Okafors", async () => {
      const names = await page.locator("tbody .person-name").allInnerTexts();
      return names.length > 0 && names.every((name) => name.includes("Okafor"));
    });
    await page.getByRole("searchbox", { name: /Search name/ }).fill("");
    await page.getByText(`50 of ${GOOD} leads`).waitFor();

    // Scores follow the import by themselves.
    await eventually("the leads are scored", async () => {
      await page.goto("/leads?sort=-score");
      return Number(await page.locator("tbody .score").first().innerText().catch(() => "0")) > 0;
    });
    await page.goto("/leads?sort=name");
    await page.getByRole("columnheader", { name: "Score" }).getByRole("button").click();
    await page.locator('th[aria-sort="descending"]', { hasText: "Score" }).waitFor();
    const scores = (await page.locator("tbody tr td[data-label=Score] .score").allInnerTexts()).map((text) => Number.parseInt(text, 10));
    assert.equal(scores.length, 50);
    assert.deepEqual(scores, [...scores].sort((a, b) => b - a));
    await page.keyboard.press("]");
    await page.waitForURL(/cursor=/);
    const second = page.url();
    await page.keyboard.press("[");
    // Both pages have /leads for a path: only the whole address tells that this one has arrived.
    await page.waitForURL((url) => url.href !== second);
  });

  step("builds a nested filter in the dialog", async () => {
    await page.goto("/leads");
    await page.getByRole("button", { name: "Advanced" }).click();
    const dialog = page.getByRole("dialog", { name: "Filter leads" });
    const row = (at) => dialog.locator(".filter-row").nth(at);
    await row(0).getByLabel("Field").selectOption({ label: "Country" });
    await row(0).getByLabel("Value").fill("Sweden");
    await dialog.getByRole("button", { name: "Add group" }).click();
    await row(1).getByLabel("Field").selectOption({ label: "Employees" });
    await row(1).getByLabel("How Employees compares").selectOption("gte");
    await row(1).getByLabel("Value").fill("100");
    await dialog.getByRole("button", { name: "Apply" }).click();
    await page.locator(".chips", { hasText: "Sweden" }).waitFor();
    const summary = await page.locator(".pager-summary").innerText();
    assert.match(summary, /^\d+ of \d+ leads$/);
    assert.equal(await page.locator("tbody tr").count() > 0, true);
  });

  step("uses the keyboard, and tags the selected leads in bulk", async () => {
    await page.goto("/leads");
    for (const key of ["j", "x", "j", "x", "j", "k"]) await page.keyboard.press(key);
    assert.equal(await page.locator("tr[data-current]").count(), 1);
    await page.getByRole("region", { name: "Selected rows" }).getByText("2 selected").waitFor();
    await page.getByRole("region", { name: "Selected rows" }).getByLabel("Tags").fill("fair, hot");
    await page.getByRole("region", { name: "Selected rows" }).getByRole("button", { name: "Add" }).click();
    await toast("2 leads changed.");
    assert.equal(await page.locator("tbody tr", { hasText: "fair" }).count(), 2);
    assert.ok(await page.getByRole("region", { name: "Selected rows" }).isHidden(), "what was done is no longer selected");
  });

  step("selects across pages, and all that match", async () => {
    await page.goto("/leads?sort=name");
    const bar = page.getByRole("region", { name: "Selected rows" });
    await page.locator("tbody td.is-select input").nth(1).click();
    await page.locator("tbody td.is-select input").nth(4).click({ modifiers: ["Shift"] });
    await bar.getByText("4 selected").waitFor();
    await page.keyboard.press("]");
    await page.waitForURL(/cursor=/);
    await bar.getByText("4 on other pages").waitFor();
    await page.locator("tbody td.is-select input").first().click();
    await bar.getByText("5 selected").waitFor();
    await bar.getByLabel("Tags").fill("both pages");
    await bar.getByRole("button", { name: "Add" }).click();
    await toast("5 leads changed.");
    await page.goto("/leads");
    await page.getByRole("checkbox", { name: "Select all rows on this page" }).check();
    await bar.getByText("50 selected").waitFor();
    await bar.getByRole("button", { name: `Select all ${GOOD} that match` }).click();
    await bar.getByText(`All ${GOOD}`, { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    assert.ok(await bar.isHidden());
  });

  step("edits cells where they stand, and takes it back", async () => {
    await page.goto("/leads?sort=name&columns=title,status,tags,phone");
    const row = page.locator("tbody tr").nth(2);
    const cell = (label) => row.locator(`td[data-label="${label}"]`);
    const before = await cell("Job title").innerText();
    await cell("Job title").click();
    await page.keyboard.press("e");
    await page.getByRole("textbox", { name: /^Job title of / }).fill("Chief of Grids");
    await page.keyboard.press("Enter");
    await toast(/Job title of .* saved\./);
    assert.equal(await cell("Job title").innerText(), "Chief of Grids");
    await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await eventually("the title is as it was", async () => (await cell("Job title").innerText()) === before);
    // A select, by the keyboard alone; and Escape leaves all as it is.
    await cell("Job title").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByRole("combobox", { name: /^Status of / }).selectOption("lost");
    await page.keyboard.press("Enter");
    await eventually("the status is another", async () => (await cell("Status").innerText()) === "Lost" && !(await page.locator(".is-saving").count()));
    await page.keyboard.press("F2");
    await page.getByRole("combobox", { name: /^Status of / }).selectOption("new");
    await page.keyboard.press("Escape");
    assert.equal(await cell("Status").innerText(), "Lost");
    // What is wrong is said at the cell, and what was typed is still there.
    await cell("Phone").click();
    await cell("Phone").click();
    faults.allow(422);
    await page.getByRole("textbox", { name: /^Phone of / }).fill("call me");
    await page.keyboard.press("Enter");
    await cell("Phone").getByRole("alert").waitFor();
    assert.equal(await page.getByRole("textbox", { name: /^Phone of / }).inputValue(), "call me");
    await page.getByRole("textbox", { name: /^Phone of / }).fill("+49 30 1234567");
    await page.keyboard.press("Enter");
    // It stands there before the server has answered.
    await eventually("the phone is saved", async () => (await cell("Phone").innerText()) === "+49 30 1234567" && !(await page.locator(".is-saving").count()));
    faults.allow();
    await page.reload();
    assert.deepEqual([await cell("Status").innerText(), await cell("Phone").innerText()], ["Lost", "+49 30 1234567"]);
  });

  step("chooses columns, saves a view, changes it and comes back to it", async () => {
    await page.goto(`/leads?filter=${encodeURIComponent(JSON.stringify({ field: "country", op: "is", value: "SE" }))}`);
    const headings = async () => (await page.locator("table.grid thead th").allInnerTexts()).map((text) => text.trim()).filter(Boolean);
    await page.getByRole("button", { name: "Columns", exact: true }).click();
    const picker = page.getByRole("dialog", { name: "Columns" });
    await picker.getByRole("checkbox", { name: "Tags" }).uncheck();
    await picker.getByRole("button", { name: "Move Score up" }).click();
    await picker.getByRole("button", { name: "Move Score up" }).press("Enter");
    assert.match(await picker.getByRole("status").innerText(), /^Score is 1 of \d+$/);
    await picker.getByRole("button", { name: "Show these" }).click();
    await page.waitForURL(/columns=/);
    assert.deepEqual((await headings()).slice(0, 4), ["Name", "Score", "Company", "Status"]);
    await page.locator(".view-bar summary", { hasText: "Save as a view" }).click();
    await page.getByLabel("Name of the view").fill("Swedes");
    await page.getByRole("checkbox", { name: "Share with everybody" }).check();
    await page.getByRole("button", { name: "Save view" }).click();
    await toast("View saved, and shared with everybody.");
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Swedes" }).and(page.locator("[aria-current=page]")).waitFor();
    const saved = page.url();
    await page.getByRole("columnheader", { name: "Company" }).getByRole("button").click();
    await page.getByText("Unsaved changes").waitFor();
    await page.goBack();
    assert.equal(page.url(), saved);
    await page.getByText("Shared with everybody").waitFor();
    await page.goForward();
    await page.locator(".view-bar").getByRole("button", { name: "Save", exact: true }).click();
    await toast("View saved.");
    await page.locator('th[aria-sort="ascending"]', { hasText: "Company" }).waitFor();
    await page.locator(".view-bar .menu.is-end > summary").click();
    await page.getByRole("button", { name: "Delete view" }).click();
    await page.locator("dialog#confirm").getByRole("button", { name: "Delete view" }).click();
    await toast("The view “Swedes” is deleted.");
    await page.goto("/leads/columns");
    await page.getByRole("button", { name: "The usual ones" }).click();
    await page.waitForURL((url) => url.pathname === "/leads");
  });

  step("edits the row under the keyboard", async () => {
    await page.goto(`/leads?filter=${encodeURIComponent(JSON.stringify({ field: "tags", op: "has", value: "fair" }))}`);
    for (const key of ["j", "j", "e"]) await page.keyboard.press(key);
    await page.getByRole("heading", { level: 1, name: /^Edit / }).waitFor();
  });

  step("edits a lead: first wrong, then right, and finds it in the timeline", async () => {
    await page.getByLabel("E-mail").fill("nobody@");
    await page.getByLabel("Job title").fill("Head of Everything");
    faults.allow(422);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.locator("#field-email[aria-invalid=true]").waitFor();
    faults.allow();
    assert.equal(await page.getByLabel("Job title").inputValue(), "Head of Everything", "what was typed is still there");
    await page.getByLabel("E-mail").fill("head.of.everything@blue-harbor.example");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await toast("Lead saved.");
    await page.locator(".timeline", { hasText: "changed" }).waitFor();
    await page.locator(".timeline", { hasText: "Imported" }).waitFor();
    await page.locator(".timeline", { hasText: "Tagged" }).waitFor();
    await page.getByText(`by ${PERSON.name}`).first().waitFor();
  });

  step("changes a weight, and the reasons add up to the new score", async () => {
    const lead = page.url();
    await page.goto("/settings/scoring");
    await page.getByLabel("Has a phone number").fill("15");
    await page.getByLabel("Departments you sell to").waitFor();
    await page.locator("#preview", { hasText: "Examples" }).waitFor();
    await page.getByRole("button", { name: "Save and rescore" }).click();
    await toast("Weights saved.");
    await page.locator("#rescore", { hasText: "Finished" }).waitFor({ timeout: 30_000 });
    await page.goto(lead);
    const rows = await page.locator("aside .ledger-row").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent.trim())));
    const points = (text) => Number(text.replace("−", "-").replace("+", ""));
    const [reasons, total] = [rows.slice(0, -1), rows.at(-1)];
    assert.equal(total[0], "Score");
    assert.ok(reasons.some(([what, value]) => what === "Has a phone number" && value === "+15"), JSON.stringify(rows));
    assert.equal(reasons.reduce((sum, [, value]) => sum + points(value), 0), points(total[1]));
  });

  step("writes a template: an unknown variable is named, with what was meant", async () => {
    await page.goto("/templates");
    await page.getByRole("button", { name: "Use “Introduction”" }).click();
    await page.getByRole("heading", { level: 1, name: "Introduction" }).waitFor();
    const body = page.getByLabel("Body (HTML)");
    const text = await body.inputValue();
    await body.fill(text.replace("first_name", "frist_name"));
    faults.allow(422);
    await page.getByRole("button", { name: "Save template" }).click();
    const error = page.locator(".field-error", { hasText: "frist_name" });
    await error.waitFor();
    faults.allow();
    assert.match(await error.innerText(), /first_name/, "the suggestion");
    await body.fill(text.replace("</p>\n", '</p>\n<p>Our <a href="http://northwind.example/product">product page</a> says more.</p>\n'));
    await page.getByRole("button", { name: "Save template" }).click();
    await toast("Template saved.");
  });

  step("previews the template as one of the leads", async () => {
    await page.locator("#lead-picker > summary").click();
    await page.getByRole("searchbox", { name: "Find a lead to preview as" }).fill("Ada Okafor");
    const found = page.locator("#lead-results").getByRole("link", { name: /Ada Okafor/ }).first();
    await found.click();
    await page.waitForURL(/lead=lead_/);
    await page.frameLocator("iframe.mail-frame").getByText("Hi Ada,").waitFor();
  });

  step("sets the postal address that the law wants", async () => {
    await page.goto("/settings/team");
    await page.getByLabel("Postal address").fill("Northwind Analytics\nHauptstraße 1\n10115 Berlin");
    await page.getByRole("button", { name: "Save organisation" }).click();
    await toast("Organisation saved.");
  });

  let campaign, audience;

  step("makes a campaign over a filter", async () => {
    await page.goto("/campaigns/new");
    await page.getByLabel("Name", { exact: true }).fill("After the fair");
    await page.getByRole("button", { name: "Make the draft" }).click();
    await toast("Draft made.");
    campaign = new URL(page.url()).pathname;
    await page.getByRole("button", { name: "Edit filter" }).click();
    const dialog = page.getByRole("dialog", { name: /Who should get this campaign/ });
    const row = dialog.locator(".filter-row").first();
    await row.getByLabel("Field").selectOption({ label: "Country" });
    await row.getByLabel("Value").fill("Sweden");
    await dialog.getByRole("button", { name: "Apply" }).click();
    await page.getByText("This filter is not saved yet.").waitFor();
    await page.getByRole("button", { name: "Use this audience" }).click();
    await toast("Audience saved.");
    audience = Number(await page.locator("#audience-size strong").first().innerText());
    assert.ok(audience >= 40 && audience <= 60, `${audience} leads in Sweden`);
  });

  step("writes its two e-mails", async () => {
    await page.getByRole("link", { name: "Write the first e-mail" }).click();
    await page.getByLabel("Begin with a template").selectOption({ label: "Introduction" });
    await page.getByRole("button", { name: "Put its text here" }).click();
    await page.waitForURL(/template=/);
    assert.match(await page.getByLabel("Subject").inputValue(), /A question about/);
    await page.getByRole("button", { name: "Save e-mail" }).click();
    await toast("E-mail 1 saved.");
    await page.getByRole("link", { name: "Add e-mail" }).click();
    await page.getByLabel("Days").fill("0");
    await page.getByLabel("Minutes").fill("40");
    await page.getByLabel("Subject").fill("Shall I send an example, {{ first_name }}?");
    await page.getByLabel("Body (HTML)").fill('<p>Hi {{ first_name }},</p><p>Here is <a href="http://northwind.example/example">an example</a>.</p><p>{{ sender_name }}</p>');
    await page.getByRole("button", { name: "Save e-mail" }).click();
    await toast("E-mail 2 saved.");
    assert.equal(await page.locator(".sequence-step").count(), 2);
  });

  step("reads the preflight list and launches", async () => {
    await page.getByRole("link", { name: "Review and launch" }).click();
    await page.getByText("Nothing stands in the way.").waitFor();
    assert.equal((await counts(page.locator("#main")))["Will be mailed"], audience);
    await page.getByRole("button", { name: `Launch to ${audience} people` }).click();
    const dialog = page.locator("dialog#confirm");
    await dialog.getByText("Mail that has left cannot be taken back.").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Nothing stands in the way.").waitFor();
    await page.getByRole("button", { name: `Launch to ${audience} people` }).click();
    await dialog.getByRole("button", { name: `Launch to ${audience} people` }).click();
    await page.waitForURL((url) => url.pathname === campaign);
  });

  step("watches the numbers move without reloading", async () => {
    await page.evaluate(() => (window.stillTheSamePage = true));
    await eventually("every first e-mail is sent", async () => (await numbers()).Sent === audience, { timeout: 30_000 });
    assert.equal((await numbers()).Leads, audience);
    assert.equal(await page.evaluate(() => window.stillTheSamePage), true);
  });

  step("pauses before the second e-mail", async () => {
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused", { exact: true }).first().waitFor();
    assert.equal((await numbers()).Sent, audience);
  });

  let reader, lead;

  step("reads a mail in the catcher and follows its link", async () => {
    await page.goto("/catcher");
    assert.equal(await page.locator("tbody tr").count(), Math.min(50, audience));
    await page.locator("tbody tr a").first().click();
    const headers = page.locator("aside");
    lead = (await headers.locator("dd", { hasText: "<" }).nth(1).innerText()).match(/<(.+?)>/)[1];
    assert.match(await headers.innerText(), /List-Unsubscribe-Post/);
    const frame = page.frameLocator("iframe.mail-frame");
    await frame.getByText("Hauptstraße 1").waitFor();
    const [popup] = await Promise.all([context.waitForEvent("page"), frame.getByRole("link", { name: "product page" }).click()]);
    await popup.waitForURL("http://northwind.example/product");
    await popup.close();
    // Another person's browser, which knows nothing of our session.
    reader = await (await newContext(browser, server.url)).newPage();
    await reader.goto(await frame.getByRole("link", { name: /unsubscribe/i }).getAttribute("href"));
    await reader.getByRole("heading", { name: "Unsubscribe" }).waitFor();
    await reader.getByText(lead).waitFor();
    await reader.getByRole("button", { name: "Unsubscribe" }).click();
    await reader.getByRole("heading", { name: "You are unsubscribed" }).waitFor();
    await reader.context().close();
  });

  step("sees the click and the unsubscription on the campaign, the lead and the list", async () => {
    await page.goto(campaign);
    await eventually("one click and one unsubscription", async () => {
      const now = await numbers();
      return now.Clicked === 1 && now.Unsubscribed === 1 && now.Opened === 1;
    });
    await page.goto(`/leads?q=${encodeURIComponent(lead)}`);
    await page.locator("tbody tr a").first().click();
    const timeline = page.locator(".timeline");
    for (const text of ["Clicked northwind.example/product", "Unsubscribed", "Opened step 1", "Sent step 1 of After the fair"]) await timeline.getByText(text).first().waitFor();
    await page.getByText("Unsubscribed").first().waitFor();
    await page.goto("/suppressions");
    await page.locator("tbody tr", { hasText: lead }).getByText("Unsubscribed").waitFor();
  });

  step("resumes, and everybody but the one who left gets the second e-mail", async () => {
    await page.goto(campaign);
    await page.getByRole("button", { name: "Resume" }).click();
    await toast(/./);
    await page.evaluate(() => (window.stillTheSamePage = true));
    await eventually("the campaign has finished", async () => (await page.locator("#campaign .page-header").innerText()).includes("Finished"), { timeout: 75_000 });
    assert.equal((await numbers()).Sent, 2 * audience - 1);
    assert.equal(await page.evaluate(() => window.stillTheSamePage), true, "all of that without a reload");
    await page.goto(`/catcher?q=${encodeURIComponent(lead)}`);
    assert.equal(await page.locator("tbody tr").count(), 1, "no second e-mail to who unsubscribed");
  }, 100_000);

  step("finds the numbers in analytics and on the start page", async () => {
    await eventually("analytics has counted", async () => {
      await page.goto("/insights");
      const now = await counts(page.locator("#insights"));
      return now.Sent === 2 * audience - 1 && now["Clicked by people"] === 1 && now.Unsubscribed === 1 && now["New leads"] === GOOD;
    });
    await page.locator("tbody tr", { hasText: "After the fair" }).getByRole("link").first().click();
    await page.getByRole("heading", { level: 1, name: "After the fair" }).waitFor();
    assert.equal((await counts(page.locator("#insights"))).Sent, 2 * audience - 1);
    await page.goto("/");
    const now = await counts(page.locator("#home"));
    assert.equal(now["Mails sent"], 2 * audience - 1);
    assert.equal(await page.locator(".steps").count(), 0, "the checklist has done its work");
    await page.getByText("What happened").waitFor();
    await page.locator("#home", { hasText: "clicked a link" }).waitFor();
  });

  step("jumps with the palette, and signs out", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("okafor");
    await page.locator("[data-palette-results] .palette-item").first().waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".user-menu > summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
    await page.goto("/leads");
    assert.equal(new URL(page.url()).pathname, "/login");
  });
});
