// <passkey-form>: makes a passkey, or shows one, when its button is pressed; with data-autofill also when the
// browser's suggestion in the address field is taken. Hidden where the browser has no passkeys.
import { define } from "./dom";

interface Ceremony {
  challenge_id: string;
  options: { publicKey: Record<string, unknown> };
}

interface Problem {
  detail?: string;
  remedy?: string;
}

/** The ceremony that waits for a suggestion to be taken: there can be one at a time. */
let waiting: AbortController | null = null;

class PasskeyForm extends HTMLElement {
  #creates = this.dataset["purpose"] === "create";

  connectedCallback(): void {
    if (typeof PublicKeyCredential === "undefined") return;
    this.hidden = false;
    const button = this.querySelector("button");
    button?.addEventListener("click", () => void this.#attempt(button));
    this.querySelector("input")?.addEventListener("keydown", (event) => {
      if (event.key === "Enter") button?.click();
    });
    if (this.hasAttribute("data-autofill")) void this.#suggest();
  }

  disconnectedCallback(): void {
    if (this.hasAttribute("data-autofill")) waiting?.abort();
  }

  async #attempt(button: HTMLButtonElement): Promise<void> {
    waiting?.abort();
    this.#say("");
    button.disabled = true;
    try {
      await this.#run();
    } catch (error) {
      this.#say(reason(error));
    } finally {
      button.disabled = false;
    }
  }

  /** Offers passkeys in the field for the address. Silent: whoever does not take one has lost nothing. */
  async #suggest(): Promise<void> {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    waiting = new AbortController();
    try {
      await this.#run(waiting.signal);
    } catch (error) {
      if (error instanceof Refused) this.#say(error.message);
    }
  }

  async #run(signal?: AbortSignal): Promise<void> {
    const { begin = "", finish = "", purpose, next = "" } = this.dataset;
    const name = this.querySelector("input")?.value ?? "";
    const { challenge_id, options } = await post<Ceremony>(begin, this.#creates ? { name } : { purpose });
    const credential = this.#creates
      ? await navigator.credentials.create({ publicKey: creation(options.publicKey) })
      : await navigator.credentials.get({ publicKey: request(options.publicKey), ...(signal ? { mediation: "conditional", signal } : {}) });
    if (!(credential instanceof PublicKeyCredential)) return;
    const answer = this.#creates ? { challenge_id, credential: encode(credential), next } : { purpose, challenge_id, credential: encode(credential), next };
    const done = await post<{ next: string }>(finish, answer);
    location.assign(done.next);
  }

  #say(text: string): void {
    const line = this.querySelector<HTMLElement>("[data-problem]");
    if (!line) return;
    line.textContent = text;
    line.hidden = text === "";
  }
}

/** Our own refusal, in words for people. */
class Refused extends Error {}

async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (answer.ok) return (await answer.json()) as T;
  const problem = (await answer.json().catch(() => ({}))) as Problem;
  if (problem.remedy) {
    location.assign(`${problem.remedy}?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  throw new Refused(problem.detail ?? "The server did not answer. Try again.");
}

function reason(error: unknown): string {
  if (error instanceof Refused) return error.message;
  if (!(error instanceof DOMException)) return "That did not work. Try again.";
  switch (error.name) {
    case "NotAllowedError":
      return "Nothing was chosen, or it took too long. Try again.";
    case "InvalidStateError":
      return "This device has a passkey for your account already.";
    case "AbortError":
      return "";
    default:
      return "This browser could not use a passkey here.";
  }
}

// JSON carries bytes as base64url; the browser wants buffers. (PublicKeyCredential.parse…FromJSON is too new.)

interface Descriptor {
  type: "public-key";
  id: string;
}

function creation(json: Record<string, unknown>): PublicKeyCredentialCreationOptions {
  const user = json["user"] as { id: string };
  const excluded = (json["excludeCredentials"] ?? []) as Descriptor[];
  const decoded = { challenge: bytes(json["challenge"] as string), user: { ...user, id: bytes(user.id) }, excludeCredentials: excluded.map(descriptor) };
  return { ...json, ...decoded } as unknown as PublicKeyCredentialCreationOptions;
}

function request(json: Record<string, unknown>): PublicKeyCredentialRequestOptions {
  const allowed = (json["allowCredentials"] ?? []) as Descriptor[];
  return { ...json, challenge: bytes(json["challenge"] as string), allowCredentials: allowed.map(descriptor) };
}

function descriptor({ type, id }: Descriptor): PublicKeyCredentialDescriptor {
  return { type, id: bytes(id) };
}

function encode(credential: PublicKeyCredential): unknown {
  const { response } = credential;
  const common = { id: credential.id, rawId: text(credential.rawId), type: credential.type, extensions: credential.getClientExtensionResults() };
  const clientDataJSON = text(response.clientDataJSON);
  if (response instanceof AuthenticatorAttestationResponse) {
    return { ...common, response: { clientDataJSON, attestationObject: text(response.attestationObject), transports: response.getTransports?.() } };
  }
  const { authenticatorData, signature, userHandle } = response as AuthenticatorAssertionResponse;
  return { ...common, response: { clientDataJSON, authenticatorData: text(authenticatorData), signature: text(signature), userHandle: userHandle && text(userHandle) } };
}

function bytes(encoded: string): Uint8Array<ArrayBuffer> {
  const plain = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

function text(buffer: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

define("passkey-form", PasskeyForm);
