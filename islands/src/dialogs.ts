// data-dialog-open="id" and data-dialog-close; a click on the veil closes.
import { on } from "./dom";

on("click", "[data-dialog-open]", (event, button) => {
  const dialog = document.getElementById(button.dataset["dialogOpen"] ?? "");
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  button.closest("details")?.removeAttribute("open");
  if (!dialog.open) dialog.showModal();
});

on("click", "[data-dialog-close]", (_event, button) => button.closest("dialog")?.close());

// The dialog's own box lies inside it, so a press whose target is the dialog itself is on the veil.
on("pointerdown", "dialog", (event, dialog) => {
  if (event.target !== dialog || !(dialog instanceof HTMLDialogElement) || dialog.hasAttribute("data-modal")) return;
  const box = dialog.getBoundingClientRect();
  const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  if (outside) dialog.close();
});

// An open drawer has no meaning once the sidebar stands beside the page.
matchMedia("(min-width: 901px)").addEventListener("change", (event) => {
  const sidebar = document.getElementById("sidebar");
  if (event.matches && sidebar?.matches(":popover-open")) sidebar.hidePopover();
});
