/** An item as an element: conversations as turns, text as text, objects as readable JSON. */

import { make, putText } from "./dom.js";

const FOLD_OVER = 600;
const ROLES = { user: "User", assistant: "Assistant", system: "System", tool: "Tool", developer: "System" };

function isConversation(value) {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((turn) => turn && typeof turn === "object" && typeof turn.role === "string" && "content" in turn)
  );
}

/** The text of a value, where it is text or parts of text; else null. */
function plainText(value) {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.length && value.every((part) => part && part.type === "text" && typeof part.text === "string")) {
    return value.map((part) => part.text).join("\n");
  }
  return null;
}

function viewValue(value) {
  if (value === null || value === undefined || value === "") return make("p", { class: "absent" }, "Nothing");
  const text = plainText(value);
  if (text !== null) return putText(make("div", { class: "text", dir: "auto" }), text);
  return putText(make("pre", { class: "object", dir: "auto" }), JSON.stringify(value, null, 2));
}

/** One turn. `extra` are fields beside role and content, such as tool calls. */
function viewTurn(turn, judged) {
  const { role, content, ...extra } = turn;
  const kind = role === "developer" ? "system" : Object.hasOwn(ROLES, role) ? role : "other";
  const who = putText(make("p", { class: "who" }), Object.hasOwn(ROLES, role) ? ROLES[role] : role);
  if (judged) who.append(" · to review");
  const element = make("div", { class: `turn ${kind}${judged ? " judged" : ""}` }, who);
  if (content !== null && content !== "") element.append(viewValue(content));
  if (Object.keys(extra).length) element.append(viewValue(extra));
  return element;
}

function viewPart(title, ...children) {
  return make("section", { class: "item-part" }, make("h3", {}, title), ...children);
}

function fold(title, size, ...children) {
  const details = make("details", { class: "fold" }, make("summary", {}, title), ...children);
  details.open = size <= FOLD_OVER;
  return make("section", { class: "item-part" }, details);
}

function viewFacts(facts) {
  const list = make("dl", { class: "facts" });
  for (const [name, value] of Object.entries(facts)) {
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    list.append(putText(make("dt", {}), name), putText(make("dd", { dir: "auto" }), shown));
  }
  return list;
}

function viewStep(step, index) {
  const title = make("summary", {});
  putText(title, `${index + 1}. ${step.name || step.kind || "step"}${step.error ? " · failed" : ""}`);
  const body = make("div", { class: "stack" });
  for (const part of ["input", "output", "error"]) {
    if (step[part] !== undefined && step[part] !== null) body.append(viewPart(part, viewValue(step[part])));
  }
  return make("details", { class: "fold" }, title, body);
}

/** What is asked and what was answered: one run of turns where the input is a conversation. */
function viewExchange(input, output) {
  if (!isConversation(input)) {
    const answer = isConversation(output)
      ? make("div", { class: "turns" }, ...output.map((turn, at) => viewTurn(turn, at === output.length - 1)))
      : make("div", { class: "turn alone judged" }, viewValue(output));
    return [
      viewPart("Input", make("div", { class: "turn alone" }, viewValue(input))),
      viewPart("Output to review", answer),
    ];
  }
  const answers = isConversation(output) ? output : [{ role: "assistant", content: output }];
  const turns = input.map((turn) => viewTurn(turn, false));
  turns.push(...answers.map((turn, at) => viewTurn(turn, at === answers.length - 1)));
  return [viewPart("Conversation", make("div", { class: "turns" }, ...turns))];
}

/**
 * Return the heading (focusable by script) and the element of an item.
 * @param {Record<string, any>} item
 */
export function viewItem(item) {
  const heading = make("h2", { tabindex: "-1" }, "Item ");
  heading.append(putText(make("span", { class: "mono", dir: "auto" }), String(item.external_id ?? "")));
  const head = make("header", { class: "item-head" }, heading);
  if (item.occurred_at) {
    const at = new Date(item.occurred_at);
    const shown = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    head.append(make("time", { class: "muted small", datetime: item.occurred_at }, shown));
  }
  const element = make("div", { class: "item-pane", tabindex: "0", role: "region", "aria-label": "Item" }, head);
  if (item.context !== null && item.context !== undefined && item.context !== "") {
    const size = JSON.stringify(item.context).length;
    element.append(fold("Context", size, make("div", {}, viewValue(item.context))));
  }
  element.append(...viewExchange(item.input, item.output));
  if (Array.isArray(item.steps) && item.steps.length) {
    element.append(viewPart("Steps", make("div", { class: "turns" }, ...item.steps.map(viewStep))));
  }
  if (item.metadata && Object.keys(item.metadata).length) {
    element.append(fold("Details", FOLD_OVER + 1, make("div", {}, viewFacts(item.metadata))));
  }
  return { element, heading };
}
