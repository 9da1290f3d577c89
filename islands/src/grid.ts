// The grid of leads as one stop of the Tab key: arrows, j and k move from cell to cell, and what acts on a cell finds it
// here. Without scripts, and as cards on a phone, it is an ordinary table.
import { isTyping, onContent } from "./dom";

const GRID = "table[data-grid]";
const wide = matchMedia("(min-width: 641px)");

/** The cell of a grid that this is, or is in. */
export function cellOf(target: EventTarget | null): HTMLTableCellElement | null {
  return target instanceof Element ? target.closest<HTMLTableCellElement>(`${GRID} tbody td`) : null;
}

/** The cell that the keyboard is in. */
export function currentCell(): HTMLTableCellElement | null {
  return cellOf(document.activeElement);
}

/** Where a row opens. */
export function hrefOf(row: HTMLElement | null | undefined): string | undefined {
  return row?.dataset["href"] ?? row?.querySelector<HTMLAnchorElement>(`${GRID} .is-title a`)?.getAttribute("href") ?? undefined;
}

/** Where a row is edited as a whole. */
export function editHrefOf(row: HTMLElement | null | undefined): string | undefined {
  if (row?.dataset["edit"]) return row.dataset["edit"];
  const href = row?.closest("[data-editable]") && hrefOf(row);
  return href ? `${href}/edit` : undefined;
}

export function focusCell(cell: HTMLTableCellElement): void {
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Focuses the cell of this row that stands under the current one, or its title. */
export function focusRow(row: HTMLElement): boolean {
  if (!(row instanceof HTMLTableRowElement) || !row.closest(GRID)) return false;
  const now = currentCell()?.cellIndex;
  const cell = now === undefined ? row.querySelector<HTMLTableCellElement>(".is-title") : row.cells[now];
  if (cell) focusCell(cell);
  return cell != null;
}

/** Cards on a phone name their values. */
function label(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>("table.grid")) {
    const labels = [...(table.tHead?.rows[0]?.cells ?? [])].map((head) => head.textContent?.trim() ?? "");
    for (const row of table.tBodies[0]?.rows ?? []) {
      for (const cell of row.cells) if (!cell.matches(".is-title, .is-select")) cell.dataset["label"] = labels[cell.cellIndex] ?? "";
    }
  }
}

/** What is in a cell is reached through it: one stop of the Tab key for the whole grid. */
function prepare(): void {
  for (const grid of document.querySelectorAll<HTMLTableElement>(GRID)) {
    if (!wide.matches) {
      grid.removeAttribute("role");
      for (const inner of grid.querySelectorAll<HTMLElement>("tbody :is(a, input)")) inner.removeAttribute("tabindex");
    } else {
      grid.setAttribute("role", "grid");
      for (const inner of grid.querySelectorAll<HTMLElement>("tbody :is(a, input)")) inner.tabIndex = -1;
    }
    for (const cell of grid.querySelectorAll<HTMLElement>("tbody td")) if (!cell.hasAttribute("tabindex")) cell.tabIndex = -1;
    if (wide.matches && !grid.querySelector('tbody td[tabindex="0"]')) grid.querySelector<HTMLElement>("tbody td.is-title")?.setAttribute("tabindex", "0");
  }
}

onContent(label);
onContent(prepare);
wide.addEventListener("change", prepare);

// The grid remembers where one was.
document.addEventListener("focusin", (event) => {
  const cell = cellOf(event.target);
  if (!cell || !wide.matches) return;
  const grid = cell.closest<HTMLTableElement>(GRID);
  for (const other of grid?.querySelectorAll<HTMLElement>('tbody td[tabindex="0"]') ?? []) other.tabIndex = -1;
  cell.tabIndex = 0;
  for (const row of grid?.querySelectorAll("tr[data-current]") ?? []) row.removeAttribute("data-current");
  cell.closest("tr")?.setAttribute("data-current", "");
});

function neighbour(cell: HTMLTableCellElement, key: string): HTMLTableCellElement | null | undefined {
  const row = cell.parentElement as HTMLTableRowElement;
  const body = row.parentElement as HTMLTableSectionElement;
  switch (key) {
    case "ArrowLeft":
      return row.cells[cell.cellIndex - 1];
    case "ArrowRight":
      return row.cells[cell.cellIndex + 1];
    case "ArrowUp":
      return (row.previousElementSibling as HTMLTableRowElement | null)?.cells[cell.cellIndex];
    case "ArrowDown":
      return (row.nextElementSibling as HTMLTableRowElement | null)?.cells[cell.cellIndex];
    case "Home":
      return row.cells[0];
    case "End":
      return row.cells[row.cells.length - 1];
    case "PageUp":
      return body.rows[0]?.cells[cell.cellIndex];
    case "PageDown":
      return body.rows[body.rows.length - 1]?.cells[cell.cellIndex];
    default:
      return null;
  }
}

document.addEventListener("keydown", (event) => {
  const cell = cellOf(event.target);
  if (!cell || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
  const next = neighbour(cell, event.key);
  if (next) {
    event.preventDefault();
    focusCell(next);
  } else if (event.key === " " && event.target === cell) {
    event.preventDefault();
    cell.closest("tr")?.querySelector<HTMLElement>("td.is-select input")?.click();
  }
});

// The check box is small, its cell is not.
document.addEventListener("click", (event) => {
  const cell = cellOf(event.target);
  if (cell?.matches(".is-select") && event.target === cell) cell.querySelector("input")?.click();
});

// Forms beside the grid carry its state; a search changes it without them.
document.addEventListener("htmx:after:swap", () => {
  const state = document.querySelectorAll("#state > input[type=hidden]");
  for (const form of document.querySelectorAll("form[data-state]")) {
    for (const old of form.querySelectorAll(":scope > input[type=hidden]")) old.remove();
    form.prepend(...[...state].map((field) => field.cloneNode()));
  }
});
