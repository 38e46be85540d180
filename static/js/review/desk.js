/** The desk: the item before the person, the next one ready behind it, and what happens to both. */

import { call, Refusal, serverNow } from "./api.js";
import { askSignIn } from "./dialogs.js";
import { Outbox } from "./outbox.js";
import { Slot } from "./slot.js";

const AHEAD = 2;
const POLL_AFTER = 10_000;
const ACTIVE_FOR = 60_000;
const SPARE_MS = 5_000;
const LEFT = "review.left";

/** A random id that makes a submit recognisable; `randomUUID` exists on secure origins only. */
function newSubmitId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The state of the page. `view` paints: it is told what changed and decides nothing.
 * @typedef {object} View
 * @property {(slot: Slot) => void} place put a slot on the page, hidden
 * @property {(slot: Slot | null) => void} painted a slot was shown, or none is
 * @property {(why: string, details?: {until?: string, message?: string}) => void} nothing
 * @property {(text: string, kind?: string) => void} say
 * @property {(change: number) => void} count
 * @property {(waiting: number, late: boolean) => void} saving
 */
export class Desk {
  /** @param {{project: string, leaseSeconds: number, undoSeconds: number}} settings @param {View} view */
  constructor(settings, view) {
    this.settings = settings;
    this.view = view;
    /** @type {Slot[]} */
    this.slots = [];
    /** @type {{slot: Slot, submitId: string, at: number}[]} */
    this.undoable = [];
    this.promised = 0; // tasks that unanswered submits have asked for
    this.claiming = false;
    this.pollTimer = 0;
    this.activeAt = performance.now();
    this.outbox = new Outbox({ onChange: view.saving, signIn: askSignIn });
  }

  /** The slot on screen. */
  get current() {
    return this.slots[0]?.shown ? this.slots[0] : null;
  }

  // Getting work

  /** Begin. What this tab left as it was reloaded is given back for certain first, so that it is what comes again. */
  async open() {
    const left = JSON.parse(sessionStorage.getItem(LEFT) || "null");
    sessionStorage.removeItem(LEFT);
    if (left) await call("POST", `${left.path}/release`, { lease: left.lease }).catch(() => {});
    this.claim();
  }

  /** Claim until the desk is full; say why where there is nothing. */
  async claim() {
    if (this.claiming) return;
    this.claiming = true;
    clearTimeout(this.pollTimer);
    try {
      const answer = await call("POST", `/projects/${this.settings.project}/tasks/claim`, {
        count: AHEAD - this.slots.length,
      });
      this.take(answer.tasks, !this.current);
      if (!this.slots.length) this.nothing(this.reason(answer), { until: answer.queue?.next_free_at });
    } catch (problem) {
      await this.cannotClaim(problem);
    } finally {
      this.claiming = false;
    }
  }

  reason(answer) {
    const { open = 0, leased = 0, done = 0 } = answer.queue || {};
    return open + leased + done === 0 ? "no_items" : answer.why || "all_done";
  }

  async cannotClaim(problem) {
    if (problem instanceof Refusal && problem.status === 401) {
      await askSignIn();
      setTimeout(() => this.claim());
    } else if (!this.slots.length) {
      if (!(problem instanceof Refusal)) this.nothing("unreachable");
      else if (problem.code === "no_rubric") this.nothing("no_rubric");
      else this.nothing("refused", { message: problem.message });
    }
  }

  nothing(why, details = {}) {
    this.view.nothing(why, details);
    clearTimeout(this.pollTimer);
    this.pollTimer = setTimeout(() => {
      if (!document.hidden && !this.slots.length) this.claim();
    }, POLL_AFTER);
  }

  /** Put claimed tasks onto the desk. `fresh`: the first one was claimed to be shown now. */
  take(tasks, fresh) {
    const known = new Set(this.slots.map((slot) => slot.task.id));
    for (const task of tasks || []) {
      if (known.has(task.id)) continue;
      const slot = new Slot(task, this.settings.leaseSeconds);
      this.slots.push(slot);
      this.view.place(slot);
    }
    if (!this.current) this.paint(fresh);
  }

  /** Show the first slot whose lease still stands. */
  paint(fresh = false) {
    while (this.slots.length && this.slots[0].left < SPARE_MS && !fresh) this.discard(this.slots[0]);
    const slot = this.slots[0];
    if (slot) {
      clearTimeout(this.pollTimer);
      slot.show();
      this.view.painted(slot);
      if (!fresh) this.renew(slot);
    } else {
      this.view.painted(null);
      // What was asked for with a submit comes with its answer.
      if (!this.promised) this.claim();
    }
  }

  discard(slot) {
    this.slots = this.slots.filter((one) => one !== slot);
    slot.stopDraft();
    slot.element.remove();
  }

  // Doing it

  /** Submit what is on screen: the next item is painted at once, the answers travel behind. */
  submit() {
    const slot = this.current;
    if (!slot) return;
    const wrong = slot.form.showWrong();
    if (wrong) {
      this.view.say(wrong === 1 ? "One question is not answered." : `${wrong} questions are not answered.`);
      return;
    }
    const next = this.wanted(1);
    const submitId = newSubmitId();
    const body = {
      lease: slot.token,
      answers: slot.form.answers,
      comment: slot.form.comment,
      duration_ms: slot.durationMs,
      submit_id: submitId,
      next,
    };
    this.undoable.push({ slot, submitId, at: performance.now() });
    this.view.count(1);
    this.leave(slot);
    this.outbox.add({
      path: `${slot.path}/label`,
      body,
      done: (answer) => this.submitted(slot, answer, next),
      refused: (refusal) => this.notSubmitted(slot, refusal, next),
    });
    this.paint();
  }

