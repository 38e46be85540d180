/** The rubric's page: questions by clicking, in step with their JSON, and the reviewer's screen beside them. */

import { askForJson } from "./page/ask.js";
import { sendFormsOnce } from "./page/once.js";
import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";
import { byId, make } from "./review/dom.js";
import { questionCard } from "./rubric/card.js";
import { moveEntry } from "./rubric/controls.js";
import { RubricDraft } from "./rubric/draft.js";
import { RubricPreview } from "./rubric/preview.js";
import { asKind, freeName } from "./rubric/words.js";

const CHECK_AFTER = 400;
const root = byId("rubric-editor");
const cards = byId("question-cards");
const rubricForm = /** @type {HTMLFormElement} */ (byId("rubric-form"));
const json = /** @type {HTMLTextAreaElement} */ (byId("rubric-questions"));
const guidelinesBox = /** @type {HTMLTextAreaElement} */ (byId("rubric-guidelines"));
const state = byId("publish-state");
const jsonProblem = make("p", { class: "problem", id: "json-problem", hidden: true });
const preview = new RubricPreview();
const draft = new RubricDraft(root, { questions: json.value, guidelines: guidelinesBox.value });
let checkTimer = 0;
let asked = 0;

const editor = {
  /** @type {any[]} */
  questions: [],
  changed() {
    json.value = JSON.stringify(editor.questions, null, 2);
    written();
  },
  redraw(focus = "") {
    drawCards();
    editor.changed();
    focusOn(focus);
  },
};

function drawCards() {
  const add = make("button", { type: "button", class: "button", id: "add-question" }, "Add a question");
  add.addEventListener("click", () => {
    const key = freeName("question", editor.questions.map((question) => question.key));
    editor.questions.push(asKind({ key, title: "New question" }, "choice"));
    editor.redraw(`${editor.questions.length - 1} title`);
  });
  cards.replaceChildren(...editor.questions.map((question, at) => questionCard(question, at, editor)), add);
}

/** Put the focus where it was, or where the new thing is. @param {string} place the card's number, then a path or tool */
function focusOn(place) {
  const [at, path = ""] = place.split(" ");
  const card = cards.querySelector(`[data-index="${at}"]`);
  const tool = path.startsWith("tool:") ? path.slice(5) : path;
  const found = card?.querySelector(`[data-path="${path}"] :is(input, textarea, select)`) || card?.querySelector(`[data-tool="${tool}"]`);
  (found || byId("add-question")).focus();
}

/** After every change: keep it, and ask what the server says of it a little later. */
function written() {
  draft.keep({ questions: json.value, guidelines: guidelinesBox.value });
  clearTimeout(checkTimer);
  checkTimer = setTimeout(check, CHECK_AFTER);
}

async function check() {
  const mine = ++asked;
  const answer = await askForJson(root.dataset.check, { method: "POST", body: new FormData(rubricForm) });
  if (mine !== asked) return; // something newer is on its way
  if (!answer) {
    state.textContent = "The server does not answer; what you write is kept in this browser.";
    return;
  }
  const { fields, message, guidelines, changes, questions, preview: task } = answer;
  byId("guidelines-preview").querySelector(".prose").innerHTML = guidelines; // made harmless by the server
  showMistakes(fields, message);
  if (!questions) return;
  const title = make("h3", {}, "What changes");
  byId("changes").innerHTML = changes;
  byId("changes").prepend(title);
  preview.show(questions, task);
}

/** Say each mistake at its control, or at the nearest thing that holds it. */
function showMistakes(fields, message) {
  for (const one of cards.querySelectorAll("[data-problem]")) one.remove();
  for (const one of cards.querySelectorAll("[aria-invalid]")) {
    one.removeAttribute("aria-invalid");
    one.removeAttribute("aria-describedby");
  }
  jsonProblem.textContent = fields.map((field) => `${field.path}: ${field.message}`).join(" · ");
  jsonProblem.hidden = !fields.length;
  state.textContent = fields.length ? `${message} ${fields.length} to put right.` : "";
  fields.forEach(({ path, message: words }, number) => {
    const [, at, ...parts] = path.split(".");
    const card = cards.querySelector(`[data-index="${at}"]`);
    if (!card) return;
    let place = null;
    for (; parts.length && !place; parts.pop()) place = card.querySelector(`[data-path="${parts.join(".")}"]`);
    const id = `rubric-problem-${number}`;
    const said = make("p", { class: "problem", id, "data-problem": true }, words);
    if (place) place.append(said);
    else card.querySelector("legend").after(said);
    const control = place?.querySelector("input, textarea, select");
    control?.setAttribute("aria-invalid", "true");
    control?.setAttribute("aria-describedby", id);
  });
}

/** Take the questions over from their JSON. @returns {boolean} whether they could be read */
function readJson() {
  try {
    const read = JSON.parse(json.value || "[]");
    if (!Array.isArray(read) || read.some((one) => typeof one !== "object" || !one)) return false;
    editor.questions = read;
  } catch {
    return false;
  }
  drawCards();
  return true;
}

function showView(name) {
  if (name === "click" && !readJson()) {
    jsonProblem.textContent = "This is not a JSON list of questions yet; put it right first.";
    jsonProblem.hidden = false;
    json.focus();
    return;
  }
  cards.hidden = name !== "click";
  byId("json-view").hidden = name === "click";
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === name));
  written();
}

for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => showView(button.dataset.view));
for (const box of [json, guidelinesBox]) box.addEventListener("input", written);
for (const link of document.querySelectorAll("[data-template]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const body = JSON.parse(byId("template-bodies").textContent)[link.dataset.template];
    if (json.value.trim() && !confirm("Replace the questions and guidelines in the form? What is published stays.")) return;
    json.value = JSON.stringify(body.questions, null, 2);
    guidelinesBox.value = body.guidelines;
    byId("templates").open = false;
    showView("click");
    cards.querySelector("input")?.focus();
  });
}
cards.addEventListener("dragover", (event) => event.preventDefault());
cards.addEventListener("drop", (event) => {
  const to = /** @type {HTMLElement} */ (event.target).closest?.("[data-index]");
  const from = event.dataTransfer?.getData("text/plain");
  if (!to || !/^\d+$/.test(from)) return;
  event.preventDefault();
  if (moveEntry(editor.questions, Number(from), Number(to.dataset.index))) editor.redraw(`${to.dataset.index} title`);
});

rubricForm.addEventListener("submit", () => draft.keep({ questions: json.value, guidelines: guidelinesBox.value }, true));

for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
byId("check-button").hidden = true;
json.after(jsonProblem);
if (!("typed" in root.dataset)) {
  const kept = draft.find();
  if (kept) {
    json.value = kept.questions;
    guidelinesBox.value = kept.guidelines;
  }
}
showView(readJson() ? "click" : "json");
followTheme();
sendFormsOnce();
showLocalTimes();
