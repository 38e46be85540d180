/** Every kind of question by its name. The heavy ones are modules of their own, loaded when a rubric has them. */

import { byId, make } from "../dom.js";
import { buildChoice, buildMultiChoice } from "./choice.js";
import { buildPairwise } from "./pairwise.js";
import { buildRanking } from "./ranking.js";
import { buildRating } from "./rating.js";
import { buildText } from "./text.js";

/** @type {Record<string, import("../questions.js").Build>} */
const KINDS = {
  choice: buildChoice,
  multi_choice: buildMultiChoice,
  rating: buildRating,
  text: buildText,
  pairwise: buildPairwise,
  ranking: buildRanking,
};

/** @type {Promise<Record<string, import("../questions.js").Build>> | null} */
let loading = null;

/** Load the kinds that have a module of their own; the page says where it is published. */
function loadLaterKinds() {
  if (!loading) {
    const { href } = byId("later-kinds").dataset;
    loading = import(new URL(href, document.baseURI).href).then((module) => module.LATER_KINDS);
    loading.catch(() => (loading = null));
  }
  return loading;
}

/** Build the controls of a question. @type {import("../questions.js").Build} */
export function buildWidget(question, tools) {
  const build = KINDS[question.kind];
  return build ? build(question, tools) : new LaterWidget(question, tools);
}

/** Stands for controls that are still on their way, and hands everything on once they are there. */
class LaterWidget {
  /** @param {import("../questions.js").Question} question @param {import("../questions.js").Tools} tools */
  constructor(question, tools) {
    this.question = question;
    this.tools = tools;
    this.element = make("div", { class: "later" });
    /** @type {import("../questions.js").Widget | null} */
    this.widget = null;
    this.filled = undefined;
    this.wanted = false; // the focus, before there was anything to focus
    this.load();
  }

  async load() {
    this.element.replaceChildren(make("p", { class: "muted small" }, "Loading…"));
    try {
      const kinds = await loadLaterKinds();
      this.widget = kinds[this.question.kind](this.question, this.tools);
      if (this.filled !== undefined) this.widget.fill(this.filled);
      this.element.replaceChildren(this.widget.element);
      this.tools.ready();
      if (this.wanted) this.widget.focus();
    } catch (problem) {
      const again = make("button", { type: "button", class: "button" }, "Try again");
      again.addEventListener("click", () => this.load());
      const said = make("p", { class: "problem" }, "This question could not be loaded. ");
      this.element.replaceChildren(said, again);
      if (!(problem instanceof TypeError)) throw problem; // no network is a TypeError; anything else is our mistake
    }
  }

  get keys() {
    return this.widget?.keys;
  }

  read() {
    return this.widget ? this.widget.read() : this.filled;
  }

  draft() {
    return this.widget?.draft ? this.widget.draft() : this.read();
  }

  fill(answer) {
    this.filled = answer;
    this.widget?.fill(answer);
  }

  find() {
    if (!this.widget) return [{ path: [], message: "This question is still loading." }];
    return this.widget.find?.() || [];
  }

  show(path, message) {
    return Boolean(this.widget?.show?.(path, message));
  }

  clear() {
    this.widget?.clear?.();
  }

  press(value) {
    return Boolean(this.widget?.press?.(value));
  }

  difference() {
    this.widget?.difference?.();
  }

  asked(asked) {
    this.widget?.asked?.(asked);
  }

  get mark() {
    return this.widget?.mark?.bind(this.widget);
  }

  focus() {
    this.wanted = true;
    (this.widget || this.element.querySelector("button"))?.focus();
  }
}
