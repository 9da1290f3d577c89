// Small conveniences of forms: submit on change, copy, and the first wrong field in view.
import { on, onContent } from "./dom";

on("change", "form[data-auto-submit]", (_event, form) => (form as HTMLFormElement).requestSubmit());

on("click", "[data-copy]", (_event, button) => {
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  void navigator.clipboard.writeText(button.dataset["copy"] ?? "").then(() => {
    label.textContent = "Copied";
    setTimeout(() => (label.textContent = before), 1500);
  });
});

// Empty fields of a GET form only make the address long.
document.addEventListener("formdata", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "get") return;
  const empty = [...event.formData.entries()].filter(([, value]) => value === "").map(([name]) => name);
  for (const name of new Set(empty)) {
    const rest = event.formData.getAll(name).filter((value) => value !== "");
    event.formData.delete(name);
    for (const value of rest) event.formData.append(name, value);
  }
});

// After a failed submit the reading position is the problem, not the top of the page.
let announced: Element | null = null;
onContent(() => {
  const wrong = document.querySelector<HTMLElement>('.notice[role="alert"][tabindex], [aria-invalid="true"]');
  if (!wrong || wrong === announced) return;
  announced = wrong;
  wrong.focus();
});
