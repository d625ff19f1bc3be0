// On a page of another site: Esc closes the window there, which alone knows where the focus came from.

addEventListener("keydown", (event) => {
  if (event.key === "Escape") parent.postMessage("hvs-close", "*");
});
