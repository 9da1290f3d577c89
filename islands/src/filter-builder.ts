// Nested AND/OR conditions, edited by hand. The filter's JSON lies in a hidden input; the fields,
// their operators and choices come as JSON in data-fields. See `ui::filter_builder` for the shapes.
import { define } from "./dom";

type Input = "none" | "text" | "number" | "date" | "choice" | "choices" | "list";

interface Operator {
  name: string;
  label: string;
  input: Input;
}
interface Field {
  name: string;
  label: string;
  operators: Operator[];
  options?: [string, string][];
}
type Value = string | number | boolean | (string | number)[] | undefined;
interface Condition {
  field: string;
  op: string;
  value?: Value;
}
type Join = "all" | "any";
interface Group {
  join: Join;
  items: Node[];
}
/** Something this editor does not know stays as it came. */
interface Unknown {
  raw: unknown;
}
type Node = Group | Condition | Unknown;

const MAX_DEPTH = 3;

function parse(json: unknown): Node {
  if (typeof json === "object" && json !== null) {
    const object = json as Record<string, unknown>;
    for (const join of ["all", "any"] as const) {
      if (Array.isArray(object[join]) && Object.keys(object).length === 1) return { join, items: (object[join] as unknown[]).map(parse) };
    }
    if (typeof object["field"] === "string" && typeof object["op"] === "string") {
      return { field: object["field"], op: object["op"], value: object["value"] as Value };
    }
  }
  return { raw: json };
}

function isFilled(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== "";
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, className: string, attributes: Record<string, string> = {}): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function select(label: string, options: [string, string][], value: string): HTMLSelectElement {
  const made = element("select", "input select", { "aria-label": label });
  for (const [name, text] of options) made.add(new Option(text, name, false, name === value));
  return made;
}

