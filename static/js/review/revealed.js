/** What the reviewed system said of itself, shown after the label is committed. */

import { make } from "./dom.js";

const HIDDEN_FIELDS = {
  decision: "Decision",
  confidence: "Confidence",
  model: "Model",
  prompt_version: "Prompt",
  system_version: "System",
  feedback: "User's feedback",
};
const FEEDBACK = { "-1": "negative", 0: "neutral", 1: "positive" };

function hiddenValue(name, value) {
  if (name === "feedback") return FEEDBACK[value] || String(value);
  if (name === "confidence") return Number(value).toLocaleString([], { maximumFractionDigits: 3 });
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** @param {Record<string, any>} revealed */
export function viewRevealed(revealed) {
  const list = make("dl", { class: "facts" });
  for (const [name, value] of Object.entries(revealed)) {
    list.append(make("dt", {}, HIDDEN_FIELDS[name] || name), make("dd", { dir: "auto" }, hiddenValue(name, value)));
  }
  const panel = make("section", { class: "revealed" }, make("h3", {}, "What was hidden from you"), list);
  if (!list.childElementCount) panel.append(make("p", { class: "muted small" }, "Nothing was sent along with this item."));
  return panel;
}
