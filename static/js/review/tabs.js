/** The tabs in which one person reviews one project in this browser: which of them live, and who has which task. */

const ANSWER_WITHIN = 150;

/** A short random name, also where there is no secure origin. */
function randomName() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Tabs speak over a channel; a lock that a tab holds as long as it lives tells the living from the dead. */
export class Tabs {
  /**
   * @param {string} scope person and project
   * @param {(tasks: number[]) => void} takenElsewhere tasks that another tab has now
   */
  constructor(scope, takenElsewhere) {
    this.id = randomName();
    this.prefix = `review.tab:${scope}:`;
    this.heldKey = `review.held:${scope}:`;
    this.takenElsewhere = takenElsewhere;
    /** @type {number[]} */
    this.tasks = [];
    /** @type {Map<string, number[]>} what other tabs said in the last roll call */
    this.heard = new Map();
    this.channel = new BroadcastChannel(this.prefix);
    this.channel.addEventListener("message", ({ data }) => this.listen(data));
    navigator.locks?.request(this.prefix + this.id, () => new Promise(() => {}));
  }

  listen({ kind, tab, tasks }) {
    if (kind === "roll") this.channel.postMessage({ kind: "here", tab: this.id, tasks: this.tasks });
    else if (kind === "here") this.heard.set(tab, tasks);
    else if (kind === "taken") this.takenElsewhere(tasks);
  }

  /** Ask the other tabs of this browser which tasks they have. @returns {Promise<Map<string, number[]>>} */
  async rollCall() {
    this.heard.clear();
    this.channel.postMessage({ kind: "roll" });
    await new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN));
    return this.heard;
  }

  /** The other tabs that live. @returns {Promise<Set<string>>} */
  async living() {
    // Locks exist on secure origins only.
    if (!navigator.locks) return new Set((await this.rollCall()).keys());
    const { held = [] } = await navigator.locks.query();
    const names = held.map((lock) => lock.name || "").filter((name) => name.startsWith(this.prefix));
    return new Set(names.map((name) => name.slice(this.prefix.length)).filter((tab) => tab !== this.id));
  }

  /**
   * Say which leases this tab holds, so that they can be given back should it die.
   * @param {{task: number, path: string, lease: string, shown: boolean}[]} leases
   */
  hold(leases) {
    this.tasks = leases.map(({ task }) => task);
    try {
      if (leases.length) localStorage.setItem(this.heldKey + this.id, JSON.stringify(leases));
      else localStorage.removeItem(this.heldKey + this.id);
    } catch {
      // No room: should the tab die, its leases run out by themselves.
    }
  }

  /** Tell the other tabs that these tasks are here now. @param {number[]} tasks */
  tellTaken(tasks) {
    if (tasks.length) this.channel.postMessage({ kind: "taken", tab: this.id, tasks });
  }

  /** The leases that tabs left behind which live no more; told once. */
  async takeLeft() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.heldKey));
    if (!keys.length) return [];
    const living = await this.living();
    return keys.flatMap((key) => {
      const tab = key.slice(this.heldKey.length);
      if (tab === this.id || living.has(tab)) return [];
      const left = JSON.parse(localStorage.getItem(key) || "[]");
      localStorage.removeItem(key);
      return left;
    });
  }
}
