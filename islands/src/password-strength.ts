// <password-strength>: says below a new password how good it is, while it is typed. The server judges, so that
// what is praised here is not refused afterwards.
import { define } from "./dom";

interface Verdict {
  score: number;
  problem: string | null;
}

const WORDS = ["Very weak", "Weak", "Not good enough", "Good", "Very good"];
const PAUSE = 250;

class PasswordStrength extends HTMLElement {
  #timer = 0;
  #asked: AbortController | null = null;

  connectedCallback(): void {
    this.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#ask(), PAUSE);
    });
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#asked?.abort();
  }

  async #ask(): Promise<void> {
    this.#asked?.abort();
    const password = this.querySelector<HTMLInputElement>("input[type=password]")?.value ?? "";
    if (password === "") return this.#show(null);
    const asked = (this.#asked = new AbortController());
    const body = new URLSearchParams({ password });
    // What somebody who knows the person would try.
    for (const name of ["email", "name", "organisation"]) {
      const known = this.closest("form")?.querySelector<HTMLInputElement>(`input[name=${name}]`)?.value;
      if (known) body.set(name, known);
    }
    try {
      const answer = await fetch(this.dataset["judge"] ?? "", { method: "POST", body, signal: asked.signal, headers: { accept: "application/json" } });
      this.#show(answer.ok ? ((await answer.json()) as Verdict) : null);
    } catch {
      // Typed on, or no connection: the form will be judged when it is sent.
    }
  }

  #show(verdict: Verdict | null): void {
    const box = this.querySelector<HTMLElement>(".strength");
    const [meter, words] = [box?.querySelector("meter"), box?.querySelector("p")];
    if (!box || !meter || !words) return;
    box.hidden = verdict === null;
    if (!verdict) return;
    // An empty meter looks broken: the weakest shows a little.
    meter.value = Math.max(verdict.score, 0.4);
    words.textContent = verdict.problem ?? WORDS[verdict.score] ?? "";
  }
}

define("password-strength", PasswordStrength);
