// A cell of the grid is changed where it stands: a second press on it, e, F2 or Enter. Enter or leaving saves, Escape does
// not. What was typed shows at once; should the server refuse it, the editor is back with the reason.
import { cellOf, currentCell, focusCell, hrefOf } from "./grid";
import { render as renderTimes } from "./local-time";
import { toastError, toastUndo } from "./toast-item";

interface About {
  row: HTMLTableRowElement;
  field: string;
  editor: string;
  label: string;
  options: string[];
}

const INPUTS: Record<string, string> = { email: "email", tel: "tel", url: "url", date: "date" };
/** One after the other for each row: the version of the next is the answer to the one before. */
const queues = new Map<string, Promise<unknown>>();

function about(cell: HTMLTableCellElement): About | null {
  const grid = cell.closest("table");
  const head = grid?.tHead?.rows[0]?.cells[cell.cellIndex];
  const field = head?.dataset["field"];
  if (!grid || !head || !field) return null;
  const options = (head.dataset["options"] ?? "").split("\n").filter(Boolean);
  return { row: cell.parentElement as HTMLTableRowElement, field, editor: head.dataset["editor"] ?? "text", label: head.textContent?.trim() ?? "", options };
}

function rawOf(cell: HTMLTableCellElement): string {
  return cell.dataset["v"] ?? cell.textContent?.trim() ?? "";
}

/** The choices stand in the bar of the selection already. */
function choices(editor: string, options: string[]): [string, string][] {
  if (editor === "bool") return [["", "Unknown"], ["true", "Yes"], ["false", "No"]];
  if (editor === "choice") return [["", "None"], ...options.map((option): [string, string] => [option, option])];
  const source = document.querySelector<HTMLSelectElement>(editor === "status" ? "#bulk-status" : "#bulk-owner");
  return [...(source?.options ?? [])].map((option) => [option.value, option.text]);
}

function control(cell: HTMLTableCellElement, { editor, label, options, row }: About, value: string): HTMLInputElement | HTMLSelectElement {
  const name = row.querySelector(".is-title .person-name")?.textContent ?? "";
  const isSelect = ["status", "owner", "bool", "choice"].includes(editor);
  const made = document.createElement(isSelect ? "select" : "input");
  made.className = isSelect ? "input select" : "input";
  made.setAttribute("aria-label", `${label} of ${name}`);
  if (made instanceof HTMLSelectElement) {
    for (const [key, text] of choices(editor, options)) {
      const chosen = key === value || text === value || (key === "" && value === "");
      made.add(new Option(text, key, chosen, chosen));
    }
  } else {
    made.type = INPUTS[editor] ?? "text";
    made.autocomplete = "off";
    if (editor === "number") made.inputMode = "decimal";
    if (editor === "tags") made.placeholder = "Tag, another tag";
    made.value = value;
  }
  cell.classList.add("is-editing");
  cell.replaceChildren(made);
  return made;
}

