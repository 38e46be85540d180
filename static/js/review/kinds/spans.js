/** `spans`: passages of a text, each with a tag; marked with the mouse, by touch or from the keyboard. */

import { keysOf } from "../answer_keys.js";
import { make } from "../dom.js";
import { MarkedText } from "../spans/marked_text.js";
import { quoteOf, reanchor, stepFrom, toPoints, toUnits } from "../spans/positions.js";
import { NONE, markingHelp, swatch, tagBar, tagButton } from "../spans/tags.js";
import { changed } from "./option_list.js";

const SHOWN = 160;

/** @type {import("../questions.js").Build} */
export function buildSpans(question, tools) {
  return new SpanMarker(question, tools);
}

/** The controls of one question: its tags, the list of its spans, and what it paints into the text. */
class SpanMarker {
  /** @param {import("../questions.js").Question} question @param {import("../questions.js").Tools} tools */
  constructor(question, tools) {
    this.question = question;
    this.tools = tools;
    const options = [...question.tags, { value: NONE, label: "Nothing to mark" }];
    this.keys = keysOf(options, tools.claimed);
    this.names = new Map(options.map(({ value, label }) => [value, label]));
    const element = tools.textOf(question.target);
    this.target = element ? MarkedText.of(element) : null;
    // Tags of two questions about one text look different.
    this.firstStyle = this.target?.takeStyles(question.tags.length) || 0;
    /** @type {import("../spans/painted.js").Painted[]} */
    this.painted = [];
    this.nothing = false;
    this.past = [];
    this.future = [];
    /** @type {import("../spans/painted.js").Painted | null} */
    this.pointed = null; // the span that is meant
    /** @type {import("../spans/painted.js").Painted | null} */
    this.moved = null; // the span that the last change moved
    this.answer = undefined;
    const press = (value) => this.press(value);
    this.buttons = options.map((option, at) => tagButton(option, this.firstStyle + at, this.keys, press));
    this.list = make("ol", { class: "span-list", role: "list" });
    this.undoButton = make("button", { type: "button", class: "button quiet undo-span", hidden: true }, "Undo this change");
    this.undoButton.addEventListener("click", () => this.undo(false));
    const [how, change] = markingHelp(this.target);
    const tags = make("div", { class: "span-tags" }, ...this.buttons);
    this.element = make("div", { class: "spans" }, tags, how, this.list, change, this.undoButton);
    this.element.addEventListener("keydown", (event) => this.pressedInList(event));
    this.bar = tagBar(question.tags, this.firstStyle, this.keys, press);
    this.dock = make("div", { class: "span-dock" }, this.bar);
    this.element.addEventListener("focusin", () => this.target && (this.target.marker = this));
    // Pressing a button must not lose what is selected.
    for (const one of [this.element, this.dock]) one.addEventListener("mousedown", (event) => event.preventDefault());
  }

  // What it looks like

  /** Paint the spans and list them. @param {number} [focus] the place in the list to focus */
  show(focus) {
    this.target?.paint();
    this.list.replaceChildren(...this.painted.map((span) => this.row(span)));
    this.buttons[this.buttons.length - 1].setAttribute("aria-pressed", String(this.nothing));
    this.undoButton.hidden = !this.past.length;
    if (focus !== undefined) this.focusRow(focus);
    else this.point(this.painted.includes(this.pointed) ? this.pointed : null);
  }

  row(span) {
    const words = this.target.text.slice(span.start, Math.min(span.end, span.start + SHOWN));
    const quote = make("span", { class: "span-quote", dir: "auto" }, words.trim() ? words : "blank");
    if (span.end - span.start > SHOWN) quote.append("…");
    const label = this.names.get(span.tag) || span.tag;
    const pick = make("button", { type: "button", class: "pick", "data-enter-submits": true }, swatch(span.style), make("span", { class: "tag-name" }, label), quote);
    const remove = make("button", { type: "button", class: "button quiet", "aria-label": `Remove ${label}: ${words.slice(0, 40)}` }, "×");
    pick.addEventListener("focus", () => this.meant(span));
    pick.addEventListener("click", () => (pick.focus(), this.meant(span)));
    remove.addEventListener("click", () => this.remove(span));
    return make("li", { class: "span-row" }, pick, remove);
  }

