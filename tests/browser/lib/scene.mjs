// An organisation that has worked for a while, made through the API: leads, templates, campaigns, mail.
import assert from "node:assert/strict";
import { newContext } from "./browser.mjs";
import { csv } from "./files.mjs";
import { PERSON, api, eventually, signUp } from "./person.mjs";

const BAD = [["Bad", "Address", "not-an-address", "CEO", "Blue Harbor", "", "Software", 8, "Germany", "Berlin", "", "New", ""]];
const BODY = '<p>Hi {{ first_name | default("there") }},</p><p>Our <a href="https://northwind.example/product">product page</a> says what it does for {{ company | default("you") }}.</p><p>{{ sender_name }}</p>';

/** Signs up, fills the organisation, and answers where things are and the signed-in context. */
export async function furnish(browser, url, { leads = 120 } = {}) {
  const context = await newContext(browser, url);
  const page = await context.newPage();
  await signUp(page);

  const send = (name) => ({ multipart: { file: { name, mimeType: "text/csv", buffer: Buffer.from(csv(leads, BAD)) } } });
  const upload = async (name) => {
    const answer = await context.request.post("/api/v1/imports", send(name));
    assert.equal(answer.status(), 201, await answer.text());
    return (await answer.json()).id;
  };
  const imported = await upload("spring-fair.csv");
  await api(context, "POST", `/imports/${imported}/start`, {});
  await eventually("the import has finished", async () => (await api(context, "GET", `/imports/${imported}`)).status === "finished");
  const waiting = await upload("waiting.csv");

  await page.goto("/settings/team");
  await page.getByLabel("Postal address").fill("Northwind Analytics\nHauptstraße 1\n10115 Berlin");
  await page.getByRole("button", { name: "Save organisation" }).click();
  await page.locator(".toast", { hasText: "Organisation saved." }).waitFor();

  // People in every state: with and without a team, one role of their own making, two who have not come yet.
  const person = (name, role) => ({ name, email: `${name.split(" ")[0].toLowerCase()}@northwind.example`, role, password: "correct horse battery 42" });
  const role = await api(context, "POST", "/roles", { name: "Researcher", permissions: ["leads:write", "insights:read"], visibility: "team" });
  for (const [name, kind] of [["Jonas Berg", "admin"], ["Priya Raman", "manager"], ["Wanjiru Kamau", role.id]]) await api(context, "POST", "/members", person(name, kind));
  const team = await api(context, "POST", "/teams", { name: "North" });
  for (const { id } of (await api(context, "GET", "/members")).data.slice(0, 2)) await api(context, "PATCH", `/members/${id}`, { team_id: team.id });
  await api(context, "POST", "/domains", { domain: "northwind.example", role: "viewer" });
  await api(context, "POST", "/invitations", { emails: ["ines@northwind.example"], role: "rep" });
  const letter = await eventually("the invitation is sent", async () => {
    await page.goto("/catcher");
    return page.locator("tbody tr a", { hasText: "invites you" }).first().getAttribute("href", { timeout: 1000 }).catch(() => null);
  });
  await page.goto(letter);
  const invitation = new URL(await page.frameLocator("iframe.mail-frame").getByRole("link", { name: "See the invitation" }).getAttribute("href")).pathname;

  const template = await api(context, "POST", "/templates", { name: "Introduction", subject: 'A question about {{ company | default("your team") }}', html: BODY });
  const campaignName = "Spring outreach";
  const make = (name, country, delay) =>
    api(context, "POST", "/campaigns", {
      name,
      sender_name: PERSON.name,
      sender_address: PERSON.email,
      audience: { field: "country", op: "is", value: country },
      steps: [
        { subject: "A question, {{ first_name }}", html: BODY, delay_minutes: 0 },
        { subject: "Following up, {{ first_name }}", html: BODY, delay_minutes: delay },
      ],
    });
  const [running, draft] = [await make(campaignName, "SE", 2880), await make("Autumn outreach", "DE", 1440)];
  await api(context, "POST", `/campaigns/${running.id}/launch`, {});
  await api(context, "POST", "/suppressions", { email: "never@elsewhere.example", detail: "Asked by phone" });

  // Mail has to be there before somebody can read it, and two seconds old to be read by a person.
  const mail = await eventually("the mails are sent", async () => {
    await page.goto("/catcher");
    return (await page.locator("tbody tr").count()) >= 10 && page.locator("tbody tr a").first().getAttribute("href");
  });
  await page.waitForTimeout(2500);
  await page.goto(mail);
  const frame = page.frameLocator("iframe.mail-frame");
  const click = await frame.getByRole("link", { name: "product page" }).getAttribute("href");
  const unsubscribe = await frame.getByRole("link", { name: /unsubscribe/i }).getAttribute("href");
  assert.equal((await context.request.get(click, { maxRedirects: 0 })).status(), 302);

  const view = await api(context, "POST", "/views", { name: "Swedes to call", shared: true, filter: { field: "country", op: "is", value: "SE" }, columns: ["company", "status", "phone", "score"] });
  await api(context, "POST", "/views", { name: "Best first", sort: "-score" });
  const list = await api(context, "GET", "/leads?limit=1&sort=-score&filter=" + encodeURIComponent(JSON.stringify({ field: "country", op: "is", value: "SE" })));
  const [lead] = list.data;
  const steps = await context.request.get(`/api/v1/campaigns/${draft.id}`).then((answer) => answer.json());
  await eventually("analytics has counted", async () => {
    await page.goto("/insights");
    return (await page.locator("#insights .stat", { hasText: "Clicked by people" }).locator(".stat-value").innerText()) === "1";
  });
  await page.close();
  return {
    context,
    lead: `/leads/${lead.id}`,
    view: view.id,
    account: `/accounts/${lead.account_id}`,
    imported: `/imports/${imported}`,
    mapping: `/imports/${waiting}`,
    template: `/templates/${template.id}`,
    campaign: `/campaigns/${running.id}`,
    campaignName,
    draft: `/campaigns/${draft.id}`,
    step: `/campaigns/${draft.id}/steps/${(steps.steps ?? steps.campaign?.steps)[0].id}`,
    insights: `/insights/campaigns/${running.id}`,
    mail,
    unsubscribe: new URL(unsubscribe).pathname,
    invitation,
    role: `/settings/roles/${role.id}`,
  };
}
