// Selecting rows: a count, a range with Shift, all rows of this page, all rows that match.
import { define } from "./dom";

const english = new Intl.NumberFormat("en");

export class RowSelection extends HTMLElement {
  #last: HTMLInputElement | null = null;
  #allMatching = false;
  #total = "";
  #selected = new Set<string>();

  connectedCallback(): void {
    this.addEventListener("click", this.#click);
    this.addEventListener("change", this.#change);
    document.addEventListener("htmx:after:swap", this.#swapped);
    // The browser restores check boxes when one comes back.
    this.#remember();
    this.#render();
  }

  disconnectedCallback(): void {
    this.removeEventListener("click", this.#click);
    this.removeEventListener("change", this.#change);
    document.removeEventListener("htmx:after:swap", this.#swapped);
  }

  get #boxes(): HTMLInputElement[] {
    return [...this.querySelectorAll<HTMLInputElement>("input[data-select]")];
  }

  get hasSelection(): boolean {
    return this.#allMatching || this.#boxes.some((box) => box.checked);
  }

  clear(): void {
    for (const box of this.#boxes) box.checked = false;
    this.#allMatching = false;
    this.#remember();
    this.#render();
  }

  #remember(): void {
    this.#selected = new Set(this.#boxes.filter((box) => box.checked).map((box) => box.value));
    this.#total = this.dataset["total"] ?? "";
  }

  /** A morph may put another lead under a checked box: what was chosen is known by id, not by place. */
  #swapped = (): void => {
    for (const box of this.#boxes) box.checked = this.#selected.has(box.value);
    if (this.#total !== (this.dataset["total"] ?? "")) this.#allMatching = false;
    this.#remember();
    this.#render();
  };

  #click = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[data-selection-clear]")) return this.clear();
    if (target?.closest("[data-all-matching]")) {
      this.#allMatching = true;
      for (const box of this.#boxes) box.checked = true;
      this.#remember();
      return this.#render();
    }
    const box = target?.closest<HTMLInputElement>("input[data-select]");
    if (!box) return;
    if (event.shiftKey && this.#last?.isConnected) {
      const boxes = this.#boxes;
      const [from, to] = [boxes.indexOf(this.#last), boxes.indexOf(box)].sort((a, b) => a - b) as [number, number];
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    this.#last = box;
  };

  #change = (event: Event): void => {
    const box = event.target as HTMLInputElement;
    if (box.matches("[data-select-all]")) for (const each of this.#boxes) each.checked = box.checked;
    else if (!box.matches("[data-select]")) return;
    this.#allMatching = false;
    this.#remember();
    this.#render();
  };

  #render(): void {
    const boxes = this.#boxes;
    const chosen = boxes.filter((box) => box.checked).length;
    const total = Number(this.dataset["total"] ?? boxes.length);
    const all = this.querySelector<HTMLInputElement>("[data-select-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    const bar = this.querySelector<HTMLElement>("[data-selection-bar]");
    if (bar) bar.hidden = chosen === 0;
    const count = this.querySelector("[data-selection-count]");
    const text = english.format(this.#allMatching ? total : chosen);
    if (count && count.textContent !== text) count.textContent = text;
    const more = this.querySelector<HTMLElement>("[data-all-matching]");
    if (more) more.hidden = this.#allMatching || chosen < boxes.length || total <= boxes.length;
    const input = this.querySelector<HTMLInputElement>("[data-all-matching-input]");
    if (input) {
      input.disabled = !this.#allMatching;
      input.value = this.#allMatching ? "true" : "";
    }
  }
}

define("row-selection", RowSelection);
