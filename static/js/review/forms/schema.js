/** What a form needs to know of a JSON Schema: references followed, "or null" read as "may be empty", shapes of values. */

/**
 * @typedef {Record<string, any>} Schema
 * @typedef {{type: string, nullable: boolean, options: any[] | null, blank: boolean, schema: Schema}} Shape
 */

const TYPES = ["string", "number", "integer", "boolean", "array", "object"];

function follow(root, pointer) {
  const parts = pointer.slice(1).split("/").slice(1);
  return parts.reduce((at, part) => at?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")], root) || {};
}

function merge(one, other) {
  return {
    ...one,
    ...other,
    properties: { ...one.properties, ...other.properties },
    required: [...(one.required || []), ...(other.required || [])],
  };
}

/** A schema without references and parts, as far as a form can show it. */
function flat(schema, root, depth = 0) {
  let one = schema && typeof schema === "object" ? schema : {};
  if (depth > 20) return {};
  if (one.$ref) {
    const { $ref, ...beside } = one;
    one = { ...flat($ref === "#" ? root : follow(root, $ref), root, depth + 1), ...beside };
  }
  for (const part of one.allOf || []) one = merge(one, flat(part, root, depth + 1));
  return one;
}

/**
 * Read a schema. `any` is what only raw JSON can show.
 * @param {Schema} schema @param {Schema} root where references lead
 * @returns {Shape}
 */
export function readSchema(schema, root) {
  let one = flat(schema, root);
  let nullable = false;
  const variants = (one.anyOf || one.oneOf || []).map((variant) => flat(variant, root));
  const real = variants.filter((variant) => variant.type !== "null");
  if (real.length === 1) one = merge(one, real[0]);
  if (real.length && real.every((variant) => "const" in variant)) one = { ...one, enum: real.map((variant) => variant.const) };
  else if (real.length > 1) one = { ...one, type: "any" };
  nullable ||= real.length < variants.length;
  const types = [one.type].flat().filter(Boolean);
  nullable ||= types.includes("null") || one.enum?.includes(null) || false;
  const known = types.filter((type) => type !== "null");
  const type = known.length === 1 ? known[0] : known.length ? "any" : one.properties ? "object" : one.items ? "array" : "any";
  const options = "const" in one ? [one.const] : one.enum ? one.enum.filter((value) => value !== null) : null;
  return { type: TYPES.includes(type) ? type : "any", nullable, options, blank: Boolean(one.blank), schema: one };
}

/** The schema that a value suggests; in it, an empty text is a text. @returns {Schema} */
export function schemaOf(value) {
  if (Array.isArray(value)) {
    const items = value.map(schemaOf);
    const same = items.every((item) => item.type === items[0].type);
    return { type: "array", items: items.length && same ? blankOf(items[0]) : {} };
  }
  if (value === null) return {};
  if (typeof value === "object") return { type: "object", properties: {}, additionalProperties: true };
  return { type: typeof value, blank: true };
}

function blankOf(schema) {
  return schema.type === "object" ? { type: "object", properties: {}, additionalProperties: true } : schema;
}

/** A name as people read it: `total_amount` and `totalAmount` are "Total amount". */
export function readable(name) {
  const words = name.replaceAll(/[_-]+/g, " ").replaceAll(/([a-z])([A-Z])/g, (_, one, other) => `${one} ${other.toLowerCase()}`).trim();
  return words ? words[0].toUpperCase() + words.slice(1) : name;
}

/** Why a value does not fit a shape, or "". What this does not know, the server still checks. */
export function findMisfit(value, { type, nullable, options, schema }) {
  if (value === null) return nullable || type === "any" ? "" : "This is required.";
  if (options) return options.some((option) => same(option, value)) ? "" : "Choose one of the options.";
  if (type === "number" || type === "integer") return numberMisfit(value, type, schema);
  if (type === "string") return typeof value === "string" ? textMisfit(value, schema) : "Expected text.";
  if (type === "boolean") return typeof value === "boolean" ? "" : "Choose yes or no.";
  return "";
}

function numberMisfit(value, type, schema) {
  if (typeof value !== "number") return "Expected a number.";
  if (type === "integer" && !Number.isInteger(value)) return "Expected a whole number.";
  if (value < schema.minimum) return `At least ${schema.minimum}.`;
  if (value > schema.maximum) return `At most ${schema.maximum}.`;
  if (value <= schema.exclusiveMinimum) return `More than ${schema.exclusiveMinimum}.`;
  if (value >= schema.exclusiveMaximum) return `Less than ${schema.exclusiveMaximum}.`;
  return "";
}

function textMisfit(value, schema) {
  const length = [...value].length;
  if (length < schema.minLength) return `At least ${schema.minLength} characters.`;
  if (length > schema.maxLength) return `At most ${schema.maxLength} characters.`;
  if (schema.format === "date" && !/^\d{4}-\d\d-\d\d$/.test(value)) return "This is no valid date.";
  if (schema.format === "email" && !/^[^@\s]+@[^@\s]+$/.test(value)) return "This is no valid email.";
  return "";
}

/** Whether two JSON values are equal. */
export function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