  focusRow(at) {
    const row = this.list.children[Math.min(at, this.list.children.length - 1)];
    /** @type {HTMLElement} */ (row?.querySelector(".pick") || this.buttons[0]).focus();
  }

  /** A span in the list is meant: show it in the text. */
  meant(span) {
    this.point(span);
    this.target.reveal(span.start, span.end);
  }

  point(span) {
    this.pointed = span;
    this.target?.point(span, (end, at) => this.move(this.pointed, end, at));
    [...this.list.children].forEach((row, at) => row.classList.toggle("on", this.painted[at] === span));
  }

  // What can be done

  /** Change the answer so that it can be undone. */
  change(spans, nothing = false) {
    this.past.push({ spans: this.painted, nothing: this.nothing });
    this.future = [];
    this.moved = null;
    this.set(spans, nothing);
  }

  set(spans, nothing) {
    this.painted = [...spans].sort((a, b) => a.start - b.start || a.end - b.end || a.style - b.style);
    this.nothing = nothing && !this.painted.length;
    this.answer = this.stored();
  }

  undo(again) {
    const [from, to] = again ? [this.future, this.past] : [this.past, this.future];
    const state = from.pop();
    if (!state) return this.tools.say(again ? "There is nothing to do again." : "There is no change to undo.");
    this.moved = null;
    to.push({ spans: this.painted, nothing: this.nothing });
    const row = this.rowInFocus();
    this.set(state.spans, state.nothing);
    this.show(row >= 0 ? row : undefined);
    changed(this.element);
    this.tools.say(`${again ? "Done again" : "Undone"}. ${this.count()}`);
  }

  /** A tag was chosen: for the span in focus, else for what is selected. @returns {boolean} whether the question is done with */
  press(value) {
    if (this.target) this.target.marker = this;
    if (value === NONE) return this.sayNothing();
    const row = this.painted[this.rowInFocus()];
    const selected = this.target?.selected;
    if (row) this.retag(row, value);
    else if (selected) this.add(selected, value);
    else if (this.target) {
      this.target.enter();
      this.tools.say(`Select the text for ${this.names.get(value)}, then press its key again.`);
    }
    return false;
  }

  rowInFocus() {
    return [...this.list.children].findIndex((row) => row.contains(document.activeElement));
  }

  sayNothing() {
    const on = !this.nothing;
    this.change([], on);
    this.show();
    changed(this.element);
    this.tools.say(on ? "Nothing to mark." : this.count());
    return on;
  }

  styleOf(tag) {
    return this.firstStyle + Math.max(0, this.question.tags.findIndex(({ value }) => value === tag));
  }

  add({ start, end }, tag) {
    if (this.painted.some((span) => span.start === start && span.end === end && span.tag === tag)) {
      return this.tools.say("That is marked already.");
    }
    const span = { start, end, tag, style: this.styleOf(tag) };
    this.change([...this.painted, span]);
    this.target.keep(null);
    if (document.activeElement === this.target.element) this.target.select(end, end);
    this.pointed = span;
    this.show();
    changed(this.element);
    this.tools.say(`${this.names.get(tag)}. ${this.count()}`);
  }

  retag(span, tag) {
    const at = this.painted.indexOf(span);
    this.change([...this.painted.filter((one) => one !== span), { ...span, tag, style: this.styleOf(tag) }]);
    this.show(at);
    changed(this.element);
    this.tools.say(`Now ${this.names.get(tag)}.`);
  }

  remove(span) {
    const at = this.painted.indexOf(span);
    const inList = this.rowInFocus() >= 0;
    this.change(this.painted.filter((one) => one !== span));
    this.show(inList ? at : undefined);
    changed(this.element);
    this.tools.say(`Removed. ${this.count()} Control Z brings it back.`);
  }

  /** Delete in the text: what is marked exactly there, else the shortest span around the caret. */
  removeAt({ start, end }) {
    const span = this.painted.find((one) => one.start === start && one.end === end) || this.spanAt(start);
    if (span) this.remove(span);
    else this.tools.say("Nothing is marked here.");
  }

