// How many leads match is counted after the page is there: that may take longer than the page itself.
import { onContent } from "./dom";
import { RowSelection } from "./row-selection";

const FRESH_MS = 10_000;

interface Counted {
  total: { value: number; exact: boolean } | null;
  words: string;
}
/** What was counted last: whoever pages through a list need not ask again for each page. */
let last: { query: string; at: number; counted: Promise<Counted | null> } | null = null;

async function ask(query: string): Promise<Counted | null> {
  const response = await fetch(`/leads/count?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
  return response?.ok && !response.redirected ? ((await response.json()) as Counted) : null;
}

onContent(() => {
  const place = document.querySelector<HTMLElement>("[data-total-of]");
  const state = document.querySelector<HTMLFormElement>("form#state");
  if (!place || !state) return;
  const asked = new URLSearchParams();
  for (const name of ["filter", "q"]) asked.set(name, state.querySelector<HTMLInputElement>(`input[name=${name}]`)?.value ?? "");
  const query = asked.toString();
  if (!last || last.query !== query || Date.now() - last.at > FRESH_MS) last = { query, at: Date.now(), counted: ask(query) };
  void last.counted.then((counted) => {
    if (!counted || !place.isConnected) return;
    place.textContent = `${place.dataset["totalOf"]} of ${counted.words}`;
    if (!counted.total) return;
    for (const selection of document.querySelectorAll("row-selection")) {
      if (selection instanceof RowSelection) selection.counted(counted.total.value, counted.total.exact);
    }
  });
});
