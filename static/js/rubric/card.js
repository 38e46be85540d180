/** One question as a card to click together: what all kinds have, and what its own kind has. */

import { make } from "../review/dom.js";
import { checkField, moveEntry, numberField, put, selectField, textField, toolButton } from "./controls.js";
import { answersOf, asKind, freeName, KIND_WORDS } from "./words.js";

/**
 * @typedef {{questions: any[], changed: () => void, redraw: (focus?: string) => void}} Editor `changed` after a value,
 *   `redraw` after something that other controls depend on
 */

/** @param {any} question @param {number} at @param {Editor} editor */
export function questionCard(question, at, editor) {
  const { changed, redraw } = editor;
  const write = (name) => (value) => {
    put(question, name, value);
    changed();
  };
  const redrawn = (name) => (value) => {
    put(question, name, value);
    redraw(`${at} ${name}`);
  };
  const heading = make("legend", {}, `${at + 1}. ${question.title || "Question"}`);
  const title = textField("Question", question.title, "title", (value) => {
    put(question, "title", value);
    heading.textContent = `${at + 1}. ${value}`;
    changed();
  });
  const kind = selectField("Kind", question.kind, Object.entries(KIND_WORDS), "kind", (value) => {
    editor.questions[at] = asKind(question, value);
    redraw(`${at} kind`);
  });
  const card = make(
    "fieldset",
    { class: "rubric-card", "data-index": String(at) },
    heading,
    cardTools(question, at, editor),
    title,
    make("div", { class: "pair" }, kind, textField("Name in exports", question.key, "key", write("key"), { class: "mono", spellcheck: "false" })),
    make("div", { class: "rubric-own stack" }, ...ownFields(question, at, editor, { write, redrawn })),
    textField("Help for the reviewer (optional)", question.help, "help", write("help"), { rows: "1" }),
    make(
      "div",
      { class: "row" },
      checkField("Must be answered", question.required !== false, (on) => write("required")(on ? undefined : false), "required"),
      ...("positive" in question || "positive_from" in question || question.primary
        ? [checkField("Main question: pass rates speak of it", question.primary, (on) => write("primary")(on || undefined), "primary")]
        : []),
    ),
    ...conditionFields(question, at, editor),
  );
  return card;
}

function cardTools(question, at, editor) {
  const move = (to, name) => () => {
    if (moveEntry(editor.questions, at, to)) editor.redraw(`${to} tool:${name}`);
  };
  const handle = make("span", { class: "rubric-handle", draggable: "true", "aria-hidden": "true", title: "Drag to move" }, "⠿");
  handle.addEventListener("dragstart", (event) => event.dataTransfer?.setData("text/plain", String(at)));
  const duplicate = () => {
    const taken = editor.questions.map(({ key }) => key);
    const copy = structuredClone(question);
    for (const option of [...(copy.options || []), ...(copy.tags || [])]) delete option.hotkey;
    delete copy.primary;
    editor.questions.splice(at + 1, 0, { ...copy, key: freeName(question.key || "question", taken) });
    editor.redraw(`${at + 1} title`);
  };
  const remove = () => {
    editor.questions.splice(at, 1);
    editor.redraw(editor.questions.length ? `${Math.max(0, at - 1)} title` : "");
  };
  const of = `question ${at + 1}`;
  return make(
    "div",
    { class: "row rubric-tools" },
    handle,
    toolButton("↑", `Move ${of} up`, move(at - 1, "up"), "up"),
    toolButton("↓", `Move ${of} down`, move(at + 1, "down"), "down"),
    toolButton("Duplicate", `Duplicate ${of}`, duplicate),
    toolButton("Delete", `Delete ${of}`, remove),
  );
}

/** @returns {HTMLElement[]} */
function ownFields(question, at, editor, { write, redrawn }) {
  const pair = (...fields) => make("div", { class: "pair" }, ...fields);
  if (question.kind === "choice") return [optionRows(question, "options", at, editor)];
  if (question.kind === "multi_choice") {
    const numbers = pair(numberField("At least", question.min, "min", write("min")), numberField("At most", question.max, "max", write("max")));
    return [optionRows(question, "options", at, editor), numbers];
  }
  if (question.kind === "rating") {
    const from = [[undefined, "no pass or fail"], ...answersOf(question).slice(1)];
    const ends = [question.min, question.max].map((number) => {
      const said = (value) => {
        const labels = { ...(question.labels || {}) };
        put(labels, String(number), value);
        write("labels")(Object.keys(labels).length ? labels : undefined);
      };
      return textField(`What ${number} means`, question.labels?.[String(number)], `labels.${number}`, said);
    });
    return [
      pair(numberField("From", question.min, "min", write("min")), numberField("To", question.max, "max", write("max"))),
      pair(...ends),
      selectField("Counts as pass from", question.positive_from, from, "positive_from", redrawn("positive_from")),
    ];
  }
  if (question.kind === "text") return [numberField("Longest text, in characters", question.max_length, "max_length", write("max_length"))];
  if (question.kind === "spans") {
    const target = textField("Text to mark: input, output, context or steps.0", question.target, "target", write("target"));
    return [target, optionRows(question, "tags", at, editor)];
  }
  if (question.kind === "pairwise" || question.kind === "ranking") {
    const lines = (text) => write("candidates")(text.split("\n").map((line) => line.trim()).filter(Boolean));
    const names = textField("Candidates: keys of the output, one a line", (question.candidates || []).join("\n"), "candidates", lines, { rows: "3" });
    if (question.kind === "ranking") return [names];
    return [names, checkField("A tie is allowed", question.tie !== false, (on) => write("tie")(on ? undefined : false), "tie")];
  }
  if (question.kind === "json") {
    const read = (text) => {
      try {
        question.schema = JSON.parse(text);
      } catch {
        question.schema = text; // refused by the server, at this place
      }
      editor.changed();
    };
    const schema = typeof question.schema === "string" ? question.schema : JSON.stringify(question.schema, null, 2);
    return [
      textField("JSON Schema of the answer", schema, "schema", read, { rows: "8", class: "code-field short", spellcheck: "false" }),
      checkField("Begin with the output", question.prefill === "output", (on) => write("prefill")(on ? "output" : undefined), "prefill"),
    ];
  }
  return [make("p", { class: "muted small" }, "The reviewer edits the output; what changed is measured.")];
}

