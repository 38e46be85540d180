/** The desk: the item before the person, the next ones ready behind it, and the leases of them all. */

import { call, Refusal, serverNow } from "./api.js";
import { Slot } from "./slot.js";
import { Tabs } from "./tabs.js";

const AHEAD = 2;
const MOST_AHEAD = 4;
const POLL_AFTER = 10_000;
const ACTIVE_FOR = 60_000;
const SPARE_MS = 5_000;
const SEEN_AFTER = 2_000;

/**
 * The state of the page. `view` paints: it is told what changed and decides nothing.
 * @typedef {object} View
 * @property {(slot: Slot) => void} place put a slot on the page, hidden
 * @property {(slot: Slot | null) => void} painted a slot was shown, or none is
 * @property {(why: string, details?: {until?: string, message?: string}) => void} nothing
 * @property {(text: string, kind?: string, answers?: object) => void} say
 * @property {(change: number) => void} count
 * @property {(seats: {open: number, leased: number}) => void} left
 * @property {(waiting: number, late: boolean) => void} saving
 * @property {(refusal: Refusal) => Promise<void>} signIn
 * @property {(task: {task: number, external_id: string, updated_at: string}) => void} offer
 * @property {(label: number) => Promise<void>} reveal show what was hidden; over when the person goes on
 */
export class Desk {
  /**
   * @param {{project: string, person: string, name: string, leaseSeconds: number, undoSeconds: number,
   *   madeAt: number, reveals: boolean}} settings
   * @param {View} view
   */
  constructor(settings, view) {
    this.settings = settings;
    this.view = view;
    /** @type {Slot[]} */
    this.slots = [];
    this.ahead = AHEAD; // how many slots there are to be; more for somebody who is faster than the line
    this.promised = 0; // tasks that were asked for and are on their way: asked for once, they come in their order
    /** @type {any[]} */
    this.later = []; // tasks that are ours already, for behind the first
    this.claiming = false;
    this.opened = false;
    this.away = false; // looking at something else than the item at hand
    this.held = false; // a submitted slot is still on screen: nothing is painted over it
    this.pollTimer = 0;
    this.activeAt = performance.now();
    this.tabs = new Tabs(`${settings.project}:${settings.person}`, (tasks) => this.goneElsewhere(tasks));
    /** @type {() => boolean} */
    this.isLate = () => false; // whether something was not saved yet that should have been
  }

  /** The slot on screen. */
  get current() {
    return this.slots[0]?.shown ? this.slots[0] : null;
  }

  // Getting work

  /**
   * Begin. What tabs that are gone held is given back first, so that the same item comes again.
   * @param {{task: number, external_id: string, updated_at: string}[]} unfinished work of this person's, as the page says
   */
  async open(unfinished) {
    const left = await this.tabs.takeLeft();
    await Promise.all(left.map(({ path, lease, shown }) => call("POST", `${path}/release`, { lease, shown }).catch(() => {})));
    this.opened = true;
    await this.claim();
    this.take(this.later.splice(0), false);
    if (!unfinished.length) return;
    const here = new Set([...this.slots.map((slot) => slot.task.id), ...[...(await this.tabs.rollCall()).values()].flat()]);
    const elsewhere = unfinished.find(({ task }) => !here.has(task));
    if (elsewhere) this.view.offer(elsewhere);
  }

