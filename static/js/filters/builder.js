/**
 * The filter builder: facts, operators and values to click together over the JSON text of a form's field.
 *
 * The text is the truth: clicking rewrites it, and writing in it redraws what can be clicked. Every change is told as a
 * bubbling event `filterchange`.
 */

import { askForJson } from "../page/ask.js";
import { make } from "../review/dom.js";
import { bodyOf, isFinished, isGroup, treeOf } from "./tree.js";
import { conditionRow } from "./condition.js";

const KINDS = { all: "all", any: "any", none: "none", not_all: "not all" };
const DEEPEST = 6; // deeper groups are shown and can be edited as JSON; the server takes sixteen levels

/** @type {Map<string, Promise<any[]>>} */
const factsOf = new Map();

function askFacts(url) {
  if (!factsOf.has(url)) {
    factsOf.set(url, askForJson(url).then((answer) => answer?.facts ?? []));
  }
  return /** @type {Promise<any[]>} */ (factsOf.get(url));
}

function filterButton(label, words, act, kind = "quiet") {
  const button = make("button", { type: "button", class: `button ${kind}`, "aria-label": label }, words);
  button.addEventListener("click", act);
  return button;
}

class FilterBuilder {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.place = /** @type {HTMLElement} */ (element.querySelector("[data-filter-tree]"));
    this.text = /** @type {HTMLTextAreaElement} */ (element.querySelector("textarea"));
    this.problem = /** @type {HTMLElement} */ (element.querySelector("[data-filter-problem]"));
    this.json = /** @type {HTMLDetailsElement} */ (element.querySelector("[data-filter-json]"));
    this.facts = new Map();
    this.tree = { kind: "all", parts: [] };
    this.text.addEventListener("input", () => this.read());
    this.text.form?.addEventListener("formdata", (event) => this.shorten(event.formData));
  }

  async start() {
    const refused = this.problem.textContent;
    if (!refused) this.json.open = false;
    this.place.hidden = false;
    this.read();
    if (refused) this.complain(refused);
    const facts = await askFacts(/** @type {string} */ (this.element.dataset.factsUrl));
    this.facts = new Map(facts.map((fact) => [fact.name, fact]));
    this.redraw();
  }

  /** Draw anew, and leave whoever is at work in it where they are. */
  redraw() {
    const active = document.activeElement;
    const row = active?.closest(".filter-condition, .filter-group");
    const [node] = [...this.places].find(([, place]) => place === active || place.closest(".filter-condition, .filter-group") === row) ?? [];
    const within = this.place.contains(active);
    this.draw();
    if (!within || !node) return;
    if (isGroup(node)) this.places.get(node)?.focus();
    else this.focusIn(node, active?.getAttribute("aria-label"));
  }

  /** Take over what is written; where it is no filter, say why and leave what can be clicked as it was. */
  read() {
    try {
      this.tree = treeOf(JSON.parse(this.text.value.trim() || "{}"));
    } catch (error) {
      const what = error instanceof SyntaxError ? "This is not JSON yet." : error.message;
      this.complain(what);
      return;
    }
    this.complain("");
    this.draw();
    this.tell();
  }

  complain(problem) {
    this.problem.textContent = problem;
    if (problem) this.text.setAttribute("aria-invalid", "true");
    else this.text.removeAttribute("aria-invalid");
  }

  tell() {
    this.element.dispatchEvent(new CustomEvent("filterchange", { bubbles: true }));
  }

  /** Write what was clicked. */
  write() {
    const body = bodyOf(this.tree);
    this.text.value = Object.keys(body).length ? JSON.stringify(body, null, 1).replace(/\n\s*/g, " ") : "";
    this.complain("");
    this.tell();
  }

  /** The address shows the filter: nothing for none, no needless spaces. */
  shorten(data) {
    const name = this.text.name;
    try {
      const body = JSON.parse(String(data.get(name)).trim() || "{}");
      if (Object.keys(body).length) data.set(name, JSON.stringify(body));
      else data.delete(name);
    } catch {
      // Sent as it is: the server says what is wrong with it.
    }
  }

  /** Add a condition to the outermost group, and go to it. */
  add(condition = { fact: "", op: "", value: null }) {
    if (this.tree.kind !== "all") this.tree = { kind: "all", parts: [this.tree] };
    this.tree.parts.push(condition);
    this.changed(isFinished(condition) ? null : condition);
  }

  /** Redraw after a change of shape; `focus` is the node or key to go to. */
  changed(focus) {
    this.write();
    this.draw();
    if (focus) /** @type {HTMLElement | null} */ (this.places.get(focus) ?? null)?.focus();
  }

  draw() {
    this.places = new Map();
    this.place.replaceChildren(this.viewGroup(this.tree, null, 1));
  }

  viewGroup(group, parent, depth) {
    const kind = make("select", { "aria-label": "How many of these conditions must hold" });
    for (const [value, words] of Object.entries(KINDS)) kind.append(make("option", { value }, words));
    kind.value = group.kind;
    kind.addEventListener("change", () => {
      group.kind = kind.value;
      this.write();
    });
    const head = make("div", { class: "filter-head" }, parent ? "" : "Items that meet ", kind, " of:");
    if (parent) head.append(this.remover(group, parent, "Remove this group"));
    const list = make("ul", { role: "list" });
    for (const part of group.parts) {
      const view = isGroup(part) ? this.viewGroup(part, group, depth + 1) : conditionRow(this, part, group);
      list.append(make("li", {}, view));
    }
    const add = filterButton("Add a condition", "+ Condition", () => {
      const condition = { fact: "", op: "", value: null };
      group.parts.push(condition);
      this.changed(condition);
    });
    const tools = make("div", { class: "filter-tools" }, add);
    if (depth < DEEPEST) {
      tools.append(
        filterButton("Add a group of conditions", "+ Group", () => {
          const condition = { fact: "", op: "", value: null };
          group.parts.push({ kind: "any", parts: [condition] });
          this.changed(condition);
        }),
      );
    }
    this.places.set(group, add);
    // With nothing in it the outermost group asks for nothing: only the ways to begin are shown.
    if (!parent && !group.parts.length) return make("div", { class: "filter-group root" }, tools);
    return make("div", { class: `filter-group${parent ? "" : " root"}`, role: "group", "aria-label": "Conditions" }, head, list, tools);
  }

  remover(node, parent, label) {
    return filterButton(label, "✕", () => {
      parent.parts.splice(parent.parts.indexOf(node), 1);
      this.changed(parent);
    });
  }

  /** A row was drawn anew under the hands of somebody: put them back where they were. */
  focusIn(condition, label) {
    const row = this.places.get(condition)?.closest(".filter-condition");
    for (const control of row?.querySelectorAll("[aria-label]") ?? []) {
      if (control.getAttribute("aria-label") === label) control.focus();
    }
  }
}

/** @type {WeakMap<Element, FilterBuilder>} */
const builders = new WeakMap();

/** Bring every builder inside an element to life (again harmless), and return them. */
export function startFilterBuilders(root = document) {
  return [...root.querySelectorAll("[data-filter-builder]")].map((element) => {
    let builder = builders.get(element);
    if (!builder) {
      builder = new FilterBuilder(/** @type {HTMLElement} */ (element));
      builders.set(element, builder);
      builder.start();
    }
    return builder;
  });
}
