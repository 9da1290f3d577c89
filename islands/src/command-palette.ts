// Ctrl-K: the pages and actions that the document lists as links, and leads from the server.
import { define, on } from "./dom";

const DELAY_MS = 120;

function palette(): HTMLDialogElement | null {
  return document.querySelector<HTMLDialogElement>("dialog#palette");
}

/** Do the letters of the query stand in this order in the text? Words that start with it come first. */
function rank(text: string, query: string): number {
  const hay = text.toLowerCase();
  if (hay.startsWith(query)) return 3;
  if (hay.includes(` ${query}`)) return 2;
  if (hay.includes(query)) return 1;
  return 0;
}

class CommandPalette extends HTMLElement {
  #timer = 0;
  #request: AbortController | null = null;

  connectedCallback(): void {
    this.#listPages();
    const input = this.#input;
    input.addEventListener("input", () => this.#filter());
    input.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("pointermove", (event) => {
      const item = event.target instanceof Element ? event.target.closest<HTMLElement>(".palette-item") : null;
      if (item) this.#select(item, false);
    });
    this.closest("dialog")?.addEventListener("close", () => this.#reset());
    [...this.querySelectorAll(".palette-item")].forEach((item, index) => (item.id ||= `palette-item-${index}`));
  }

  open(): void {
    const dialog = this.closest("dialog");
    if (!dialog || dialog.open) return;
    dialog.showModal();
    this.#filter();
    this.#input.focus();
  }

  /** The pages stand in the sidebar already. */
  #listPages(): void {
    const list = this.querySelector("[data-palette-pages]");
    for (const link of document.querySelectorAll<HTMLAnchorElement>("#sidebar a.nav-item")) {
      const item = document.createElement("a");
      item.className = "palette-item";
      item.href = link.href;
      item.tabIndex = -1;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const title = document.createElement("span");
      title.className = "palette-title";
      title.textContent = link.textContent?.trim() ?? "";
      item.append(...[...link.querySelectorAll("svg")].map((icon) => icon.cloneNode(true)), title);
      list?.append(item);
    }
  }

  get #input(): HTMLInputElement {
    return this.querySelector("input")!;
  }

  get #results(): HTMLElement {
    return this.querySelector<HTMLElement>("[data-palette-results]")!;
  }

  get #visible(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(".palette-item")].filter((item) => !item.hidden && !item.closest("[hidden]"));
  }

  #reset(): void {
    this.#input.value = "";
    this.#request?.abort();
    this.#results.replaceChildren();
    this.#results.hidden = true;
  }

  #filter(): void {
    const query = this.#input.value.trim().toLowerCase();
    for (const group of this.querySelectorAll<HTMLElement>(".palette-group:not([data-palette-results])")) {
      const items = [...group.querySelectorAll<HTMLElement>(".palette-item")];
      for (const item of items) item.hidden = query !== "" && rank(item.textContent ?? "", query) === 0;
      group.hidden = items.every((item) => item.hidden);
    }
    window.clearTimeout(this.#timer);
    if (query.length >= 2) this.#timer = window.setTimeout(() => void this.#search(query), DELAY_MS);
    else this.#show("");
    this.#settle();
  }

  async #search(query: string): Promise<void> {
    const address = this.dataset["search"];
    if (!address) return;
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    try {
      const answer = await fetch(`${address}?q=${encodeURIComponent(query)}`, { headers: { "HX-Request": "true", Accept: "text/html" }, signal: request.signal });
      const text = answer.ok && !answer.redirected ? await answer.text() : "";
      if (!request.signal.aborted) this.#show(text);
    } catch {
      // Aborted by the next letter, or no network: the pages still work.
    }
  }

  #show(html: string): void {
    const fragment = document.createElement("template");
    fragment.innerHTML = html;
    const items = [...fragment.content.querySelectorAll<HTMLElement>("a.palette-item")];
    const results = this.#results;
    results.replaceChildren();
    results.hidden = items.length === 0;
    if (items.length > 0) {
      const heading = document.createElement("p");
      heading.className = "palette-heading";
      heading.setAttribute("aria-hidden", "true");
      heading.textContent = "Leads";
      items.forEach((item, index) => (item.id = `palette-lead-${index}`));
      results.append(heading, ...items);
    }
    this.#settle();
  }

  /** Keeps the selection on something that can be seen, and says when nothing is left. */
  #settle(): void {
    const items = this.#visible;
    const empty = this.querySelector<HTMLElement>("[data-palette-empty]");
    if (empty) empty.hidden = items.length > 0;
    const selected = items.find((item) => item.getAttribute("aria-selected") === "true");
    const query = this.#input.value.trim().toLowerCase();
    const best = query === "" ? items[0] : items.reduce<HTMLElement | undefined>((top, item) => (!top || rank(item.textContent ?? "", query) > rank(top.textContent ?? "", query) ? item : top), undefined);
    const next = query === "" ? (selected ?? best) : best;
    if (next) this.#select(next, true);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #select(item: HTMLElement, reveal: boolean): void {
    for (const other of this.querySelectorAll('.palette-item[aria-selected="true"]')) if (other !== item) other.setAttribute("aria-selected", "false");
    item.setAttribute("aria-selected", "true");
    this.#input.setAttribute("aria-activedescendant", item.id);
    if (reveal) item.scrollIntoView({ block: "nearest" });
  }

  #key(event: KeyboardEvent): void {
    const items = this.#visible;
    const now = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = items.at((now + (event.key === "ArrowDown" ? 1 : -1)) % items.length);
      if (next) this.#select(next, true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const item = items[now];
      if (item instanceof HTMLAnchorElement) {
        if (event.ctrlKey || event.metaKey) window.open(item.href, "_blank", "noopener");
        else item.click();
      }
    }
  }
}

define("command-palette", CommandPalette);

function open(): boolean {
  const element = palette()?.querySelector("command-palette");
  if (!(element instanceof CommandPalette)) return false;
  const sidebar = document.getElementById("sidebar");
  if (sidebar?.matches(":popover-open")) sidebar.hidePopover();
  element.open();
  return true;
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k" && open()) event.preventDefault();
});

on("click", "[data-palette-open]", (event) => {
  if (!event.ctrlKey && !event.metaKey && open()) event.preventDefault();
});
