/**
 * Filters as a tree that can be clicked together, and as the JSON that the server takes.
 *
 * A node is a condition `{fact, op, value}` or a group `{kind, parts}` of kind all, any, none or not_all. Turning JSON
 * into a tree and back may write it in another way, and never changes which items are meant.
 */

const TURNED = { all: "not_all", not_all: "all", any: "none", none: "any" };
const OPPOSITE = { eq: "ne", ne: "eq", known: "missing", missing: "known" };

export function isGroup(node) {
  return "parts" in node;
}

/** Return the tree of a parsed filter; its root is always a group. Throws an Error with a sentence for a person. */
export function treeOf(body) {
  const node = nodeOf(body);
  return isGroup(node) ? node : { kind: "all", parts: [node] };
}

function nodeOf(body) {
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new Error('A condition is an object such as {"latency_ms": {"gt": 2000}}.');
  }
  const nodes = Object.entries(body).flatMap(([key, value]) => nodesOf(key, value));
  return nodes.length === 1 ? nodes[0] : { kind: "all", parts: nodes };
}

function nodesOf(key, value) {
  if (key === "not") return [turned(nodeOf(value))];
  if (key === "all" || key === "any") {
    if (!Array.isArray(value) || !value.length) throw new Error(`"${key}" takes a list of at least one condition.`);
    return [{ kind: key, parts: value.map(nodeOf) }];
  }
  if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.keys(value).length) {
    throw new Error(`"${key}" takes an operator and its value, such as {"eq": "x"}.`);
  }
  return Object.entries(value).map(([op, operand]) => {
    if (op === "exists") return { fact: key, op: operand ? "known" : "missing", value: null };
    return { fact: key, op, value: operand };
  });
}

function turned(node) {
  if (isGroup(node)) return { kind: TURNED[node.kind], parts: node.parts };
  const op = OPPOSITE[node.op];
  return op ? { ...node, op } : { kind: "none", parts: [node] };
}

/** Return the JSON of a tree; conditions that are not finished yet are left out. An empty tree is `{}`. */
export function bodyOf(node) {
  if (!isGroup(node)) return { [node.fact]: testOf(node) };
  const bodies = node.parts.filter(isFinished).map(bodyOf);
  if (!bodies.length) return {};
  switch (node.kind) {
    case "any":
      return bodies.length === 1 ? bodies[0] : { any: bodies };
    case "none":
      return { not: bodies.length === 1 ? bodies[0] : { any: bodies } };
    case "not_all":
      return { not: merged(bodies) };
    default:
      return merged(bodies);
  }
}

function testOf({ op, value }) {
  if (op === "known") return { exists: true };
  return op === "missing" ? { exists: false } : { [op]: value };
}

/** Tell whether a node says anything: a group if one of its parts does. */
export function isFinished(node) {
  if (isGroup(node)) return node.parts.some(isFinished);
  if (!node.fact || !node.op) return false;
  if (node.op === "known" || node.op === "missing") return true;
  return Array.isArray(node.value) ? node.value.length > 0 : node.value !== null && node.value !== "";
}

/** Return one object that all bodies hold in, or a list of them where two of them claim the same place. */
function merged(bodies) {
  const one = {};
  for (const body of bodies) {
    for (const [key, value] of Object.entries(body)) {
      const before = one[key];
      if (before === undefined) {
        one[key] = value;
        continue;
      }
      const isTest = !["all", "any", "not"].includes(key);
      if (!isTest || Object.keys(value).some((op) => op in before)) return { all: bodies };
      one[key] = { ...before, ...value };
    }
  }
  return one;
}
