/** What was decided and is not saved yet, as it lies on this machine: it survives a reload, a crash and a lost session. */

const UNSENT = "review.unsent";
let counted = 0;

/**
 * What goes to the server. Its body, and with it its submit id, stays the same however often it is sent.
 * @typedef {{id: string, tab: string, name: string, kind: "label" | "skip" | "escalate" | "undo" | "revise", path: string,
 *   title: string, body: Record<string, any>}} Letter
 */

/** One person's letters in one project. Every letter has a key of its own, so that tabs never overwrite each other's. */
export class Shelf {
  /** @param {{person: string, name: string, project: string}} owner */
  constructor({ person, name, project }) {
    this.name = name;
    this.project = project;
    this.prefix = `${UNSENT}:${project}:${person}:`;
  }

  /** An id that sorts by time. */
  newId() {
    return `${Date.now().toString(36).padStart(9, "0")}-${String(++counted).padStart(5, "0")}-${Math.random().toString(36).slice(2, 8)}`;
  }

  /** Keep a letter. @param {Letter} letter @returns {boolean} whether there was room */
  put(letter) {
    try {
      localStorage.setItem(this.prefix + letter.id, JSON.stringify(letter));
      return true;
    } catch {
      return false; // full, or forbidden: it is sent all the same, and the page warns before it closes
    }
  }

  /** @param {string} id */
  drop(id) {
    localStorage.removeItem(this.prefix + id);
  }

  /** The person's letters, in the order they were written. @returns {Letter[]} */
  list() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
    return keys.sort().flatMap((key) => readLetter(key) || []);
  }

  /** Who else left work here that is not saved: it is sent when they sign in, and never as somebody else. */
  othersWaiting() {
    const waiting = new Map();
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(`${UNSENT}:${this.project}:`) || key.startsWith(this.prefix)) continue;
      const letter = readLetter(key);
      if (letter) waiting.set(letter.name, (waiting.get(letter.name) || 0) + 1);
    }
    return [...waiting].map(([name, count]) => ({ name, count }));
  }
}

/** @returns {Letter | null} */
function readLetter(key) {
  try {
    return JSON.parse(localStorage.getItem(key) || "null");
  } catch {
    return null;
  }
}
