// Files that are not what they say: each has a clear answer on the screen, and nothing else is lost.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { explained, launchBrowser, newContext, snapshot, watch } from "./lib/browser.mjs";
import { HEADER, csv, line, parse, person } from "./lib/files.mjs";
import { counts, signUp, startImport, upload } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";

const KNOWN = 20;
const rows = (from, count) => Array.from({ length: count }, (_, at) => person(from + at));
const file = (...lines) => lines.map((cells) => (typeof cells === "string" ? cells : line(cells))).join("\n") + "\n";
const column = (name) => HEADER.indexOf(name);
const withCell = (cells, name, value) => cells.with(column(name), value);

describe("bad input", () => {
  let server, browser, context, page, faults;
  let leads = 0;

  before(async () => {
    [server, browser] = await Promise.all([startServer("bad-input"), launchBrowser()]);
    context = await newContext(browser, server.url, { acceptDownloads: true });
    page = await context.newPage();
    faults = watch(page);
    await signUp(page);
    await upload(page, "known.csv", csv(KNOWN));
    assert.equal((await startImport(page)).Created, KNOWN);
    leads = KNOWN;
  });

  after(async () => {
    await browser?.close();
    const ended = await server?.stop();
    assert.deepEqual(ended, { code: 0, signal: null, left: [] });
  });

  const total = async () => {
    await page.goto("/leads");
    // Counted after the rows are there.
    await page.locator(".pager-summary", { hasText: / of / }).waitFor();
    return Number((await page.locator(".pager-summary").innerText()).match(/of ([\d,]+) leads/)[1].replace(",", ""));
  };

  const trial = (name, act) =>
    test(name, { timeout: 60_000 }, async () => {
      try {
        await act();
        faults.allow();
        assert.deepEqual(faults.take(), []);
        assert.equal(await total(), leads, "nothing else was lost, and nothing came that should not");
        assert.ok(server.alive());
      } catch (error) {
        await snapshot(page, `bad-input-failed-${name.replaceAll(/\W+/g, "-")}`).catch(() => {});
        throw explained(error, page, faults, server);
      }
    });

  /** A file that is refused as a whole: the upload page stays, and says why. */
  const refused = (name, fileName, content, says) =>
    trial(name, async () => {
      faults.allow(422, 400, 413);
      await upload(page, fileName, content);
      const error = page.locator("[data-drop-error]");
      await error.filter({ hasText: /\w/ }).waitFor();
      assert.match(await error.innerText(), says);
      assert.equal(new URL(page.url()).pathname, "/imports/new");
      // The way on is still there: choosing another file takes the message away.
      await page.locator("file-drop input[type=file]").setInputFiles({ name: "next.csv", mimeType: "text/csv", buffer: Buffer.from(csv(1)) });
      await error.waitFor({ state: "hidden" });
    });

  refused("a PDF with another name", "leads.csv", Buffer.concat([Buffer.from("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "latin1"), Buffer.alloc(4000, 0x00), Buffer.from("\n%%EOF\n")]), /PDF document, not a table.*save it as CSV/s);
  refused("a spreadsheet with another name", "leads.csv", Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), Buffer.alloc(2000, 7)]), /archive is damaged.*upload it again/s);
  refused("an empty file", "empty.csv", "", /empty/);
  refused("column names and no rows", "header.csv", file(HEADER), /no rows/);
  refused("more columns than anybody has", "wide.csv", file(Array.from({ length: 600 }, (_, at) => `c${at}`), Array.from({ length: 600 }, () => "x")), /600 columns.*at most 500/s);

  trial("a truncated file: the rows before the break arrive", async () => {
    const text = file(HEADER, ...rows(100, 30)) + `Cut,Off,cut.off@works.example,"Head of`;
    await upload(page, "truncated.csv", text);
    await page.locator("#import").getByText(/ends in the middle of a row|cut off/).first().waitFor();
    const now = await startImport(page);
    assert.equal(now.Created, 30);
    assert.equal(now.Rejected, 1);
    await page.locator("#import").getByText(/never closed|middle of this row/).first().waitFor();
    leads += 30;
  });

  trial("a quote in the middle that is never closed", async () => {
    const lines = file(HEADER, ...rows(150, 5)).trimEnd().split("\n");
    lines.push(`Open,Quote,open.quote@works.example,"never closed,Urban Works,,,,,,,,`, ...file(...rows(160, 5)).trimEnd().split("\n"));
    await upload(page, "quote.csv", lines.join("\n") + "\n");
    const now = await startImport(page);
    assert.ok(now.Created >= 5, JSON.stringify(now));
    assert.ok(now.Rejected >= 1, JSON.stringify(now));
    await page.locator("#import").getByText(/never closed/).first().waitFor();
    leads += now.Created;
  });

  for (const [name, encode] of [
    ["UTF-16, little end first", (text) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")])],
    ["UTF-16, big end first", (text) => Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, "utf16le").swap16()])],
  ]) {
    trial(name, async () => {
      const from = name.includes("little") ? 200 : 220;
      const people = rows(from, 10).map((cells) => withCell(cells, "Last name", "Ångström-Šćepanović"));
      await upload(page, "utf16.csv", encode(file(HEADER, ...people)));
      await page.locator("#import").getByText(/UTF-16.*converted/).waitFor();
      await page.locator("#import").getByText("Ångström-Šćepanović").first().waitFor();
      assert.deepEqual(await startImport(page), { Created: 10, Updated: 0, Unchanged: 0, Rejected: 0 });
      leads += 10;
    });
  }

  trial("a cell of 1 MB: its row is rejected, the others are not", async () => {
    const people = rows(300, 6);
    people[2] = withCell(people[2], "Notes", "x".repeat(1024 * 1024));
    await upload(page, "large-cell.csv", file(HEADER, ...people));
    assert.deepEqual(await startImport(page), { Created: 5, Updated: 0, Unchanged: 0, Rejected: 1 });
    await page.locator("#import").getByText(/the cell in “Notes” has 1(\.0)? MB; at most .* fit/).waitFor();
    leads += 5;
  });

  trial("NUL bytes: their row is rejected, the others are not", async () => {
    const people = rows(320, 6);
    people[4] = withCell(people[4], "Job title", "Head\0of");
    await upload(page, "nul.csv", file(HEADER, ...people));
    assert.deepEqual(await startImport(page), { Created: 5, Updated: 0, Unchanged: 0, Rejected: 1 });
    await page.locator("#import").getByText(/NUL character/).first().waitFor();
    leads += 5;
  });

  trial("200 columns: what is known is recognised, the rest is kept", async () => {
    const more = Array.from({ length: 200 - HEADER.length }, (_, at) => `Extra ${at + 1}`);
    const people = rows(340, 5).map((cells) => [...cells, ...more.map((name) => `of ${name}`)]);
    await upload(page, "wide.csv", file([...HEADER, ...more], ...people));
    await page.getByText("200 columns").waitFor();
    const { Created, Rejected } = await startImport(page);
    assert.deepEqual({ Created, Rejected }, { Created: 5, Rejected: 0 });
    leads += 5;
  });

  trial("formulas stay text, here and in the file that comes back", async () => {
    const formula = '=HYPERLINK("https://evil.example","Click me")';
    const people = rows(360, 3).map((cells) => withCell(cells, "Job title", formula));
    people.push(withCell(withCell(person(370), "Work email", "not-an-address"), "Job title", "@SUM(A1:A9)"));
    await upload(page, "formulas.csv", file(HEADER, ...people));
    assert.deepEqual(await startImport(page), { Created: 3, Updated: 0, Unchanged: 0, Rejected: 1 });
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download all as CSV" }).click()]);
    const [, back] = parse(await readFile(await download.path(), "utf8"));
    assert.equal(back[column("Job title")], "'@SUM(A1:A9)", "a spreadsheet must not run it");
    await page.goto("/leads?q=evil.example");
    await page.goto(`/leads?q=${encodeURIComponent(people[0][column("Work email")])}`);
    await page.locator("tbody tr a").first().click();
    await page.getByText(formula).first().waitFor();
    assert.equal(await page.locator('a[href*="evil.example"]').count(), 0);
    leads += 3;
  });

  trial("text that looks like markup is text everywhere", async () => {
    const markup = `<img src=x onerror="document.title='taken'">`;
    await upload(page, "markup.csv", file(HEADER, withCell(withCell(person(380), "Last name", markup), "Company", markup)));
    await page.locator("#import").getByText(markup).first().waitFor();
    assert.equal((await startImport(page)).Created, 1);
    await page.goto("/leads?sort=-created_at");
    await page.locator("tbody").getByText(markup).first().waitFor();
    assert.doesNotMatch(await page.title(), /taken/);
    leads += 1;
  });

  trial("an unknown format that is text, but no table", async () => {
    faults.allow(422);
    await upload(page, "prose.csv", "Dear colleague\nthis is a letter and not a list\nof people\n");
    await page.locator("[data-drop-error]").filter({ hasText: /CSV/ }).waitFor();
  });
});
