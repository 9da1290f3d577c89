// data-confirm="question" on a submit button, link or form asks in a dialog before going on.
import { contextOf } from "./dom";

const confirmed = new WeakSet<Element>();

/** Resolves to true when the person agrees. Without the dialog on the page the browser's own asks. */
export function ask(question: string, dangerous: boolean, label?: string): Promise<boolean> {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#confirm");
  const text = dialog?.querySelector("[data-confirm-text]");
  const go = dialog?.querySelector<HTMLButtonElement>("[data-confirm-go]");
  if (!dialog || !text || !go) return Promise.resolve(window.confirm(question));
  text.textContent = question;
  go.querySelector("span")!.textContent = label || "Continue";
  go.classList.toggle("is-danger", dangerous);
  go.classList.toggle("is-primary", !dangerous);
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "continue"), { once: true });
  });
}

function labelOf(element: Element): string {
  // A button that shows only an icon says what it does to screen readers.
  return element.querySelector("span")?.textContent?.trim() || element.getAttribute("aria-label") || "";
}

function isDangerous(element: Element): boolean {
  return element.classList.contains("is-danger");
}

// In the capture phase, before htmx or a form sees the click.
document.addEventListener(
  "click",
  (event) => {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>("button[data-confirm], a[data-confirm]") : null;
    if (!target || target.matches(":disabled")) return;
    if (confirmed.delete(target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const form = target instanceof HTMLButtonElement && target.type === "submit" ? target.form : null;
    if (form && !form.noValidate && !target.hasAttribute("formnovalidate") && !form.reportValidity()) return;
    void ask(target.dataset["confirm"] ?? "", isDangerous(target), labelOf(target)).then((yes) => {
      if (!yes) return target.focus();
      confirmed.add(target);
      target.click();
    });
  },
  true,
);

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset["confirm"] === undefined) return;
    if (confirmed.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    void ask(form.dataset["confirm"], submitter ? isDangerous(submitter) : false, submitter ? labelOf(submitter) : "").then((yes) => {
      if (!yes) return;
      confirmed.add(form);
      form.requestSubmit(submitter);
    });
  },
  true,
);

// hx-confirm speaks through the same dialog.
document.addEventListener("htmx:confirm", (event) => {
  const context = contextOf(event) as { confirm?: string; sourceElement: HTMLElement } | undefined;
  const { issueRequest, dropRequest } = (event as CustomEvent<{ issueRequest: () => void; dropRequest: () => void }>).detail;
  if (!context?.confirm) return;
  event.preventDefault();
  void ask(context.confirm, isDangerous(context.sourceElement), labelOf(context.sourceElement)).then((yes) => (yes ? issueRequest() : dropRequest()));
});
