/** How long a person was at an item: not while the page is hidden, and of a pause no more than a minute. */

const IDLE_AFTER = 60_000;

/** Counts from one sign of life to the next. */
export class ActiveTime {
  constructor() {
    this.counted = 0;
    this.last = 0; // when the last sign of life was; 0 while it does not count
  }

  /** @param {number} now */
  start(now = performance.now()) {
    this.last ||= now;
  }

  /** The person did something. @param {number} now */
  sign(now = performance.now()) {
    if (!this.last) return;
    this.counted += Math.min(now - this.last, IDLE_AFTER);
    this.last = now;
  }

  stop(now = performance.now()) {
    this.sign(now);
    this.last = 0;
  }

  /** Milliseconds so far. */
  get milliseconds() {
    const since = this.last ? Math.min(performance.now() - this.last, IDLE_AFTER) : 0;
    return Math.round(this.counted + since);
  }
}