/** The options of a choice or the tags of spans: words, value, key, and what counts as pass. */
function optionRows(question, name, at, editor) {
  const options = question[name];
  const taken = () => options.map(({ value }) => value);
  const rows = options.map((option, place) => {
    const path = `${name}.${place}`;
    const write = (field) => (value) => {
      put(option, field, value);
      editor.changed();
    };
    const value = (text) => {
      if (question.positive) question.positive = question.positive.map((one) => (one === option.value ? text : one));
      write("value")(text);
    };
    const pass = (on) => {
      const positive = options.map((one) => one.value).filter((one) => (one === option.value ? on : question.positive?.includes(one)));
      put(question, "positive", positive.length ? positive : undefined);
      if (!positive.length) delete question.primary;
      editor.redraw(`${at} ${path}.pass`);
    };
    const move = (to, tool) => () => {
      if (moveEntry(options, place, to)) editor.redraw(`${at} ${name}.${to}.${tool}`);
    };
    const remove = () => {
      options.splice(place, 1);
      if (question.positive) put(question, "positive", question.positive.filter((one) => one !== option.value));
      if (!question.positive?.length) delete question.positive;
      editor.redraw(`${at} add`);
    };
    const what = option.label || `answer ${place + 1}`;
    return make(
      "li",
      { class: "rubric-option", "data-path": path },
      textField("Answer", option.label, `${path}.label`, write("label")),
      textField("Value", option.value, `${path}.value`, value, { class: "mono", spellcheck: "false" }),
      textField("Key", option.hotkey, `${path}.hotkey`, write("hotkey"), { class: "mono", maxlength: "1", size: "2" }),
      ...(question.kind === "choice" ? [checkField("Counts as pass", question.positive?.includes(option.value), pass, `${path}.pass`)] : []),
      make(
        "div",
        { class: "row rubric-tools" },
        toolButton("↑", `Move ${what} up`, move(place - 1, "up"), `${path}.up`),
        toolButton("↓", `Move ${what} down`, move(place + 1, "down"), `${path}.down`),
        toolButton("×", `Delete ${what}`, remove),
      ),
    );
  });
  const add = make("button", { type: "button", class: "button", "data-tool": "add" }, name === "tags" ? "Add a tag" : "Add an answer");
  add.addEventListener("click", () => {
    options.push({ value: freeName(`option ${options.length + 1}`, taken()), label: `Answer ${options.length + 1}` });
    editor.redraw(`${at} ${name}.${options.length - 1}.label`);
  });
  return make("div", { class: "stack", "data-path": name }, make("ul", { class: "rubric-options", role: "list" }, ...rows), add);
}

/** When the question is asked: always, or after some answers to an earlier one. */
function conditionFields(question, at, editor) {
  const earlier = editor.questions.slice(0, at).filter((one) => answersOf(one).length);
  const condition = question.show_if;
  if (!earlier.length && !condition) return [];
  const choices = [[undefined, "always"], ...earlier.map((one) => [one.key, `after an answer to “${one.title}”`])];
  if (condition && !earlier.some(({ key }) => key === condition.question)) choices.push([condition.question, `after ${condition.question} (not an earlier question)`]);
  const asked = selectField("Asked", condition?.question, choices, "show_if", (key) => {
    const first = earlier.find((one) => one.key === key);
    put(question, "show_if", first && { question: key, in: [answersOf(first)[0][0]] });
    editor.redraw(`${at} show_if`);
  });
  const about = earlier.find(({ key }) => key === condition?.question);
  if (!about) return [asked];
  const answers = answersOf(about).map(([value, words]) =>
    checkField(words, condition.in.includes(value), (on) => {
      condition.in = on ? [...condition.in, value] : condition.in.filter((one) => one !== value);
      editor.changed();
    }),
  );
  return [asked, make("div", { class: "row", role: "group", "aria-label": "After these answers", "data-path": "show_if.in" }, ...answers)];
}
