// A running Leadline with a mailbox for everybody, and clients as programs make them.
import assert from "node:assert/strict";
import { resolve } from "node:path";
import WebSocket from "ws";
import { startServer } from "../../browser/lib/server.mjs";
import { startSink } from "./sink.mjs";

// What Node 22 has and Node 20 has not; the client asks for it when it is made.
globalThis.WebSocket ??= WebSocket;
const { createClient } = await import("@supabase/supabase-js");

export const PASSWORD = "plum-tractor-evening-61";
export const SITE = "https://app.example/welcome";

/** Starts a server; `confirm` is whether addresses must be proved. */
export async function startWorld(name, { confirm, env = {} }) {
  const sink = await startSink();
  const server = await startServer(name, {
    out: resolve(import.meta.dirname, "../out"),
    env: {
      RESEND_API_KEY: "re_test",
      RESEND_BASE_URL: sink.url,
      LEADLINE_CONFIRM_EMAIL: confirm ? "required" : "off",
      LEADLINE_REDIRECT_URLS: "https://app.example/**",
      ...env,
    },
  });
  const printed = await server.command("admin", "supabase-keys");
  const keys = Object.fromEntries(printed.trim().split("\n").map((line) => line.split(/=(.*)/s)));
  assert.equal(keys.PUBLIC_URL, server.url);
  const options = { autoRefreshToken: false, persistSession: true, detectSessionInUrl: false };
  let number = 0;
  return {
    url: server.url,
    anon: keys.ANON_KEY,
    service: keys.SERVICE_ROLE_KEY,
    mail: sink,
    command: server.command,
    tail: server.tail,
    /** The unmodified client of a program in a browser, each with a memory of its own; `calls` gathers its requests. */
    client({ flowType = "implicit", calls = [] } = {}) {
      const memory = new Map();
      const storage = { getItem: (key) => memory.get(key) ?? null, setItem: (key, value) => void memory.set(key, value), removeItem: (key) => void memory.delete(key) };
      const watched = (input, init) => (calls.push(`${init?.method ?? "GET"} ${new URL(input).pathname}`), fetch(input, init));
      return createClient(server.url, keys.ANON_KEY, { auth: { ...options, flowType, storage, storageKey: `sb-${number++}` }, global: { fetch: watched } });
    },
    /** The client of a trusted server. */
    admin: () => createClient(server.url, keys.SERVICE_ROLE_KEY, { auth: { ...options, persistSession: false } }).auth.admin,
    /** What the client hides: status, headers and body as they are. */
    async raw(method, path, { body, token, apikey = keys.ANON_KEY, version, headers = {} } = {}) {
      const answer = await fetch(`${server.url}/auth/v1${path}`, {
        method,
        redirect: "manual",
        body: typeof body === "string" ? body : body && JSON.stringify(body),
        headers: {
          ...(apikey ? { apikey } : {}),
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...(version ? { "X-Supabase-Api-Version": version } : {}),
          "Content-Type": "application/json",
          ...headers,
        },
      });
      const text = await answer.text();
      const type = answer.headers.get("content-type") ?? "";
      return { status: answer.status, headers: answer.headers, location: answer.headers.get("location"), body: type.includes("json") ? JSON.parse(text) : text };
    },
    async stop() {
      sink.stop();
      const { left } = await server.stop();
      assert.deepEqual(left, []);
    },
  };
}

/** The data of an answer that must be no error. */
export function data(answer) {
  assert.equal(answer.error, null, `${answer.error?.code}: ${answer.error?.message}`);
  return answer.data;
}

/** That the answer is this refusal. */
export function refused(answer, status, code) {
  assert.ok(answer.error, `expected ${code}, got ${JSON.stringify(answer.data)}`);
  assert.deepEqual([answer.error.status, answer.error.code], [status, code], answer.error.message);
  return answer.error;
}

let people = 0;
/** An address that nobody has. */
export const somebody = (name = "ada") => `${name}.${process.pid}.${++people}@people.example`;

export const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** The parameters behind a `#`. */
export const fragment = (address) => new URLSearchParams(new URL(address).hash.slice(1));
