// What a team that works its leads has made, through the API: tasks, notes, segments, duplicates, changes to take back.
import { api, eventually } from "./person.mjs";

const SWEDES = { field: "country", op: "is", value: "SE" };
const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** Answers where all of it is. */
export async function work(context) {
  const post = (path, body) => api(context, "POST", path, body);
  const [person, other] = (await api(context, "GET", `/leads?limit=2&sort=-score&filter=${encodeURIComponent(JSON.stringify(SWEDES))}`)).data;

  for (const field of [{ label: "Renewal date", kind: "date" }, { label: "Plan", kind: "choice", options: ["Starter", "Team"] }]) await post("/custom-fields", field);
  const note = await post("/notes", { lead_id: person.id, body: "Asked for the price list.\n\nWants to hear from us after the holidays." });
  const task = await post("/tasks", { lead_id: person.id, title: "Send the price list", due: day(-2), priority: "high" });
  await post("/tasks", { lead_id: other.id, title: "Call about the offer", due: day(3) });

  const everybody = await post("/segments", { name: "Swedish accounts", description: "For the spring fair in Malmö", kind: "dynamic", filter: SWEDES });
  const chosen = await post("/segments", { name: "Guests of the fair", kind: "fixed", filter: { field: "country", op: "is", value: "DE" } });
  await post(`/segments/${chosen.id}/members`, { action: "add", ids: [person.id] });

  // The same person twice, and a company under two names.
  const twin = { first_name: "Wilhelmina", last_name: "Achterberg", company_name: "Achterberg Logistics", company_domain: "achterberg.example", phone: "+31 20 555 0134" };
  await post("/leads", { ...twin, email: "wilhelmina.achterberg@achterberg.example", title: "Head of Operations" });
  await post("/leads", { ...twin, email: "w.achterberg@achterberg.example", title: "Operations" });
  const cluster = await eventually("the two are found", async () => (await api(context, "GET", "/duplicates")).data[0]);
  const [account] = (await api(context, "GET", "/accounts?q=achterberg")).data;
  const like = await post("/accounts", { name: "Achterberg Logistics BV", domain: "achterberg-logistics.example" });

  await post("/leads/bulk", { action: "add_tags", tags: ["fair"], ids: [person.id, other.id] });
  const [change] = (await api(context, "GET", "/changes")).data;
  return {
    worked: `/leads/${person.id}`,
    note: `/notes/${note.id}/edit`,
    task: `/tasks/${task.id}/edit`,
    segment: `/segments/${everybody.id}`,
    fixed: `/segments/${chosen.id}`,
    other: chosen.id,
    duplicate: `/duplicates/${cluster.id}`,
    merge: `/accounts/${account.id}/merge`,
    mergeWith: `/accounts/${account.id}/merge?with=${like.id}`,
    change: `/changes/${change.id}`,
  };
}
