/** `text`: free text. */

import { make } from "../dom.js";

/** @type {import("../questions.js").Build} */
export function buildText(question, tools) {
  const box = make("textarea", { id: tools.id, rows: "3", dir: "auto" });
  if (question.max_length) box.setAttribute("maxlength", String(question.max_length));
  return {
    element: box,
    labels: box,
    read: () => box.value.trim() || undefined,
    fill: (answer) => (box.value = answer ?? ""),
    focus: () => box.focus(),
  };
}
