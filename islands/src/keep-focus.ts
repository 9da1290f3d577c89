// A press on a button of the grid's state leads to a new page: whoever works by keyboard goes on where they were.
import { onContent } from "./dom";

const KEPT = "leadline.focus";
const FORM = "state";

interface Place {
  name: string;
  text: string;
}

function textOf(button: Element): string {
  return button.textContent?.trim() ?? "";
}

document.addEventListener("submit", (event) => {
  const { submitter } = event;
  if (!(submitter instanceof HTMLButtonElement) || submitter.getAttribute("form") !== FORM || submitter.hasAttribute("formaction")) return;
  const place: Place = { name: submitter.name, text: textOf(submitter) };
  sessionStorage.setItem(KEPT, JSON.stringify(place));
});

/** The same button, or the menu that it is in; of a condition that is gone the next one, or where one searches. */
function find({ name, text }: Place): HTMLElement | null {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>(`button[form=${FORM}][name="${CSS.escape(name)}"]`)];
  const same = buttons.find((button) => textOf(button) === text) ?? buttons[0];
  return same?.closest("details.menu")?.querySelector<HTMLElement>("summary") ?? same ?? document.querySelector<HTMLElement>("input[data-search]");
}

onContent(() => {
  const kept = sessionStorage.getItem(KEPT);
  if (kept === null) return;
  sessionStorage.removeItem(KEPT);
  if (document.activeElement === document.body) find(JSON.parse(kept) as Place)?.focus();
});
