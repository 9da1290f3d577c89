// A day with the leads: many at once and back again, notes and tasks, segments, duplicates, accounts, a file out.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { explained, launchBrowser, newContext, snapshot, watch } from "./lib/browser.mjs";
import { csv, parse } from "./lib/files.mjs";
import { api, eventually, signUp, startImport, upload } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";

const LEADS = 120;

describe("leads at work", () => {
  let server, browser, context, page, faults;

  before(async () => {
    [server, browser] = await Promise.all([startServer("leads-at-work"), launchBrowser()]);
    context = await newContext(browser, server.url, { acceptDownloads: true });
    page = await context.newPage();
    faults = watch(page);
    await signUp(page);
    await upload(page, "fair.csv", csv(LEADS));
    assert.equal((await startImport(page)).Created, LEADS);
  });

  after(async () => {
    await browser?.close();
    const ended = await server?.stop();
    assert.deepEqual(ended, { code: 0, signal: null, left: [] });
  });

  const trial = (name, act) =>
    test(name, { timeout: 60_000 }, async () => {
      try {
        await act();
        assert.deepEqual(faults.take(), [], "nothing went wrong behind the screen");
      } catch (error) {
        await snapshot(page, "leads-at-work-failed").catch(() => {});
        throw explained(error, page, faults, server);
      }
    });

  const bar = () => page.getByRole("region", { name: "Selected rows" });
  const toast = (text) => page.locator(".toast", { hasText: text });
  const undo = (text) => toast(text).getByRole("button", { name: "Undo" }).click();
  const cells = (label) => page.locator(`tbody td[data-label="${label}"]`).allInnerTexts();
  const everybody = () => page.getByText(`50 of ${LEADS} leads`).waitFor();
  /** Some are asked about, long ones are followed on a page of their own. */
  const undone = async () => {
    const question = page.locator("dialog#confirm[open]");
    await toast(/Undone|Undoing/).or(question).first().waitFor();
    if (await question.count()) await question.getByRole("button").last().click();
    await toast(/Undone|Undoing/).waitFor();
    await eventually("it is undone", async () => /Undone/.test(await page.locator("body").innerText()));
  };
  const focused = (selector) => page.evaluate((selector) => document.activeElement?.matches(selector) === true, selector);

  trial("a field of several leads is set from the keyboard, and taken back", async () => {
    await page.goto("/leads?sort=name&columns=industry,city");
    const before = await cells("Industry");
    for (const key of ["j", "j", "x", "j", "X"]) await page.keyboard.press(key);
    await bar().getByText("2 selected").waitFor();
    await bar().locator("summary", { hasText: "Field" }).press("Enter");
    const field = bar().getByLabel("Field", { exact: true });
    await field.focus();
    const first = await field.inputValue();
    await page.keyboard.press("ArrowDown");
    assert.ok(await focused("#bulk-field"), "the arrow keys belong to the list of fields");
    assert.notEqual(await field.inputValue(), first);
    // Escape closes the menu that somebody is in, and leaves the selection to a second press.
    await page.keyboard.press("Escape");
    await field.waitFor({ state: "hidden" });
    assert.ok(await focused("summary"), "the focus is back where the menu opened");
    for (const key of ["Enter", "Escape"]) await page.keyboard.press(key);
    await field.waitFor({ state: "hidden" });
    await bar().getByText("2 selected").waitFor();
    await page.keyboard.press("Enter");
    await field.selectOption({ label: "Industry" });
    await bar().getByLabel("Value").fill("Fishing");
    await bar().getByLabel("Value").press("Enter");
    await toast("2 leads changed.").waitFor();
    assert.deepEqual((await cells("Industry")).slice(0, 4), [before[0], "Fishing", "Fishing", before[3]]);
    await undo("2 leads changed.");
    await toast("Undone").waitFor();
    assert.deepEqual(await cells("Industry"), before);
    assert.match(page.url(), /columns=industry/, "and one is still where one was");
  });

  trial("whoever sorts, narrows or lets go by the keyboard goes on where they were", async () => {
    const isFocused = (locator) => eventually("the focus is there", () => locator.evaluate((element) => element === document.activeElement));
    await page.goto("/leads");
    const heading = page.getByRole("columnheader", { name: "Company" }).getByRole("button");
    await heading.press("Enter");
    await page.waitForURL(/sort=company/);
    await isFocused(heading);
    await page.goto(`/leads?filter=${encodeURIComponent(JSON.stringify({ field: "country", op: "is", value: "SE" }))}`);
    await page.locator(".chips button").first().press("Enter");
    await page.waitForURL((url) => url.pathname === "/leads" && url.search === "");
    await isFocused(page.getByRole("searchbox", { name: /Search name/ }));
    await page.keyboard.press("Escape");
    for (const key of ["j", "x"]) await page.keyboard.press(key);
    await bar().locator("[data-selection-clear]").press("Enter");
    await bar().waitFor({ state: "hidden" });
    assert.ok(await focused("tr[data-current] td"), "in the row that was selected");
  });

  trial("all that match are deleted and come back", async () => {
    await page.goto("/leads");
    await page.getByRole("checkbox", { name: "Select all rows on this page" }).check();
    await bar().getByRole("button", { name: `Select all ${LEADS} that match` }).click();
    await bar().getByRole("button", { name: "Delete" }).click();
    const dialog = page.locator("dialog#confirm");
    await dialog.getByText(`Delete ${LEADS} leads?`).waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await bar().getByText(`All ${LEADS}`, { exact: true }).waitFor();
    await bar().getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByText("No leads yet").waitFor();
    await page.goto("/changes");
    await page.locator("tbody tr").first().getByRole("link").first().click();
    await page.getByText(`${LEADS} leads deleted`).first().waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await undone();
    await page.goto("/leads");
    await everybody();
  });

  let segment;

  trial("a selection becomes a segment, and a filter another; they overlap", async () => {
    await page.goto("/leads?sort=name");
    for (const key of ["j", "x", "j", "x", "j", "x"]) await page.keyboard.press(key);
    await bar().getByRole("button", { name: "Segment" }).click();
    await page.getByRole("heading", { level: 1, name: "Put into a segment" }).waitFor();
    await page.getByText("3 leads").waitFor();
    await page.getByLabel("Name of the new segment").fill("To visit");
    await page.getByRole("button", { name: "Go" }).click();
    await toast("3 leads put in.").waitFor();
    await page.getByRole("heading", { level: 1, name: "To visit" }).waitFor();
    segment = new URL(page.url()).pathname;
    const [name] = await page.locator("tbody .person-name").allInnerTexts();
    await page.goto(`/leads?q=${encodeURIComponent(name)}`);
    await page.getByRole("link", { name: "New segment" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Of that name");
    await page.getByRole("button", { name: "Make segment" }).click();
    await toast("Segment made.").waitFor();
    await page.getByLabel("Compare with").selectOption({ label: "To visit" });
    await page.getByRole("button", { name: "Compare" }).click();
    const both = page.locator(".stat", { hasText: "In both" }).locator(".stat-value");
    await both.waitFor();
    assert.ok(Number(await both.innerText()) >= 1);
  });

  trial("members are taken out of it again", async () => {
    await page.goto(segment);
    await page.locator("tbody td.is-select input").first().click();
    await bar().getByRole("button", { name: "Take out" }).click();
    await toast("1 lead taken out.").waitFor();
    assert.equal(await page.locator("tr[data-row]").count(), 2);
  });

  trial("a note and a task are made, and the task is ticked off", async () => {
    await page.goto("/leads?sort=name");
    await page.locator("tbody .is-title a").first().click();
    const lead = page.url();
    await page.getByLabel("New note").fill("Asked for the price list.");
    await page.getByRole("button", { name: "Add note" }).click();
    await page.locator("#notes").getByText("Asked for the price list.").waitFor();
    await page.getByLabel("New task").fill("Send the price list");
    await page.getByLabel("Due").fill("2031-01-31");
    await page.getByRole("button", { name: "Add task" }).click();
    await page.locator("#tasks").getByText("Send the price list").waitFor();
    await page.locator(".timeline", { hasText: "Wrote a note" }).waitFor();
    await page.goto("/tasks");
    await page.locator("tbody tr", { hasText: "Send the price list" }).getByRole("button", { name: "Done" }).click();
    await toast("Task done.").waitFor();
    await page.getByText("Nothing to do").waitFor();
    await undo("Task done.");
    await page.locator("tbody tr", { hasText: "Send the price list" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/tasks");
    await page.goto(lead);
    await page.locator("#tasks").getByText("Send the price list").waitFor();
  });

  trial("two records of one person are compared and merged by the keyboard, and parted again", async () => {
    const twin = { first_name: "Wilhelmina", last_name: "Achterberg", company_name: "Achterberg Logistics", company_domain: "achterberg.example", phone: "+31 20 555 0134" };
    await api(context, "POST", "/leads", { ...twin, email: "wilhelmina.achterberg@achterberg.example", title: "Head of Operations" });
    await api(context, "POST", "/leads", { ...twin, email: "w.achterberg@achterberg.example", title: "Operations" });
    const row = page.locator("tbody tr", { hasText: "Wilhelmina Achterberg" });
    await eventually("the two are found", async () => {
      await page.goto("/duplicates");
      return row.count();
    });
    await row.getByText("Same telephone number").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Wilhelmina Achterberg: 2 leads" }).waitFor();
    const title = page.locator("#compare tr", { hasText: "Title" });
    const result = () => title.locator("td[data-label=Result]").innerText();
    for (const choice of ["Head of Operations", "Operations", "Head of Operations"]) {
      await title.getByRole("radio", { name: choice, exact: true }).check();
      await eventually(`the result is ${choice}`, async () => (await result()) === choice);
    }
    await page.keyboard.press("a");
    await toast("Merged into Wilhelmina Achterberg.").waitFor();
    await page.goto("/leads?q=achterberg");
    assert.equal(await page.locator("tbody tr").count(), 1);
    await page.goto("/changes");
    await page.locator("tbody tr", { hasText: "Merge" }).first().getByRole("button", { name: "Undo" }).click();
    await undone();
    await page.goto("/leads?q=achterberg");
    assert.equal(await page.locator("tbody tr").count(), 2);
  });

  trial("an account is searched for and merged into another", async () => {
    await api(context, "POST", "/accounts", { name: "Old Mill Carriers", domain: "old-mill.example" });
    await page.goto("/accounts?q=achterberg");
    await page.locator("tbody .is-title a").first().click();
    await page.getByRole("link", { name: "Merge" }).click();
    await page.getByRole("searchbox", { name: "Search name or domain" }).fill("old mill");
    await page.getByText("Old Mill Carriers").waitFor();
    await page.getByRole("link", { name: "Merge" }).click();
    await page.getByRole("radio", { name: "Old Mill Carriers" }).check();
    await page.getByRole("button", { name: "Merge" }).click();
    await page.getByRole("heading", { level: 1, name: "Old Mill Carriers" }).waitFor();
    await undo("Merged into");
    await page.getByRole("heading", { level: 1, name: "Achterberg Logistics" }).waitFor();
    await page.goto("/accounts?q=old+mill");
    assert.equal(await page.locator("tbody tr").count(), 1);
  });

  trial("what is on the screen goes into a file", async () => {
    await page.goto(`/leads?q=achterberg`);
    await page.getByRole("checkbox", { name: "Select all rows on this page" }).check();
    await bar().getByRole("button", { name: "Export" }).click();
    await page.getByText("2 leads in the file").waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()]);
    const rows = parse(await readFile(await download.path(), "utf8"));
    assert.equal(rows.length, 3);
    assert.deepEqual(rows.slice(1).map((row) => row[rows[0].findIndex((name) => /^last.name$/i.test(name))]), ["Achterberg", "Achterberg"]);
  });

  trial("an import is undone as a whole", async () => {
    const now = async () => {
      await page.goto("/leads");
      return page.locator(".pager-summary").filter({ hasText: / of \d+ leads/ }).innerText();
    };
    const before = await now();
    await upload(page, "more.csv", csv(LEADS + 10));
    assert.equal((await startImport(page)).Created, 10);
    assert.notEqual(await now(), before);
    await page.goto("/imports");
    await page.locator("tbody .is-title a").first().click();
    await page.getByRole("button", { name: "Undo this import" }).click();
    await page.locator("dialog#confirm").getByRole("button").last().click();
    await undone();
    assert.equal(await now(), before);
  });
});
