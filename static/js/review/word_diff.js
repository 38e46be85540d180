/** What was changed in a text, word by word: the twin of annotations/rubrics/word_changes.py, which counts the same. */

const ALONE = "\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff";
const MARKS = '.,;:!?()\\[\\]{}"';
const WORD = new RegExp(`[${ALONE}${MARKS}]|[^ \\t\\r\\n${ALONE}${MARKS}]+`, "g");
const MOST_CHANGES = 400;

/**
 * @typedef {{from: number, to: number, newFrom: number, newTo: number}} Hunk words of the original that words of the new
 *   text replace
 * @typedef {{removed: number, added: number, changed: number, pieces: {kind: "same" | "del" | "ins", text: string}[]}} WordDiff
 */

/** @param {string} original @param {string} corrected @returns {WordDiff} */
export function diffWords(original, corrected) {
  const old = [...original.matchAll(WORD)];
  const now = [...corrected.matchAll(WORD)];
  const is = (a, b) => old[a][0] === now[b][0];
  let start = 0;
  while (start < Math.min(old.length, now.length) && is(start, start)) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && is(old.length - 1 - end, now.length - 1 - end)) end++;
  const hunks = shortest(start, old.length - end, start, now.length - end, is);
  const removed = hunks.reduce((sum, hunk) => sum + hunk.to - hunk.from, 0);
  const added = hunks.reduce((sum, hunk) => sum + hunk.newTo - hunk.newFrom, 0);
  const words = old.length + now.length;
  return { removed, added, changed: words ? (removed + added) / words : 0, pieces: piecesOf(original, corrected, old, now, hunks) };
}

/** The fewest words to remove and add (Myers 1986); beyond the bound all of them. @returns {Hunk[]} */
function shortest(from, to, newFrom, newTo, is) {
  const n = to - from;
  const m = newTo - newFrom;
  if (!n && !m) return [];
  const all = [{ from, to, newFrom, newTo }];
  const most = Math.min(MOST_CHANGES, n + m);
  let reached = new Int32Array(2 * most + 3);
  const trail = [];
  for (let distance = 0; distance <= most; distance++) {
    trail.push(reached.slice());
    for (let k = -distance; k <= distance; k += 2) {
      const at = k + most + 1;
      const down = k === -distance || (k !== distance && reached[at - 1] < reached[at + 1]);
      let x = down ? reached[at + 1] : reached[at - 1] + 1;
      while (x < n && x - k < m && is(from + x, newFrom + x - k)) x++;
      reached[at] = x;
      if (x >= n && x - k >= m) return walkBack(trail, distance, n, m, most).map(([x0, x1, y0, y1]) =>
        ({ from: from + x0, to: from + x1, newFrom: newFrom + y0, newTo: newFrom + y1 }));
    }
  }
  return all;
}

/** From the end back to the start along the furthest points; neighbouring changes become one. */
function walkBack(trail, distance, n, m, most) {
  const hunks = [];
  let x = n;
  let y = m;
  for (let d = distance; d > 0; d--) {
    const before = trail[d];
    const k = x - y;
    const at = k + most + 1;
    const down = k === -d || (k !== d && before[at - 1] < before[at + 1]);
    const x0 = down ? before[at + 1] : before[at - 1];
    const y0 = x0 - (down ? k + 1 : k - 1);
    const [x1, y1] = down ? [x0, y0 + 1] : [x0 + 1, y0];
    const last = hunks[0];
    if (last && last[0] === x1 && last[2] === y1) [last[0], last[2]] = [x0, y0];
    else hunks.unshift([x0, x1, y0, y1]);
    [x, y] = [x0, y0];
  }
  return hunks;
}

function piecesOf(original, corrected, old, now, hunks) {
  const pieces = [];
  const put = (kind, text) => text && pieces.push({ kind, text });
  const slice = (text, words, from, to) => (from < to ? text.slice(words[from].index, words[to - 1].index + words[to - 1][0].length) : "");
  let at = 0;
  for (const { from, to, newFrom, newTo } of hunks) {
    const begins = newFrom < newTo ? now[newFrom].index : newFrom ? now[newFrom - 1].index + now[newFrom - 1][0].length : 0;
    put("same", corrected.slice(at, begins));
    if (newFrom === newTo && newFrom) put("same", " ");
    put("del", slice(original, old, from, to));
    if (from < to && newFrom < newTo) put("same", " ");
    put("ins", slice(corrected, now, newFrom, newTo));
    at = newFrom < newTo ? now[newTo - 1].index + now[newTo - 1][0].length : begins;
  }
  put("same", corrected.slice(at));
  return pieces;
}
