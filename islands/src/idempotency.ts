// A key per rendering of a form: however often its request arrives (double click, lost answer,
// reload), the server acts once. A plain form carries it as a field, htmx as a header.
import { contextOf, onContent } from "./dom";

const NAME = "idempotency_key";
const keys = new WeakMap<Element, string>();

function keyOf(element: Element): string {
  let key = keys.get(element);
  if (!key) keys.set(element, (key = crypto.randomUUID()));
  return key;
}

onContent(() => {
  for (const form of document.forms) {
    if (form.method !== "post" || form.elements.namedItem(NAME)) continue;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = NAME;
    field.value = keyOf(form);
    // First, so that a server reading a multipart stream knows it before the file.
    form.prepend(field);
  }
});

document.addEventListener("htmx:config:request", (event) => {
  const context = contextOf(event);
  if (!context || context.request.method === "GET") return;
  context.request.headers["Idempotency-Key"] = keyOf(context.request.form ?? context.sourceElement);
});

// An answered request is over: the next one from the same form means something new. One that failed
// on the way keeps its key, so that trying again cannot act twice.
document.addEventListener("htmx:after:request", (event) => {
  const context = contextOf(event);
  if (!context || context.request.method === "GET" || !context.response || context.response.status >= 500) return;
  const owner = context.request.form ?? context.sourceElement;
  keys.delete(owner);
  const field = owner instanceof HTMLFormElement ? owner.elements.namedItem(NAME) : null;
  if (field instanceof HTMLInputElement) field.value = keyOf(owner);
});

// A page from the back-forward cache is a new rendering.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const field of document.querySelectorAll<HTMLInputElement>(`input[name="${NAME}"]`)) {
    if (field.form) {
      keys.delete(field.form);
      field.value = keyOf(field.form);
    }
  }
});
