/** One leased task on the page: its item, its questions, its lease and its draft. */

import { ItemViewer } from "../item/viewer.js";
import { call, serverNow } from "./api.js";
import { make } from "./dom.js";
import { QuestionForm } from "./questions.js";

const DRAFT_AFTER = 700;
const WARN_BELOW = 120_000;

/**
 * @typedef {{id: number | string, lease: {token: string, expires_at: string}, item: Record<string, any>, view: string,
 *   rubric: {version: number, questions: import("./questions.js").Question[]},
 *   orders?: Record<string, string[]>, candidates?: string[], draft?: {answers: Record<string, any>, comment: string} | null}} Task
 */

/** A slot is rendered once, hidden, and painted by unhiding it. */
export class Slot {
  /** @param {Task} task @param {number} leaseSeconds the length of a lease on screen */
  constructor(task, leaseSeconds) {
    this.task = task;
    this.path = `/tasks/${task.id}`;
    this.length = leaseSeconds * 1000;
    this.itemPane = make("div", { class: "item-pane", tabindex: "0", role: "region", "aria-label": "Item" });
    this.itemPane.innerHTML = task.view; // made, and made harmless, by the server
    this.viewer = new ItemViewer(this.itemPane);
    this.heading = this.viewer.heading;
    this.form = new QuestionForm(task.rubric.questions, () => this.draftSoon(), task, this.viewer);
    if (task.draft) this.form.fill(task.draft.answers, task.draft.comment);
    const questions = make("div", { class: "question-pane", role: "region", "aria-label": "Questions" }, this.form.element);
    this.element = make("section", { class: "slot", hidden: true }, this.itemPane, questions);
    this.shown = false;
    this.finished = false;
    this.renewing = false;
    this.draftTimer = 0;
    this.seenMs = 0;
    this.seenSince = 0;
    this.takeLease(task.lease);
  }

  /** @param {{token: string, expires_at: string}} lease */
  takeLease(lease) {
    this.token = lease.token || this.token;
    this.expires = Date.parse(lease.expires_at);
    this.renewedAt = serverNow();
  }

  /** Milliseconds until the lease ends. */
  get left() {
    return this.expires - serverNow();
  }

  /** Whether the end of the lease is near enough to be spoken of. */
  get endsSoon() {
    return this.left < Math.min(WARN_BELOW, this.length / 3);
  }

  get renewalIsDue() {
    return serverNow() - this.renewedAt > this.length / 3;
  }

  /** Paint the slot and focus its heading. */
  show() {
    this.element.hidden = false;
    this.shown = true;
    this.watch(true);
    this.itemPane.scrollTop = 0;
    this.heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  hide() {
    this.element.hidden = true;
    this.watch(false);
  }

  /** Count the time that the item is before the person's eyes. @param {boolean} seen */
  watch(seen) {
    if (this.seenSince) this.seenMs += performance.now() - this.seenSince;
    this.seenSince = seen && !this.element.hidden && !document.hidden ? performance.now() : 0;
  }

  get durationMs() {
    return Math.round(this.seenMs + (this.seenSince ? performance.now() - this.seenSince : 0));
  }

  /** Extend the lease. Refusals are the caller's; an unreachable server is tried again at the next tick. */
  async renew() {
    this.renewing = true;
    try {
      const answer = await call("POST", `${this.path}/renew`, { lease: this.token });
      this.takeLease(answer.lease || answer);
    } finally {
      this.renewing = false;
    }
  }

  draftSoon() {
    clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => this.saveDraft(), DRAFT_AFTER);
  }

  /** Keep the answers so far. It does not matter if this fails: the next change saves again. */
  saveDraft(keepalive = false) {
    if (!this.draftTimer) return;
    this.stopDraft();
    if (this.finished) return;
    const body = { lease: this.token, answers: this.form.draft, comment: this.form.comment };
    call("PUT", `${this.path}/draft`, body, { keepalive }).catch(() => {});
  }

  stopDraft() {
    clearTimeout(this.draftTimer);
    this.draftTimer = 0;
  }

  /** Give the task back. */
  release(keepalive = false) {
    this.finished = true;
    call("POST", `${this.path}/release`, { lease: this.token }, { keepalive }).catch(() => {});
  }
}
