// A mail provider with Resend's API that delivers to an array: what people would find in their mailboxes.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export async function startSink() {
  const letters = [];
  const server = createServer(async (request, answer) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const mails = JSON.parse(body);
    letters.push(...mails.map((mail) => ({ ...mail, to: [mail.to].flat().map((to) => /<(.+)>/.exec(to)?.[1] ?? to) })));
    answer.setHeader("Content-Type", "application/json").setHeader("ratelimit-limit", "100").setHeader("ratelimit-remaining", "99").setHeader("ratelimit-reset", "1");
    answer.end(JSON.stringify({ data: mails.map(() => ({ id: crypto.randomUUID() })) }));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));

  /** The letters to `address` that nobody has read yet, once there is one. */
  async function read(address, { within = 15_000 } = {}) {
    const deadline = Date.now() + within;
    for (;;) {
      const at = letters.findIndex((mail) => mail.to.includes(address));
      if (at >= 0) return open(letters.splice(at, 1)[0]);
      if (Date.now() > deadline) throw new Error(`no letter to ${address} within ${within / 1000} s`);
      await sleep(50);
    }
  }
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    read,
    /** Whether a letter waits for `address`, as `wanted` describes it. */
    has: (address, wanted = () => true) => letters.some((mail) => mail.to.includes(address) && wanted(open(mail))),
    stop: () => server.close(),
  };
}

/** What somebody does with a letter: look at it, follow its link, type its code. */
function open(mail) {
  const link = /https?:\/\/\S+\/auth\/v1\/verify\?\S+/.exec(mail.text)?.[0];
  return {
    subject: mail.subject,
    link,
    token: link && new URL(link).searchParams.get("token"),
    code: /code: (\d{6})/.exec(mail.text)?.[1],
  };
}
