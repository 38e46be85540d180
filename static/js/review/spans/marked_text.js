/** The text that spans are marked in: a caret and a selection in it, spans painted over it, ends that can be dragged. */

import { reveal } from "../../item/reveal.js";
import { printedKey } from "../keys.js";
import { paintSpans } from "./painted.js";

const GRIP = 12; // how near to an end takes hold of it, in pixels
const A_TAP = 400; // how long one lasts, in milliseconds

/** @type {WeakMap<HTMLElement, MarkedText>} */
const texts = new WeakMap();

/**
 * What a question does with its text.
 * @typedef {object} Marker
 * @property {import("./painted.js").Painted[]} painted its spans
 * @property {(key: string) => boolean} tagByKey
 * @property {(position: {start: number, end: number}) => void} removeAt
 * @property {(at: number) => void} pointAt the caret stands there
 * @property {(again: boolean) => void} undo
 * @property {(selected: {start: number, end: number} | null) => void} selected
 * @property {() => void} entered
 * @property {() => void} leave
 */

/** One for each text on the page, shared by the questions that ask about it. */
export class MarkedText {
  /** @param {HTMLElement} element whose text is the text of a target, character by character */
  static of(element) {
    if (!texts.has(element)) texts.set(element, new MarkedText(element));
    return /** @type {MarkedText} */ (texts.get(element));
  }

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.text = element.textContent || "";
    this.value = /** @type {HTMLElement} */ (element.parentElement);
    /** @type {Set<Marker>} */
    this.markers = new Set();
    /** @type {Marker | null} */
    this.marker = null; // whose keys act here
    /** @type {Node[] | null} */
    this.before = null; // what an input method found
    /** @type {{start: number, end: number} | null} */
    this.kept = null; // the last selection, while a button is pressed that would lose it
    this.onDrag = (_end, _at) => {};
    this.styles = 0;
    this.forgetting = 0;
    element.addEventListener("keydown", (event) => this.pressed(event));
    element.addEventListener("focus", () => this.marker?.entered());
    element.addEventListener("pointerdown", (event) => {
      const end = event.button === 0 && this.gripAt(event.clientX, event.clientY);
      if (end) this.drag(event, end);
    });
    // A finger on an end drags it, and not the page.
    element.addEventListener(
      "touchstart",
      (event) => this.gripAt(event.touches[0].clientX, event.touches[0].clientY) && event.preventDefault(),
      { passive: false },
    );
    element.addEventListener("click", () => this.pointed());
    element.addEventListener("keyup", (event) => event.key.startsWith("Arrow") && this.pointed());
    for (const kind of ["beforeinput", "drop", "dragstart"]) element.addEventListener(kind, (event) => event.preventDefault());
    element.addEventListener("compositionstart", () => {
      this.before = [...element.childNodes].map((node) => node.cloneNode(true));
    });
    element.addEventListener("input", (event) => this.restore(event));
  }

  /** Give a question looks for its tags that no other question about this text has. @param {number} count */
  takeStyles(count) {
    this.styles += count;
    return this.styles - count;
  }

  /** Let a question mark here. @param {Marker} marker @param {string} name what the text is called */
  attach(marker, name) {
    this.markers.add(marker);
    this.marker ??= marker;
    this.value.classList.add("marking");
    this.value.closest("details")?.setAttribute("open", "");
    const role = { role: "textbox", "aria-multiline": "true", "aria-readonly": "true", "aria-label": name, tabindex: "0", spellcheck: "false", inputmode: "none" };
    for (const [attribute, value] of Object.entries(role)) this.element.setAttribute(attribute, value);
    // With a caret of its own the text can be walked by keyboard. Touch screens select without, and would show their keys.
    if (!matchMedia("(pointer: coarse)").matches) this.element.contentEditable = "true";
    for (const mark of this.element.querySelectorAll(".mark")) mark.contentEditable = "false";
    this.paint();
  }

  /** @param {Marker} marker */
  detach(marker) {
    this.markers.delete(marker);
    if (this.marker === marker) this.marker = [...this.markers][0] || null;
    if (!this.markers.size) {
      this.value.classList.remove("marking", "peek");
      for (const attribute of ["role", "aria-multiline", "aria-readonly", "aria-label", "tabindex", "contenteditable"]) {
        this.element.removeAttribute(attribute);
      }
    }
    this.paint();
  }

  /** Put the caret into the text, where it last was. */
  enter() {
    this.value.classList.remove("peek");
    this.element.focus();
    const selection = getSelection();
    if (!selection || this.element.contains(selection.anchorNode)) return;
    this.select(this.kept?.start || 0, this.kept?.end || 0);
  }

  /** What is selected in the text, or was just before a button was pressed. @returns {{start: number, end: number} | null} */
  get selected() {
    const now = this.selection;
    if (now && now.end > now.start) return now;
    return now ? null : this.kept;
  }

  /** Where the selection or the caret is; null where it is not in this text. */
  get selection() {
    const selection = getSelection();
    if (!selection?.rangeCount) return null;
    const range = selection.getRangeAt(0);
    if (!this.element.contains(range.commonAncestorContainer)) return null;
    const start = this.positionOf(range.startContainer, range.startOffset);
    return { start, end: start + range.toString().length };
  }

  /** The position in the text of a place in the page. */
  positionOf(node, offset) {
    const before = document.createRange();
    before.setStart(this.element, 0);
    before.setEnd(node, offset);
    return before.toString().length;
  }

  /** The range of the page between two positions. */
  rangeOf(start, end) {
    const range = document.createRange();
    range.setStart(...this.placeOf(start, false));
    range.setEnd(...this.placeOf(end, end > start));
    return range;
  }

  /** The place in the page of a position: at the end of what comes before it, or at the start of what follows. */
  placeOf(position, before) {
    const walker = document.createTreeWalker(this.element, NodeFilter.SHOW_TEXT);
    let at = 0;
    let node = /** @type {Text | null} */ (walker.nextNode());
    let last = node;
    while (node) {
      if (position < at + node.length || (before && position === at + node.length)) return /** @type {[Node, number]} */ ([node, position - at]);
      at += node.length;
      last = node;
      node = /** @type {Text | null} */ (walker.nextNode());
    }
    return /** @type {[Node, number]} */ ([last || this.element, last ? last.length : 0]);
  }

  select(start, end) {
    const range = this.rangeOf(start, end);
    getSelection()?.setBaseAndExtent(range.startContainer, range.startOffset, range.endContainer, range.endOffset);
  }

  /** Bring a passage into view. */
  reveal(start, end) {
    reveal(this.rangeOf(start, end));
  }

  /** Paint all spans anew; the selection stays. */
  paint() {
    // Put into a text that one can write in, a selection takes the focus along; so it is left alone where it has none.
    const selection = document.activeElement === this.element ? this.selection : null;
    const backward = selection && isBackward();
    paintSpans(this.element, [...this.markers].flatMap((marker) => marker.painted));
    if (!selection) return;
    const { startContainer, startOffset, endContainer, endOffset } = this.rangeOf(selection.start, selection.end);
    if (backward) getSelection()?.setBaseAndExtent(endContainer, endOffset, startContainer, startOffset);
    else getSelection()?.setBaseAndExtent(startContainer, startOffset, endContainer, endOffset);
  }

  /**
   * Show which span is meant: stronger, and with ends to drag. The marks draw them as their background, because a caret
   * does not get past elements, and text would wrap otherwise around them.
   * @param {import("./painted.js").Painted | null} span
   */
  point(span, onDrag = (_end, _at) => {}) {
    const marks = [...this.element.querySelectorAll("mark.span")];
    const mine = marks.filter((mark) => mark.spans.includes(span));
    for (const mark of marks) {
      mark.classList.toggle("on", mine.includes(mark));
      mark.classList.toggle("grip-start", mark === mine[0]);
      mark.classList.toggle("grip-end", mark === mine[mine.length - 1]);
    }
    this.onDrag = onDrag;
  }

  /** The end of the span that is meant which lies at a point of the screen, if one does. @returns {"start" | "end" | null} */
  gripAt(x, y) {
    for (const end of /** @type {("start" | "end")[]} */ (["start", "end"])) {
      const mark = this.element.querySelector(`mark.grip-${end}`);
      const box = mark && (end === "start" ? mark.getClientRects()[0] : [...mark.getClientRects()].pop());
      if (!box) continue;
      const atRight = (end === "end") === (getComputedStyle(mark).direction === "ltr");
      if (Math.abs(x - (atRight ? box.right : box.left)) < GRIP && Math.abs(y - box.bottom + GRIP / 2) < GRIP) return end;
    }
    return null;
  }

  /** Follow the pointer with one end of a span. */
  drag(event, end) {
    event.preventDefault();
    let frame = 0;
    const follow = (moved) => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        const at = this.positionAt(moved.clientX, moved.clientY);
        if (at !== null) this.onDrag(end, at);
      });
    };
    const stop = () => {
      removeEventListener("pointermove", follow);
      this.value.classList.remove("dragging");
    };
    this.value.classList.add("dragging");
    addEventListener("pointermove", follow);
    addEventListener("pointerup", stop, { once: true });
    addEventListener("pointercancel", stop, { once: true });
  }

  /** The position in the text at a point of the screen, or null. */
  positionAt(x, y) {
    const place = document.caretPositionFromPoint?.(x, y);
    const range = place ? null : document.caretRangeFromPoint?.(x, y);
    const [node, offset] = place ? [place.offsetNode, place.offset] : [range?.startContainer, range?.startOffset];
    return node && this.element.contains(node) ? this.positionOf(node, offset) : null;
  }

  pressed(event) {
    if (event.isComposing || event.keyCode === 229 || event.altKey || !this.marker) return;
    const key = printedKey(event);
    const commanded = event.ctrlKey || event.metaKey;
    if (key === "Escape") this.marker.leave();
    else if ((key === "Delete" || key === "Backspace") && !commanded) this.selection && this.marker.removeAt(this.selection);
    else if (commanded && key.toLowerCase() === "z") this.marker.undo(event.shiftKey);
    else if (commanded || key.length !== 1 || !this.marker.tagByKey(key)) return;
    event.preventDefault();
  }

  /** A click or an arrow put the caret somewhere: what is marked there is meant. */
  pointed() {
    const selection = this.selection;
    if (selection && selection.start === selection.end) this.marker?.pointAt(selection.start);
  }

  /** An input method, which cannot be refused, wrote into the text: put back what was there. */
  restore(event) {
    event.stopPropagation();
    if (this.element.textContent === this.text) return;
    this.element.replaceChildren(...(this.before || [this.text]));
    this.before = null;
    this.paint();
  }

  /** The selection of the page changed. @param {boolean} inside whether it is in this text */
  selectionChanged(inside) {
    clearTimeout(this.forgetting);
    const selection = inside ? this.selection : null;
    if (inside) this.keep(selection && selection.end > selection.start ? selection : null);
    // A tap on a button may take the selection away before the button hears of it.
    else this.forgetting = setTimeout(() => this.keep(null), A_TAP);
  }

  keep(selection) {
    this.kept = selection;
    for (const marker of this.markers) marker.selected(selection);
  }
}

function isBackward() {
  const { anchorNode, anchorOffset, focusNode, focusOffset } = /** @type {Selection} */ (getSelection());
  const order = anchorNode.compareDocumentPosition(focusNode);
  return anchorNode === focusNode ? anchorOffset > focusOffset : Boolean(order & Node.DOCUMENT_POSITION_PRECEDING);
}

/** @type {MarkedText | undefined} */
let last;

/** The text that a place of the page lies in. */
function textAround(node) {
  const element = node instanceof Element ? node : node?.parentElement;
  const found = element?.closest(".marking > .written");
  return found ? texts.get(found) : undefined;
}

document.addEventListener("selectionchange", () => {
  const now = textAround(getSelection()?.anchorNode);
  if (!now && !last) return;
  if (now) now.selectionChanged(true);
  if (last && last !== now) last.selectionChanged(false);
  last = now || last;
});
