/** `pairwise`: which of two candidates is better. They are told apart by their place on the screen, not by their names. */

import { buildChoice } from "./choice.js";

/** @type {import("../questions.js").Build} */
export function buildPairwise(question, tools) {
  const options = tools.order.map((value, at) => ({ value, label: `Answer ${at + 1} is better` }));
  if (question.tie !== false) options.push({ value: "tie", label: "No difference" });
  return buildChoice({ ...question, options }, tools);
}
