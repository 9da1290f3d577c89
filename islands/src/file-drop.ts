// Sends a file with visible progress. Without scripts the same form posts it by itself.
import { define } from "./dom";
import { keepToasts } from "./toast-item";

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

class FileDrop extends HTMLElement {
  #request: XMLHttpRequest | null = null;

  connectedCallback(): void {
    const form = this.querySelector("form");
    const input = this.querySelector<HTMLInputElement>("input[type=file]");
    if (!form || !input) return;
    input.addEventListener("change", () => this.#chosen(form, input));
    form.addEventListener("submit", (event) => {
      if (!input.files?.length) return;
      event.preventDefault();
      this.#send(form);
    });
    this.#part("[data-drop-cancel]")?.addEventListener("click", () => this.#request?.abort());
    for (const type of ["dragenter", "dragover"]) this.addEventListener(type, (event) => this.#over(event, true));
    for (const type of ["dragleave", "drop"]) this.addEventListener(type, (event) => this.#over(event, false));
    this.addEventListener("drop", (event) => {
      const files = event.dataTransfer?.files;
      if (!files?.length) return;
      input.files = files;
      this.#chosen(form, input);
    });
    // A page from the back-forward cache must not show a finished upload.
    addEventListener("pageshow", (event) => event.persisted && this.#idle());
  }

  #part(selector: string): HTMLElement | null {
    return this.querySelector<HTMLElement>(selector);
  }

  #over(event: Event, over: boolean): void {
    event.preventDefault();
    this.toggleAttribute("data-over", over);
  }

  #chosen(form: HTMLFormElement, input: HTMLInputElement): void {
    const file = input.files?.[0];
    const name = this.#part("[data-drop-name]");
    if (name) name.textContent = file ? `${file.name} · ${megabytes(file.size)}` : "";
    this.#fail("");
    if (file && this.hasAttribute("data-auto")) form.requestSubmit();
  }

  #send(form: HTMLFormElement): void {
    this.#fail("");
    this.#toggle("[data-drop-progress]", true);
    this.#toggle("[data-drop-submit]", false);
    this.#status("Uploading");
    const bar = this.querySelector("progress");
    const numbers = this.#part("[data-drop-numbers]");
    const request = (this.#request = new XMLHttpRequest());
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable || !bar) return;
      const percent = Math.floor((event.loaded / event.total) * 100);
      bar.value = percent;
      if (numbers) numbers.textContent = `${megabytes(event.loaded)} of ${megabytes(event.total)} · ${percent}%`;
    });
    request.upload.addEventListener("load", () => {
      bar?.removeAttribute("value");
      this.#status("Reading the file");
    });
    request.addEventListener("load", () => this.#answered(request));
    request.addEventListener("error", () => {
      this.#idle();
      this.#fail("The connection broke before the file was complete. Nothing was imported; try again.");
    });
    request.addEventListener("abort", () => this.#idle());
    request.send(new FormData(form));
  }

  #answered(request: XMLHttpRequest): void {
    if (request.status < 400) {
      keepToasts(request.responseText);
      return location.assign(request.responseURL);
    }
    this.#idle();
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const said = page.querySelector("[data-drop-error]:not([hidden]), .toast-text, .notice-body, .state p")?.textContent?.trim();
    this.#fail(said || (request.status === 413 ? "The file is larger than this server accepts." : "The server did not accept the file. Nothing was imported."));
  }

  #idle(): void {
    this.#request = null;
    this.#toggle("[data-drop-progress]", false);
    this.#toggle("[data-drop-submit]", true);
    const bar = this.querySelector("progress");
    if (bar) bar.value = 0;
  }

  #toggle(selector: string, visible: boolean): void {
    const part = this.#part(selector);
    if (part) part.hidden = !visible;
  }

  #status(text: string): void {
    const part = this.#part("[data-drop-status]");
    if (part) part.textContent = text;
  }

  #fail(text: string): void {
    const part = this.#part("[data-drop-error]");
    if (!part) return;
    part.textContent = text;
    part.hidden = text === "";
  }
}

define("file-drop", FileDrop);
