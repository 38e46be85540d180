/** The theme a person chose: kept in a cookie, so that the server paints the next page right from the start. */

const YEAR = 31_536_000;

/** Wire the control that changes between light, dark and what the system says. */
export function followTheme() {
  const chooser = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-theme-chooser]"));
  chooser?.addEventListener("change", (event) => {
    const theme = /** @type {HTMLInputElement} */ (event.target).value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax`;
  });
}
