/** Options as a list of radio buttons or check boxes with their keys beside them. */

import { keysOf } from "../answer_keys.js";
import { make } from "../dom.js";

/** The mark of a key beside what it does. @param {import("../answer_keys.js").Keys} keys */
export function keyMark(keys, value) {
  const key = keys.byValue.get(value);
  if (!key) return "";
  return make("kbd", { "aria-hidden": "true", class: keys.own.has(key) ? "own" : "digit" }, key);
}

/**
 * @param {import("../answer_keys.js").Option[]} options
 * @param {"radio" | "checkbox"} type
 * @param {import("../questions.js").Tools} tools
 */
export function optionList(options, type, tools) {
  const keys = keysOf(options, tools.claimed);
  const element = make("div", { class: "options" });
  /** @type {Map<string, HTMLInputElement>} */
  const inputs = new Map();
  for (const { value, label } of options) {
    const input = make("input", { type, name: tools.id, value });
    const key = keys.byValue.get(value);
    if (key && keys.own.has(key)) input.setAttribute("aria-keyshortcuts", key);
    inputs.set(value, input);
    element.append(make("label", { class: "option" }, input, make("span", { class: "text", dir: "auto" }, label), keyMark(keys, value)));
  }
  return { element, keys, inputs };
}

/** Tell the form that an answer changed. @param {HTMLElement} element */
export function changed(element) {
  element.dispatchEvent(new Event("input", { bubbles: true }));
}
