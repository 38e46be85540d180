/** The questions of a rubric as a form: what is shown, what is answered, what is wrong. */

import { make } from "./dom.js";

/**
 * @typedef {{value: string, label: string, hotkey?: string}} Option
 * @typedef {{key: string, kind: string, title: string, help?: string, required?: boolean, max_length?: number,
 *   options?: Option[], show_if?: {question: string, in: string[]}}} Question
 */

const OWN_KEYS = "szjkefdrux?gn";
const FREE_KEYS = "123456789abchilmopqtvwy";

/**
 * Give every option a key: its own where the rubric names one, else the next free digit or letter.
 * @param {Question[]} questions
 * @returns {Map<string, string>} from `question key + newline + option value` to the key
 */
export function assignKeys(questions) {
  const options = questions.flatMap((question) => (question.options || []).map((option) => ({ question, option })));
  const taken = new Set(options.map(({ option }) => option.hotkey).filter(Boolean));
  const free = [...FREE_KEYS].filter((key) => !taken.has(key) && !OWN_KEYS.includes(key));
  const keys = new Map();
  for (const { question, option } of options) {
    const key = option.hotkey || free.shift();
    if (key) keys.set(`${question.key}\n${option.value}`, key);
  }
  return keys;
}

let made = 0;

/** The form of one task. Answers to questions that are not shown do not exist. */
export class QuestionForm {
  /** @param {Question[]} questions @param {() => void} onChange */
  constructor(questions, onChange) {
    this.questions = questions;
    this.prefix = `q${++made}`;
    this.keys = assignKeys(questions);
    /** @type {Map<string, HTMLElement>} */
    this.blocks = new Map();
    this.element = make("form", { novalidate: true, autocomplete: "off" });
    const firstText = questions.find((question) => question.kind === "text");
    for (const question of questions) {
      const block = question.kind === "choice" ? this.choice(question) : this.text(question, question === firstText);
      this.blocks.set(question.key, block);
      this.element.append(block);
    }
    this.commentBox = make("textarea", { id: `${this.prefix}-comment`, maxlength: "10000", rows: "2", dir: "auto" });
    const label = make("label", { for: this.commentBox.id }, "Comment ", make("span", { class: "optional" }, "optional"));
    label.append(make("kbd", { "aria-hidden": "true" }, "e"));
    const comment = make("div", { class: "question" }, label, make("div", { class: "answer" }, this.commentBox));
    this.element.append(comment);
    this.element.addEventListener("submit", (event) => event.preventDefault());
    this.element.addEventListener("input", () => {
      this.refresh();
      onChange();
    });
    this.refresh();
  }

  /** @param {Question} question */
  choice(question) {
    const legend = make("legend", {}, question.title, this.optionalMark(question));
    const block = make("fieldset", { class: "question" }, legend);
    this.addHelp(block, question);
    const options = make("div", { class: "options answer" });
    for (const option of question.options || []) {
      const key = this.keys.get(`${question.key}\n${option.value}`);
      const radio = make("input", { type: "radio", name: `${this.prefix}-${question.key}`, value: option.value });
      if (key) radio.setAttribute("aria-keyshortcuts", key);
      const label = make("label", { class: "option" }, radio, make("span", { class: "text", dir: "auto" }, option.label));
      if (key) label.append(make("kbd", { "aria-hidden": "true" }, key));
      options.append(label);
    }
    block.append(options);
    return block;
  }

  /** @param {Question} question @param {boolean} first */
  text(question, first) {
    const id = `${this.prefix}-${question.key}`;
    const label = make("label", { for: id }, question.title, this.optionalMark(question));
    if (first) label.append(make("kbd", { "aria-hidden": "true" }, "n"));
    const box = make("textarea", { id, rows: "3", dir: "auto" });
    if (question.max_length) box.setAttribute("maxlength", String(question.max_length));
    const block = make("div", { class: "question" }, label);
    this.addHelp(block, question);
    block.append(make("div", { class: "answer" }, box));
    return block;
  }

  optionalMark(question) {
    return question.required === false ? make("span", { class: "optional" }, " optional") : "";
  }

