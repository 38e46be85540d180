/** `pairwise`: which of two candidates is better. They are told apart by their place on the screen, not by their names. */

import { buildChoice } from "./choice.js";

/** @type {import("../questions.js").Build} */
export function buildPairwise(question, tools) {
  const options = tools.order.map((value) => {
    const number = tools.numberOf(value);
    return { value, label: `Answer ${number} is better`, place: number };
  });
  if (question.tie !== false) options.push({ value: "tie", label: "No difference", place: 0 });
  return buildChoice({ ...question, options }, tools);
}
