/** The questions of a rubric as a form: what is shown, what is answered, which question the keys go to, what is wrong. */

import { claimedKeys } from "./answer_keys.js";
import { make } from "./dom.js";
import { buildWidget } from "./kinds/registry.js";

/**
 * @typedef {import("./answer_keys.js").Option} Option
 * @typedef {{key: string, kind: string, title: string, help?: string, required?: boolean,
 *   show_if?: {question: string, in: (string | number)[]}} & Record<string, any>} Question
 *
 * What a kind is given besides its question: an id for its controls, the keys that the rubric names, the item, the element
 * that shows the text of a target, the order of candidates and the number each is shown under, a way to speak to screen
 * readers, to take the keys, and to tell that it came late.
 * @typedef {{id: string, claimed: Set<string>, item: Record<string, any>, textOf: (target: string) => HTMLElement | null,
 *   order: string[], numberOf: (candidate: string) => number, say: (text: string) => void, activate: () => void,
 *   ready: () => void}} Tools
 *
 * What a kind gives: its controls; its keys, and `press` for the value of one, which tells whether the question is done
 * with; `read` for the answer (undefined where there is none), `draft` for half of one, `fill` to put either back; `find`
 * for what is wrong as it stands; `show` for what is wrong at a place within, which tells whether it knows the place.
 * `labels` is the one control that the title labels; without it the question is a group. `asked` is told whether the question is shown, `mark` goes
 * into the text that is marked.
 * @typedef {{element: HTMLElement, labels?: HTMLElement, keys?: import("./answer_keys.js").Keys, read: () => any,
 *   fill: (answer: any) => void, focus: () => void, press?: (value: string) => boolean,
 *   find?: () => {path: string[], message: string}[], show?: (path: string[], message: string) => boolean,
 *   clear?: () => void, draft?: () => any, difference?: () => void, asked?: (asked: boolean) => void, mark?: () => void}} Widget
 * @typedef {(question: Question, tools: Tools) => Widget} Build
 * @typedef {{question: Question, element: HTMLElement, widget: Widget, wrong: boolean}} Block
 */

/** Kinds that are answered by writing, not by keys. */
const WRITTEN = ["text", "correction", "json"];

let made = 0;

/** The form of one task. Answers to questions that are not shown do not exist. */
export class QuestionForm {
  /**
   * @param {Question[]} questions
   * @param {() => void} onChange
   * @param {{item?: Record<string, any>, orders?: Record<string, string[]>, candidates?: string[]}} [task] what is asked about
   * @param {import("../item/viewer.js").ItemViewer} [viewer] where it is shown
   */
  constructor(questions, onChange, task = {}, viewer = undefined) {
    this.prefix = `q${++made}`;
    this.element = make("form", { novalidate: true, autocomplete: "off" });
    const claimed = claimedKeys(questions);
    this.claimed = claimed;
    const say = (text) => this.element.dispatchEvent(new CustomEvent("say", { bubbles: true, detail: text }));
    const firstText = questions.find((question) => WRITTEN.includes(question.kind));
    /** @type {Block[]} */
    this.blocks = questions.map((question) => {
      const tools = {
        id: `${this.prefix}-${question.key}`,
        claimed,
        item: task.item || {},
        textOf: (target) => viewer?.textOf(target) || null,
        order: task.orders?.[question.key] || question.candidates || [],
        numberOf: (candidate) => 1 + (task.candidates || question.candidates || []).indexOf(candidate),
        say,
        activate: () => this.activate(this.blocks.find((block) => block.question === question)),
        ready: () => this.refresh(),
      };
      const widget = buildWidget(question, tools);
      return { question, widget, element: frame(question, widget, tools.id, question === firstText), wrong: false };
    });
    this.element.append(...this.blocks.map((block) => block.element), this.commentBlock());
    /** @type {Block | undefined} */
    this.active = undefined;
    this.element.addEventListener("submit", (event) => event.preventDefault());
    this.element.addEventListener("input", () => {
      this.refresh();
      onChange();
    });
    this.element.addEventListener("focusin", (event) => {
      const block = this.blocks.find((one) => one.element.contains(/** @type {Node} */ (event.target)));
      if (block?.widget.keys) this.activate(block);
    });
    this.refresh();
  }