  /** Claim until the desk is full; say why where there is nothing. */
  async claim() {
    if (this.claiming) return;
    clearTimeout(this.pollTimer);
    // An answer that is still to be sent counts on its lease: nothing is claimed over its head.
    if (this.isLate()) return this.slots.length ? undefined : this.nothing("unreachable");
    this.claiming = true;
    const count = Math.max(this.ahead - this.slots.length - this.promised, 1);
    this.promised += count;
    try {
      const answer = await call("POST", `/projects/${this.settings.project}/tasks/claim`, { count }).finally(() => {
        this.promised -= count;
      });
      this.view.left(answer.queue);
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
    if (problem instanceof Refusal && problem.wantsSignIn) {
      await this.view.signIn(problem);
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
    const added = (tasks || []).filter((task) => !known.has(task.id));
    for (const task of added) this.slots.push(this.lay(task));
    this.tabs.tellTaken(added.map((task) => task.id));
    if (!this.current && !this.held) this.paint(fresh);
    this.note();
  }

  lay(task) {
    const slot = new Slot(task, this.settings.leaseSeconds, (lost, refusal) => this.lost(lost, refusal));
    this.view.place(slot);
    return slot;
  }

  /** Show the first slot whose lease still stands. */
  paint(fresh = false) {
    while (this.slots.length && this.slots[0].left < SPARE_MS && !fresh) this.discard(this.slots[0]);
    const slot = this.slots[0];
    if (slot) {
      clearTimeout(this.pollTimer);
      slot.show();
      if (this.away) slot.time.stop();
      this.view.painted(slot);
      if (fresh) slot.ahead = false;
    } else {
      this.view.painted(null);
      // What was asked for is on its way; somebody so fast gets more ahead from now on.
      if (this.promised) this.ahead = Math.min(MOST_AHEAD, this.ahead + 1);
      if (this.isLate()) this.nothing("unreachable");
      else if (!this.promised) this.claim();
    }
  }

  discard(slot) {
    this.slots = this.slots.filter((one) => one !== slot);
    slot.finish();
    slot.element.remove();
    this.note();
  }

  /** Write down which leases this tab has; not in the frame that paints. */
  note() {
    setTimeout(() => this.tabs.hold(this.slots.map(({ task, path, token, shown }) => ({ task: task.id, path, lease: token, shown }))));
  }

  /** Take a slot off the desk; it stays on the page, hidden. */
  leave(slot) {
    slot.finish();
    slot.hide();
    this.slots = this.slots.filter((one) => one !== slot);
    this.note();
  }

  /** Bring a slot back before the person; what was on screen waits behind it with its answers. */
  putBack(slot) {
    this.current?.hide();
    slot.finished = false;
    this.slots.unshift(slot);
    slot.show();
    this.view.painted(slot);
    this.note();
  }

  /** Go on here with what was begun on another machine. */
  async goOnWith(task) {
    try {
      const taken = await call("POST", `/p/${this.settings.project}/review/unfinished/${task}`, {});
      this.tabs.tellTaken([taken.id]);
      const slot = this.lay(taken);
      slot.ahead = false;
      this.putBack(slot);
      this.view.say("This is what you began. It is here now, and no longer there.");
    } catch (problem) {
      this.view.say(problem.code === "lease_lost" ? "That item is no longer waiting for you." : problem.message, "warn");
    }
  }

  // Keeping the leases

  /** Somebody is working: leases are kept only for people who are there. */
  active() {
    const now = performance.now();
    this.activeAt = now;
    this.current?.time.sign(now);
  }

  /** Somebody looks elsewhere, or comes back. @param {boolean} away */
  look(away) {
    this.away = away;
    if (!this.current) return;
    if (away) this.current.time.stop();
    else if (!document.hidden) this.current.time.start();
  }

  /** Extend a lease; where it is lost, say so and go on. @param {Slot} slot */
  async renew(slot) {
    if (slot.renewing) return;
    try {
      await slot.renew();
    } catch (problem) {
      if (!(problem instanceof Refusal) || slot.finished) return;
      if (problem.wantsSignIn) await this.view.signIn(problem);
      else this.lost(slot, problem);
    }
  }

  /** The task is somebody else's now, or is being answered on another machine: nothing typed is lost silently. */
  lost(slot, refusal) {
    const wasCurrent = slot === this.current;
    const unsaved = slot.editedAt ? slot.form.answers : undefined;
    this.discard(slot);
    if (!wasCurrent) return;
    this.view.say(`${slot.title} left this screen, and nothing of it was submitted from here. ${refusal.message}`, "warn", unsaved);
    this.paint();
  }

  /** @param {number[]} tasks */
  goneElsewhere(tasks) {
    for (const slot of this.slots.filter((one) => tasks.includes(one.task.id))) {
      const wasCurrent = slot === this.current;
      this.discard(slot);
      if (!wasCurrent) continue;
      this.view.say("You went on with that item in another tab.");
      this.paint();
    }
  }

  /** Once a second while the page is visible. */
  tick() {
    const slot = this.current;
    const idle = performance.now() - this.activeAt;
    // Told a little later, so that whoever is fast has no request more an item; until then its shorter lease does.
    if (slot && slot.ahead && slot.time.milliseconds > SEEN_AFTER) this.renew(slot);
    if (slot && slot.renewalIsDue && idle < serverNow() - slot.renewedAt) this.renew(slot);
    for (const waiting of this.slots.filter((one) => one !== slot && one.left < SPARE_MS)) this.discard(waiting);
    if (slot && idle < ACTIVE_FOR && !this.promised && this.slots.length < this.ahead && !this.drained) this.refill();
  }

  /** Fill the places behind the current item, at most every ten seconds. */
  refill() {
    this.drained = true;
    setTimeout(() => {
      this.drained = false;
    }, POLL_AFTER);
    this.claim();
  }

  /** The page goes away: keep the draft, give back what is not finished. */
  close() {
    const shown = this.current;
    // What was on screen is given back once more by the next page: this one may be gone before it is done.
    this.tabs.hold(shown ? [{ task: shown.task.id, path: shown.path, lease: shown.token, shown: true }] : []);
    for (const slot of this.slots) {
      slot.saveDraft(true);
      slot.release(true);
    }
  }
}
