// The order of columns, moved by buttons, by Alt with an arrow key, or by dragging. Without scripts the buttons ask the server.
import { define } from "./dom";

class ColumnPicker extends HTMLElement {
  #dragged: HTMLElement | null = null;

  connectedCallback(): void {
    this.addEventListener("click", this.#click);
    this.addEventListener("keydown", this.#key);
    this.addEventListener("dragstart", (event) => (this.#dragged = this.#line(event.target)));
    this.addEventListener("dragover", this.#over);
    this.addEventListener("dragend", () => {
      if (this.#dragged) this.#tell(this.#dragged);
      this.#dragged = null;
    });
  }

  #line(target: EventTarget | null): HTMLElement | null {
    return target instanceof Element ? target.closest<HTMLElement>("[data-column]") : null;
  }

  #move(line: HTMLElement, up: boolean): void {
    const other = up ? line.previousElementSibling : line.nextElementSibling;
    const focused = document.activeElement;
    if (up) other?.before(line);
    else other?.after(line);
    // Moving takes the focus away from what is moved.
    if (focused instanceof HTMLElement && line.contains(focused)) focused.focus();
    line.scrollIntoView({ block: "nearest" });
    this.#tell(line);
  }

  #tell(line: HTMLElement): void {
    const lines = [...this.querySelectorAll("[data-column]")];
    const place = this.querySelector("[data-moved]");
    if (place) place.textContent = `${line.querySelector("label")?.textContent?.trim() ?? ""} is ${lines.indexOf(line) + 1} of ${lines.length}`;
  }

  #click = (event: MouseEvent): void => {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button[name=up], button[name=down]") : null;
    const line = this.#line(button);
    if (!button || !line) return;
    event.preventDefault();
    this.#move(line, button.name === "up");
  };

  #key = (event: KeyboardEvent): void => {
    const line = this.#line(event.target);
    if (!line || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    this.#move(line, event.key === "ArrowUp");
  };

  #over = (event: DragEvent): void => {
    const line = this.#line(event.target);
    if (!this.#dragged || !line || line === this.#dragged) return;
    event.preventDefault();
    const box = line.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) line.before(this.#dragged);
    else line.after(this.#dragged);
  };
}

define("column-picker", ColumnPicker);
