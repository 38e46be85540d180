/** Rules of a plan: one more, one less, without a round to the server. */

import { startFilterBuilders } from "../filters/builder.js";

/**
 * Wire the buttons that add and remove rules.
 * @param {HTMLFormElement} form
 * @param {() => void} changed
 */
export function wireRules(form, changed) {
  const list = /** @type {HTMLElement} */ (form.querySelector("[data-rules]"));
  const none = /** @type {HTMLElement} */ (form.querySelector("[data-no-rules]"));
  const add = /** @type {HTMLButtonElement} */ (form.querySelector("[data-add-rule]"));
  const template = /** @type {HTMLTemplateElement} */ (form.querySelector("[data-rule-template]"));
  let next = list.children.length;

  add.addEventListener("click", (event) => {
    event.preventDefault();
    const blank = document.createElement("template");
    blank.innerHTML = template.innerHTML.replaceAll("__number__", String(next)); // our own template, nobody's text
    next += 1;
    const rule = /** @type {HTMLElement} */ (blank.content.firstElementChild);
    list.append(rule);
    none.hidden = true;
    startFilterBuilders(rule);
    rule.querySelector("input")?.focus();
    changed();
  });

  list.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-remove-rule]");
    if (!button) return;
    event.preventDefault();
    const rule = /** @type {HTMLElement} */ (button.closest("[data-rule]"));
    const neighbour = rule.nextElementSibling ?? rule.previousElementSibling;
    rule.remove();
    none.hidden = list.children.length > 0;
    /** @type {HTMLElement} */ (neighbour?.querySelector("input") ?? add).focus();
    changed();
  });
}
