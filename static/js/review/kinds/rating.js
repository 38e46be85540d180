/** `rating`: a number on a scale, as a row of radio buttons with words at its ends. */

import { keysOf } from "../answer_keys.js";
import { make } from "../dom.js";
import { changed, keyMark } from "./option_list.js";

/** @type {import("../questions.js").Build} */
export function buildRating(question, tools) {
  const { min, max } = question;
  const numbers = Array.from({ length: max - min + 1 }, (_, at) => min + at);
  // The key of a number is its digit; a scale that digits cannot name has the keys of the places.
  const ownDigits = min >= 0 && max <= 10;
  const options = numbers.map((number) => ({ value: String(number), hotkey: ownDigits && number < 10 ? String(number) : undefined }));
  const { byKey, byValue } = keysOf(options, tools.claimed);
  const keys = { byKey, byValue, own: new Set() };
  const words = new Map(Object.entries(question.labels || {}).map(([number, text]) => [Number(number), text]));
  const scale = make("div", { class: numbers.length > 7 ? "scale long" : "scale" });
  /** @type {Map<string, HTMLInputElement>} */
  const inputs = new Map();
  for (const number of numbers) {
    const value = String(number);
    const name = words.has(number) ? `${number}, ${words.get(number)}` : value;
    const input = make("input", { type: "radio", name: tools.id, value, "aria-label": name });
    inputs.set(value, input);
    const mark = byValue.get(value) === value ? "" : keyMark(keys, value);
    scale.append(make("label", { class: "option notch" }, input, make("span", { class: "text", "aria-hidden": "true" }, value), mark));
  }
  const meaning = make("p", { class: "meaning", dir: "auto" });
  const ends = make("p", { class: "ends", "aria-hidden": "true" }, make("span", { dir: "auto" }, words.get(min) || ""), make("span", { dir: "auto" }, words.get(max) || ""));
  const read = () => {
    const chosen = [...inputs.values()].find((input) => input.checked);
    return chosen && Number(chosen.value);
  };
  const tell = () => (meaning.textContent = words.get(read()) || "");
  const element = make("div", {}, scale);
  if (words.has(min) || words.has(max)) element.append(ends);
  // Words between the ends are told when they are chosen: there is no room for all of them.
  if ([...words.keys()].some((number) => number !== min && number !== max)) element.append(meaning);
  element.addEventListener("input", tell);
  return {
    element,
    keys,
    read,
    fill(answer) {
      for (const input of inputs.values()) input.checked = Number(input.value) === answer;
      tell();
    },
    press(value) {
      inputs.get(value).checked = true;
      changed(inputs.get(value));
      return true;
    },
    focus: () => ([...inputs.values()].find((input) => input.checked) || [...inputs.values()][0]).focus(),
  };
}
