// Selecting rows: a count, a range with Shift, all rows of this page, all rows that match. What is selected is kept from
// page to page of the same query, by id.
import { define } from "./dom";

const english = new Intl.NumberFormat("en");
const KEPT = "leadline.selection";
/** More ids than this make a form too large; whoever wants more selects all that match. */
const MOST = 5000;

interface Kept {
  query: string;
  ids: string[];
  all: boolean;
  /** Sent with a form: forgotten on the next page, unless that says that something was wrong. */
  sent?: boolean;
}

export class RowSelection extends HTMLElement {
  #last: HTMLInputElement | null = null;
  #allMatching = false;
  #query = "";
  #selected = new Set<string>();
  /** The questions of the bar's buttons as they came, before numbers were put into them. */
  #questions = new WeakMap<Element, string>();

  connectedCallback(): void {
    this.addEventListener("click", this.#click);
    this.addEventListener("change", this.#change);
    this.addEventListener("formdata", this.#formData);
    this.addEventListener("submit", this.#submit);
    this.addEventListener("keydown", this.#key);
    document.addEventListener("htmx:after:swap", this.#swapped);
    this.#query = this.#queryNow;
    this.#restore();
    this.#show();
  }

  disconnectedCallback(): void {
    document.removeEventListener("htmx:after:swap", this.#swapped);
  }

  /** Each row's box, made here: without scripts there would be nothing to do with it. */
  #furnish(): void {
    for (const cell of this.querySelectorAll("tbody td.is-select:empty")) {
      const row = cell.closest("tr");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.className = "checkbox";
      box.name = "id";
      box.value = row?.id ?? "";
      box.setAttribute("aria-label", `Select ${(row?.querySelector(".is-title .person-name") ?? row?.querySelector(".is-title"))?.textContent?.trim() ?? "row"}`);
      if (row?.closest("[role=grid]")) box.tabIndex = -1;
      cell.append(box);
    }
  }

  get #boxes(): HTMLInputElement[] {
    return [...this.querySelectorAll<HTMLInputElement>("td.is-select input")];
  }

  /** Which rows are meant by "all that match". */
  get #queryNow(): string {
    const field = (name: string) => this.querySelector<HTMLInputElement>(`form > input[name=${name}]`)?.value ?? "";
    return JSON.stringify([this.querySelector("form")?.getAttribute("action"), field("filter"), field("q")]);
  }

  get hasSelection(): boolean {
    return this.#allMatching || this.#selected.size > 0;
  }

  /** It has been counted how many match. */
  counted(total: number, exact: boolean): void {
    this.dataset["total"] = String(total);
    this.toggleAttribute("data-more", !exact);
    this.#show();
  }

  clear(): void {
    this.#selected.clear();
    this.#allMatching = false;
    this.#show();
    this.#keep();
  }

  #restore(): void {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Kept | null;
    const refused = document.querySelector("#toasts .is-danger") !== null;
    if (!kept || kept.query !== this.#query || (kept.sent && !refused)) return sessionStorage.removeItem(KEPT);
    this.#selected = new Set(kept.ids);
    this.#allMatching = kept.all;
  }

  #keep(sent = false): void {
    if (!this.hasSelection) return sessionStorage.removeItem(KEPT);
    const kept: Kept = { query: this.#query, ids: [...this.#selected], all: this.#allMatching, sent };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }

  /** A morph may have brought other rows, or those of another query. */
  #swapped = (): void => {
    if (this.#query !== this.#queryNow) {
      this.#query = this.#queryNow;
      this.clear();
    }
    this.#show();
  };

  /** Ids that are not on this page go with the form, too; with all that match none do. */
  #formData = (event: FormDataEvent): void => {
    event.formData.delete("id");
    if (!this.#allMatching) for (const id of this.#selected) event.formData.append("id", id);
  };

  /** Enter in one of the bar's menus means that menu's button, not the first of the whole form. */
  #key = (event: KeyboardEvent): void => {
    const menu = event.target instanceof HTMLInputElement ? event.target.closest(".bulk-choice") : null;
    if (!menu || event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    menu.querySelector<HTMLButtonElement>("button")?.click();
  };

  #submit = (event: SubmitEvent): void => {
    if (!event.submitter?.hasAttribute("data-keeps-selection")) this.#keep(true);
  };

  #click = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[data-selection-clear]")) {
      this.clear();
      // The button goes with its bar; who pressed it by keyboard stays with the rows.
      return (this.querySelector<HTMLElement>("tr[data-current] td[tabindex='0']") ?? this.querySelector<HTMLElement>("[data-select-all]"))?.focus({ preventScroll: true });
    }
    if (target?.closest("[data-all-matching]")) {
      this.#allMatching = true;
      this.#show();
      return this.#keep();
    }
    const box = target?.closest<HTMLInputElement>("td.is-select input");
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
    else if (!box.matches("td.is-select input")) return;
    this.#allMatching = false;
    for (const each of this.#boxes) {
      if (!each.checked) this.#selected.delete(each.value);
      else if (this.#selected.size < MOST) this.#selected.add(each.value);
    }
    this.#show();
    this.#keep();
  };

  #show(): void {
    this.#furnish();
    const boxes = this.#boxes;
    for (const box of boxes) box.checked = this.#allMatching || this.#selected.has(box.value);
    const here = boxes.filter((box) => box.checked).length;
    // Unknown until it has been counted, which comes after the page.
    const total = this.dataset["total"] === undefined ? Infinity : Number(this.dataset["total"]);
    const atLeast = this.hasAttribute("data-more") ? "+" : "";
    const all = this.querySelector<HTMLInputElement>("[data-select-all]");
    if (all) {
      all.checked = here > 0 && here === boxes.length;
      all.indeterminate = here > 0 && here < boxes.length;
    }
    const bar = this.querySelector<HTMLElement>("[data-selection-bar]");
    if (bar) bar.hidden = !this.hasSelection;
    const chosen = this.#allMatching ? total : this.#selected.size;
    const known = Number.isFinite(total) ? `${english.format(total)}${atLeast}` : "";
    const count = this.#allMatching ? `All ${known}`.trim() : `${english.format(chosen)} selected`;
    const elsewhere = this.#allMatching ? 0 : this.#selected.size - here;
    this.#say("[data-selection-count]", count);
    this.#say("[data-selection-elsewhere]", this.#allMatching ? "that match" : elsewhere > 0 ? `${english.format(elsewhere)} on other pages` : "");
    const more = this.querySelector<HTMLElement>("[data-all-matching]");
    if (more) more.hidden = this.#allMatching || here < boxes.length || total <= this.#selected.size;
    const input = this.querySelector<HTMLInputElement>("[data-all-matching-input]");
    if (input) {
      input.disabled = !this.#allMatching;
      input.value = this.#allMatching ? "true" : "";
    }
    this.#say("[data-all-matching] span", `Select all ${known} that match`.replace("  ", " "));
    const words = `${this.#allMatching ? known || "all matching" : english.format(chosen)} ${(chosen === 1 ? this.dataset["one"] : this.dataset["many"]) ?? "rows"}`;
    for (const button of this.querySelectorAll<HTMLElement>("[data-selection-bar] [data-confirm]")) {
      const question = this.#questions.get(button) ?? button.dataset["confirm"] ?? "";
      this.#questions.set(button, question);
      button.dataset["confirm"] = question.replaceAll("{n}", words);
    }
  }

  #say(selector: string, text: string): void {
    const place = this.querySelector(selector);
    if (place && place.textContent !== text) place.textContent = text;
  }
}

define("row-selection", RowSelection);
