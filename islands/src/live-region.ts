// Live pages: the server says what changed (ids, never content), and the fragments that care fetch
// themselves again. One connection per visible page, none where nothing on the page is live.
//
// A fragment: <section id="import" data-live="import:imp_…" hx-get="…" hx-trigger="live"
// hx-swap="outerMorph">. Topics are subjects ("lead", "campaign", "import") with an optional id.
// A message is JSON {kind, subject_type, subject_id}; `kind` is the event's ("mail.opened"), so a
// fragment may also listen to its first word ("mail").
import { define, onContent } from "./dom";

const THROTTLE_MS = 1000;
const SETTLE_MS = 300;
const RETRY_MS = [1000, 2000, 5000, 10_000, 30_000];

interface Message {
  kind?: string;
  subject_type?: string;
  subject_id?: string | null;
}

function topicsOf(element: HTMLElement): string[] {
  return (element.dataset["live"] ?? "").split(/\s+/).filter(Boolean);
}

class LiveRegion extends HTMLElement {
  #source: EventSource | null = null;
  #topics = "";
  #failures = 0;
  #retry = 0;
  #last = new WeakMap<HTMLElement, number>();
  #timers = new WeakMap<HTMLElement, number>();

  connectedCallback(): void {
    document.addEventListener("visibilitychange", this.sync);
    addEventListener("pagehide", this.#close);
    addEventListener("pageshow", this.sync);
    this.sync();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.sync);
    removeEventListener("pagehide", this.#close);
    removeEventListener("pageshow", this.sync);
    this.#close();
  }

  get #fragments(): HTMLElement[] {
    return [...document.querySelectorAll<HTMLElement>("[data-live]")];
  }

  /** Connects, reconnects or disconnects, as the page now needs. */
  sync = (): void => {
    const subjects = [...new Set(this.#fragments.flatMap(topicsOf).map((topic) => topic.split(":")[0]!))].sort();
    const topics = subjects.join(",");
    if (document.visibilityState === "hidden" || topics === "") return this.#close();
    if (this.#source && topics === this.#topics) return;
    this.#topics = topics;
    this.#connect();
  };

  #connect(): void {
    this.#close();
    const address = new URL(this.getAttribute("src") ?? "/live", location.href);
    address.searchParams.set("topics", this.#topics);
    const source = new EventSource(address);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#failures = 0;
      // Whatever happened while nobody listened, also between the page's making and now, is in the
      // next look at the fragments. The server follows its log from a moment after this one.
      window.setTimeout(() => this.#fragments.forEach((fragment) => this.#refresh(fragment)), SETTLE_MS);
    });
    source.addEventListener("message", (event: MessageEvent<string>) => this.#receive(event.data));
    // The server lost messages for a slow reader: look at everything once.
    source.addEventListener("resync", () => {
      for (const fragment of this.#fragments) this.#refresh(fragment);
    });
    source.addEventListener("error", () => {
      // The browser's own retry has no backoff and gives up on an error status.
      this.#close();
      const delay = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)]!;
      this.#retry = window.setTimeout(this.sync, delay * (0.75 + Math.random() / 2));
    });
  }

  #close = (): void => {
    window.clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  };

  #receive(data: string): void {
    let message: Message;
    try {
      message = JSON.parse(data) as Message;
    } catch {
      return;
    }
    const { kind = "", subject_type: type = "", subject_id: id } = message;
    const names = new Set([kind, kind.split(".")[0]!, type, `${type}:${id}`]);
    // Without an id it may be any of them: many changed at once, or which one is not for these eyes.
    const concerns = (topic: string) => names.has(topic) || (!id && topic.startsWith(`${type}:`));
    for (const fragment of this.#fragments) {
      if (topicsOf(fragment).some(concerns)) this.#refresh(fragment);
    }
  }

  /** At most one request per fragment and second: the first at once, the last after the pause. */
  #refresh(fragment: HTMLElement): void {
    if (this.#timers.has(fragment)) return;
    const wait = Math.max(0, (this.#last.get(fragment) ?? 0) + THROTTLE_MS - Date.now());
    const timer = window.setTimeout(() => {
      this.#timers.delete(fragment);
      this.#last.set(fragment, Date.now());
      if (!fragment.isConnected || document.visibilityState === "hidden") return;
      fragment.dispatchEvent(new CustomEvent("live"));
    }, wait);
    this.#timers.set(fragment, timer);
  }
}

define("live-region", LiveRegion);

onContent(() => {
  for (const region of document.querySelectorAll("live-region")) if (region instanceof LiveRegion) region.sync();
});
