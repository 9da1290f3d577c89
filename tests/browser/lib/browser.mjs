// One Chromium, and pages that remember everything that went wrong on them.
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { OUT } from "./server.mjs";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// Headless Chromium says so in its agent, and openings by such an agent count as a machine's.
const AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** Chromium, for which every name ending in .example is a small web server here: the world outside. */
export async function launchBrowser() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!executablePath) throw new Error("Chromium is missing: apt-get install chromium, or set CHROMIUM to the browser's path");
  const world = createServer((request, answer) => answer.setHeader("Content-Type", "text/html").end(`<!doctype html><title>${request.headers.host}</title>`));
  await new Promise((done) => world.listen(0, "127.0.0.1", done));
  const rule = `--host-resolver-rules=MAP *.example 127.0.0.1:${world.address().port}`;
  const browser = await chromium.launch({ executablePath, headless: true, args: [...FLAGS, rule] });
  browser.on("disconnected", () => world.close());
  return browser;
}

/** A fresh profile on the server at `url`. */
export async function newContext(browser, url, options = {}) {
  const context = await browser.newContext({ baseURL: url, userAgent: AGENT, viewport: DESKTOP, reducedMotion: "reduce", locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
  context.setDefaultTimeout(15_000);
  context.setDefaultNavigationTimeout(20_000);
  return context;
}

/** Collects what a person would never be told: console errors, exceptions, requests that failed. */
export function watch(page) {
  const faults = [];
  let allowed = [];
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    // Chromium logs each answer of 4xx; the ones that a test provokes are those it has announced.
    const status = /status of (\d+)/.exec(message.text())?.[1];
    if (status && allowed.includes(Number(status))) return;
    faults.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => faults.push(`exception: ${error.stack ?? error}`));
  page.on("requestfailed", (request) => {
    // Leaving a page aborts its live stream and whatever else was on the way.
    if (request.failure()?.errorText === "net::ERR_ABORTED") return;
    faults.push(`request failed: ${request.method()} ${request.url()}: ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && !allowed.includes(response.status())) faults.push(`answer ${response.status()}: ${response.request().method()} ${response.url()}`);
  });
  return {
    /** Answers that this test provokes on purpose. */
    allow: (...statuses) => (allowed = statuses),
    /** What went wrong since the last call. */
    take: () => faults.splice(0),
  };
}

/** What the page looked like, for whoever reads a failure. */
export async function snapshot(page, name) {
  // The defaults inject a style element, which our Content-Security-Policy forbids.
  await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true, caret: "initial", animations: "allow" });
}


/** The error with what else is known: where it happened, what the page and the server said. */
export function explained(error, page, faults, server) {
  const complaints = server.tail().split("\n").filter((line) => /"(WARN|ERROR)"|panicked/.test(line));
  const told = new Error([error.message, `at ${page.url()}`, ...faults.take(), ...complaints.slice(-5)].join("\n"));
  told.stack = `${told.message}\n${error.stack?.split("\n").filter((line) => /^\s+at .*\.test\.mjs/.test(line)).join("\n")}`;
  return told;
}
