// Runs before the first paint: the chosen theme must be on the document before anything is drawn.
// Without a choice the attribute stays away and the styles follow the system.
const root = document.documentElement;
root.dataset["script"] = "";
try {
  const choice = localStorage.getItem("leadline.theme");
  if (choice === "light" || choice === "dark") root.dataset["theme"] = choice;
} catch {
  // Storage can be forbidden; the system's theme is fine.
}
