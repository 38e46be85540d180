/** What was decided and is not saved yet: sent one after the other, again until the server has answered. */

import { call, Refusal } from "./api.js";

const WAITS = [1000, 2000, 4000, 8000];

/**
 * @typedef {{path: string, body: Record<string, any>, done: (answer: any) => void, refused: (refusal: Refusal) => void}} Letter
 */

/** Letters keep their body, and with it their submit id, however often they are sent: the server stores one. */
export class Outbox {
  /**
   * @param {{onChange: (waiting: number, late: boolean) => void, signIn: () => Promise<void>}} needs
   */
  constructor(needs) {
    this.needs = needs;
    /** @type {Letter[]} */
    this.letters = [];
    this.sending = false;
    this.late = false;
    /** @type {(() => void) | null} */
    this.wake = null;
    addEventListener("online", () => this.wake?.());
  }

  get waiting() {
    return this.letters.length;
  }

  /** @param {Letter} letter */
  add(letter) {
    this.letters.push(letter);
    this.changed();
    this.run();
  }

  changed() {
    this.needs.onChange(this.letters.length, this.late);
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
    while (this.letters.length) {
      const letter = this.letters[0];
      const outcome = await this.send(letter);
      if (outcome.again) {
        this.late = true;
        this.changed();
        await this.pause(outcome.wait || WAITS[Math.min(tries++, WAITS.length - 1)]);
      } else {
        tries = 0;
        this.late = false;
        this.letters.shift();
        this.changed();
        outcome.settle();
      }
    }
    this.sending = false;
    this.late = false;
    this.changed();
  }

  /** @param {Letter} letter @returns {Promise<{again?: boolean, wait?: number, settle: () => void}>} */
  async send(letter) {
    const nothing = () => {};
    try {
      // Kept alive, a request on its way outlives the page; browsers allow that up to 64 KB.
      const keepalive = JSON.stringify(letter.body).length < 30_000;
      const answer = await call("POST", letter.path, letter.body, { keepalive });
      return { settle: () => letter.done(answer) };
    } catch (problem) {
      if (!(problem instanceof Refusal)) return { again: true, settle: nothing };
      if (problem.status === 429) return { again: true, wait: 1000 * (problem.retryAfter || 2), settle: nothing };
      if (problem.status === 401) {
        await this.needs.signIn();
        return { again: true, wait: 1, settle: nothing };
      }
      return { settle: () => letter.refused(problem) };
    }
  }
}
