/** What is being written is kept in this browser until it is published or discarded. */

import { byId } from "../review/dom.js";

/** @typedef {{questions: string, guidelines: string}} Written */

export class RubricDraft {
  /** @param {HTMLElement} root @param {Written} begun what the page came with */
  constructor(root, begun) {
    this.name = `rubric-draft.${root.dataset.slug}`;
    this.base = root.dataset.base;
    this.begun = begun;
  }

  /** What was kept and differs from what the page came with; it is forgotten where it does not. @returns {Written | null} */
  find() {
    const kept = JSON.parse(localStorage.getItem(this.name) || "null");
    const isPublished = kept?.sent && kept.base !== this.base;
    if (!kept || isPublished || this.isBegun(kept)) {
      localStorage.removeItem(this.name);
      return null;
    }
    const notice = byId("draft-notice");
    const moved = kept.base === this.base ? "" : ` It was begun on version ${kept.base}; version ${this.base} is in force now.`;
    notice.querySelector("[data-words]").textContent = `What you were writing is here again. It is kept in this browser only, and not published.${moved}`;
    notice.querySelector("[data-discard]").addEventListener("click", () => {
      localStorage.removeItem(this.name);
      location.replace(location.pathname + location.search);
    });
    notice.hidden = false;
    document.getElementById("began-with")?.remove();
    return kept;
  }

  /**
   * Keep it, unless nothing was changed yet: a page that was only opened must not take the place of a draft.
   * @param {Written} written @param {boolean} [sent] whether it is on its way to be published
   */
  keep(written, sent = false) {
    if (sent || !this.isBegun(written)) localStorage.setItem(this.name, JSON.stringify({ ...written, base: this.base, sent }));
    else localStorage.removeItem(this.name);
  }

  /** @param {Written} written @returns {boolean} whether it is what the page came with */
  isBegun(written) {
    return written.questions === this.begun.questions && written.guidelines === this.begun.guidelines;
  }
}
