/** Texts in controls, which make line feeds of all line ends. */

const LINE_END = /\r\n?/g;

/**
 * Fill and read a control. Untouched, a text comes back as it was; edited, with its line ends where all were alike.
 * @param {HTMLInputElement | HTMLTextAreaElement} box
 */
export function keptText(box) {
  let text = "";
  return {
    /** @param {string} value */
    fill(value) {
      text = value;
      box.value = value;
    },
    /** @returns {string} */
    read() {
      const { value } = box;
      if (value === text.replaceAll(LINE_END, "\n")) return text;
      return text.includes("\r\n") && !/(^|[^\r])\n|\r(?!\n)/.test(text) ? value.replaceAll("\n", "\r\n") : value;
    },
  };
}
