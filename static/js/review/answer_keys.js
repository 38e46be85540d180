/** Which key gives which answer: a rubric's own keys act wherever they are shown, digits act on the active question. */

const DIGITS = "1234567890";
const LETTERS = "abchilopqtvwy"; // what the page does not use itself

/**
 * @typedef {{value: string, label?: string, hotkey?: string, place?: number}} Option `place` is the number it is known by
 * @typedef {{byKey: Map<string, string>, byValue: Map<string, string>, own: Set<string>}} Keys
 */

/**
 * Give the options of one question their keys: the rubric's own where it names one, else the digit of their place, else
 * a letter that no question of the rubric claims.
 * @param {Option[]} options
 * @param {Set<string>} claimed the rubric's own keys
 * @returns {Keys}
 */
export function keysOf(options, claimed) {
  const own = new Set(options.map((option) => option.hotkey).filter(Boolean));
  const byValue = new Map(options.filter((option) => option.hotkey).map((option) => [option.value, option.hotkey]));
  const free = [...DIGITS, ...[...LETTERS].filter((key) => !claimed.has(key))].filter((key) => !own.has(key));
  options.forEach((option, at) => {
    if (byValue.has(option.value)) return;
    const place = free.indexOf("place" in option ? String(option.place) : (DIGITS[at] ?? ""));
    const [key] = free.splice(Math.max(place, 0), 1);
    if (key) byValue.set(option.value, key);
  });
  return { byKey: new Map([...byValue].map(([value, key]) => [key, value])), byValue, own };
}

/** The keys that a rubric names. @param {{options?: Option[], tags?: Option[]}[]} questions */
export function claimedKeys(questions) {
  return new Set(questions.flatMap((one) => (one.options || one.tags || []).map((option) => option.hotkey)).filter(Boolean));
}
