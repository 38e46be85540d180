/** Fields for the value of a condition: one for each type, and a list to tick where values are known. */

import { make } from "../review/dom.js";
import { typeOf } from "./operators.js";

let madeLists = 0;

/**
 * Return an element for the value of a condition. `changed` gets the value, null while there is none.
 * @param {{type: string, op: string, value: any, known: any[], label: string}} given
 * @param {(value: any) => void} changed
 */
export function valueField(given, changed) {
  if (given.op === "in") return listField(given, changed);
  if (given.type === "boolean") return yesNoField(given, changed);
  if (given.type === "time") return timeField(given, changed);
  return given.type === "number" ? numberField(given, changed) : textField(given, changed);
}

function withKnown(input, known) {
  if (!known.length) return input;
  const id = `known-values-${(madeLists += 1)}`;
  input.setAttribute("list", id);
  const list = make("datalist", { id }, ...known.map((value) => make("option", { value: String(value) })));
  return make("span", { class: "filter-value" }, input, list);
}

function textField({ value, known, label }, changed) {
  const input = make("input", { type: "text", "aria-label": label, autocomplete: "off", autocapitalize: "off" });
  input.value = value ?? "";
  input.addEventListener("input", () => changed(input.value === "" ? null : input.value));
  return withKnown(input, known.filter((each) => typeof each === "string"));
}

function readNumber(text) {
  const number = Number(text.trim().replace(",", "."));
  return text.trim() === "" || !Number.isFinite(number) ? null : number;
}

function numberField({ value, known, label }, changed) {
  const input = make("input", { type: "text", inputmode: "decimal", "aria-label": label, autocomplete: "off" });
  input.value = value ?? "";
  input.addEventListener("input", () => {
    const number = readNumber(input.value);
    const wrong = number === null && input.value.trim() !== "";
    input.setCustomValidity(wrong ? "Write a number, such as 2000 or 0.5." : "");
    input.setAttribute("aria-invalid", String(wrong));
    changed(number);
  });
  return withKnown(input, known.filter((each) => typeof each === "number"));
}

function yesNoField({ value, label }, changed) {
  const select = make("select", { "aria-label": label });
  select.append(make("option", { value: "" }, "choose…"), make("option", {}, "true"), make("option", {}, "false"));
  select.value = typeof value === "boolean" ? String(value) : "";
  select.addEventListener("change", () => changed(select.value === "" ? null : select.value === "true"));
  return select;
}

/** Times are shown and typed in UTC, as the server keeps them. */
function timeField({ value, label }, changed) {
  const input = make("input", { type: "datetime-local", step: "1", "aria-label": `${label}, in UTC` });
  const time = value ? new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`) : null;
  if (time && !Number.isNaN(time.valueOf())) input.value = time.toISOString().slice(0, 19).replace(/:00$/, "");
  input.addEventListener("input", () => {
    changed(input.value === "" ? null : `${input.value.length === 16 ? `${input.value}:00` : input.value}Z`);
  });
  return make("span", { class: "filter-value" }, input, make("span", { class: "muted small" }, "UTC"));
}

const TICKED_AT_MOST = 12;

/** Known values to tick, and a field for others, one a line. */
function listField({ type, value, known, label }, changed) {
  const chosen = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  const offered = known.filter((each) => typeOf(each) === type).slice(0, TICKED_AT_MOST);
  const others = make("textarea", { rows: "2", "aria-label": `${label}, others, one a line`, spellcheck: "false" });
  others.placeholder = offered.length ? "others, one a line" : "one a line";
  others.value = chosen.filter((each) => !offered.includes(each)).join("\n");
  const boxes = offered.map((each) => {
    const box = make("input", { type: "checkbox" });
    box.checked = chosen.includes(each);
    return box;
  });
  const tell = () => {
    const lines = others.value.split("\n").map((line) => line.trim());
    const typed = lines.filter(Boolean).map((line) => (type === "number" ? readNumber(line) : line));
    const values = [...offered.filter((_, at) => boxes[at].checked), ...typed.filter((each) => each !== null)];
    changed(values.length ? [...new Set(values)] : null);
  };
  const ticks = boxes.map((box, at) => make("label", { class: "check" }, box, " ", String(offered[at])));
  const group = make("span", { class: "filter-ticks", role: "group", "aria-label": label }, ...ticks, others);
  group.addEventListener("input", tell);
  return group;
}
