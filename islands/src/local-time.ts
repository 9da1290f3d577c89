// <time datetime data-format> in the reader's own language and zone. The source says UTC.
import { onContent } from "./dom";

const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const dateTime = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
// The interface speaks English, so these words do too.
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

function ago(at: Date): string {
  const seconds = (at.getTime() - Date.now()) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  if (size > 6.5 * 86_400) return date.format(at);
  for (const [unit, length] of UNITS) {
    if (size >= length * 0.9) return relative.format(Math.round(seconds / length), unit);
  }
  return relative.format(Math.round(seconds / 60), "minute");
}

export function render(): void {
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[datetime]:is([data-format], .grid time)")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const format = element.dataset["format"];
    const text = format === "date" ? date.format(at) : format === "datetime" ? dateTime.format(at) : ago(at);
    if (element.textContent !== text) element.textContent = text;
    element.title = full.format(at);
  }
}

onContent(render);
setInterval(() => document.visibilityState === "visible" && render(), 30_000);
