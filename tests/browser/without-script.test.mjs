// Reading works without JavaScript: signing in, every list, filters by address and form.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { explained, launchBrowser, newContext, snapshot, watch } from "./lib/browser.mjs";
import { furnish } from "./lib/scene.mjs";
import { PERSON, signIn } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";

describe("without scripts", () => {
  let server, browser, page, faults, scene;

  before(async () => {
    [server, browser] = await Promise.all([startServer("without-script"), launchBrowser()]);
    scene = await furnish(browser, server.url);
    const context = await newContext(browser, server.url, { javaScriptEnabled: false });
    page = await context.newPage();
    faults = watch(page);
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
        assert.deepEqual(faults.take(), []);
      } catch (error) {
        await snapshot(page, `without-script-failed`).catch(() => {});
        throw explained(error, page, faults, server);
      }
    });

  trial("signs in", async () => {
    await signIn(page, PERSON);
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await page.getByText("What happened").waitFor();
  });

  trial("reads the leads, filters, searches, sorts and pages", async () => {
    await page.getByRole("link", { name: "Leads", exact: true }).click();
    assert.equal(await page.locator("tbody tr").count(), 50);
    await page.getByRole("link", { name: "Next" }).click();
    assert.match(page.url(), /cursor=/);
    await page.goto("/leads");
    await page.locator(".toolbar summary", { hasText: "Status" }).click();
    await page.getByRole("button", { name: "Qualified" }).click();
    await page.locator(".chips", { hasText: "Qualified" }).waitFor();
    const toolbar = page.locator(".toolbar");
    await toolbar.locator("summary", { hasText: "Add filter" }).click();
    await toolbar.getByLabel("Field").selectOption("country");
    await toolbar.getByLabel("Condition").selectOption("is");
    await toolbar.getByLabel("Value").fill("Nowhere Land");
    await toolbar.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("No lead matches").waitFor();
    await page.goto("/leads");
    await page.getByRole("searchbox", { name: /Search name/ }).fill("Okafor");
    await page.getByRole("searchbox", { name: /Search name/ }).press("Enter");
    assert.match(page.url(), /q=Okafor/);
    for (const name of await page.locator("tbody .person-name").allInnerTexts()) assert.match(name, /Okafor/);
    await page.goto("/leads");
    await page.getByRole("columnheader", { name: "Company" }).getByRole("button").click();
    assert.match(page.url(), /sort=company/);
    await page.getByRole("button", { name: "Columns", exact: true }).click();
    await page.getByRole("button", { name: "Move Status up" }).click();
    assert.equal(await page.locator("#columns li").first().innerText(), "Status");
    await page.getByRole("checkbox", { name: "Tags" }).uncheck();
    await page.getByRole("button", { name: "Show these" }).click();
    assert.equal(await page.locator("table.grid th", { hasText: "Tags" }).count(), 0);
  });

  trial("reads a lead and changes its status", async () => {
    await page.goto(scene.lead);
    await page.getByRole("heading", { name: "Timeline" }).waitFor();
    await page.getByLabel("Status").selectOption("qualified");
    await page.getByRole("button", { name: "Set status" }).click();
    await page.locator(".timeline", { hasText: "Qualified" }).waitFor();
  });

  trial("reads campaigns, mails and analytics", async () => {
    await page.goto("/campaigns");
    await page.getByRole("link", { name: scene.campaignName }).first().click();
    await page.getByText("Where the leads are").waitFor();
    await page.getByRole("link", { name: "People", exact: true }).click();
    assert.ok((await page.locator("tbody tr").count()) > 0);
    await page.goto("/catcher");
    await page.locator("tbody tr a").first().click();
    await page.getByText("Plain text").waitFor();
    await page.goto("/insights?days=7");
    await page.getByText("From import to conversion").waitFor();
    // Every chart has its table, also without scripts.
    assert.ok((await page.locator("table").count()) >= 2);
  });

  trial("signs out", async () => {
    await page.goto("/");
    await page.locator(".user-menu > summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
  });
});
