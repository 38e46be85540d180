/** Buttons that copy the text beside them. */

/** Wire every `[data-copy]`; its value is the id of what to copy. */
export function wireCopying() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const source = /** @type {HTMLElement} */ (document.getElementById(button.dataset.copy));
      const label = /** @type {HTMLElement} */ (button.querySelector(".label"));
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        label.textContent = "Copied";
      } catch {
        getSelection()?.selectAllChildren(source); // no clipboard on insecure origins: selected is nearly copied
        label.textContent = "Selected";
      }
    });
  }
}
