/** `choice`: exactly one of the options; `multi_choice`: several of them. */

import { make } from "../dom.js";
import { changed, optionList } from "./option_list.js";

/** @type {import("../questions.js").Build} */
export function buildChoice(question, tools) {
  const { element, keys, inputs } = optionList(question.options, "radio", tools);
  return {
    element,
    keys,
    read: () => [...inputs.values()].find((input) => input.checked)?.value,
    fill(answer) {
      for (const input of inputs.values()) input.checked = input.value === answer;
    },
    press(value) {
      inputs.get(value).checked = true;
      changed(inputs.get(value));
      return true;
    },
    focus: () => ([...inputs.values()].find((input) => input.checked) || [...inputs.values()][0]).focus(),
  };
}

/** @type {import("../questions.js").Build} */
export function buildMultiChoice(question, tools) {
  const { element, keys, inputs } = optionList(question.options, "checkbox", tools);
  const least = question.min ?? 1;
  const most = question.max ?? question.options.length;
  const rule = make("p", { class: "rule" }, howMany(least, most, question.options.length));
  const chosen = () => [...inputs.values()].filter((input) => input.checked).map((input) => input.value);
  // What would be one too many cannot be chosen; it is not disabled, so that it can still be reached and read.
  element.addEventListener("click", (event) => {
    if (event.target.checked && chosen().length > most) {
      event.preventDefault();
      tools.say(`At most ${most}.`);
    }
  });
  return {
    element: make("div", {}, rule, element),
    keys,
    read() {
      const answer = chosen();
      return answer.length || least === 0 ? answer : undefined;
    },
    fill(answer) {
      for (const input of inputs.values()) input.checked = (answer || []).includes(input.value);
    },
    press(value) {
      inputs.get(value).click();
      return false;
    },
    find: () => (chosen().length && chosen().length < least ? [{ path: [], message: `Choose at least ${least}.` }] : []),
    focus: () => [...inputs.values()][0].focus(),
  };
}

function howMany(least, most, count) {
  if (least === most) return `Choose ${least}`;
  if (most < count) return least > 1 ? `Choose ${least} to ${most}` : `Choose up to ${most}`;
  return least > 1 ? `Choose at least ${least}` : least === 0 ? "Choose all that apply, or none" : "Choose all that apply";
}
