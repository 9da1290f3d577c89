// data-print: prints the page. The button is hidden until there is somebody to press it for.
import { on, onContent } from "./dom";

onContent(() => document.querySelectorAll<HTMLElement>("[data-print]").forEach((button) => (button.hidden = false)));
on("click", "[data-print]", () => print());