/** Opens the editor of a cell; false where there is none. `typed` and `problem` are of a save that was refused. */
export function edit(cell: HTMLTableCellElement, typed?: string, problem?: string): boolean {
  const what = about(cell);
  if (!what) return false;
  if (cell.classList.contains("is-editing")) return true;
  const before = [...cell.childNodes];
  const raw = rawOf(cell);
  const field = control(cell, what, typed ?? raw);
  const initial = field.value;
  let done = false;
  let byPointer = false;

  const close = (refocus: boolean) => {
    done = true;
    cell.classList.remove("is-editing");
    cell.replaceChildren(...before);
    if (refocus) focusCell(cell);
  };
  const commit = (refocus: boolean) => {
    if (done) return;
    const value = field.value.trim();
    const same = typed === undefined && field.value === initial;
    const shown = field instanceof HTMLSelectElement ? field.selectedOptions[0]?.text ?? "" : value;
    close(refocus);
    if (!same) save(cell, what, value, raw, value === "" ? "" : shown, true);
  };

  field.addEventListener("keydown", (event) => {
    const { key, shiftKey } = event as KeyboardEvent;
    if ((event as KeyboardEvent).isComposing) return;
    if (key === "Escape") close(true);
    else if (key === "Enter") commit(true);
    else if (key === "Tab") {
      const next = (shiftKey ? cell.previousElementSibling : cell.nextElementSibling) as HTMLTableCellElement | null;
      commit(true);
      if (next) focusCell(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  field.addEventListener("pointerdown", () => (byPointer = true));
  // Arrow keys change a closed list, too: only what was pressed is chosen for good.
  field.addEventListener("change", () => field instanceof HTMLSelectElement && byPointer && commit(true));
  field.addEventListener("blur", () => commit(false));

  if (problem) {
    const line = document.createElement("p");
    line.className = "field-error";
    line.id = `${what.row.id}-error`;
    line.setAttribute("role", "alert");
    line.textContent = problem;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", line.id);
    cell.append(line);
  }
  field.focus();
  if (field instanceof HTMLInputElement) field.select();
  return true;
}

/** The rows's cells as the server has them now, except one in which somebody types. */
function refresh(row: HTMLTableRowElement, html: string): void {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.querySelector("tr");
  if (!fresh || fresh.id !== row.id) return;
  row.dataset["version"] = fresh.dataset["version"] ?? "";
  for (const [at, cell] of [...row.cells].entries()) {
    const now = fresh.cells[at];
    if (!now || cell.matches(".is-editing, .is-select")) continue;
    cell.replaceChildren(...now.childNodes);
    cell.className = now.className;
    if (now.dataset["v"] === undefined) delete cell.dataset["v"];
    else cell.dataset["v"] = now.dataset["v"];
    for (const inner of cell.querySelectorAll<HTMLElement>("a")) inner.tabIndex = row.closest("[role=grid]") ? -1 : 0;
  }
  renderTimes();
}

/** Why the server did not save. */
async function reason(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => null)) as { detail?: string; errors?: { detail: string }[] } | null;
  return problem?.errors?.[0]?.detail ?? problem?.detail ?? "This could not be saved. Try again.";
}

function save(cell: HTMLTableCellElement, what: About, value: string, raw: string, shown: string, undoable: boolean): void {
  const { row, field, label } = what;
  const before = [...cell.childNodes];
  const rawBefore = cell.dataset["v"];
  // Not wholly as the server will draw it, but what was typed stands there at once.
  cell.replaceChildren(shown);
  cell.dataset["v"] = value;
  cell.classList.add("is-saving");
  const restore = () => {
    cell.classList.remove("is-saving");
    cell.replaceChildren(...before);
    if (rawBefore === undefined) delete cell.dataset["v"];
    else cell.dataset["v"] = rawBefore;
  };
  const send = async () => {
    const columns = row.closest("table")?.dataset["columns"] ?? "";
    const response = await fetch(`/leads/${row.id}/fields`, {
      method: "POST",
      headers: { Accept: "application/problem+json", "If-Match": `"${row.dataset["version"] ?? ""}"`, "Idempotency-Key": crypto.randomUUID() },
      body: new URLSearchParams({ field, value, columns }),
      // Whoever leaves the page at once has saved all the same.
      keepalive: true,
    }).catch(() => null);
    // The session has ended: the page itself shows the way to sign in.
    if (response?.redirected) return location.reload();
    if (response?.ok) {
      cell.classList.remove("is-saving");
      refresh(row, await response.text());
      const name = row.querySelector(".is-title .person-name")?.textContent ?? "";
      if (undoable) toastUndo(`${label} of ${name} saved.`, () => save(cell, what, raw, value, raw, false));
      return;
    }
    restore();
    if (!response) return toastError(`${label} was not saved: the server cannot be reached.`);
    const why = await reason(response);
    // Only what was typed wrongly can be put right here.
    if (response.status === 422 && cell.isConnected && !document.querySelector(".is-editing")) edit(cell, value, why);
    else toastError(why);
  };
  const turn = (queues.get(row.id) ?? Promise.resolve()).then(send);
  queues.set(row.id, turn);
}

document.addEventListener("keydown", (event) => {
  const cell = currentCell();
  if (!cell || event.target !== cell || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "F2") {
    if (edit(cell)) event.preventDefault();
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (edit(cell)) return;
    const href = hrefOf(cell.closest("tr"));
    if (href) location.assign(href);
  }
});

// The first press chooses the cell, one more on the same opens its editor: twice with a mouse, two taps with a finger.
let chosenBefore: HTMLTableCellElement | null = null;
document.addEventListener("pointerdown", (event) => (chosenBefore = cellOf(event.target) === currentCell() ? currentCell() : null), true);
document.addEventListener("click", (event) => {
  const cell = cellOf(event.target);
  if (!cell || cell !== chosenBefore || cell.classList.contains("is-editing")) return;
  if (event.target instanceof Element && event.target.closest("a, button, input, select")) return;
  edit(cell);
});