function button(text: string, className: string, act: () => void): HTMLButtonElement {
  const made = element("button", `button is-small ${className}`, { type: "button" });
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

class FilterBuilder extends HTMLElement {
  #fields: Field[] = [];
  #root: Group = { join: "all", items: [] };

  connectedCallback(): void {
    const input = this.#input;
    if (!input || !this.#editor) return;
    this.#fields = JSON.parse(this.dataset["fields"] ?? "[]") as Field[];
    let json: unknown = null;
    try {
      json = JSON.parse(input.value || "null");
    } catch {
      // A filter that is not JSON cannot be edited; the page has said so already.
    }
    const node = json === null ? null : parse(json);
    this.#root = node === null ? { join: "all", items: [] } : "items" in node ? node : { join: "all", items: [node] };
    if (this.#root.items.length === 0) this.#add(this.#root);
    this.#draw();
  }

  get #input(): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>("[data-filter-value]");
  }

  get #editor(): HTMLElement | null {
    return this.querySelector<HTMLElement>("[data-filter-editor]");
  }

  #add(group: Group): void {
    const field = this.#fields[0];
    const operator = field?.operators[0];
    if (field && operator) group.items.push({ field: field.name, op: operator.name });
  }

  /** Conditions without their value are still being written: they are not part of the filter yet. */
  #json(node: Node): unknown {
    if ("raw" in node) return node.raw;
    if ("items" in node) {
      const items = node.items.map((item) => this.#json(item)).filter((item) => item !== undefined);
      return items.length === 0 ? undefined : { [node.join]: items };
    }
    const input = this.#operator(node)?.input;
    if (input === "none") return { field: node.field, op: node.op };
    return isFilled(node.value) ? { field: node.field, op: node.op, value: node.value } : undefined;
  }

  #operator(condition: Condition): Operator | undefined {
    return this.#fields.find((field) => field.name === condition.field)?.operators.find((operator) => operator.name === condition.op);
  }

  #changed(redraw: boolean): void {
    const input = this.#input;
    if (input) {
      const json = this.#json(this.#root);
      input.value = json === undefined ? "" : JSON.stringify(json);
      // Pages can show a live count: hx-trigger="change from:…".
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (redraw) this.#draw();
  }

  #draw(): void {
    this.#editor?.replaceChildren(this.#group(this.#root, null, 1));
  }

  #group(group: Group, parent: Group | null, depth: number): HTMLElement {
    const box = element("div", "filter-group", { role: "group", "aria-label": group.join === "all" ? "All of these" : "Any of these" });
    if (parent || group.items.length > 1) {
      const join = element("div", "filter-join");
      const choice = select("How these combine", [["all", "All of"], ["any", "Any of"]], group.join);
      choice.addEventListener("change", () => {
        group.join = choice.value as Join;
        this.#changed(true);
      });
      join.append(choice, "these conditions");
      if (parent) join.append(this.#remove(parent, group, "Remove group"));
      box.append(join);
    }
    for (const item of group.items) {
      if ("items" in item) box.append(this.#group(item, group, depth + 1));
      else if ("raw" in item) box.append(this.#unknown(group, item));
      else box.append(this.#condition(group, item));
    }
    const actions = element("div", "filter-actions");
    actions.append(
      button("Add condition", "is-ghost", () => {
        this.#add(group);
        this.#changed(true);
        box.isConnected || this.querySelector<HTMLElement>(".filter-row:last-of-type select")?.focus();
      }),
    );
    if (depth < MAX_DEPTH) {
      actions.append(
        button("Add group", "is-ghost", () => {
          const inner: Group = { join: group.join === "all" ? "any" : "all", items: [] };
          this.#add(inner);
          group.items.push(inner);
          this.#changed(true);
        }),
      );
    }
    box.append(actions);
    return box;
  }

  #remove(group: Group, node: Node, label: string): HTMLButtonElement {
    const made = button("×", "is-ghost is-square", () => {
      group.items.splice(group.items.indexOf(node), 1);
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

  #condition(group: Group, condition: Condition): HTMLElement {
    const row = element("div", "filter-row");
    const field = this.#fields.find((each) => each.name === condition.field);
    if (!field) return this.#unknown(group, { raw: condition });

    const fields = select("Field", this.#fields.map((each) => [each.name, each.label]), field.name);
    fields.addEventListener("change", () => {
      condition.field = fields.value;
      condition.op = this.#fields.find((each) => each.name === fields.value)?.operators[0]?.name ?? "";
      condition.value = undefined;
      this.#changed(true);
    });
    const operators = select("Operator", field.operators.map((each) => [each.name, each.label]), condition.op);
    operators.addEventListener("change", () => {
      const before = this.#operator(condition)?.input;
      condition.op = operators.value;
      if (this.#operator(condition)?.input !== before) condition.value = undefined;
      this.#changed(true);
    });
    row.append(fields, operators, this.#value(field, condition), this.#remove(group, condition, "Remove condition"));
    return row;
  }

  #value(field: Field, condition: Condition): HTMLElement {
    const input = this.#operator(condition)?.input ?? "text";
    const set = (value: Value) => {
      condition.value = value;
      this.#changed(false);
    };
    if (input === "none") return element("span", "");
    if (input === "choice") {
      const made = select("Value", [["", "Choose…"], ...(field.options ?? [])], String(condition.value ?? ""));
      made.addEventListener("change", () => set(made.value));
      return made;
    }
    if (input === "choices") {
      const chosen = new Set((Array.isArray(condition.value) ? condition.value : []).map(String));
      const menu = element("details", "menu filter-choices");
      const summary = element("summary", "button");
      const name = () => (field.options ?? []).filter(([value]) => chosen.has(value)).map(([, label]) => label).join(", ") || "Choose…";
      const text = element("span", "truncate");
      text.textContent = name();
      summary.append(text);
      const panel = element("div", "menu-panel");
      for (const [value, label] of field.options ?? []) {
        const line = element("label", "menu-item");
        const box = element("input", "checkbox", { type: "checkbox" });
        box.checked = chosen.has(value);
        box.addEventListener("change", () => {
          if (box.checked) chosen.add(value);
          else chosen.delete(value);
          text.textContent = name();
          set((field.options ?? []).map(([each]) => each).filter((each) => chosen.has(each)));
        });
        line.append(box, label);
        panel.append(line);
      }
      menu.append(summary, panel);
      return menu;
    }
    const made = element("input", "input", { "aria-label": "Value", type: input === "list" ? "text" : input, autocomplete: "off" });
    if (input === "list") made.placeholder = "One, two, three";
    if (input === "number") made.step = "any";
    made.value = Array.isArray(condition.value) ? condition.value.join(", ") : String(condition.value ?? "");
    made.addEventListener("input", () => {
      const text = made.value.trim();
      if (input === "number") set(text === "" || Number.isNaN(made.valueAsNumber) ? undefined : made.valueAsNumber);
      else if (input === "list") set(text.split(",").map((part) => part.trim()).filter(Boolean));
      else set(text);
    });
    return made;
  }
}

define("filter-builder", FilterBuilder);
