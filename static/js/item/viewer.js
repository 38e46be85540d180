/** An item on the page: as it reads best or as it was written, where its citations lead, where its links would lead. */

import { make } from "../review/dom.js";
import { showAncestors } from "./reveal.js";
import { ItemSearch } from "./search.js";

const AS_WRITTEN = "review.as-written";

/** Wires the HTML that the server made of an item (`sampling/items/show/`). */
export class ItemViewer {
  /** @param {HTMLElement} root the element that holds the item */
  constructor(root) {
    this.root = root;
    this.heading = /** @type {HTMLElement} */ (root.querySelector("[data-item-heading]"));
    this.rawButton = root.querySelector("[data-raw]");
    this.search = new ItemSearch(root);
    for (const time of root.querySelectorAll("time[data-local]")) {
      const at = new Date(time.getAttribute("datetime") || "");
      time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    }
    root.addEventListener("click", (event) => this.clicked(event));
    root.querySelector("[data-search]")?.addEventListener("click", () => this.search.open());
    this.rawButton?.addEventListener("click", () => this.toggleWritten());
    this.showWritten(localStorage.getItem(AS_WRITTEN) === "on");
  }

  /** Everything as it was written, or as it reads best. */
  toggleWritten() {
    const marking = this.root.querySelectorAll(".marking:has(> .reading)");
    if (marking.length) {
      // What is being marked is shown as written; the other reading is only looked at.
      const peek = !marking[0].classList.contains("peek");
      for (const value of marking) value.classList.toggle("peek", peek);
      this.rawButton?.setAttribute("aria-pressed", String(!peek));
      this.search.again();
      return;
    }
    if (!this.rawButton) return;
    const on = this.root.dataset.reading !== "written";
    localStorage.setItem(AS_WRITTEN, on ? "on" : "off");
    this.showWritten(on);
  }

  /** @param {boolean} on */
  showWritten(on) {
    if (on) this.root.dataset.reading = "written";
    else delete this.root.dataset.reading;
    this.rawButton?.setAttribute("aria-pressed", String(on));
    this.search.again();
  }

  /** The element whose text is the text of a question's target, character by character. @param {string} target */
  textOf(target) {
    return /** @type {HTMLElement | null} */ (this.root.querySelector(`[data-target="${target}"] > .written`));
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const on = /** @type {HTMLElement} */ (event.target);
    const link = on.closest("button[data-href]");
    if (link) open(link.getAttribute("data-href") || "", "_blank", "noopener,noreferrer");
    const named = on.closest("button[data-step]");
    if (named) {
      const name = named.closest(".step")?.querySelector(".name")?.textContent;
      named.dispatchEvent(new CustomEvent("name-step", { bubbles: true, detail: `Step ${named.getAttribute("data-step")}, ${name}: ` }));
    }
    const cite = on.closest("a.cite");
    if (cite) {
      event.preventDefault();
      if (cite.closest(".marking") && !event.ctrlKey && !event.metaKey) return; // a click puts the caret there
      this.follow(/** @type {HTMLElement} */ (cite));
    }
  }

  /** Go where a citation leads, and leave a way back. @param {HTMLElement} cite */
  follow(cite) {
    const id = (cite.getAttribute("href") || "").slice(1);
    const place = /** @type {HTMLElement | null} */ (this.root.querySelector(`[id="${CSS.escape(id)}"]`));
    if (!place) return;
    showAncestors(place);
    if (place.closest(".written, .reading")?.checkVisibility() === false) this.toggleWritten();
    this.root.querySelector(".came-from")?.remove();
    const back = make("button", { type: "button", class: "button quiet came-from" }, "Back to the citation");
    back.addEventListener("click", () => {
      back.remove();
      cite.scrollIntoView({ block: "center" });
      cite.focus({ preventScroll: true });
    });
    (place.querySelector(".passage-head, summary") || place).after(back);
    place.scrollIntoView({ block: "nearest" });
    place.focus({ preventScroll: true });
  }
}
