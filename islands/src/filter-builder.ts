// Nested AND/OR/NOT conditions, edited by hand or as text. The filter lies in the textarea of the form, as JSON or as text; the
// fields, their operators and choices come as JSON in data-fields. See `ui::filter_builder` for the shapes.
import { define } from "./dom";
import { type Condition, type Field, type Group, type Join, type Node, type Operator, type Unknown, isGroup, pointers, readTree, toJson } from "./filter-model";
import { element, select, valueControl } from "./filter-value";

/** As deep as the server lets conditions stand: the root and this many groups in it. */
const MAX_DEPTH = 7;
/** Nobody types faster than this, and every pause costs the database a count. */
const PAUSE = 300;

interface Counted {
  words: string;
  json: string;
  text: string;
}
interface Wrong {
  detail: string;
  pointer?: string;
  offset?: number | null;
}
type Mode = "builder" | "text";

function button(text: string, className: string, act: () => void): HTMLButtonElement {
  const made = element("button", `button is-small ${className}`, { type: "button" });
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

class FilterBuilder extends HTMLElement {
  #fields: Field[] = [];
  #root: Group = { join: "all", items: [], not: false };
  #mode: Mode = "builder";
  #timer = 0;
  #running: AbortController | undefined;
  /** The row on the screen of each condition, for its error. */
  #rows = new Map<Condition, HTMLElement>();
  /** What takes the focus after the next drawing. */
  #focus: Node | undefined;

  connectedCallback(): void {
    const value = this.#value;
    if (!value || !this.#editor) return;
    this.#fields = JSON.parse(this.dataset["fields"] ?? "[]") as Field[];
    this.#modes?.removeAttribute("hidden");
    for (const each of this.querySelectorAll<HTMLButtonElement>("[data-filter-mode]")) {
      each.onclick = () => void this.#switch(each.dataset["filterMode"] as Mode);
    }
    value.oninput = () => this.#later();
    const written = value.value.trim();
    // A filter that came as text: the server says what it is in JSON.
    if (written !== "" && !/^[[{]/.test(written)) {
      this.#show("text");
      void this.#ask().then((counted) => {
        if (counted) void this.#switch("builder");
      });
      return;
    }
    this.#open(written);
    this.#show("builder");
    if (written !== "") void this.#ask();
  }

  disconnectedCallback(): void {
    window.clearTimeout(this.#timer);
    this.#running?.abort();
  }

  get #value(): HTMLTextAreaElement | null {
    return this.querySelector<HTMLTextAreaElement>("[data-filter-value]");
  }
  get #editor(): HTMLElement | null {
    return this.querySelector<HTMLElement>("[data-filter-editor]");
  }
  get #modes(): HTMLElement | null {
    return this.querySelector<HTMLElement>("[data-filter-modes]");
  }

  #open(json: string): void {
    this.#root = readTree(json);
    if (this.#root.items.length === 0) this.#add(this.#root);
    this.#draw();
  }

  #show(mode: Mode): void {
    this.#mode = mode;
    const text = this.querySelector<HTMLElement>("[data-filter-text]");
    if (text) text.hidden = mode !== "text";
    if (this.#editor) this.#editor.hidden = mode !== "builder";
    for (const each of this.querySelectorAll<HTMLButtonElement>("[data-filter-mode]")) {
      each.setAttribute("aria-pressed", String(each.dataset["filterMode"] === mode));
    }
  }

  /** The server translates: it alone knows both languages. What it cannot read stays where it is. */
  async #switch(mode: Mode): Promise<void> {
    if (mode === this.#mode || !this.#value) return;
    const counted = await this.#ask();
    if (!counted) return;
    this.#value.value = mode === "text" ? counted.text : counted.json;
    if (mode === "builder") this.#open(counted.json);
    this.#show(mode);
    if (mode === "text") this.#value.focus();
  }

  #add(group: Group): Condition | undefined {
    const field = this.#fields[0];
    const operator = field?.operators[0];
    if (!field || !operator) return undefined;
    const condition: Condition = { field: field.name, op: operator.name, not: false };
    group.items.push(condition);
    return condition;
  }

  #operator = (condition: Condition): Operator | undefined =>
    this.#fields.find((field) => field.name === condition.field)?.operators.find((operator) => operator.name === condition.op);

  #changed(redraw: boolean): void {
    const json = toJson(this.#root, this.#operator);
    if (this.#value) this.#value.value = json === undefined ? "" : JSON.stringify(json);
    if (redraw) this.#draw();
    this.#later();
  }

  #later(): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#ask(), PAUSE);
  }

  /** Counts, and says where the filter is wrong. A newer question takes the place of one that is under way. */
  async #ask(): Promise<Counted | undefined> {
    window.clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = new AbortController();
    const form = this.querySelector("form");
    const query = new URLSearchParams({ filter: this.#value?.value ?? "" });
    const words = form ? new FormData(form).get("q") : null;
    if (typeof words === "string" && words !== "") query.set("q", words);
    try {
      const answer = await fetch(`/leads/count?${query}`, { signal: this.#running.signal, headers: { accept: "application/json" } });
      const body = (await answer.json()) as Counted & Wrong;
      if (answer.ok) {
        this.#told(body.words);
        this.#complain();
        return body;
      }
      this.#told("");
      this.#complain(body);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) this.#told("The count is not available right now.");
    }
    return undefined;
  }

  #told(words: string): void {
    const count = this.querySelector<HTMLElement>("[data-filter-count]");
    if (count) count.textContent = words;
  }

  /** Shows an error at the condition it is about, or at the place in the text; without one, nothing is wrong any more. */
  #complain(wrong?: Wrong): void {
    for (const old of this.querySelectorAll(".filter-row .field-error")) old.remove();
    for (const control of this.querySelectorAll(".filter-row [aria-invalid]")) control.removeAttribute("aria-invalid");
    const place = this.querySelector<HTMLElement>("[data-filter-error]");
    const value = this.#value;
    const at = wrong?.pointer?.replace(/\/(field|op|value)$/, "");
    const condition = at === undefined ? undefined : pointers(this.#root, "", this.#operator).get(at);
    const row = condition && this.#mode === "builder" ? this.#rows.get(condition) : undefined;
    if (wrong && row) {
      const error = element("p", "field-error", { role: "alert" });
      error.textContent = wrong.detail.replace(/^at \S+: /, "");
      row.append(error);
      row.querySelector(".filter-value input, .filter-value select")?.setAttribute("aria-invalid", "true");
    }
    const inText = wrong !== undefined && !row;
    if (place) {
      place.hidden = !inText;
      place.textContent = inText ? wrong.detail : "";
    }
    value?.toggleAttribute("aria-invalid", inText);
    if (inText && this.#mode === "builder") this.#show("text");
    // The caret goes to the place only where somebody is not just typing.
    if (inText && typeof wrong.offset === "number" && value && document.activeElement !== value) {
      value.setSelectionRange(wrong.offset, wrong.offset + 1);
    }
  }

  #draw(): void {
    this.#rows.clear();
    this.#editor?.replaceChildren(this.#group(this.#root, null, 1));
    const node = this.#focus;
    this.#focus = undefined;
    if (node && !("raw" in node) && !isGroup(node)) this.#rows.get(node)?.querySelector<HTMLElement>("select")?.focus();
  }

  #group(group: Group, parent: Group | null, depth: number): HTMLElement {
    const meaning = `${group.not ? "Not " : ""}${group.join === "all" ? "all of these" : "any of these"}`;
    const box = element("div", "filter-group", { role: "group", "aria-label": meaning });
    if (parent || group.items.length > 1) {
      const join = element("div", "filter-join");
      const choice = select("How these combine", [["all", "All of"], ["any", "Any of"]], group.join);
      choice.addEventListener("change", () => {
        group.join = choice.value as Join;
        this.#changed(true);
      });
      if (parent) join.append(this.#not(group, "this group"));
      join.append(choice, "these conditions");
      if (parent) join.append(this.#remove(parent, group, "Remove group"));
      box.append(join);
    }
    for (const item of group.items) {
      if ("raw" in item) box.append(this.#unknown(group, item));
      else if (isGroup(item)) box.append(this.#group(item, group, depth + 1));
      else box.append(this.#condition(group, item));
    }
    const actions = element("div", "filter-actions");
    actions.append(
      button("Add condition", "is-ghost", () => {
        this.#focus = this.#add(group);
        this.#changed(true);
      }),
    );
    if (depth < MAX_DEPTH) {
      actions.append(
        button("Add group", "is-ghost", () => {
          const inner: Group = { join: group.join === "all" ? "any" : "all", items: [], not: false };
          this.#focus = this.#add(inner);
          group.items.push(inner);
          this.#changed(true);
        }),
      );
    }
    box.append(actions);
    return box;
  }

  #not(node: Group | Condition, what: string): HTMLButtonElement {
    const made = button("Not", "is-ghost filter-not", () => {
      node.not = !node.not;
      made.setAttribute("aria-pressed", String(node.not));
      this.#changed(false);
    });
    made.setAttribute("aria-pressed", String(node.not));
    made.setAttribute("aria-label", `Not ${what}`);
    made.title = `Leads for which ${what} does not hold`;
    return made;
  }

  #remove(group: Group, node: Node, label: string): HTMLButtonElement {
    const made = button("×", "is-ghost is-square", () => {
      const at = group.items.indexOf(node);
      group.items.splice(at, 1);
      // Whoever works by keyboard goes on where something was removed.
      this.#focus = group.items[Math.min(at, group.items.length - 1)];
      this.#changed(true);
    });
    made.setAttribute("aria-label", label);
    made.title = label;
    return made;
  }

  #unknown(group: Group, node: Unknown): HTMLElement {
    const row = element("div", "filter-row");
    const text = element("code", "truncate");
    text.textContent = JSON.stringify(node.raw);
    row.append(text, this.#remove(group, node, "Remove condition"));
    return row;
  }

  #fieldSelect(field: Field): HTMLSelectElement {
    const made = element("select", "input select", { "aria-label": "Field" });
    for (const name of new Set(this.#fields.map((each) => each.group))) {
      const group = element("optgroup", "", { label: name });
      for (const each of this.#fields.filter((other) => other.group === name)) {
        group.append(new Option(each.label, each.name, false, each.name === field.name));
      }
      made.append(group);
    }
    return made;
  }

  #condition(group: Group, condition: Condition): HTMLElement {
    const field = this.#fields.find((each) => each.name === condition.field);
    if (!field) return this.#unknown(group, { raw: condition });
    const row = element("div", "filter-row");
    this.#rows.set(condition, row);
    const fields = this.#fieldSelect(field);
    fields.addEventListener("change", () => {
      condition.field = fields.value;
      condition.op = this.#fields.find((each) => each.name === fields.value)?.operators[0]?.name ?? "";
      condition.value = undefined;
      this.#focus = condition;
      this.#changed(true);
    });
    const operators = select(`How ${field.label} compares`, field.operators.map((each) => [each.name, each.label]), condition.op);
    operators.addEventListener("change", () => {
      const before = this.#operator(condition)?.input;
      condition.op = operators.value;
      const now = this.#operator(condition)?.input;
      if (now !== before) condition.value = undefined;
      const control = this.#control(field, condition);
      row.querySelector(".filter-value")?.replaceWith(control);
      this.#changed(false);
    });
    row.append(this.#not(condition, "this condition"), fields, operators, this.#control(field, condition), this.#remove(group, condition, "Remove condition"));
    return row;
  }

  #control(field: Field, condition: Condition): HTMLElement {
    const cell = element("div", "filter-value");
    const input = this.#operator(condition)?.input ?? "text";
    cell.append(valueControl(field, condition, input, (value) => {
      condition.value = value;
      this.#changed(false);
    }));
    return cell;
  }
}

define("filter-builder", FilterBuilder);
