/** An item and its questions side by side: of a task at hand, or of a label that is looked at again. */

import { ItemViewer } from "../item/viewer.js";
import { make } from "./dom.js";
import { QuestionForm } from "./questions.js";

/**
 * @typedef {{item: Record<string, any>, view: string, orders?: Record<string, string[]>, candidates?: string[],
 *   rubric: {version: number, questions: import("./questions.js").Question[]}}} Paper
 */

/**
 * Lay the item and its questions out, hidden.
 * @param {Paper} paper
 * @param {() => void} onChange
 */
export function layOut(paper, onChange) {
  const itemPane = make("div", { class: "item-pane", tabindex: "0", role: "region", "aria-label": "Item" });
  itemPane.innerHTML = paper.view; // made, and made harmless, by the server
  const viewer = new ItemViewer(itemPane);
  const form = new QuestionForm(paper.rubric.questions, onChange, paper, viewer);
  const questions = make("div", { class: "question-pane", role: "region", "aria-label": "Questions" }, form.element);
  const element = make("section", { class: "slot", hidden: true }, itemPane, questions);
  return { element, itemPane, viewer, heading: viewer.heading, questions, form };
}
