// Sets the chosen theme before anything is painted. Without a choice, the system's theme holds.
// Not a module: modules run after the first paint.
(() => {
  const root = document.documentElement;
  let chosen = null;
  try {
    chosen = localStorage.getItem("numeral-theme");
  } catch {
    // Storage is switched off in this browser; the system's theme holds.
  }
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
})();
