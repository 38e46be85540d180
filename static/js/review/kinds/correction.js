/** `correction`: the output, to be edited, with what was changed shown word by word. */

import { make } from "../dom.js";
import { jsonPair } from "../forms/json_pair.js";
import { keptText } from "../forms/kept_text.js";
import { equalValues } from "../forms/nodes.js";
import { schemaOf } from "../forms/schema.js";
import { isMessages, textOf } from "../target_text.js";
import { diffWords } from "../word_diff.js";
import { changed } from "./option_list.js";

const SHOW_AFTER = 60;
const AROUND = 120; // as much of an unchanged stretch is shown beside a change

/** @type {import("../questions.js").Build} */
export function buildCorrection(question, tools) {
  const original = tools.item.output ?? "";
  const editor = editorOf(original, question, tools);
  const measure = make("span", { class: "measure" });
  const toggle = make("button", { type: "button", class: "button small", "aria-expanded": "true", "aria-keyshortcuts": "d" }, "Difference ", make("kbd", { "aria-hidden": "true" }, "d"));
  const reset = make("button", { type: "button", class: "button small" }, "Reset");
  const difference = make("div", { class: "difference", dir: "auto", role: "group", "aria-label": "Difference to the original" });
  const bar = make("div", { class: "correction-bar" }, measure, toggle, reset);
  const element = make("div", { class: "correction" }, editor.element, bar, difference);
  let timer = 0;

  const compare = () => {
    timer = 0;
    const value = editor.read();
    if (value === undefined) return;
    const diff = diffWords(textOf(original), textOf(value));
    const untouched = equalValues(value, original);
    const words = diff.removed + diff.added;
    const share = Math.round(100 * diff.changed);
    measure.textContent = untouched
      ? "Nothing changed"
      : words ? `${diff.removed} removed, ${diff.added} added: ${share || "under 1"} % of the words` : "No word changed";
    reset.setAttribute("aria-disabled", String(untouched));
    difference.replaceChildren(...(words ? draw(diff.pieces) : []));
    difference.hidden = !words || toggle.getAttribute("aria-expanded") === "false";
  };
  const soon = () => (timer ||= setTimeout(compare, SHOW_AFTER));
  const showDifference = () => {
    toggle.setAttribute("aria-expanded", String(toggle.getAttribute("aria-expanded") === "false"));
    compare();
  };
  toggle.addEventListener("click", showDifference);
  reset.addEventListener("click", () => {
    editor.fill(original);
    compare();
    changed(editor.element);
    editor.focus();
    tools.say("The original is back.");
  });
  editor.element.addEventListener("input", soon);
  editor.fill(original);
  compare();

  const answer = () => {
    const value = editor.read();
    // Leaving an optional correction as it was is no answer; leaving a required one says that nothing was wrong.
    return question.required === false && value !== undefined && equalValues(value, original) ? undefined : value;
  };

  return {
    element,
    read: () => (editor.broken?.() ? undefined : answer()),
    draft: answer,
    fill(answer) {
      editor.fill(answer ?? original);
      compare();
    },
    find: () => (editor.find ? editor.find() : []),
    show: editor.show,
    clear: editor.clear,
    focus: editor.focus,
    difference: showDifference,
  };
}

/** The editor that fits the output: text, the last message of a conversation, or a form. */
function editorOf(original, question, tools) {
  if (typeof original === "string") return textEditor(tools.id, question.title);
  const last = isMessages(original) ? original.at(-1) : null;
  if (last && typeof last.content === "string") {
    const editor = textEditor(tools.id, question.title);
    return {
      ...editor,
      read: () => [...original.slice(0, -1), { ...last, content: editor.read() }],
      fill: (messages) => editor.fill(messages.at(-1).content),
    };
  }
  return jsonPair({ id: tools.id, schema: schemaOf(original), name: question.title });
}

function textEditor(id, title) {
  const box = make("textarea", { id: `${id}-text`, class: "correct", dir: "auto", rows: "4", "aria-label": title });
  return { element: box, ...keptText(box), focus: () => box.focus() };
}

/** The pieces of a difference; long stretches without a change are cut. */
function draw(pieces) {
  return pieces.map(({ kind, text }, at) => {
    if (kind !== "same") return make(kind, {}, text);
    const first = at === 0;
    const last = at === pieces.length - 1;
    if (text.length <= 2 * AROUND + 20) return text;
    return `${first ? "" : text.slice(0, AROUND)} … ${last ? "" : text.slice(-AROUND)}`;
  });
}
