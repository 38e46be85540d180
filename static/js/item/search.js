/** Finding words within one item: a box of its own, with count, next and previous. */

import { make } from "../review/dom.js";
import { reveal } from "./reveal.js";

const MOST = 2000;
const AFTER_TYPING = 120;
const BLOCKS = ".written, .prose, .text, .tree";

let boxes = 0;

/** The search of one item. Finds are painted as highlights, which change nothing in the page's elements. */
export class ItemSearch {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Range[]} */
    this.found = [];
    this.at = -1;
    /** @type {HTMLElement | null} */
    this.box = null;
  }

  open() {
    this.box ??= this.build();
    this.box.hidden = false;
    this.input.focus();
    this.input.select();
  }

  /** Find words at once, and leave the keyboard where it is. @param {string} words */
  show(words) {
    this.box ??= this.build();
    this.box.hidden = false;
    this.input.value = words;
    this.run();
  }

  build() {
    this.input = make("input", { type: "search", id: `find-${++boxes}`, maxlength: "200", autocomplete: "off", spellcheck: "false" });
    this.count = make("span", { class: "count", role: "status" });
    const label = make("label", { class: "visually-hidden", for: this.input.id }, "Find in this item");
    const button = (name, step) => {
      const one = make("button", { type: "button", class: "button quiet", "aria-label": name }, step < 0 ? "↑" : "↓");
      one.addEventListener("click", () => this.step(step));
      return one;
    };
    const close = make("button", { type: "button", class: "button quiet", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => this.close());
    const box = make("div", { class: "find", role: "search" }, label, this.input, this.count, button("Previous", -1), button("Next", 1), close);
    let timer = 0;
    this.input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.run(), AFTER_TYPING);
    });
    box.addEventListener("keydown", (event) => this.pressed(event));
    (this.root.querySelector(".item-head") || this.root.firstElementChild)?.after(box);
    return box;
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.target === this.input && !event.ctrlKey && !event.metaKey) this.step(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    if (!this.box || this.box.hidden) return;
    const last = this.found[this.at];
    this.box.hidden = true;
    this.clear();
    if (last) getSelection()?.setBaseAndExtent(last.startContainer, last.startOffset, last.endContainer, last.endOffset);
    /** @type {HTMLElement} */ (this.root.querySelector("[data-search]")).focus({ preventScroll: true });
  }

  /** Search anew, because something else is shown now. */
  again() {
    if (this.box && !this.box.hidden) this.run();
  }

  run() {
    const words = this.input.value;
    const blocks = [...this.root.querySelectorAll(BLOCKS)].filter(
      (block) => !block.parentElement?.closest(BLOCKS) && isReadable(block),
    );
    this.found = words ? blocks.flatMap((block) => findIn(block, words)).slice(0, MOST) : [];
    this.at = -1;
    this.paint("found-words", this.found);
    if (this.found.length) this.step(1);
    else this.say();
  }

  /** @param {number} by */
  step(by) {
    if (!this.found.length) return;
    this.at = (this.at + by + this.found.length) % this.found.length;
    const range = this.found[this.at];
    this.paint("found-word", [range]);
    this.say();
    reveal(range);
  }

  say() {
    const all = this.found.length === MOST ? `${MOST}+` : String(this.found.length);
    this.count.textContent = this.input.value ? (this.found.length ? `${this.at + 1} of ${all}` : "Not found") : "";
    if (!this.found.length) this.paint("found-word", []);
  }

  clear() {
    this.found = [];
    this.at = -1;
    this.paint("found-words", []);
    this.paint("found-word", []);
  }

  /** @param {string} name @param {Range[]} ranges */
  paint(name, ranges) {
    if (!CSS.highlights) {
      // No highlights here: the one in question is selected instead.
      const [one] = name === "found-word" ? ranges : [];
      if (one) getSelection()?.setBaseAndExtent(one.startContainer, one.startOffset, one.endContainer, one.endOffset);
      return;
    }
    const highlight = new Highlight(...ranges);
    highlight.priority = name === "found-word" ? 2 : 1;
    CSS.highlights.set(name, highlight);
  }
}

/** Whether a block is the reading that is on, folded away or not. @param {Element} block */
function isReadable(block) {
  return getComputedStyle(block.closest(".reading") || block).display !== "none";
}

/** The ranges of a block's text that read as `words`, whatever their case. @returns {Range[]} */
function findIn(block, words) {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  /** @type {{node: Node, start: number}[]} */
  const nodes = [];
  let text = "";
  while (walker.nextNode()) {
    nodes.push({ node: walker.currentNode, start: text.length });
    text += walker.currentNode.nodeValue;
  }
  const ranges = [];
  let index = 0;
  const locate = (position) => {
    while (index + 1 < nodes.length && nodes[index + 1].start <= position) index++;
    return /** @type {[Node, number]} */ ([nodes[index].node, position - nodes[index].start]);
  };
  for (const { 0: match, index: at } of text.matchAll(new RegExp(RegExp.escape?.(words) ?? words.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "gi"))) {
    const range = document.createRange();
    range.setStart(...locate(at));
    // The end belongs to the node of the last character, not to the beginning of the next.
    const [node, offset] = locate(at + match.length - 1);
    range.setEnd(node, offset + 1);
    ranges.push(range);
    if (ranges.length === MOST) break;
  }
  return ranges;
}
