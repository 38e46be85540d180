/** A structured value as a form and as raw JSON beside it; whichever is edited, the other follows. */

import { make } from "../dom.js";
import { formNode } from "./nodes.js";

/**
 * @param {{id: string, schema: any, name: string}} place
 * @returns {import("./fields.js").FormNode & {broken: () => boolean}}
 */
export function jsonPair({ id, schema, name }) {
  const node = formNode({ name, id: `${id}-form`, schema, root: schema, required: true, bare: true });
  const raw = make("textarea", { id: `${id}-raw`, class: "raw-json", rows: "6", spellcheck: "false", dir: "ltr" });
  const problem = make("p", { class: "problem", id: `${id}-raw-problem`, hidden: true });
  const details = make("details", { class: "raw" }, make("summary", {}, "Raw JSON"), raw, problem);
  raw.setAttribute("aria-label", `${name} as raw JSON`);
  details.open = matchMedia("(min-width: 75.01rem)").matches;
  const element = make("div", { class: "json-pair" }, make("div", { class: "json-pair-columns" }, node.element, details));
  let broken = false;

  const write = () => {
    const value = node.read();
    raw.value = value === undefined ? "" : JSON.stringify(value, null, 2);
    told("");
  };
  const told = (message) => {
    broken = Boolean(message);
    problem.textContent = message;
    problem.hidden = !broken;
    if (broken) raw.setAttribute("aria-describedby", problem.id);
    else raw.removeAttribute("aria-describedby");
    raw.setAttribute("aria-invalid", String(broken));
  };
  node.element.addEventListener("input", write);
  raw.addEventListener("input", () => {
    try {
      node.fill(JSON.parse(raw.value));
      told("");
    } catch (wrong) {
      told(`Not JSON yet: ${wrong.message}`);
    }
  });
  write();
  return {
    ...node,
    element,
    broken: () => broken,
    find: () => (broken ? [{ path: [], message: "The raw JSON cannot be read." }] : node.find()),
    fill(value) {
      node.fill(value);
      write();
    },
    clear: () => node.clear(),
  };
}
