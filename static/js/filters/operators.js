/** Which operators fit a fact, and what they are called; which type its values have. */

const WORDS = {
  eq: "is",
  ne: "is not",
  in: "is one of",
  contains: "contains",
  gt: "is above",
  gte: "is at least",
  lt: "is below",
  lte: "is at most",
  known: "is known",
  missing: "is missing",
};
const TIME_WORDS = { gt: "is after", gte: "is from", lt: "is before", lte: "is until", eq: "is exactly", ne: "is not" };

const FITTING = {
  text: ["eq", "ne", "in", "contains", "known", "missing"],
  number: ["gt", "gte", "lt", "lte", "eq", "ne", "in", "known", "missing"],
  boolean: ["eq", "ne", "known", "missing"],
  time: ["gte", "gt", "lt", "lte", "known", "missing"],
  list: ["contains", "known", "missing"],
};

/** The type of a value as the filter language tells them apart. */
export function typeOf(value) {
  const one = Array.isArray(value) ? value[0] : value;
  return typeof one === "number" ? "number" : typeof one === "boolean" ? "boolean" : "text";
}

/** The types that a fact's values may have, the likeliest first; a fact nobody has seen may have any. */
export function typesOf(fact) {
  if (!fact) return ["text", "number", "boolean"];
  if (fact.kind !== "json") return [fact.kind];
  const simple = fact.types.map((type) => (type === "list" ? typeOf(fact.values[0]) : type));
  return simple.length ? [...new Set(simple)] : ["text", "number", "boolean"];
}

/** The operators to offer as [op, words]; `chosen` is among them even where it fits badly, since somebody wrote it. */
export function operatorsFor(fact, type, chosen) {
  const onlyLists = fact && fact.kind === "json" && fact.types.length === 1 && fact.types[0] === "list";
  const fitting = FITTING[onlyLists ? "list" : type] ?? FITTING.text;
  const ops = !chosen || fitting.includes(chosen) ? fitting : [...fitting, chosen];
  return ops.map((op) => [op, (type === "time" && TIME_WORDS[op]) || WORDS[op] || op]);
}

export function takesNoValue(op) {
  return op === "known" || op === "missing";
}
