/** Making elements, and putting text of unknown origin into them so that it can do no harm and hide nothing. */

/**
 * Make an element. Text children become text nodes, never markup.
 * @param {string} tag
 * @param {Record<string, string | boolean>} [attributes]
 * @param {...(Node | string)} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** @param {string} id */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

const NAMES = new Map([
  [0x00ad, "SHY"], [0x061c, "ALM"], [0x180e, "MVS"], [0x200b, "ZWSP"], [0x200c, "ZWNJ"], [0x200d, "ZWJ"],
  [0x200e, "LRM"], [0x200f, "RLM"], [0x2028, "LSEP"], [0x2029, "PSEP"], [0x202a, "LRE"], [0x202b, "RLE"],
  [0x202c, "PDF"], [0x202d, "LRO"], [0x202e, "RLO"], [0x2060, "WJ"], [0x2066, "LRI"], [0x2067, "RLI"],
  [0x2068, "FSI"], [0x2069, "PDI"], [0xfeff, "BOM"],
]);

// Controls but tab, line feed and a carriage return before one; what steers direction; what has no width; tags.
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\r(?!\n)/gu;

/** A joiner between two letters or pictures that are not ASCII belongs to the writing. */
function belongs(text, at, code) {
  if (code !== 0x200c && code !== 0x200d) return false;
  return at > 0 && text.charCodeAt(at - 1) > 0x7f && text.charCodeAt(at + 1) > 0x7f;
}

/**
 * Put a text into an element; characters that nobody would see become small marks and lose their effect.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function putText(element, text) {
  let from = 0;
  for (const found of text.matchAll(HIDDEN)) {
    const code = /** @type {number} */ (found[0].codePointAt(0));
    if (belongs(text, found.index, code)) continue;
    const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    element.append(text.slice(from, found.index));
    element.append(make("span", { class: "mark", title: `Hidden character ${number}` }, NAMES.get(code) || number));
    from = found.index + found[0].length;
  }
  element.append(text.slice(from));
  return element;
}
