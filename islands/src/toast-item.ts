// A toast leaves by itself after six seconds, unless it is an error, has the pointer or the focus.
import { contextOf, define } from "./dom";

const LIFE_MS = 6000;
const LIFE_WITH_UNDO_MS = 10_000;

class ToastItem extends HTMLElement {
  #timer = 0;

  connectedCallback(): void {
    this.querySelector("[data-toast-close]")?.addEventListener("click", () => this.#leave());
    if (this.hasAttribute("data-sticky")) return;
    this.addEventListener("pointerenter", () => this.#hold());
    this.addEventListener("pointerleave", () => this.#start());
    this.addEventListener("focusin", () => this.#hold());
    this.addEventListener("focusout", () => this.#start());
    this.#start();
  }

  disconnectedCallback(): void {
    this.#hold();
  }

  #start(): void {
    this.#hold();
    const life = this.querySelector("form, a") ? LIFE_WITH_UNDO_MS : LIFE_MS;
    this.#timer = window.setTimeout(() => this.#leave(), life);
  }

  #hold(): void {
    window.clearTimeout(this.#timer);
  }

  #leave(): void {
    this.setAttribute("data-leaving", "");
    window.setTimeout(() => this.remove(), 150);
  }
}

define("toast-item", ToastItem);

const KEPT = "leadline.toasts";

/** The toasts of a whole page that is not shown itself. */
function toastsOf(html: string): string {
  return new DOMParser().parseFromString(html, "text/html").querySelector("#toasts")?.innerHTML.trim() ?? "";
}

/** Saves what a page had to say for the next one: it says it only once. */
export function keepToasts(html: string): void {
  const toasts = toastsOf(html);
  if (toasts) sessionStorage.setItem(KEPT, toasts);
}

const kept = sessionStorage.getItem(KEPT);
if (kept) {
  sessionStorage.removeItem(KEPT);
  document.getElementById("toasts")?.insertAdjacentHTML("beforeend", kept);
}

// A form sent by htmx follows its redirect to a whole page, of which only a region is swapped in:
// the message in the rest must not get lost.
document.addEventListener("htmx:after:request", (event) => {
  const text = contextOf(event)?.text ?? "";
  if (/^\s*<!doctype/i.test(text)) document.getElementById("toasts")?.insertAdjacentHTML("beforeend", toastsOf(text));
});

/** Shows an error that the server could not say itself. */
export function toastError(text: string): void {
  const template = document.querySelector<HTMLTemplateElement>("#toast-template");
  const region = document.getElementById("toasts");
  const toast = template?.content.firstElementChild?.cloneNode(true);
  if (!region || !(toast instanceof HTMLElement)) return;
  const line = toast.querySelector(".toast-text");
  if (line) line.textContent = text;
  // The same trouble once is enough.
  for (const known of region.querySelectorAll(".toast-text")) if (known.textContent === text) return;
  region.append(toast);
}

/** Says that something was done by a script, and offers to take it back. */
export function toastUndo(text: string, undo: () => void): void {
  const template = document.querySelector<HTMLTemplateElement>("#undo-template");
  const toast = template?.content.firstElementChild?.cloneNode(true);
  if (!(toast instanceof HTMLElement)) return;
  const line = toast.querySelector(".toast-text");
  if (line) line.textContent = text;
  toast.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    toast.remove();
    undo();
  });
  // The newest alone: older acts are under it, and each takes back its own only.
  for (const older of document.querySelectorAll("#toasts [data-undo]")) older.remove();
  toast.dataset["undo"] = "";
  document.getElementById("toasts")?.append(toast);
}