  addHelp(block, question) {
    if (question.help) block.append(make("p", { class: "help", dir: "auto" }, question.help));
  }

  /** The answer to a question as it stands, shown or not; undefined where there is none. */
  raw(question) {
    const block = /** @type {HTMLElement} */ (this.blocks.get(question.key));
    if (question.kind === "choice") return block.querySelector("input:checked")?.value;
    return block.querySelector("textarea").value.trim() || undefined;
  }

  /** Show the questions whose condition is met by answers that are themselves shown. */
  refresh() {
    const shown = new Map();
    for (const question of this.questions) {
      const met = !question.show_if || question.show_if.in.includes(shown.get(question.show_if.question));
      this.blocks.get(question.key).hidden = !met;
      if (met) shown.set(question.key, this.raw(question));
      if (shown.get(question.key) !== undefined) this.clearProblem(question.key);
    }
  }

  isShown(question) {
    return !this.blocks.get(question.key).hidden;
  }

  /** The answers to the questions that are shown. @returns {Record<string, string>} */
  get answers() {
    const answers = {};
    for (const question of this.questions) {
      const answer = this.isShown(question) ? this.raw(question) : undefined;
      if (answer !== undefined) answers[question.key] = answer;
    }
    return answers;
  }

  get comment() {
    return this.commentBox.value.trim();
  }

  /** Put answers back, from a draft or an undone label. */
  fill(answers, comment) {
    for (const question of this.questions) {
      const block = /** @type {HTMLElement} */ (this.blocks.get(question.key));
      const answer = answers?.[question.key];
      if (question.kind === "choice") {
        for (const radio of block.querySelectorAll("input")) radio.checked = radio.value === answer;
      } else {
        block.querySelector("textarea").value = answer ?? "";
      }
    }
    this.commentBox.value = comment || "";
    this.refresh();
  }

  /** Answer by key. @returns {boolean} whether a shown option has that key */
  press(key) {
    for (const question of this.questions) {
      if (question.kind !== "choice" || !this.isShown(question)) continue;
      for (const option of question.options || []) {
        if (this.keys.get(`${question.key}\n${option.value}`) !== key) continue;
        const radio = [...this.blocks.get(question.key).querySelectorAll("input")].find((one) => one.value === option.value);
        radio.checked = true;
        radio.dispatchEvent(new Event("input", { bubbles: true }));
        return true;
      }
    }
    return false;
  }

  /** Focus the first shown text question, or the comment. */
  focusNote() {
    const question = this.questions.find((one) => one.kind === "text" && this.isShown(one));
    (question ? this.blocks.get(question.key).querySelector("textarea") : this.commentBox).focus();
  }

  focusComment() {
    this.commentBox.focus();
  }

  /** The required questions that are shown and not answered. */
  get missing() {
    return this.questions.filter(
      (question) => question.required !== false && this.isShown(question) && this.raw(question) === undefined,
    );
  }

  /** Say what is wrong at a question, and tie the words to its control. */
  showProblem(key, message) {
    const block = this.blocks.get(key);
    if (!block) return false;
    this.clearProblem(key);
    const id = `${this.prefix}-${key}-problem`;
    block.classList.add("wrong");
    block.querySelector(".answer")?.before(make("p", { class: "problem", id }, message));
    const control = block.matches("fieldset") ? block : block.querySelector("textarea");
    control.setAttribute("aria-describedby", id);
    for (const one of block.querySelectorAll("input, textarea")) one.setAttribute("aria-invalid", "true");
    return true;
  }

  clearProblem(key) {
    const block = /** @type {HTMLElement} */ (this.blocks.get(key));
    if (!block.classList.contains("wrong")) return;
    block.classList.remove("wrong");
    block.querySelector(".problem")?.remove();
    block.removeAttribute("aria-describedby");
    for (const one of block.querySelectorAll("input, textarea")) {
      one.removeAttribute("aria-invalid");
      one.removeAttribute("aria-describedby");
    }
  }

  /** Focus the control of a question. */
  focusQuestion(key) {
    this.blocks.get(key)?.querySelector("input, textarea")?.focus();
  }
}
