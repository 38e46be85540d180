/** What a question about spans shows around its list: its tags as buttons, the bar under the text, and how to mark. */

import { make } from "../dom.js";
import { keyMark } from "../kinds/option_list.js";
import { STYLES } from "./painted.js";

export const NONE = ""; // the value of "nothing to mark"; no tag can have it

/** The line that spans of a style have under them. @param {number} style */
export function swatch(style) {
  return make("span", { class: `swatch-line a${style % STYLES}`, "aria-hidden": "true" });
}

/**
 * A tag of the question, or "nothing to mark", which stays pressed.
 * @param {import("../answer_keys.js").Option} option
 * @param {number} style
 * @param {import("../answer_keys.js").Keys} keys
 * @param {(value: string) => void} press
 */
export function tagButton({ value, label }, style, keys, press) {
  const isNone = value === NONE;
  const words = make("span", { class: "text", dir: "auto" }, label);
  const attributes = { type: "button", class: "option tag-option", "aria-pressed": isNone && "false" };
  const button = make("button", attributes, isNone ? "" : swatch(style), words, keyMark(keys, value));
  const key = keys.byValue.get(value);
  if (key && keys.own.has(key)) button.setAttribute("aria-keyshortcuts", key);
  button.addEventListener("click", () => press(value));
  return button;
}

/**
 * Under the text: what is selected, and the tags for it, near the eyes and on touch screens in reach.
 * @param {import("../answer_keys.js").Option[]} tags
 * @param {number} firstStyle
 * @param {import("../answer_keys.js").Keys} keys
 * @param {(value: string) => void} press
 */
export function tagBar(tags, firstStyle, keys, press) {
  const buttons = tags.map(({ value, label }, at) => {
    const button = make("button", { type: "button", class: "button" }, swatch(firstStyle + at), label, keyMark(keys, value));
    button.addEventListener("click", () => press(value));
    return button;
  });
  return make("div", { class: "span-bar", role: "group", "aria-label": "Tag the selection", hidden: true }, ...buttons);
}

/** How to mark, above the list; how to change what is marked, below it while it has the focus. @param {unknown} text */
export function markingHelp(text) {
  const key = (name) => make("kbd", {}, name);
  const how = text ? ["Select text, then a tag. ", key("m"), " goes into the text."] : ["There is no text here to mark."];
  const change = [key("←"), " ", key("→"), " move the end, with ", key("Shift"), " the start, with ", key("Ctrl"), " by words. ", key("Del"), " removes."];
  return [make("p", { class: "help span-help" }, ...how), make("p", { class: "help span-help ends-help" }, ...change)];
}