  commentBlock() {
    this.commentBox = make("textarea", { id: `${this.prefix}-comment`, maxlength: "10000", rows: "2", dir: "auto" });
    const label = make("label", { for: this.commentBox.id }, "Comment ", make("span", { class: "optional" }, "optional"));
    label.append(make("kbd", { "aria-hidden": "true" }, "e"));
    return make("div", { class: "question" }, label, make("div", { class: "answer" }, this.commentBox));
  }

  /** The blocks of the questions that are shown. */
  get shown() {
    return this.blocks.filter((block) => !block.element.hidden);
  }

  /** Show the questions whose condition is met by answers that are themselves shown. */
  refresh() {
    const answers = new Map();
    for (const { question, widget, element } of this.blocks) {
      const given = question.show_if && [answers.get(question.show_if.question)].flat();
      element.hidden = Boolean(given) && !given.some((answer) => question.show_if.in.includes(answer));
      widget.asked?.(!element.hidden);
      if (!element.hidden) answers.set(question.key, widget.read());
    }
    for (const block of this.shown) if (block.wrong && !this.wrongOf(block).length) this.clearProblem(block);
    const keyed = this.shown.filter((block) => block.widget.keys);
    this.element.classList.toggle("several", keyed.length > 1);
    if (!this.active?.widget.keys || this.active.element.hidden) this.activate(this.nextOpen(keyed) || keyed[0]);
  }

  nextOpen(blocks) {
    return blocks.find((block) => block.widget.read() === undefined);
  }

  /** Give the keys to a question. @param {Block | undefined} block */
  activate(block) {
    if (this.active === block) return;
    this.active?.element.classList.remove("active");
    this.active = block;
    block?.element.classList.add("active");
  }

  /** The answers to the questions that are shown. @returns {Record<string, any>} */
  get answers() {
    const given = this.shown.map(({ question, widget }) => [question.key, widget.read()]);
    return Object.fromEntries(given.filter(([, answer]) => answer !== undefined));
  }

  /** The answers as they stand, also half ones, to be put back later. @returns {Record<string, any>} */
  get draft() {
    const given = this.shown.map(({ question, widget }) => [question.key, widget.draft ? widget.draft() : widget.read()]);
    return Object.fromEntries(given.filter(([, answer]) => answer !== undefined));
  }

  get comment() {
    return this.commentBox.value.trim();
  }

  /** Put answers back, from a draft or an undone label. */
  fill(answers, comment) {
    for (const { question, widget } of this.blocks) widget.fill(answers?.[question.key]);
    this.commentBox.value = comment || "";
    this.activate(undefined);
    this.refresh();
  }

  /**
   * Answer by key: the active question first, then any shown one whose own key it is. A key of a question that is not
   * shown does nothing, and so never what the page does with it.
   * @returns {boolean}
   */
  press(key) {
    if (key === "," || key === ".") return this.step(key === "." ? 1 : -1);
    const mine = this.active?.widget.keys?.byKey.has(key) && this.active;
    const block = mine || this.shown.find(({ widget }) => widget.keys?.own.has(key));
    if (!block) return this.claimed.has(key);
    this.activate(block);
    if (block.widget.press(block.widget.keys.byKey.get(key))) this.goOn(block);
    return true;
  }

  /** After an answer: the keys, and the focus if it was in the form, go to the next open question that takes keys. */
  goOn(block) {
    const later = this.shown.slice(this.shown.indexOf(block) + 1).filter((one) => one.widget.keys);
    const next = this.nextOpen(later);
    if (!next) return;
    this.activate(next);
    if (this.element.contains(document.activeElement)) next.widget.focus();
    else next.element.scrollIntoView({ block: "nearest" });
  }

  /** Go to the question before or after the one that is being answered. @returns {boolean} */
  step(by) {
    const here = this.shown.findIndex((block) => block.element.contains(document.activeElement));
    const from = here >= 0 ? here : this.shown.indexOf(this.active);
    const to = this.shown[from + by] || (here < 0 && this.shown[from]);
    if (to) to.widget.focus();
    else if (by > 0) this.focusComment();
    return true;
  }

  /** Show or hide what was changed. */
  difference() {
    for (const { widget } of this.shown) widget.difference?.();
  }

