// Menus are <details>, open without scripts. With them a menu lies in the top layer, so that no
// scrolling box cuts it off, opens where there is room, closes on Escape and on a press elsewhere,
// and moves with the arrow keys.
const MENU = "details.menu";
const GAP = 4;
/** What the arrow keys change by themselves. */
const OWN_ARROWS = "select, textarea, input[list], input:is([type=number], [type=date], [type=radio])";

function panelOf(menu: Element): HTMLElement | null {
  return menu.querySelector<HTMLElement>(":scope > .menu-panel");
}

function place(menu: HTMLDetailsElement, panel: HTMLElement): void {
  const summary = menu.querySelector("summary");
  if (!summary) return;
  const anchor = summary.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const left = menu.classList.contains("is-end") ? anchor.right - width : anchor.left;
  const below = anchor.bottom + GAP;
  const fitsBelow = below + height <= innerHeight - GAP;
  const top = fitsBelow || anchor.top < height + GAP ? below : anchor.top - GAP - height;
  panel.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
  panel.style.top = `${Math.max(GAP, Math.min(top, innerHeight - height - GAP))}px`;
}

// `toggle` does not bubble, but it can be captured.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLDetailsElement) || !menu.matches(MENU)) return;
    const panel = panelOf(menu);
    if (!panel) return;
    if (!menu.open) {
      if (panel.matches(":popover-open")) panel.hidePopover();
      panel.removeAttribute("popover");
      panel.style.removeProperty("left");
      panel.style.removeProperty("top");
      return;
    }
    for (const other of document.querySelectorAll<HTMLDetailsElement>(`${MENU}[open]`)) {
      if (other !== menu && !other.contains(menu)) other.open = false;
    }
    panel.popover = "manual";
    panel.showPopover();
    place(menu, panel);
  },
  true,
);

function close(menu: HTMLDetailsElement, refocus: boolean): void {
  menu.open = false;
  if (refocus) menu.querySelector("summary")?.focus();
}

document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>(`${MENU}[open]`)) {
    if (!(event.target instanceof Node) || !menu.contains(event.target)) close(menu, false);
  }
});

// On the way down, so that a menu's keys are its own: Escape closes it and not the dialog or the selection behind it.
document.addEventListener("keydown", (event) => {
  const menu = event.target instanceof Element ? event.target.closest<HTMLDetailsElement>(`${MENU}[open]`) : null;
  if (!menu) return;
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close(menu, true);
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !(event.target as Element).matches(OWN_ARROWS)) {
    const items = [...menu.querySelectorAll<HTMLElement>(".menu-panel :is(a, button, input, select)")].filter((item) => item.checkVisibility());
    const now = items.indexOf(document.activeElement as HTMLElement);
    const next = event.key === "ArrowDown" ? now + 1 : now < 0 ? items.length - 1 : now - 1;
    event.preventDefault();
    items.at(next % items.length)?.focus();
  }
}, true);

for (const moved of ["scroll", "resize"] as const) {
  addEventListener(
    moved,
    () => {
      for (const menu of document.querySelectorAll<HTMLDetailsElement>(`${MENU}[open]`)) {
        const panel = panelOf(menu);
        if (panel?.matches(":popover-open")) place(menu, panel);
      }
    },
    { capture: true, passive: true },
  );
}
