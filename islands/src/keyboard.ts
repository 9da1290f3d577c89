// Commands by single keys. They act on rows (tr[data-row]) and on anything with data-shortcut,
// never while the person types, and never under a dialog.
import { isTyping, on } from "./dom";
import { currentCell, editHrefOf, focusRow, hrefOf } from "./grid";
import { edit } from "./inline-edit";
import { RowSelection } from "./row-selection";

const ROW = "tr[data-row]";

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(ROW)].filter((row) => row.checkVisibility());
}

function current(): HTMLElement | null {
  return document.querySelector<HTMLElement>(`${ROW}[data-current]`);
}

function mark(row: HTMLElement): void {
  if (focusRow(row)) return;
  for (const other of document.querySelectorAll(`${ROW}[data-current]`)) other.removeAttribute("data-current");
  row.setAttribute("data-current", "");
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(by: number): void {
  const all = rows();
  const now = current();
  const index = now ? all.indexOf(now) + by : by > 0 ? 0 : all.length - 1;
  const row = all[Math.max(0, Math.min(index, all.length - 1))];
  if (row) mark(row);
}

function go(address: string | undefined): boolean {
  if (!address) return false;
  location.assign(address);
  return true;
}

/** A button of the current row: data-row-shortcut="a". */
function pressInRow(row: HTMLElement | null, key: string): boolean {
  const target = [...(row?.querySelectorAll<HTMLElement>("[data-row-shortcut]") ?? [])].find((element) => element.dataset["rowShortcut"] === key);
  target?.click();
  return target !== undefined;
}

function press(key: string): boolean {
  const target = [...document.querySelectorAll<HTMLElement>("[data-shortcut]")].find((element) => element.dataset["shortcut"] === key && element.checkVisibility());
  target?.click();
  return target !== undefined;
}

function act(key: string): boolean {
  const row = current();
  switch (key) {
    case "j":
    case "k":
      if (rows().length === 0) return false;
      move(key === "j" ? 1 : -1);
      return true;
    case "x":
    case "X": {
      const box = row?.querySelector<HTMLInputElement>("td.is-select input");
      box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: key === "X" }));
      return box != null;
    }
    case "Enter":
      // A focused link or button keeps its own Enter.
      return document.activeElement === row && go(hrefOf(row));
    case "e": {
      const cell = currentCell();
      return (cell !== null && edit(cell)) || go(editHrefOf(row)) || press("e");
    }
    case "/": {
      const search = document.querySelector<HTMLInputElement>("input[data-search]");
      search?.focus();
      search?.select();
      return search != null;
    }
    case "?": {
      const help = document.querySelector<HTMLDialogElement>("dialog#keyboard-help");
      help?.showModal();
      return help != null;
    }
    case "[":
    case "]": {
      const link = document.querySelector<HTMLElement>(`a[data-pager="${key === "[" ? "prev" : "next"}"]`);
      link?.click();
      return link != null;
    }
    case "Escape": {
      const selection = [...document.querySelectorAll<RowSelection>("row-selection")].find((each) => each.hasSelection);
      if (selection) selection.clear();
      else row?.removeAttribute("data-current");
      return selection !== undefined || row !== null;
    }
    default:
      return key.length === 1 && (pressInRow(row, key) || press(key));
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape" && event.target instanceof HTMLElement && event.target.matches("[data-search]")) event.target.blur();
    return;
  }
  if (act(event.key)) event.preventDefault();
});

// A press on a row opens it, but not one on something inside that acts itself, nor the end of a
// text selection.
on("click", `${ROW}[data-href]`, (event, row) => {
  const target = event.target as Element;
  if (target.closest("a, button, input, select, textarea, label, summary, details, form .menu-panel, [data-no-open]")) return;
  if (getSelection()?.toString()) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset["href"], "_blank", "noopener");
  else go(row.dataset["href"]);
});

// On a Mac the modifier is Command.
if (/Mac|iP(hone|ad)/.test(navigator.platform)) {
  document.addEventListener("DOMContentLoaded", () => {
    for (const key of document.querySelectorAll("[data-mod-key]")) key.textContent = "⌘K";
    for (const key of document.querySelectorAll("[data-mod-only]")) key.textContent = "⌘";
  });
}
