/** Positions in a text: code points as they are stored, UTF-16 units as the page counts, characters and words as people do. */

/** The end of the stored quotes, in code points; the server keeps as much. */
const QUOTE = 80;
const NEAR = 256;

/**
 * Turn UTF-16 positions into code points, in one pass.
 * @param {string} text
 * @param {number[]} units in any order
 * @returns {Map<number, number>}
 */
export function toPoints(text, units) {
  return translate(text, units, true);
}

/** Turn code points into UTF-16 positions; what lies beyond the text is its end. */
export function toUnits(text, points) {
  return translate(text, points, false);
}

function translate(text, wanted, fromUnits) {
  const found = new Map();
  let unit = 0;
  let point = 0;
  for (const want of [...new Set(wanted)].sort((a, b) => a - b)) {
    while ((fromUnits ? unit : point) < want && unit < text.length) {
      unit += /** @type {number} */ (text.codePointAt(unit)) > 0xffff ? 2 : 1;
      point++;
    }
    found.set(want, fromUnits ? point : unit);
  }
  return found;
}

/** The beginning of a passage, as much of it as is stored beside a span; nothing where it cannot be compared. */
export function quoteOf(text, start, end) {
  const quote = [...text.slice(start, Math.min(end, start + 2 * QUOTE))].slice(0, QUOTE).join("");
  return quote.includes("\ufffd") ? undefined : quote; // stands for characters that are too many to be shown
}

/**
 * Where a passage is now: where it was, or the nearest place at which its quote stands.
 * @param {string} text
 * @param {{start: number, end: number, quote?: string}} span in UTF-16 units
 */
export function reanchor(text, { start, end, quote }) {
  if (!quote || text.startsWith(quote, start)) return { start, end };
  const places = [text.lastIndexOf(quote, start), text.indexOf(quote, start)].filter((place) => place >= 0);
  if (!places.length) return null;
  const [place] = places.sort((a, b) => Math.abs(a - start) - Math.abs(b - start));
  return { start: place, end: place + Math.max(quote.length, Math.min(end - start, text.length - place)) };
}

/**
 * The position one character, or one word, before or behind another one.
 * @param {string} text
 * @param {number} at
 * @param {1 | -1} way
 * @param {"grapheme" | "word"} step
 */
export function stepFrom(text, at, way, step) {
  const low = Math.max(0, at - NEAR);
  const near = text.slice(low, at + NEAR);
  const bounds = [0];
  for (const { segment, index, isWordLike } of new Intl.Segmenter(undefined, { granularity: step }).segment(near)) {
    // By words, ends count when going on and beginnings when going back, and blanks are passed over.
    if (step === "grapheme" || isWordLike) bounds.push(way > 0 ? index + segment.length : index);
  }
  bounds.push(near.length);
  const here = at - low;
  const next = way > 0 ? bounds.find((one) => one > here) : bounds.findLast((one) => one < here);
  return next === undefined ? at : low + next;
}
