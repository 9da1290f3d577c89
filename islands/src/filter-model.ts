// A filter as the builder edits it: a tree of groups and conditions, read from its JSON and written back.

export type Input =
  | "none" | "text" | "number" | "number-pair" | "days" | "date" | "date-pair" | "yes-no" | "choice" | "choices" | "list";

export interface Operator {
  name: string;
  label: string;
  input: Input;
}
export interface Field {
  name: string;
  label: string;
  group: string;
  operators: Operator[];
  options: [string, string][];
  suggests: boolean;
}
export type Value = string | number | boolean | (string | number)[] | undefined;
export interface Condition {
  field: string;
  op: string;
  value?: Value;
  not: boolean;
}
export type Join = "all" | "any";
export interface Group {
  join: Join;
  items: Node[];
  not: boolean;
}
/** Something this editor does not know stays as it came. */
export interface Unknown {
  raw: unknown;
}
export type Node = Group | Condition | Unknown;

export function isGroup(node: Node): node is Group {
  return "items" in node;
}

function read(json: unknown, not: boolean): Node {
  if (typeof json === "object" && json !== null) {
    const object = json as Record<string, unknown>;
    const keys = Object.keys(object);
    // Two negations of one thing are more than a box can show.
    if (keys.length === 1 && "not" in object && !not) return read(object["not"], true);
    for (const join of ["all", "any"] as const) {
      if (Array.isArray(object[join]) && keys.length === 1) {
        return { join, items: (object[join] as unknown[]).map((each) => read(each, false)), not };
      }
    }
    if (typeof object["field"] === "string" && typeof object["op"] === "string") {
      return { field: object["field"], op: object["op"], value: object["value"] as Value, not };
    }
  }
  return { raw: not ? { not: json } : json };
}

/** The tree of a filter's JSON; what is not JSON or empty is an empty group. */
export function readTree(text: string): Group {
  let json: unknown = null;
  try {
    json = JSON.parse(text || "null");
  } catch {
    // The text form: the server translates it.
  }
  if (json === null) return { join: "all", items: [], not: false };
  const node = read(json, false);
  return isGroup(node) && !node.not ? node : { join: "all", items: [node], not: false };
}

function isFilled(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every((part) => part !== "") : value !== undefined && value !== "";
}

/** The JSON of a tree. Conditions without their value are still being written: they are no part of the filter yet. */
export function toJson(node: Node, operator: (condition: Condition) => Operator | undefined): unknown {
  if ("raw" in node) return node.raw;
  let json: unknown;
  if (isGroup(node)) {
    const items = node.items.map((item) => toJson(item, operator)).filter((item) => item !== undefined);
    if (items.length === 0) return undefined;
    json = { [node.join]: items };
  } else {
    const input = operator(node)?.input;
    if (input !== "none" && !isFilled(node.value)) return undefined;
    if (input?.endsWith("-pair") && (node.value as unknown[]).length !== 2) return undefined;
    json = input === "none" ? { field: node.field, op: node.op } : { field: node.field, op: node.op, value: node.value };
  }
  return node.not ? { not: json } : json;
}

/** The conditions that are in the filter already, with where the server finds them: JSON pointer to condition. */
export function pointers(node: Node, at: string, operator: (condition: Condition) => Operator | undefined, found = new Map<string, Condition>()): Map<string, Condition> {
  if ("raw" in node) return found;
  const inside = node.not ? `${at}/not` : at;
  if (isGroup(node)) {
    const written = node.items.filter((item) => toJson(item, operator) !== undefined);
    written.forEach((item, index) => pointers(item, `${inside}/${node.join}/${index}`, operator, found));
  } else found.set(inside, node);
  return found;
}
