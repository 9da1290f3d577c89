// The control that asks for a condition's value, and the values it offers.
import type { Condition, Field, Input, Value } from "./filter-model";

export function element<K extends keyof HTMLElementTagNameMap>(name: K, className: string, attributes: Record<string, string> = {}): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function select(label: string, options: [string, string][], value: string): HTMLSelectElement {
  const made = element("select", "input select", { "aria-label": label });
  for (const [name, text] of options) made.add(new Option(text, name, false, name === value));
  return made;
}

/** A control for this condition; `set` hears every change. */
export function valueControl(field: Field, condition: Condition, input: Input, set: (value: Value) => void): HTMLElement {
  const label = `Value of ${field.label}`;
  switch (input) {
    case "none":
      return element("span", "");
    case "yes-no": {
      const made = select(label, [["", "Choose…"], ["true", "Yes"], ["false", "No"]], String(condition.value ?? ""));
      made.addEventListener("change", () => set(made.value === "" ? undefined : made.value === "true"));
      return made;
    }
    case "choice": {
      const made = select(label, [["", "Choose…"], ...field.options], String(condition.value ?? ""));
      made.addEventListener("change", () => set(made.value));
      return made;
    }
    case "choices":
      return choices(field, condition, set);
    case "number-pair":
    case "date-pair":
      return pair(label, input === "number-pair" ? "number" : "date", condition, set);
    case "days": {
      const box = element("div", "input-group");
      const unit = element("span", "input-suffix");
      unit.textContent = "days";
      box.append(typed(label, "number", condition.value, set, { min: "1", max: "36500", step: "1" }), unit);
      return box;
    }
    case "number":
      return typed(label, "number", condition.value, set, { step: "any" });
    case "date":
      return typed(label, "date", condition.value, set);
    case "list":
    case "text": {
      const made = words(label, input, condition, set);
      if (field.suggests) suggest(made, field, input === "list");
      return made;
    }
  }
}

function typed(label: string, type: "number" | "date", value: Value, set: (value: Value) => void, attributes: Record<string, string> = {}): HTMLInputElement {
  const made = element("input", "input", { "aria-label": label, type, autocomplete: "off", ...attributes });
  made.value = value === undefined || Array.isArray(value) ? "" : String(value);
  made.addEventListener("input", () => {
    if (type === "number") set(made.value === "" || Number.isNaN(made.valueAsNumber) ? undefined : made.valueAsNumber);
    else set(made.value);
  });
  return made;
}

function pair(label: string, type: "number" | "date", condition: Condition, set: (value: Value) => void): HTMLElement {
  const box = element("div", "filter-pair");
  const ends: Value[] = Array.isArray(condition.value) ? [...condition.value] : [];
  const tell = () => {
    const filled = ends.filter((end) => end !== undefined && end !== "") as (string | number)[];
    set(filled.length === 2 ? filled : undefined);
  };
  [`${label}, from`, `${label}, to`].forEach((name, index) => {
    box.append(typed(name, type, ends[index], (end) => {
      ends[index] = end;
      tell();
    }, type === "number" ? { step: "any" } : {}));
    if (index === 0) box.append("and");
  });
  return box;
}

function words(label: string, input: "text" | "list", condition: Condition, set: (value: Value) => void): HTMLInputElement {
  const made = element("input", "input", { "aria-label": label, type: "text", autocomplete: "off" });
  if (input === "list") made.placeholder = "One, two, three";
  made.value = Array.isArray(condition.value) ? condition.value.join(", ") : String(condition.value ?? "");
  made.addEventListener("input", () => {
    const text = made.value.trim();
    set(input === "list" ? text.split(",").map((part) => part.trim()).filter(Boolean) : text);
  });
  return made;
}

function choices(field: Field, condition: Condition, set: (value: Value) => void): HTMLElement {
  const chosen = new Set((Array.isArray(condition.value) ? condition.value : []).map(String));
  const menu = element("details", "menu filter-choices");
  const summary = element("summary", "button");
  const name = () => field.options.filter(([value]) => chosen.has(value)).map(([, label]) => label).join(", ") || "Choose…";
  const text = element("span", "truncate");
  const say = () => {
    text.textContent = name();
    summary.setAttribute("aria-label", `Value of ${field.label}: ${name()}`);
  };
  say();
  summary.append(text);
  const panel = element("div", "menu-panel");
  for (const [value, label] of field.options) {
    const line = element("label", "menu-item");
    const box = element("input", "checkbox", { type: "checkbox" });
    box.checked = chosen.has(value);
    box.addEventListener("change", () => {
      if (box.checked) chosen.add(value);
      else chosen.delete(value);
      say();
      set(field.options.map(([each]) => each).filter((each) => chosen.has(each)));
    });
    line.append(box, label);
    panel.append(line);
  }
  menu.append(summary, panel);
  return menu;
}

let lists = 0;

/** Offers values that leads have already, through a datalist, so that every keyboard and screen reader knows how. */
function suggest(input: HTMLInputElement, field: Field, isList: boolean): void {
  const list = element("datalist", "", { id: `filter-values-${++lists}` });
  let timer = 0;
  let running: AbortController | undefined;
  const ask = async () => {
    running?.abort();
    running = new AbortController();
    const before = isList ? input.value.slice(0, input.value.lastIndexOf(",") + 1) : "";
    const prefix = input.value.slice(before.length).trim();
    try {
      const answer = await fetch(`/leads/suggest?${new URLSearchParams({ field: field.name, prefix })}`, { signal: running.signal });
      if (!answer.ok) return;
      const values = (await answer.json()) as { value: string; label: string }[];
      list.replaceChildren(...values.map(({ value, label }) => {
        const option = new Option(label === value ? "" : label);
        option.value = before === "" ? value : `${before} ${value}`;
        return option;
      }));
    } catch {
      // Given up for a newer question, or offline: without suggestions one types on.
    }
  };
  const later = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), 150);
  };
  input.setAttribute("list", list.id);
  input.addEventListener("focus", () => void ask(), { once: true });
  input.addEventListener("input", later);
  // A datalist belongs to the document, not to the input: it goes where the input goes.
  queueMicrotask(() => input.after(list));
}
