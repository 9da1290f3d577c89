// The real binary over a fresh data directory: `leadline up`, as a person starts it.
import { execFile, execFileSync, spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const BINARY = process.env.LEADLINE_BIN ?? resolve(import.meta.dirname, "../../../target/debug/leadline");
export const OUT = resolve(import.meta.dirname, "../out");
const READY_MS = 60_000;
const STOP_MS = 15_000;

/** A port that nobody listens on; the next to ask may get the same, so use it at once. */
async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => probe.once("listening", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/** The command lines of all processes, from /proc where there is one. */
function commandLines() {
  if (!existsSync("/proc/self/cmdline")) return execFileSync("ps", ["-ax", "-o", "command="], { encoding: "utf8" }).split("\n");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return []; // It has ended meanwhile.
      }
    });
}

/** Starts Leadline; `clock` is how many seconds of business time pass in one of ours, `host` what browsers call it, `out` where its log goes. */
export async function startServer(name, { clock = 1, host = "127.0.0.1", env = {}, out = OUT } = {}) {
  const dir = await mkdtemp(join(tmpdir(), "leadline-browser-"));
  await chmod(dir, 0o755); // PostgreSQL runs as somebody else when we are root.
  const port = await freePort();
  const url = `http://${host}:${port}`;
  const own = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(LEADLINE_|DATABASE_URL|REDIS_URL|PUBLIC_URL|SMTP_URL|RESEND_|JWT_SECRET|ANON_KEY|SERVICE_ROLE_KEY|SUPABASE_|GOOGLE_|LINKEDIN_|OIDC_)/.test(key)));
  const settings = { LEADLINE_DATA_DIR: join(dir, "data"), LEADLINE_BIND: `127.0.0.1:${port}`, RUST_LOG: "info,tower_http=warn", ...env };
  if (host !== "127.0.0.1") settings.PUBLIC_URL = url;
  if (clock !== 1) settings.LEADLINE_CLOCK = `${new Date().toISOString()}@${clock}`;
  const child = spawn(BINARY, ["up"], { cwd: dir, env: { ...own, ...settings }, stdio: ["ignore", "pipe", "pipe"] });
  mkdirSync(out, { recursive: true });
  const log = createWriteStream(join(out, `${name}.log`));
  let tail = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      log.write(chunk);
      tail = (tail + chunk).slice(-8000);
    });
  }
  const ended = new Promise((done) => child.once("exit", (code, signal) => done({ code, signal })));
  const deadline = Date.now() + READY_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`leadline up ended with ${child.exitCode} before it was ready:\n${tail}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) break;
    if (Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`leadline up was not ready after ${READY_MS / 1000} s:\n${tail}`);
    }
    await sleep(100);
  }
  return {
    url,
    /** What the server has said lately. */
    tail: () => tail,
    /** Runs one of its commands beside it; answers what that prints. */
    command: async (...args) => (await promisify(execFile)(BINARY, args, { cwd: dir, env: { ...own, ...settings }, encoding: "utf8" })).stdout,
    alive: () => child.exitCode === null && child.signalCode === null,
    /** Asks it to stop, and says how it ended and what of it is still there. */
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      const { code, signal } = await ended;
      clearTimeout(timer);
      const left = commandLines().filter((line) => line.includes(dir));
      await rm(dir, { recursive: true, force: true });
      log.end();
      return { code, signal, left };
    },
  };
}
