/** One leased task on the page: its item, its questions, its lease and its draft. */

import { ActiveTime } from "./active_time.js";
import { call, Refusal, serverNow } from "./api.js";
import { layOut } from "./sheet.js";

const DRAFT_AFTER = 700;
const DRAFT_AGAIN_AFTER = 5_000;
const WARN_BELOW = 120_000;

/**
 * @typedef {import("./sheet.js").Paper & {id: number, lease: {token: string, expires_at: string},
 *   draft?: {answers: Record<string, any>, comment: string} | null}} Task
 */

/** A slot is rendered once, hidden, and painted by unhiding it. */
export class Slot {
  /**
   * @param {Task} task
   * @param {number} leaseSeconds the length of a lease on screen
   * @param {(slot: Slot, refusal: Refusal) => void} onLost a draft was refused: the task is no longer ours
   */
  constructor(task, leaseSeconds, onLost) {
    this.task = task;
    this.path = `/tasks/${task.id}`;
    this.length = leaseSeconds * 1000;
    this.onLost = onLost;
    const sheet = layOut(task, () => this.draftSoon());
    this.element = sheet.element;
    this.itemPane = sheet.itemPane;
    this.heading = sheet.heading;
    this.viewer = sheet.viewer;
    this.form = sheet.form;
    if (task.draft) this.form.fill(task.draft.answers, task.draft.comment);
    this.shown = false;
    this.finished = false;
    this.renewing = false;
    this.ahead = true; // fetched ahead: the server does not know that it is on screen
    this.time = new ActiveTime();
    this.draftTimer = 0;
    this.editedAt = 0; // when the answers changed that are not saved as a draft; 0 where all are
    this.lastEdit = 0;
    this.saving = false;
    this.takeLease(task.lease);
  }

  get title() {
    return String(this.task.item.external_id ?? "");
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
    if (!document.hidden) this.time.start();
    this.itemPane.scrollTop = 0;
    this.heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  hide() {
    this.element.hidden = true;
    this.shown = false;
    this.time.stop();
  }

  /** Extend the lease. Refusals are the caller's; an unreachable server is tried again at the next tick. */
  async renew() {
    this.renewing = true;
    try {
      const answer = await call("POST", `${this.path}/renew`, { lease: this.token });
      this.takeLease(answer.lease || answer);
      this.ahead = false;
    } finally {
      this.renewing = false;
    }
  }

  draftSoon() {
    // What the server's clock is known to say may fall back by a second or two: the last words are still the last.
    this.editedAt = this.lastEdit = Math.max(serverNow(), this.lastEdit + 1);
    clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => this.saveDraft(), DRAFT_AFTER);
  }

  /** Keep the answers so far; what fails is tried again. The time of writing keeps a late one from undoing a newer. */
  async saveDraft(keepalive = false) {
    clearTimeout(this.draftTimer);
    this.draftTimer = 0;
    if (!this.editedAt || this.finished || (this.saving && !keepalive)) return;
    const edited_at = new Date(this.editedAt).toISOString();
    const body = { lease: this.token, answers: this.form.draft, comment: this.form.comment, edited_at };
    const before = this.editedAt;
    this.saving = true;
    try {
      await call("PUT", `${this.path}/draft`, body, { keepalive });
      if (this.editedAt === before) this.editedAt = 0;
    } catch (problem) {
      if (problem instanceof Refusal && problem.status === 409 && !this.finished) this.onLost(this, problem);
    } finally {
      this.saving = false;
    }
    if (this.editedAt && !this.draftTimer && !this.finished) {
      this.draftTimer = setTimeout(() => this.saveDraft(), DRAFT_AGAIN_AFTER);
    }
  }

  /** Nothing more is kept of it here. */
  finish() {
    this.finished = true;
    clearTimeout(this.draftTimer);
  }

  /** Give the task back. */
  release(keepalive = false) {
    this.finish();
    call("POST", `${this.path}/release`, { lease: this.token, shown: this.shown }, { keepalive }).catch(() => {});
  }
}
