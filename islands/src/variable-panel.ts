// Puts a template's variable where the cursor was. The names stand in the page as text; only with
// scripts do they become something to press.
import { define } from "./dom";

let last: HTMLInputElement | HTMLTextAreaElement | null = null;

function isText(target: EventTarget | null): target is HTMLInputElement | HTMLTextAreaElement {
  if (target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLInputElement && ["text", "search"].includes(target.type);
}

document.addEventListener("focusin", (event) => {
  if (isText(event.target) && event.target.form?.hasAttribute("data-variables")) last = event.target;
});

class VariablePanel extends HTMLElement {
  connectedCallback(): void {
    for (const code of this.querySelectorAll<HTMLElement>("code[data-insert]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "variable";
      button.dataset["insert"] = code.dataset["insert"] ?? "";
      button.title = `Insert ${button.dataset["insert"]}`;
      button.textContent = code.textContent;
      code.replaceWith(button);
    }
    this.addEventListener("click", this.#insert);
  }

  disconnectedCallback(): void {
    this.removeEventListener("click", this.#insert);
  }

  #insert = (event: Event): void => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-insert]") : null;
    if (!button) return;
    const field = last?.isConnected ? last : document.querySelector<HTMLTextAreaElement>("form[data-variables] textarea");
    if (!field) return;
    const text = button.dataset["insert"] ?? "";
    field.focus();
    field.setRangeText(text, field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
}

define("variable-panel", VariablePanel);
