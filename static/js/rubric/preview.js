/** The reviewer's screen for the questions as they stand: the real controls, answered by their real keys. */

import { ItemViewer } from "../item/viewer.js";
import { byId, make } from "../review/dom.js";
import { listenForKeys } from "../review/keys.js";
import { QuestionForm } from "../review/questions.js";

/** Shows questions on an item; answers stay while their question stays. */
export class RubricPreview {
  constructor() {
    this.desk = byId("preview-desk");
    /** @type {QuestionForm | null} */
    this.form = null;
    this.known = "";
    const within = () => this.form && this.desk.contains(document.activeElement);
    listenForKeys({
      press: (key) => Boolean(within() && this.form.press(key)),
      submit: () => within() && this.tryOut(),
      leave: () => within() && this.desk.querySelector(".item-pane")?.focus(),
    });
  }

  /** @param {any[]} questions @param {{is_stored: boolean, view: string}} task */
  show(questions, task) {
    const now = JSON.stringify([questions, task.view]);
    if (now === this.known) return;
    this.known = now;
    const before = new Map(this.form?.blocks.map(({ question }) => [question.key, JSON.stringify(question)]));
    const answers = Object.entries(this.form?.draft || {}).filter(([key]) => {
      const same = questions.find((question) => question.key === key);
      return same && JSON.stringify(same) === before.get(key);
    });
    byId("preview-about").textContent = task.is_stored ? "on the newest item of the project" : "on an item made up for this";
    const pane = make("div", { class: "item-pane", tabindex: "0", role: "region", "aria-label": "Item in the preview" });
    pane.innerHTML = task.view; // made, and made harmless, by the server
    this.form = new QuestionForm(questions, () => {}, task, new ItemViewer(pane));
    this.form.fill(Object.fromEntries(answers), "");
    const attempt = make("button", { type: "button", class: "button" }, "Try to submit");
    attempt.addEventListener("click", () => this.tryOut());
    const asked = make("div", { class: "question-pane", role: "region", "aria-label": "Questions in the preview" }, this.form.element, make("div", { class: "row" }, attempt));
    this.desk.replaceChildren(pane, asked);
  }

  tryOut() {
    const wrong = this.form.showWrong();
    byId("announce").textContent = wrong ? `${wrong} not answered.` : "This would be submitted. Nothing is stored from the preview.";
    byId("preview-about").textContent = wrong ? "something is not answered" : "this would be submitted; nothing is stored from here";
  }
}
