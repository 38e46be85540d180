/** The guidelines beside the work: opened and closed by key, always those of the rubric on screen, and what changed. */

import { askFor } from "../page/ask.js";
import { call } from "./api.js";
import { byId } from "./dom.js";
import { announce } from "./notices.js";

const GUIDELINES_OPEN = "review.guidelines";

/** The side panel; its words are rendered and cleaned by the server. */
export class Guidelines {
  /** @param {() => HTMLElement | undefined} work where the focus goes when they are closed by key */
  constructor(work) {
    this.work = work;
    this.panel = byId("guidelines");
    this.button = byId("guidelines-button");
    this.words = /** @type {HTMLElement} */ (this.panel.querySelector(".prose"));
    this.wanted = Number(this.panel.dataset.version);
    const wanted = localStorage.getItem(GUIDELINES_OPEN);
    // Whoever never chose sees them at once, where there are any and there is room.
    const some = !this.words.querySelector("[data-none]");
    if (wanted === "open" || (wanted === null && some && matchMedia("(min-width: 80rem)").matches)) this.set(true);
    this.button.addEventListener("click", () => this.toggle());
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.toggle();
    });
    this.panel.addEventListener("click", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (target.closest("[data-close]")) this.toggle();
      const read = target.closest("[data-read]");
      if (read) this.confirm(Number(read.getAttribute("data-read")));
    });
    this.badge();
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
    if (open) this.heading.focus();
    else if (inside) (this.work() || this.button).focus();
  }

  get heading() {
    return /** @type {HTMLElement} */ (this.panel.querySelector("h2"));
  }

  /** Say on the button what there is to read. */
  badge() {
    const state = this.words.querySelector("[data-reading]")?.getAttribute("data-reading");
    const badge = byId("guidelines-badge");
    badge.hidden = !state;
    badge.textContent = state === "changed" ? "changed" : "new";
  }

  /** The person has read a version. @param {number} version */
  async confirm(version) {
    try {
      await call("POST", `${this.panel.dataset.source}/read`, { version });
    } catch {
      announce("That could not be saved. Try again.");
      return;
    }
    this.words.querySelector("[data-reading]")?.remove();
    this.badge();
    this.heading.focus();
    announce("Noted: you have read these guidelines.");
  }

  /** Show the guidelines of a rubric version. @param {number} version */
  async follow(version) {
    this.wanted = version;
    if (String(version) === this.panel.dataset.version) return;
    const words = await askFor(`${this.panel.dataset.source}?version=${version}`);
    // Without an answer they are asked for again with the next item; and that may have been one of another version.
    if (words === null || this.wanted !== version || String(version) === this.panel.dataset.version) return;
    this.panel.dataset.version = String(version);
    this.words.innerHTML = words;
    this.badge();
    announce("The guidelines have changed. Press g to read them.");
  }
}