  /** How many tasks to ask for so that the desk is full again once `leaving` slots have gone. */
  wanted(leaving) {
    const next = Math.max(0, AHEAD - (this.slots.length - leaving) - this.promised);
    this.promised += next;
    return next;
  }

  leave(slot) {
    slot.finished = true;
    slot.stopDraft();
    slot.hide();
    this.slots = this.slots.filter((one) => one !== slot);
  }

  submitted(slot, answer, next) {
    this.promised -= next;
    slot.element.remove();
    this.take(answer.tasks, false);
  }

  notSubmitted(slot, refusal, next) {
    this.promised -= next;
    this.view.count(-1);
    this.undoable = this.undoable.filter((one) => one.slot !== slot);
    if (refusal.status === 422) {
      this.putBack(slot);
      slot.form.showRefusal(refusal.fields);
      this.view.say(`Not saved: ${refusal.message}`, "bad");
      return;
    }
    slot.element.remove();
    if (refusal.code === "lease_lost") {
      this.view.say("Somebody else took that seat before your answers arrived. They are kept, as a surplus label.", "warn");
    } else {
      this.view.say(`Not saved: ${refusal.message}`, "bad");
    }
    if (!this.current) this.paint();
  }

  /** Bring a slot back before the person; what was on screen waits behind it with its answers. */
  putBack(slot) {
    this.current?.hide();
    if (this.slots[0]) this.slots[0].shown = false;
    slot.finished = false;
    this.slots.unshift(slot);
    slot.show();
    this.view.painted(slot);
  }

  /** Skip what is on screen. @param {string} reason */
  skip(reason) {
    const slot = this.current;
    if (!slot) return;
    this.leave(slot);
    slot.element.remove();
    const settle = () => {
      if (this.slots.length < AHEAD) this.claim();
    };
    this.outbox.add({
      path: `${slot.path}/skip`,
      body: { lease: slot.token, reason },
      done: settle,
      refused: (refusal) => {
        if (refusal.code !== "lease_lost") this.view.say(`Not skipped: ${refusal.message}`, "warn");
        settle();
      },
    });
    this.view.say("Skipped.");
    if (this.slots.length) this.paint();
    else this.view.painted(null);
  }

  // Taking it back

  get canUndo() {
    const since = performance.now() - this.settings.undoSeconds * 1000;
    this.undoable = this.undoable.filter((one) => one.at > since);
    return this.undoable.length > 0;
  }

  /** Take the last submit back. It goes behind the submit itself, so that it always finds it. */
  undo() {
    if (!this.canUndo) {
      this.view.say("There is nothing to undo.");
      return;
    }
    const { slot, submitId } = /** @type {{slot: Slot, submitId: string}} */ (this.undoable.pop());
    this.outbox.add({
      path: "/labels/undo",
      body: { submit_id: submitId },
      done: (answer) => {
        const again = new Slot(answer.task || answer, this.settings.leaseSeconds);
        again.form.fill(slot.form.answers, slot.form.comment);
        again.seenMs = slot.durationMs;
        this.view.place(again);
        this.view.count(-1);
        this.putBack(again);
        this.view.say("Undone. Your answers are here again.");
      },
      refused: (refusal) => this.view.say(`Not undone: ${refusal.message}`, "warn"),
    });
  }

  // Keeping the lease

  /** Somebody is working: leases are kept only for people who are there. */
  active() {
    this.activeAt = performance.now();
  }

  /** Extend a lease; where it is lost, say so and go on. @param {Slot} slot */
  async renew(slot) {
    if (slot.renewing) return;
    try {
      await slot.renew();
    } catch (problem) {
      if (!(problem instanceof Refusal) || slot.finished) return;
      if (problem.status === 401) {
        await askSignIn();
      } else {
        const shown = slot === this.current;
        this.discard(slot);
        if (!shown) return;
        this.view.say("The time for that item ran out and somebody else has it now. Nothing of it was submitted.", "warn");
        this.paint();
      }
    }
  }

  /** Once a second while the page is visible. */
  tick() {
    const slot = this.current;
    const idle = performance.now() - this.activeAt;
    if (slot && slot.renewalIsDue && idle < serverNow() - slot.renewedAt) this.renew(slot);
    for (const waiting of this.slots.filter((one) => one !== slot && one.left < SPARE_MS)) this.discard(waiting);
    if (slot && idle < ACTIVE_FOR && this.slots.length + this.promised < AHEAD && !this.drained) this.refill();
  }

  /** Fill the place behind the current item, at most every ten seconds. */
  refill() {
    this.drained = true;
    setTimeout(() => {
      this.drained = false;
    }, POLL_AFTER);
    this.claim();
  }

  /** The page goes away: keep the draft, give back what is not finished. */
  close() {
    if (this.current) sessionStorage.setItem(LEFT, JSON.stringify({ path: this.current.path, lease: this.current.token }));
    for (const slot of this.slots) {
      slot.saveDraft(true);
      slot.release(true);
    }
  }
}
