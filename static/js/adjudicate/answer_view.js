/** An answer as others read it beside their own: in the words of the rubric, with what others did not say marked. */

import { make } from "../review/dom.js";
import { targetText, textOf } from "../review/target_text.js";
import { diffWords } from "../review/word_diff.js";

/**
 * @typedef {import("../review/questions.js").Question} Question
 * @typedef {{question: Question, answer: any, others: any[], details: any, item: Record<string, any>, candidates: string[]}} Said
 *   an answer, those that others gave to the same question, what is kept beside it, and what it is about
 */

/** Text that is marked where not everybody says it. @param {string} text @param {boolean} shared */
function piece(text, shared) {
  return make(shared ? "span" : "mark", { dir: "auto" }, text);
}

function labelOf(options, value) {
  return (options || []).find((option) => option.value === value)?.label ?? String(value);
}

function candidateName({ question, candidates }, value) {
  if (value === "tie") return "No difference";
  return `Answer ${1 + (candidates.length ? candidates : question.candidates).indexOf(value)}`;
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** @param {Said} said */
function viewOptions({ question, answer, others }) {
  if (!answer.length) return [make("span", { class: "muted" }, "none")];
  return answer.map((value) => piece(labelOf(question.options, value), others.every((other) => other.includes(value))));
}

/** @param {Said} said */
function viewSpans({ question, answer, others, details, item }) {
  if (!answer.length) return [make("span", { class: "muted" }, "nothing marked")];
  const text = [...targetText(item, question.target)];
  const place = ({ start, end, tag }) => `${start} ${end} ${tag}`;
  return answer.map((span, at) => {
    const quote = details?.quotes?.[at] || text.slice(span.start, span.end).join("");
    const shared = others.every((other) => other.some((one) => place(one) === place(span)));
    return piece(`${labelOf(question.tags, span.tag)}: “${quote}”`, shared);
  });
}

/** @param {Said} said */
function viewRanking(said) {
  return said.answer.map((value, at) => piece(`${at + 1}. ${candidateName(said, value)}`, said.others.every((other) => other[at] === value)));
}

/** @param {Said} said */
function viewCorrection({ answer, item }) {
  const { pieces, changed } = diffWords(textOf(item.output), textOf(answer));
  if (!changed) return [make("span", { class: "muted" }, "left as it is")];
  return [make("span", { class: "difference" }, ...pieces.map(({ kind, text }) => make(kind === "same" ? "span" : kind, {}, text)))];
}

/** The places of an object that hold something, with what they hold. */
function leavesOf(value, path = "") {
  if (value === null || typeof value !== "object" || !Object.keys(value).length) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path ? `${path}.${key}` : key));
}

/** @param {Said} said */
function viewObject({ answer, others }) {
  const theirs = others.map((other) => new Map(leavesOf(other)));
  return leavesOf(answer).map(([path, value]) => {
    const shared = theirs.every((leaves) => leaves.has(path) && same(leaves.get(path), value));
    return piece(`${path}: ${typeof value === "string" ? value : JSON.stringify(value)}`, shared);
  });
}

/** @type {Record<string, (said: Said) => HTMLElement[]>} */
const VIEWS = {
  multi_choice: viewOptions,
  spans: viewSpans,
  ranking: viewRanking,
  correction: viewCorrection,
  json: viewObject,
};

/** In words. @param {Said} said */
function inWords(said) {
  const { question, answer } = said;
  if (question.kind === "choice") return labelOf(question.options, answer);
  if (question.kind === "pairwise") return candidateName(said, answer);
  const meaning = question.kind === "rating" && question.labels?.[answer];
  return meaning ? `${answer} (${meaning})` : String(answer);
}

/** Show an answer. @param {Said} said @returns {HTMLElement} */
export function viewAnswer(said) {
  const { question, answer, others } = said;
  const view = VIEWS[question.kind];
  const shared = question.kind === "text" || others.every((other) => same(other, answer));
  const pieces = view ? view(said) : [piece(inWords(said), shared)];
  return make("div", { class: "said" }, ...pieces);
}
