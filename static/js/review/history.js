/** A person's own last labels: looked at, and changed with a reason. What was hidden is shown here after the commit. */

import { call } from "./api.js";
import { newSubmitId } from "./decisions.js";
import { byId, make } from "./dom.js";
import { viewRevealed } from "./revealed.js";
import { layOut } from "./sheet.js";

/**
 * @typedef {{id: number, external_id: string, answers: Record<string, any>, created_at: string, surplus: boolean}} Past
 * @typedef {{place: (element: HTMLElement) => void, away: (away: boolean) => void, say: (text: string, kind?: string, more?: {answers?: object}) => void,
 *   trouble: (problem: Error) => void}} Needs
 */

/** Time of day today, the date before. @param {string} at */
export function shortTime(at) {
  const then = new Date(at);
  const today = then.toDateString() === new Date().toDateString();
  return then.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

/** One label at a time in place of the work, which waits behind it. */
export class History {
  /** @param {string} project @param {import("./outbox.js").Outbox} outbox @param {Needs} needs */
  constructor(project, outbox, needs) {
    this.base = `/p/${project}/review/history`;
    this.outbox = outbox;
    this.needs = needs;
    /** @type {Past[]} */
    this.labels = [];
    this.at = 0;
    /** @type {any} */
    this.page = null; // what is on screen
    this.editing = false;
    this.comparing = false;
    this.opening = false; // a label is on its way: keys already mean it, and wait
    this.opened = Promise.resolve();
    /** @type {(() => void) | null} */
    this.onLeave = null;
    this.reason = /** @type {HTMLTextAreaElement} */ (byId("past-reason"));
  }

  get isOpen() {
    return this.page !== null || this.opening;
  }

  /** The last labels, newest first. @returns {Promise<Past[]>} */
  async list() {
    const answer = await call("GET", this.base);
    this.labels = answer.labels;
    return this.labels;
  }

  /** Show a label: 0 is the newest, or the first of those that were listed for the person. @param {number} at */
  show(at, listed = false) {
    this.opening = true;
    const fetched = async () => {
      if (!this.page && !listed) await this.list();
      this.at = Math.min(at, this.labels.length - 1);
      if (this.labels.length) this.paint(await call("GET", `${this.base}/${this.labels[this.at].id}`));
      else this.needs.say("You have no labels here yet.");
    };
    this.opened = fetched()
      .catch((problem) => this.needs.trouble(problem))
      .finally(() => {
        this.opening = false;
      });
    return this.opened;
  }

  /** Show a label that was chosen from the list, to change it. @param {number} at */
  async change(at) {
    await this.show(at, true);
    this.edit();
  }

  older() {
    if (!this.page) this.show(0);
    else if (this.editing) return;
    else if (this.at + 1 < this.labels.length) this.show(this.at + 1);
    else this.needs.say("This is the oldest of your last labels.");
  }

  newer() {
    if (!this.page || this.editing) return;
    if (this.at > 0) this.show(this.at - 1);
    else this.leave();
  }

  /** Show what was hidden about a label; resolves when the person goes on. @param {number} label */
  async reveal(label) {
    const shown = await call("POST", `${this.base}/${label}/reveal`, {});
    this.labels = [];
    this.at = 0;
    this.paint(shown);
    await new Promise((resolve) => {
      this.onLeave = () => resolve(undefined);
    });
  }

  paint(shown) {
    const before = this.page;
    const sheet = layOut(shown, () => {});
    const { label } = shown;
    sheet.form.fill(label.answers, label.comment);
    const lock = make("fieldset", { class: "lock", disabled: true }, sheet.form.element);
    const count = this.labels.length ? `${this.at + 1} of ${this.labels.length}` : "just now";
    const title = make("strong", {});
    const head = make("p", { class: "past-head" }, title, ` · ${count} · ${shortTime(label.created_at)}`);
    sheet.questions.append(head);
    if (label.surplus) sheet.questions.append(make("p", { class: "muted small" }, "It came after its seat was taken: kept, and in no rate."));
    if (label.reason) sheet.questions.append(make("p", { class: "muted small" }, `You changed it: ${label.reason}`));
    if (shown.revealed) sheet.questions.append(viewRevealed(shown.revealed));
    sheet.questions.append(lock);
    if (shown.may_reveal) sheet.questions.append(this.revealButton(label.id));
    sheet.element.classList.add("past");
    sheet.questions.tabIndex = 0; // nothing in it takes the focus while it is only read
    sheet.element.hidden = false;
    this.page = { ...sheet, lock, title, shown };
    this.editing = false;
    this.comparing = false;
    before?.element.remove();
    this.needs.place(sheet.element);
    if (!before) this.needs.away(true);
    this.refresh();
    sheet.itemPane.scrollTop = 0;
    sheet.heading.focus({ preventScroll: true });
  }

  revealButton(label) {
    const button = make("button", { type: "button", class: "button" }, "Show what was hidden");
    button.addEventListener("click", () => {
      call("POST", `${this.base}/${label}/reveal`, {}).then((shown) => this.paint(shown), this.needs.trouble);
    });
    return button;
  }

  /** The buttons under a label, by what can be done with it. */
  refresh() {
    const { shown } = this.page;
    byId("past-actions").hidden = false;
    byId("past-actions").classList.toggle("changing", this.editing);
    this.page.element.classList.toggle("changing", this.editing);
    this.page.title.textContent = this.editing ? "Changing your label" : "Your label";
    byId("past-edit-actions").hidden = !this.editing;
    byId("past-read-actions").hidden = this.editing;
    byId("past-older").hidden = byId("past-newer").hidden = this.labels.length === 0;
    byId("past-older").setAttribute("aria-disabled", String(this.at + 1 >= this.labels.length));
    byId("past-difference").hidden = !shown.former;
    byId("past-leave-text").textContent = this.onLeave ? "Next item" : "Back to work";
  }

  /** Change this label: the form opens, and a reason is asked for. */
  edit() {
    if (!this.page || this.editing) return;
    this.compare(false);
    this.editing = true;
    this.submitId = newSubmitId();
    this.page.lock.disabled = false;
    this.reason.value = "";
    this.refresh();
    this.page.form.shown[0]?.widget.focus();
    this.needs.say("Change your answers, say why, and press Enter.");
  }

  /** Leave the form as the label was. */
  cancel() {
    this.paint(this.page.shown);
  }

  save() {
    const { form, shown } = this.page;
    if (form.showWrong()) return;
    const reason = this.reason.value.trim();
    byId("past-reason-problem").hidden = reason !== "";
    this.reason.setAttribute("aria-invalid", String(reason === ""));
    if (!reason) {
      this.reason.focus();
      return;
    }
    const body = { answers: form.answers, comment: form.comment, reason, submit_id: this.submitId };
    const title = String(shown.item.external_id ?? "");
    const refused = (refusal) => this.needs.say(`${title} was not changed: ${refusal.message}`, "warn", { answers: { ...body.answers, reason } });
    const done = () => this.needs.say(`${title} is changed.`);
    this.outbox.add({ kind: "revise", path: `/labels/${shown.label.id}/revise`, title, body }, { done, refused });
    this.leave();
  }

  /** Show the answers as they were before this label was changed, or as they are now. @param {boolean} former */
  compare(former = !this.comparing) {
    if (!this.page) return;
    const { shown, form } = this.page;
    if (!shown.former || this.editing || former === this.comparing) return;
    this.comparing = former;
    const { answers, comment } = former ? shown.former : shown.label;
    form.fill(answers, comment);
    byId("past-difference").setAttribute("aria-pressed", String(former));
    this.needs.say(former ? "These are your answers from before the change." : "These are your answers as they stand.");
  }

  /** Back to the work, which waited. */
  leave() {
    if (!this.page) return;
    this.page.element.remove();
    this.page = null;
    this.editing = false;
    byId("past-actions").hidden = true;
    const goOn = this.onLeave;
    this.onLeave = null;
    this.needs.away(false);
    goOn?.();
  }
}
