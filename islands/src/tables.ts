// Marks the tables that fit their width: those need no scrolling box, which frees the sticky head,
// the menus and one stop of the Tab key.
import { onContent } from "./dom";

const seen = new WeakSet<Element>();

function measure(box: HTMLElement): void {
  const table = box.querySelector("table");
  if (!table) return;
  // On a phone a row is a card and nothing scrolls, whatever the widths say.
  const fits = getComputedStyle(table).display === "block" || table.scrollWidth <= box.clientWidth + 1;
  if (box.hasAttribute("data-fits") === fits) return;
  box.toggleAttribute("data-fits", fits);
  if (fits) box.removeAttribute("tabindex");
  else box.tabIndex = 0;
}

const observer = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const box = target.closest<HTMLElement>(".table-wrap");
    if (box) measure(box);
  }
});

onContent(() => {
  for (const box of document.querySelectorAll<HTMLElement>(".table-wrap")) {
    if (!box.closest(".chart-data")) measure(box);
    if (seen.has(box) || box.closest(".chart-data")) continue;
    seen.add(box);
    observer.observe(box);
    const table = box.querySelector("table");
    if (table) observer.observe(table);
  }
});
