/** What people answered, above the controls that decide: side by side where they differ, in one line where they agree. */

import { make } from "../review/dom.js";
import { viewAnswer } from "./answer_view.js";

/**
 * @typedef {{who: string, answers: Record<string, any>, details: Record<string, any>, comment: string, note: string,
 *   own: boolean}} Opinion
 */

/** Everybody's answers at a form's questions, and taking one of them over. */
export class Opinions {
  /**
   * @param {{opinions: Opinion[], agreed: string[], begun: string[], differing: string[], item: Record<string, any>,
   *   candidates: string[]}} found
   * @param {import("../review/questions.js").QuestionForm} form
   * @param {(text: string) => void} say
   */
  constructor(found, form, say) {
    this.found = found;
    this.form = form;
    this.say = say;
    /** @type {Map<string, number>} whose answer a question has been given, by question */
    this.taken = new Map();
    for (const block of form.blocks) {
      const said = this.show(block);
      if (said) block.element.querySelector(".answer").before(said);
    }
  }

  /** Who answered a question. @param {string} key */
  of(key) {
    return this.found.opinions.filter(({ answers }) => answers[key] !== undefined);
  }

  show(block) {
    const { question } = block;
    const given = this.of(question.key);
    if (!given.length) return null;
    const views = given.map(({ answers, details }, at) =>
      viewAnswer({
        question,
        answer: answers[question.key],
        others: given.filter((_, other) => other !== at).map((one) => one.answers[question.key]),
        details: details[question.key],
        item: this.found.item,
        candidates: this.found.candidates,
      }),
    );
    if (this.found.agreed.includes(question.key)) {
      const who = given.length > 1 ? "Everybody says" : `${given[0].who} says`;
      return make("div", { class: "opinions agreed" }, make("span", { class: "who" }, who), views[0]);
    }
    const list = make("ul", { class: "opinions", role: "list", "aria-label": `Answers to: ${question.title}` });
    given.forEach(({ who }, at) => {
      const use = make("button", { type: "button", class: "button small" }, "Use");
      use.append(make("span", { class: "visually-hidden" }, ` what ${who} says`));
      use.addEventListener("click", () => this.take(block, at));
      list.append(make("li", {}, make("span", { class: "who" }, who), views[at], use));
    });
    const begun = this.found.begun.includes(question.key) ? [make("p", { class: "small muted" }, "What all have in common is filled in below.")] : [];
    return make("div", {}, list, ...begun);
  }

  /** Answer a question as somebody did. */
  take(block, at) {
    const { key } = block.question;
    const opinion = this.of(key)[at];
    this.taken.set(key, at);
    block.widget.fill(opinion.answers[key]);
    block.element.dispatchEvent(new Event("input", { bubbles: true }));
    this.form.activate(block);
    this.say(`As ${opinion.who} says.`);
  }

  /** Take over what the next person says: of the question in focus, of the active one, or of the first that differs. */
  takeNext() {
    const differ = this.form.shown.filter(({ question }) => this.of(question.key).length && !this.found.agreed.includes(question.key));
    const block =
      differ.find(({ element }) => element.contains(document.activeElement)) ||
      differ.find((one) => one === this.form.active) ||
      differ[0];
    if (!block) return this.say("There is no other answer to take over.");
    const { key } = block.question;
    const given = this.of(key);
    this.take(block, this.taken.has(key) ? (this.taken.get(key) + 1) % given.length : 0);
  }
}
