// Light, dark or the system's choice, kept in this browser.
import { define } from "./dom";

const KEY = "leadline.theme";

function stored(): string {
  try {
    return localStorage.getItem(KEY) ?? "system";
  } catch {
    return "system";
  }
}

function apply(choice: string): void {
  const root = document.documentElement;
  if (choice === "light" || choice === "dark") root.dataset["theme"] = choice;
  else delete root.dataset["theme"];
  for (const button of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset["themeChoice"] === choice));
  }
}

class ThemeSwitch extends HTMLElement {
  connectedCallback(): void {
    apply(stored());
    this.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-theme-choice]") : null;
      const choice = button?.dataset["themeChoice"];
      if (!choice) return;
      try {
        if (choice === "system") localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, choice);
      } catch {
        // Not kept, but this page still changes.
      }
      apply(choice);
    });
  }
}

define("theme-switch", ThemeSwitch);
addEventListener("storage", (event) => event.key === KEY && apply(stored()));
