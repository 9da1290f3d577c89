// The few helpers that every behaviour needs.

/** Adds an event listener on the document for elements that match, now and in later swaps. */
export function on<K extends keyof DocumentEventMap>(
  type: K,
  selector: string,
  handle: (event: DocumentEventMap[K], element: HTMLElement) => void,
): void {
  document.addEventListener(type, (event) => {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
    if (target) handle(event, target);
  });
}

/** Runs now for the whole document and again after each htmx swap. */
export function onContent(run: () => void): void {
  const start = () => run();
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start, { once: true });
  else start();
  document.addEventListener("htmx:after:swap", start);
}

/** What an htmx event says about its request. */
export interface RequestContext {
  sourceElement: HTMLElement;
  target?: Element;
  request: {
    method: string;
    action: string;
    headers: Record<string, string>;
    form?: HTMLFormElement | null;
    body?: FormData | URLSearchParams | null;
  };
  response?: { status: number };
  text?: string;
}

export function contextOf(event: Event): RequestContext | undefined {
  return (event as CustomEvent<{ ctx?: RequestContext }>).detail?.ctx;
}

/** Is the person typing, so that a letter is text and not a command? */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "range", "file"].includes(target.type);
}

export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
