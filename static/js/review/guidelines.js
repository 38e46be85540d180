/** The guidelines beside the work: opened and closed by key, and always those of the rubric on screen. */

import { byId } from "./dom.js";

const GUIDELINES_OPEN = "review.guidelines";

/** The side panel; its words are rendered and cleaned by the server. */
export class Guidelines {
  constructor() {
    this.panel = byId("guidelines");
    this.button = byId("guidelines-button");
    const wanted = localStorage.getItem(GUIDELINES_OPEN);
    // Whoever never chose sees them at once where there is room.
    if (wanted === "open" || (wanted === null && matchMedia("(min-width: 80rem)").matches)) this.set(true);
    this.button.addEventListener("click", () => this.toggle());
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.toggle();
    });
    this.panel.querySelector("[data-close]")?.addEventListener("click", () => this.toggle());
  }

  /** @param {boolean} open */
  set(open) {
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
  }

  toggle() {
    const open = this.panel.hidden;
    const inside = this.panel.contains(document.activeElement);
    this.set(open);
    localStorage.setItem(GUIDELINES_OPEN, open ? "open" : "closed");
    if (open) /** @type {HTMLElement} */ (this.panel.querySelector("h2")).focus();
    else if (inside) this.button.focus();
  }

  /** Show the guidelines of a rubric version. @param {number} version */
  async follow(version) {
    if (String(version) === this.panel.dataset.version) return;
    this.panel.dataset.version = String(version);
    const response = await fetch(`${this.panel.dataset.source}?version=${version}`).catch(() => null);
    if (!response?.ok || response.redirected) return;
    /** @type {HTMLElement} */ (this.panel.querySelector(".prose")).innerHTML = await response.text();
  }
}