  /** Focus the first shown question that takes writing, or the comment. */
  focusNote() {
    const note = this.shown.find(({ question }) => WRITTEN.includes(question.kind));
    if (note) note.widget.focus();
    else this.focusComment();
  }

  focusComment() {
    this.commentBox.focus();
  }

  /** Write words behind what stands in the first text that is asked for, or in the comment. @param {string} words */
  write(words) {
    const note = this.shown.find(({ question }) => question.kind === "text");
    const box = /** @type {HTMLTextAreaElement} */ (note?.element.querySelector("textarea") || this.commentBox);
    const before = box.value && !box.value.endsWith("\n") ? `${box.value}\n` : box.value;
    box.value = before + words;
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Go into the text of the active question that is answered by marking, or of the first. */
  mark() {
    const blocks = this.shown.filter((block) => block.widget.mark);
    const block = blocks.find((one) => one === this.active) || blocks[0];
    if (!block) return;
    this.activate(block);
    block.widget.mark();
  }

  // What is wrong

  /** What keeps a question from being submitted as it stands. @param {Block} block */
  wrongOf({ question, widget }) {
    const found = widget.find?.() || [];
    const open = !found.length && question.required !== false && widget.read() === undefined;
    return open ? [{ path: [], message: "Answer this question." }] : found;
  }

  /**
   * Enter: where the active question is answered and another is still open, go to that one, unless one is there already.
   * @returns {boolean} whether there was somewhere to go
   */
  moveOn() {
    if (!this.active || this.wrongOf(this.active).length) return false;
    const open = this.shown.find((block) => !block.wrong && this.wrongOf(block).length);
    if (!open || open.element.contains(document.activeElement)) return false;
    open.widget.focus();
    return true;
  }

  /** Say what is wrong at each question, and go to the first. @returns {number} how many cannot be submitted */
  showWrong() {
    const wrong = this.shown.filter((block) => this.wrongOf(block).length);
    for (const block of wrong) for (const { path, message } of this.wrongOf(block)) this.showProblem(block, path, message);
    wrong[0]?.widget.focus();
    return wrong.length;
  }

  /** Show what the server refused, at its places. @param {{path: string, message: string}[]} fields */
  showRefusal(fields) {
    const places = fields.map(({ path, message }) => ({ parts: path.split(".").slice(1), message }));
    for (const block of this.blocks) this.clearProblem(block);
    const wrong = places.map(({ parts: [key, ...path], message }) => {
      const block = this.blocks.find((one) => one.question.key === key);
      if (block) this.showProblem(block, path, message);
      return block;
    });
    wrong.find(Boolean)?.widget.focus();
  }

  /** Say what is wrong at a question, or at a place within it, and tie the words to its controls. */
  showProblem(block, path, message) {
    block.wrong = true;
    block.element.classList.add("wrong");
    if (path.length && block.widget.show?.(path, message)) return;
    const id = `${this.prefix}-${block.question.key}-problem`;
    const place = path.length ? `${path.join(".")}: ` : "";
    block.element.querySelector(".answer").before(make("p", { class: "problem", id }, place + message));
    (block.widget.labels || block.element).setAttribute("aria-describedby", id);
    for (const one of block.element.querySelectorAll("input, textarea")) one.setAttribute("aria-invalid", "true");
  }

  /** @param {Block} block */
  clearProblem(block) {
    if (!block.wrong) return;
    block.wrong = false;
    block.element.classList.remove("wrong");
    block.widget.clear?.();
    for (const one of block.element.querySelectorAll(":scope > .problem")) one.remove();
    for (const one of [block.element, ...block.element.querySelectorAll("input, textarea")]) {
      one.removeAttribute("aria-invalid");
      one.removeAttribute("aria-describedby");
    }
  }
}

/** A question's frame: its title, what helps to answer it, and its controls. */
function frame(question, widget, id, first) {
  const optional = question.required === false ? make("span", { class: "optional" }, " optional") : "";
  const answer = make("div", { class: "answer" }, widget.element);
  const title = widget.labels ? make("label", { for: id }) : make("legend");
  title.append(question.title, optional);
  if (first) title.append(make("kbd", { "aria-hidden": "true" }, "n"));
  const block = make(widget.labels ? "div" : "fieldset", { class: "question" }, title);
  if (question.help) block.append(make("p", { class: "help", dir: "auto" }, question.help));
  block.append(answer);
  return block;
}
