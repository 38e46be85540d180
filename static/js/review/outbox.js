/** What was decided and is not saved yet: sent one after the other, again until the server has answered. */

import { call, Refusal } from "./api.js";

const WAITS = [1000, 2000, 4000, 8000];

/**
 * @typedef {import("./shelf.js").Letter} Letter
 * @typedef {{done: (answer: any) => void, refused: (refusal: Refusal) => void}} Ends what happens with the answer
 */

/** The order is kept, so that an undo always finds the submit it takes back. */
export class Outbox {
  /**
   * @param {{shelf: import("./shelf.js").Shelf, tab: string, onChange: (waiting: number, late: boolean) => void,
   *   signIn: (refusal: Refusal) => Promise<void>,
   *   orphaned: (letter: Letter, answer: any, refusal?: Refusal) => void}} needs
   *   `orphaned` is told the end of a letter of an earlier page
   */
  constructor(needs) {
    this.needs = needs;
    /** @type {{letter: Letter, ends: Ends, tried: boolean}[]} */
    this.queue = [];
    this.sending = false;
    this.late = false;
    /** @type {(() => void) | null} */
    this.wake = null;
    /** @type {(() => void)[]} */
    this.listeners = [];
    addEventListener("online", () => this.wake?.());
  }

  get waiting() {
    return this.queue.length;
  }

  /**
   * Send something, from now on and for certain.
   * @param {Pick<Letter, "kind" | "path" | "title" | "body">} what
   * @param {Ends} ends
   * @returns {string} its id
   */
  add(what, ends) {
    const { shelf, tab } = this.needs;
    const letter = { id: shelf.newId(), tab, name: shelf.name, ...what };
    shelf.put(letter);
    this.push(letter, ends);
    return letter.id;
  }

  /** Send what a page that is gone left on the shelf. @param {Letter[]} letters */
  adopt(letters) {
    const { shelf, tab, orphaned } = this.needs;
    for (const letter of letters) {
      // What was to be claimed along with it was for that page.
      const body = "next" in letter.body ? { ...letter.body, next: 0 } : letter.body;
      const own = { ...letter, body, tab };
      shelf.put(own);
      this.push(own, { done: (answer) => orphaned(own, answer), refused: (refusal) => orphaned(own, null, refusal) });
    }
  }

  push(letter, ends) {
    this.queue.push({ letter, ends, tried: false });
    this.changed();
    this.run();
  }

  /** Take back what was never sent. @param {string} id @returns {boolean} */
  withdraw(id) {
    const found = this.queue.find((one) => one.letter.id === id);
    if (!found || found.tried) return false;
    this.queue = this.queue.filter((one) => one !== found);
    this.needs.shelf.drop(id);
    this.changed();
    return true;
  }

  /** Wait until everything is saved, or it turned out that it cannot be for now. */
  async settled() {
    while (this.queue.length && !this.late) await new Promise((resolve) => this.listeners.push(() => resolve(undefined)));
  }

  changed() {
    this.needs.onChange(this.queue.length, this.late);
    for (const listener of this.listeners.splice(0)) listener();
  }

  /** @param {number} milliseconds */
  pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake?.(), milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        this.wake = null;
        resolve(undefined);
      };
    });
  }

  async run() {
    if (this.sending) return;
    this.sending = true;
    let tries = 0;
    while (this.queue.length) {
      const first = this.queue[0];
      first.tried = true;
      const outcome = await this.send(first);
      if (outcome.again) {
        this.late = true;
        this.changed();
        await this.pause(outcome.wait || WAITS[Math.min(tries++, WAITS.length - 1)]);
      } else {
        tries = 0;
        this.late = false;
        this.queue.shift();
        this.needs.shelf.drop(first.letter.id);
        outcome.settle();
        this.changed();
      }
    }
    this.sending = false;
  }

  /** @returns {Promise<{again?: boolean, wait?: number, settle: () => void}>} */
  async send({ letter, ends }) {
    const nothing = () => {};
    try {
      // Kept alive, a request on its way outlives the page.
      const answer = await call("POST", letter.path, letter.body, { keepalive: true });
      return { settle: () => ends.done(answer) };
    } catch (problem) {
      if (!(problem instanceof Refusal)) return { again: true, settle: nothing };
      if (problem.status === 429) return { again: true, wait: 1000 * (problem.retryAfter || 2), settle: nothing };
      if (problem.wantsSignIn) {
        this.late = true;
        this.changed();
        await this.needs.signIn(problem);
        return { again: true, wait: 1, settle: nothing };
      }
      return { settle: () => ends.refused(problem) };
    }
  }
}
