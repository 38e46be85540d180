/** The kinds of question in plain words, and what a new one begins with. */

export const KIND_WORDS = {
  choice: "One of several answers",
  multi_choice: "Several answers",
  rating: "Rating on a scale",
  text: "Free text",
  spans: "Marked passages",
  pairwise: "Which of two is better",
  ranking: "Order from best to worst",
  correction: "Corrected output",
  json: "Form (JSON)",
};

const twoOptions = () => [
  { value: "yes", label: "Yes" },
  { value: "no", label: "No" },
];

/** @type {Record<string, () => Record<string, any>>} */
const BEGINNINGS = {
  choice: () => ({ options: twoOptions() }),
  multi_choice: () => ({ options: twoOptions() }),
  rating: () => ({ min: 1, max: 5 }),
  text: () => ({}),
  spans: () => ({ target: "output", tags: [{ value: "wrong", label: "Wrong" }] }),
  pairwise: () => ({ candidates: ["a", "b"] }),
  ranking: () => ({ candidates: ["a", "b", "c"] }),
  correction: () => ({}),
  json: () => ({ schema: { type: "object", properties: { answer: { type: "string" } } } }),
};

const SHARED = ["key", "title", "help", "required", "show_if"];

/** A question of another kind, with what all kinds share, and options where both have them. */
export function asKind(question, kind) {
  const kept = Object.fromEntries(SHARED.filter((name) => name in question).map((name) => [name, question[name]]));
  const made = { ...kept, kind, ...BEGINNINGS[kind]() };
  const options = question.options || question.tags;
  if (options && made.options) made.options = options;
  if (options && made.tags) made.tags = options;
  return made;
}

/** A word that may be a key or a value, and is not taken. @param {string} text @param {string[]} taken */
export function freeName(text, taken) {
  const plain = text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "");
  const base = plain.slice(0, 40) || "question";
  let name = base;
  for (let number = 2; taken.includes(name); number++) name = `${base}_${number}`;
  return name;
}

/** The answers after which a later question may be shown; empty where there is no such choice. */
export function answersOf(question) {
  if (question.kind === "choice" || question.kind === "multi_choice") return (question.options || []).map(({ value, label }) => [value, label]);
  if (question.kind === "pairwise") {
    const tie = question.tie === false ? [] : ["tie"];
    return [...(question.candidates || []), ...tie].map((value) => [value, value]);
  }
  if (question.kind !== "rating") return [];
  const steps = Math.min(Math.max(0, question.max - question.min + 1) || 0, 101);
  return Array.from({ length: steps }, (_, at) => [question.min + at, String(question.min + at)]);
}
