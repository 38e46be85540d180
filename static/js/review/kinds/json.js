/** `json`: a form from the question's schema beside the raw JSON. */

import { jsonPair } from "../forms/json_pair.js";

/** @type {import("../questions.js").Build} */
export function buildJson(question, tools) {
  const pair = jsonPair({ id: tools.id, schema: question.schema, name: question.title });
  const prefill = question.prefill === "output" ? tools.item.output : undefined;
  let touched = false;
  const begin = (answer) => {
    touched = answer !== undefined;
    pair.fill(answer ?? (isStructured(prefill) ? prefill : undefined));
  };
  begin(undefined);
  pair.element.addEventListener("input", () => (touched = true));
  const isAnswer = () => touched || isStructured(prefill);
  return {
    element: pair.element,
    read: () => (isAnswer() && !pair.broken() ? pair.read() : undefined),
    draft: () => (isAnswer() ? pair.read() : undefined), // of raw JSON in the making, what could last be read
    fill: begin,
    find: () => (isAnswer() || question.required !== false ? pair.find() : []),
    show: pair.show,
    clear: pair.clear,
    focus: pair.focus,
  };
}

function isStructured(value) {
  return value !== null && typeof value === "object";
}
