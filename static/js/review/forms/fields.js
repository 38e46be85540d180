/** The fields of a form that hold one value: text, numbers, yes or no, one of several, and raw JSON for the rest. */

import { make } from "../dom.js";
import { keptText } from "./kept_text.js";
import { findMisfit, same } from "./schema.js";

/**
 * A node of a form. `read` gives undefined where nothing was entered.
 * @typedef {{element: HTMLElement, read: () => any, fill: (value: any) => void, find: () => {path: string[], message: string}[],
 *   show: (path: string[], message: string) => boolean, clear: () => void, focus: () => void}} FormNode
 * @typedef {{title: string, id: string, shape: import("./schema.js").Shape, required: boolean}} Place
 */

const INPUT_TYPES = { date: "date", email: "email", uri: "url" };
const LONG_OVER = 60;

/** What every field has: a label, a control, and a place for what is wrong with it. */
function field({ title, id, shape, required }, control, { read, fill }) {
  const optional = required ? "" : make("span", { class: "optional" }, " optional");
  const label = make("label", { for: id }, title, optional);
  const element = make("div", { class: "field" }, label, control);
  if (shape.schema.description) label.after(make("p", { class: "help" }, shape.schema.description));
  const problem = make("p", { class: "problem", id: `${id}-problem`, hidden: true });
  element.append(problem);
  const input = control.matches("input, textarea, select") ? control : control.querySelector("input");
  if (required) input.setAttribute("aria-required", "true");
  return {
    element,
    read,
    fill,
    focus: () => input.focus(),
    find() {
      const value = read();
      const message = value === undefined ? (required ? "This is required." : "") : findMisfit(value, shape);
      return message ? [{ path: [], message }] : [];
    },
    show(_, message) {
      problem.textContent = message;
      problem.hidden = false;
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", problem.id);
      return true;
    },
    clear() {
      problem.hidden = true;
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    },
  };
}

/** What an empty control stands for: the empty text where it began so, null where that is asked for, else nothing. */
function nothing({ shape, required }, began) {
  if (shape.type === "string" && (shape.blank || began === "")) return "";
  return shape.nullable && (required || began === null) ? null : undefined;
}

/** @param {Place} place @returns {FormNode} */
export function textField(place) {
  const { id, shape } = place;
  const { format, maxLength } = shape.schema;
  const type = INPUT_TYPES[format];
  const long = !type && !format && !(maxLength <= LONG_OVER);
  const input = long ? make("textarea", { id, rows: "1", dir: "auto" }) : make("input", { id, type: type || "text", dir: "auto" });
  if (format === "date-time") input.setAttribute("placeholder", "2026-01-31T12:00:00Z");
  const kept = keptText(input);
  let began;
  return field(place, input, {
    read: () => kept.read() || nothing(place, began),
    fill(value) {
      began = value;
      kept.fill(String(value ?? ""));
      // A date that no calendar has would vanish from a date field: then it is shown as text.
      if (input.value === "" && value) {
        input.setAttribute("type", "text");
        kept.fill(String(value));
      }
    },
  });
}

/** @param {Place} place @returns {FormNode} */
export function numberField(place) {
  const input = make("input", { id: place.id, type: "text", inputmode: "decimal" });
  let began;
  return field(place, input, {
    read() {
      const text = input.value.trim();
      if (text === "") return nothing(place, began);
      // What is no number stays as typed, so that it is refused and not lost.
      return Number.isFinite(Number(text)) ? Number(text) : text;
    },
    fill(value) {
      began = value;
      input.value = value ?? "";
    },
  });
}

/** @param {Place} place @returns {FormNode} */
export function optionField(place) {
  const { id, shape, required } = place;
  const options = shape.type === "boolean" && !shape.options ? [true, false] : shape.options;
  const names = options.map((value) => (value === true ? "Yes" : value === false ? "No" : String(value)));
  const select = make("select", { id }, make("option", { value: "" }, required ? "Choose…" : "–"));
  select.append(...names.map((name, at) => make("option", { value: String(at) }, name)));
  let began;
  let strange; // a value that is none of the options is kept until another is chosen
  return field(place, select, {
    read() {
      if (select.value === "strange") return strange;
      return select.value === "" ? nothing(place, began) : options[Number(select.value)];
    },
    fill(value) {
      began = value;
      select.querySelector("[value=strange]")?.remove();
      const at = options.findIndex((option) => same(option, value));
      strange = value;
      if (at < 0 && value !== undefined && value !== null) {
        select.append(make("option", { value: "strange" }, typeof value === "string" ? value : JSON.stringify(value)));
        select.value = "strange";
      } else {
        select.value = at < 0 ? "" : String(at);
      }
    },
  });
}

/** @param {Place} place @returns {FormNode} */
export function rawField(place) {
  const box = make("textarea", { id: place.id, rows: "2", class: "raw-json", spellcheck: "false", dir: "ltr" });
  const parsed = () => {
    try {
      return { value: JSON.parse(box.value) };
    } catch (problem) {
      return { problem };
    }
  };
  const node = field(place, box, {
    read: () => (box.value.trim() === "" ? undefined : "value" in parsed() ? parsed().value : box.value),
    fill: (value) => (box.value = value === undefined ? "" : JSON.stringify(value, null, 2)),
  });
  const { find } = node;
  node.find = () => (box.value.trim() && parsed().problem ? [{ path: [], message: "This is not JSON." }] : find());
  return node;
}
