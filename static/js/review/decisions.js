/** What a person decides about an item: submit, skip, escalate, undo. Each leaves at once and is sent for certain. */

import { Outbox } from "./outbox.js";
import { Shelf } from "./shelf.js";

const REVEAL_WITHIN = 2_000;
// What a repeated letter is told when the first one had arrived.
const DONE_BEFORE = new Set(["already_labelled", "submit_voided", "already_undone", "label_ended"]);

/** A random id that makes a submit recognisable; `randomUUID` exists on secure origins only. */
export function newSubmitId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {import("./slot.js").Slot} Slot
 * @typedef {import("./api.js").Refusal} Refusal
 */
export class Decisions {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.view = desk.view;
    /** @type {{slot: Slot, submitId: string, letter: string, next: number, at: number}[]} */
    this.undoable = [];
    /** @type {Slot | null} */
    this.committing = null; // submitted, and on screen until what was hidden is revealed
    this.rescued = 0; // letters of earlier pages that were saved
    this.shelf = new Shelf(desk.settings);
    this.outbox = new Outbox({
      shelf: this.shelf,
      tab: desk.tabs.id,
      onChange: (waiting, late) => this.changed(waiting, late),
      signIn: desk.view.signIn,
      orphaned: (letter, answer, refusal) => this.orphaned(letter, answer, refusal),
    });
    desk.isLate = () => this.outbox.late;
  }

  /** Send what earlier pages had not sent, before anything is claimed; say what waits for somebody else. */
  async open() {
    const unsent = this.shelf.list();
    const living = unsent.length ? await this.desk.tabs.living() : new Set();
    this.outbox.adopt(unsent.filter((letter) => !living.has(letter.tab)));
    await this.outbox.settled();
    for (const { name, count } of this.shelf.othersWaiting()) {
      const what = count === 1 ? "One answer" : `${count} answers`;
      this.view.say(`${what} that ${name} gave on this machine will be saved when ${name} signs in here again.`, "warn");
    }
  }

  /** @param {number} waiting @param {boolean} late */
  changed(waiting, late) {
    this.view.saving(waiting, late);
    const { desk } = this;
    if (desk.current || desk.held) return;
    if (late) desk.nothing("unreachable");
    else if (!waiting && !desk.promised && desk.opened) desk.claim();
  }

  /**
   * How a letter of an earlier page ended.
   * @param {import("./shelf.js").Letter} letter
   * @param {any} answer
   * @param {Refusal} [refusal]
   */
  orphaned(letter, answer, refusal) {
    // It had arrived, and its answer had not: the tasks that came with it are ours, behind what was on screen.
    if (answer?.tasks) this.desk.later.push(...answer.tasks);
    if (refusal && !DONE_BEFORE.has(refusal.code) && !(letter.kind === "skip" && refusal.code === "lease_lost")) {
      this.view.say(`${letter.title} was not saved. ${refusal.message}`, "warn", letter.body.answers || letter.body);
      return;
    }
    // What had arrived before the page was made is in its numbers.
    if (letter.kind === "label" && Date.parse(answer?.label.created_at) > this.desk.settings.madeAt) this.view.count(1);
    if (letter.kind === "undo") this.view.count(-1);
    this.rescued += 1;
    this.view.say(this.rescued === 1 ? "An answer from before is saved now." : `${this.rescued} answers from before are saved now.`);
  }

  /** Submit what is on screen: the next item is painted at once, the answers travel behind. */
  submit() {
    const { desk, view } = this;
    const slot = desk.current;
    if (!slot || this.committing) return;
    const wrong = slot.form.showWrong();
    if (wrong) {
      view.say(wrong === 1 ? "One question is not answered." : `${wrong} questions are not answered.`);
      return;
    }
    const next = Math.max(0, desk.ahead - (desk.slots.length - 1) - desk.promised);
    desk.promised += next;
    const submitId = newSubmitId();
    const { answers, comment } = slot.form;
    const body = { lease: slot.token, answers, comment, duration_ms: slot.time.milliseconds, submit_id: submitId, next };
    desk.leave(slot);
    if (desk.settings.reveals && !slot.task.kind) this.keepForReveal(slot);
    else desk.paint();
    const letter = this.outbox.add(
      { kind: "label", path: `${slot.path}/label`, title: slot.title, body },
      { done: (answer) => this.submitted(slot, answer, next), refused: (refusal) => this.notSubmitted(slot, refusal, next) },
    );
    this.undoable.push({ slot, submitId, letter, next, at: performance.now() });
    view.count(1);
    desk.tabs.tellTaken([slot.task.id]);
  }

  submitted(slot, answer, next) {
    const { desk } = this;
    desk.promised -= next;
    if (this.committing !== slot) slot.element.remove();
    desk.take(answer.tasks, false);
    if (answer.feedback) this.tell(slot, answer.feedback);
    if (this.committing === slot) this.reveal(slot, answer.label.id);
  }

  /** Say how it was; what was told is no longer undone. */
  tell(slot, { correct, answer, expected, note }) {
    this.undoable = this.undoable.filter((one) => one.slot !== slot);
    const words = correct
      ? `${slot.title}: right, ${expected}.`
      : `${slot.title}: the answer of record is ${expected}, not ${answer}.`;
    this.view.say(note ? `${words} ${note}` : words, correct ? "good" : "warn");
  }

  notSubmitted(slot, refusal, next) {
    const { desk, view } = this;
    desk.promised -= next;
    view.count(-1);
    this.undoable = this.undoable.filter((one) => one.slot !== slot);
    this.letGo(slot);
    if (refusal.status === 422) {
      desk.putBack(slot);
      slot.form.showRefusal(refusal.fields);
      view.say(`Not saved: ${refusal.message}`, "bad");
      return;
    }
    view.say(`${slot.title} was not saved as your label. ${refusal.message}`, "warn", slot.form.answers);
    slot.element.remove();
    if (!desk.current) desk.paint();
  }

  /**
   * Hand an item on: to others with a reason, or to an adjudicator with a note. While that was asked, the item may have
   * left the screen, or another come before it.
   * @param {Slot} slot
   * @param {"skip" | "escalate"} kind
   * @param {Record<string, string>} body
   * @param {string} said
   */
  passOn(slot, kind, body, said) {
    const { desk } = this;
    if (!desk.slots.includes(slot)) {
      this.view.say(`${slot.title} left this screen before that: nothing was sent about it.`, "warn", body);
      return;
    }
    const wasCurrent = slot === desk.current;
    desk.leave(slot);
    slot.element.remove();
    if (wasCurrent && desk.slots.length) desk.paint();
    else if (wasCurrent) this.view.painted(null);
    const settle = () => {
      if (!desk.promised && desk.slots.length < desk.ahead) desk.claim();
    };
    const refused = (refusal) => {
      if (kind !== "skip" || refusal.code !== "lease_lost") this.view.say(`${slot.title}: ${refusal.message}`, "warn", body);
      settle();
    };
    const what = { path: `${slot.path}/${kind}`, title: slot.title, body: { lease: slot.token, ...body } };
    this.outbox.add({ kind, ...what }, { done: settle, refused });
    this.view.say(said);
  }

  // Showing what was hidden

  /** Keep a submitted slot on screen until the server has it; a slow line does not keep the person. */
  keepForReveal(slot) {
    slot.element.hidden = false;
    slot.element.inert = true;
    this.committing = slot;
    this.desk.held = true;
    setTimeout(() => {
      if (this.committing === slot && !this.desk.away) this.goOn(slot);
    }, REVEAL_WITHIN);
  }

  letGo(slot) {
    if (this.committing !== slot) return;
    slot.element.inert = false;
    this.committing = null;
    this.desk.held = false;
  }

  async reveal(slot, label) {
    this.undoable = this.undoable.filter((one) => one.slot !== slot);
    try {
      await this.view.reveal(label);
    } catch (problem) {
      this.view.say(`What was hidden about ${slot.title} is not shown: ${problem.message}`, "warn");
    }
    this.goOn(slot);
  }

  goOn(slot) {
    if (this.committing !== slot) return;
    this.letGo(slot);
    slot.element.remove();
    this.desk.paint();
  }

  // Taking it back

  get canUndo() {
    const since = performance.now() - this.desk.settings.undoSeconds * 1000;
    this.undoable = this.undoable.filter((one) => one.at > since);
    return this.undoable.length > 0;
  }

  /** Take the last submit back, at once where it was not sent yet; else behind it, so that it is always found. */
  undo() {
    const last = this.undoable.pop();
    if (!last) return;
    const { slot } = last;
    if (this.outbox.withdraw(last.letter)) {
      this.desk.promised -= last.next;
      this.takenBack(slot);
      return;
    }
    const undone = (answer) => {
      if (answer.voided) return this.takenBack(slot);
      const again = this.desk.lay(answer.task || answer);
      again.form.fill(slot.form.draft, slot.form.comment);
      again.time.counted = slot.time.counted;
      again.ahead = false;
      this.takenBack(again);
    };
    const refused = (refusal) => this.view.say(`Not undone: ${refusal.message}`, "warn");
    const what = { path: "/labels/undo", title: slot.title, body: { submit_id: last.submitId } };
    this.outbox.add({ kind: "undo", ...what }, { done: undone, refused });
  }

  takenBack(slot) {
    this.letGo(slot);
    this.view.count(-1);
    this.desk.putBack(slot);
    this.view.say("Undone. Your answers are here again.");
  }
}
