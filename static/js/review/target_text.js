/** The text of a part of an item, in which the offsets of spans count: the twin of sampling/items/content.py. */

/** Whether a value is a list of messages. */
export function isMessages(value) {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((turn) => isObject(turn) && typeof turn.role === "string" && "content" in turn)
  );
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Whether a value is a list of text parts. */
export function isTextParts(value) {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((part) => isObject(part) && part.type === "text" && typeof part.text === "string")
  );
}

/** The text of a target: `input`, `output`, `context` or `steps.<n>`. @returns {string} */
export function targetText(item, target) {
  if (!target.startsWith("steps.")) return textOf(item[target]);
  const step = (item.steps || [])[Number(target.slice(6))];
  return step ? textOf(step.output) || textOf(step.input) || textOf(step.error) : "";
}

/** The text of a value: text as it is, messages by their contents, anything else as JSON with sorted keys. */
export function textOf(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (isTextParts(value)) return value.map((part) => part.text).join("\n");
  if (isMessages(value)) return value.map(textOfMessage).join("\n\n");
  return sortedJson(value, "\n");
}

/** The text of a message: its content, and below it as JSON what it has besides. */
export function textOfMessage({ role, content, ...rest }) {
  const more = Object.keys(rest).length ? textOf(rest) : "";
  return [textOf(content), more].filter(Boolean).join("\n");
}

/** JSON with sorted keys; an object with sorted keys would not do, because numbers come first in objects. */
function sortedJson(value, line) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const deeper = `${line}  `;
  const list = Array.isArray(value);
  const parts = list
    ? value.map((one) => sortedJson(one, deeper))
    : Object.keys(value).sort().map((name) => `${JSON.stringify(name)}: ${sortedJson(value[name], deeper)}`);
  const [open, close] = list ? "[]" : "{}";
  return parts.length ? `${open}${parts.map((part) => deeper + part).join(",")}${line}${close}` : open + close;
}
