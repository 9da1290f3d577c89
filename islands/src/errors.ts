// What to say when a request never got an answer, and where an error page must not be swapped in.
import { contextOf } from "./dom";
import { toastError } from "./toast-item";

document.addEventListener("htmx:error", (event) => {
  const context = contextOf(event);
  if (!context || context.response) return;
  // Background refreshes try again by themselves.
  if (context.sourceElement.hasAttribute("data-live")) return;
  toastError(
    context.request.method === "GET"
      ? "The server could not be reached. Try again in a moment."
      : "The server could not be reached. Your change may not have been saved; trying again is safe.",
  );
});

// A fragment that refreshes itself keeps what it shows when the server has trouble.
document.addEventListener("htmx:before:swap", (event) => {
  const context = contextOf(event);
  if (context?.response && context.response.status >= 400 && context.sourceElement.hasAttribute("data-live")) event.preventDefault();
});
