/** Panels that lie over the page: one at a time, closed by Escape and by a press elsewhere. */

export function wirePopovers() {
  const panels = /** @type {HTMLDetailsElement[]} */ ([...document.querySelectorAll("details[data-popover]")]);
  for (const panel of panels) {
    panel.addEventListener("toggle", () => {
      if (!panel.open) return;
      for (const other of panels) if (other !== panel) other.open = false;
    });
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !panel.open) return;
      panel.open = false;
      panel.querySelector("summary")?.focus();
      event.stopPropagation();
    });
  }
  document.addEventListener("pointerdown", (event) => {
    const target = /** @type {Element} */ (event.target);
    // What was drawn anew under the pointer is in no panel any more, and was in one.
    if (!target.isConnected || target.closest("details[data-popover]")) return;
    for (const panel of panels) panel.open = false;
  });
}
