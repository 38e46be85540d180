/** Labelled controls that write into an object, each knowing its place, so that a mistake can be said at it. */

import { make } from "../review/dom.js";

let controls = 0;

/** Set a field, or take it away where it is empty. */
export function put(object, name, value) {
  if (value === undefined || value === "") delete object[name];
  else object[name] = value;
}

/** A control under its label. @param {string} label @param {HTMLElement} control @param {string} path */
export function labelled(label, control, path, ...more) {
  control.id ||= `rubric-field-${++controls}`;
  return make("div", { class: "field", "data-path": path }, make("label", { for: control.id }, label), control, ...more);
}

export function textField(label, value, path, write, attributes = {}) {
  const tag = "rows" in attributes ? "textarea" : "input";
  const control = /** @type {HTMLInputElement} */ (make(tag, { autocomplete: "off", ...attributes }));
  control.value = value ?? "";
  control.addEventListener("input", () => write(control.value));
  return labelled(label, control, path);
}

export function numberField(label, value, path, write) {
  const read = (text) => write(text.trim() === "" ? undefined : /^-?\d+$/.test(text.trim()) ? Number(text) : text);
  return textField(label, value === undefined ? "" : String(value), path, read, { inputmode: "numeric" });
}

/** @param {[any, string][]} choices */
export function selectField(label, value, choices, path, write) {
  const control = /** @type {HTMLSelectElement} */ (make("select"));
  choices.forEach(([one, words], at) => {
    const option = /** @type {HTMLOptionElement} */ (make("option", { value: String(at) }, words));
    option.selected = one === value;
    control.append(option);
  });
  control.addEventListener("change", () => write(choices[Number(control.value)][0]));
  return labelled(label, control, path);
}

export function checkField(label, value, write, path = "") {
  const control = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
  control.checked = Boolean(value);
  control.addEventListener("change", () => write(control.checked));
  return make("label", { class: "check", "data-path": path }, control, ` ${label}`);
}

/** A small button. @param {string} words what it does, for those who do not see the sign */
export function toolButton(sign, words, act, name = "") {
  const button = make("button", { type: "button", class: "button quiet", "aria-label": words, title: words, "data-tool": name }, sign);
  button.addEventListener("click", act);
  return button;
}

/** Move an entry of a list. @returns {boolean} whether it moved */
export function moveEntry(list, from, to) {
  if (to < 0 || to >= list.length || from === to) return false;
  list.splice(to, 0, ...list.splice(from, 1));
  return true;
}
