// Why a lead has its score: fetched when the pointer rests on the number or the keyboard comes to it.
import { cellOf } from "./grid";

const WAIT_MS = 150;
const known = new Map<string, string>();
let timer = 0;
let shown: HTMLTableCellElement | null = null;

function panel(): HTMLElement {
  const there = document.getElementById("score-reasons");
  if (there) return there;
  const made = document.createElement("div");
  made.id = "score-reasons";
  made.className = "score-panel";
  made.popover = "manual";
  made.setAttribute("role", "tooltip");
  document.body.append(made);
  return made;
}

function scoreCell(target: EventTarget | null): HTMLTableCellElement | null {
  const cell = cellOf(target);
  return cell?.querySelector(".score") ? cell : null;
}

function hide(): void {
  window.clearTimeout(timer);
  shown?.removeAttribute("aria-describedby");
  shown = null;
  const there = document.getElementById("score-reasons");
  if (there?.matches(":popover-open")) there.hidePopover();
}

async function show(cell: HTMLTableCellElement): Promise<void> {
  const row = cell.closest("tr");
  if (!row) return;
  shown = cell;
  const key = `${row.id} ${cell.textContent}`;
  let html = known.get(key);
  if (html === undefined) {
    const response = await fetch(`/leads/${row.id}/score`, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!response?.ok || response.redirected) return;
    html = await response.text();
    known.set(key, html);
  }
  if (shown !== cell || !cell.isConnected) return;
  const tip = panel();
  tip.innerHTML = html;
  tip.showPopover();
  const [anchor, box] = [cell.getBoundingClientRect(), tip.getBoundingClientRect()];
  const below = anchor.bottom + 4;
  tip.style.left = `${Math.max(8, Math.min(anchor.right - box.width, innerWidth - box.width - 8))}px`;
  tip.style.top = `${below + box.height < innerHeight - 8 ? below : anchor.top - 4 - box.height}px`;
  cell.setAttribute("aria-describedby", tip.id);
}

function soon(event: Event): void {
  const cell = scoreCell(event.target);
  if (cell === shown && cell) return;
  hide();
  if (cell) timer = window.setTimeout(() => void show(cell), WAIT_MS);
}

document.addEventListener("pointerover", soon);
document.addEventListener("focusin", soon);
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
addEventListener("scroll", hide, { capture: true, passive: true });
