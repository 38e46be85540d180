/** Spans painted into a text: as <mark> elements around its own characters, so that the text stays what it is. */

import { make } from "../dom.js";

const LANES = 3;
export const STYLES = 8;

/**
 * A span on the page, in UTF-16 units.
 * @typedef {{start: number, end: number, tag: string}} Span
 * @typedef {Span & {style: number, label: string}} Painted
 */

/** Paint spans in place of those that were painted before. @param {HTMLElement} element @param {Painted[]} spans */
export function paintSpans(element, spans) {
  clearSpans(element);
  const segments = segmentsOf(spans);
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let at = 0;
  let first = 0;
  while (first < segments.length && walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    const end = at + node.length;
    const within = [];
    while (first < segments.length && segments[first].end <= end) within.push(segments[first++]);
    if (first < segments.length && segments[first].start < end) within.push(segments[first]);
    const touched = within.filter((segment) => segment.end > at);
    if (touched.length) nodes.push({ node, at, segments: touched });
    at = end;
  }
  for (const { node, at: from, segments: within } of nodes) {
    for (const segment of within.reverse()) wrap(node, segment.start - from, segment.end - from, segment);
  }
}

/** @param {HTMLElement} element */
function clearSpans(element) {
  const parents = new Set();
  for (const mark of element.querySelectorAll("mark.span")) {
    parents.add(mark.parentNode);
    mark.replaceWith(...mark.childNodes);
  }
  for (const parent of parents) parent.normalize();
}

/** Wrap what a node has of a segment, which may begin before it and end behind it. @param {Text} node */
function wrap(node, start, end, segment) {
  const edges = [start >= 0 && segment.opens && "opens", end <= node.length && segment.closes && "closes"];
  if (end < node.length) node.splitText(end);
  const inner = start > 0 ? node.splitText(start) : node;
  const mark = make("mark", { class: [segment.classes, ...edges].filter(Boolean).join(" "), dir: "auto" });
  mark.spans = segment.spans;
  inner.replaceWith(mark);
  mark.append(inner);
}

/**
 * Cut overlapping spans into segments that each lie under the same spans. Each span has a lane, so that the lines under
 * overlapping ones lie below each other.
 * @param {Painted[]} spans
 */
function segmentsOf(spans) {
  const order = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const ends = Array(LANES).fill(-1);
  const lanes = new Map();
  for (const span of order) {
    const lane = Math.max(0, ends.findIndex((end) => end <= span.start));
    ends[lane] = Math.max(ends[lane], span.end);
    lanes.set(span, lane);
  }
  const bounds = [...new Set(order.flatMap((span) => [span.start, span.end]))].sort((a, b) => a - b);
  const segments = [];
  let first = 0;
  for (let index = 0; index + 1 < bounds.length; index++) {
    const [start, end] = [bounds[index], bounds[index + 1]];
    while (first < order.length && order[first].end <= start) first++;
    const over = [];
    for (let one = first; one < order.length && order[one].start <= start; one++) if (order[one].end > start) over.push(order[one]);
    if (!over.length) continue;
    const lines = over.map((span) => `${"abc"[lanes.get(span)]}${span.style % STYLES}`);
    const classes = ["span", `n${Math.min(over.length, LANES)}`, ...lines].join(" ");
    const opens = over.some((span) => span.start === start);
    const closes = over.some((span) => span.end === end);
    segments.push({ start, end, spans: over, classes, opens, closes });
  }
  return segments;
}