  spanAt(at) {
    const around = this.painted.filter((span) => span.start <= at && at <= span.end);
    return around.sort((a, b) => a.end - a.start - (b.end - b.start))[0];
  }

  pointAt(at) {
    this.point(this.spanAt(at) || null);
  }

  /** Move one end of a span, never over the other. @param {"start" | "end"} end */
  move(span, end, at) {
    const moved = end === "start" ? { ...span, start: Math.min(at, span.end - 1) } : { ...span, end: Math.max(at, span.start + 1) };
    if (moved.start === span.start && moved.end === span.end) return;
    const spans = this.painted.map((one) => (one === span ? moved : one));
    // One drag, or one row of key presses, is one change.
    if (this.moved === span) this.set(spans, false);
    else this.change(spans);
    this.moved = moved;
    this.pointed = moved;
    this.show(this.rowInFocus() >= 0 ? this.painted.indexOf(moved) : undefined);
    changed(this.element);
  }

  pressedInList(event) {
    if (event.isComposing) return;
    const commanded = event.ctrlKey || event.metaKey;
    const span = this.painted[this.rowInFocus()];
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (commanded && event.key.toLowerCase() === "z") this.undo(event.shiftKey);
    else if (!span) return;
    else if (event.key === "Delete" || event.key === "Backspace") this.remove(span);
    else if (way) {
      const end = event.shiftKey ? "start" : "end";
      this.move(span, end, stepFrom(this.target.text, span[end], way, commanded || event.altKey ? "word" : "grapheme"));
      const now = this.pointed;
      this.tools.say(this.target.text.slice(now.start, now.end).slice(0, SHOWN));
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      this.focusRow(Math.max(0, this.rowInFocus() + (event.key === "ArrowDown" ? 1 : -1)));
    } else return;
    event.preventDefault();
  }

  // For the text

  tagByKey(key) {
    const value = this.keys.byKey.get(key);
    if (value === undefined) return false;
    this.press(value);
    return true;
  }

  selected(selection) {
    this.bar.hidden = !selection || this.target.marker !== this;
  }

  /** Somebody went into the text: the keys are for this question now. */
  entered() {
    this.tools.activate();
  }

  leave() {
    this.focus();
  }

  // For the form

  count() {
    const count = this.painted.length;
    return count ? `${count} ${count === 1 ? "span is" : "spans are"} marked.` : "No span is marked.";
  }

  /** The answer as it is stored: code points, and the beginning of each passage. */
  stored() {
    if (!this.painted.length) return this.nothing ? [] : undefined;
    const { text } = this.target;
    const points = toPoints(text, this.painted.flatMap(({ start, end }) => [start, end]));
    return this.painted.map(({ start, end, tag }) => {
      const quote = quoteOf(text, start, end);
      return { start: points.get(start), end: points.get(end), tag, ...(quote === undefined ? {} : { quote }) };
    });
  }

  read() {
    return this.answer;
  }

  fill(answer) {
    const text = this.target?.text || "";
    const units = toUnits(text, (answer || []).flatMap(({ start, end }) => [start, end]));
    const spans = (answer || []).map(({ start, end, tag, quote }) => {
      const place = reanchor(text, { start: units.get(start), end: units.get(end), quote });
      return place && place.end > place.start ? { ...place, tag, style: this.styleOf(tag) } : null;
    });
    this.past = [];
    this.future = [];
    this.set(spans.filter(Boolean), Boolean(answer));
    this.show();
  }

  /** The question is asked, or is not: only then its text is one to mark. @param {boolean} asked */
  asked(asked) {
    if (!this.target || asked === this.isAsked) return;
    this.isAsked = asked;
    if (asked) {
      this.target.attach(this, `${this.question.title}: text to mark`);
      this.target.element.after(this.dock);
    } else {
      this.target.detach(this);
      this.dock.remove();
    }
  }

  /** Go into the text. */
  mark() {
    if (!this.target) return;
    this.target.marker = this;
    this.target.enter();
  }

  focus() {
    this.buttons[0].focus();
  }
}
