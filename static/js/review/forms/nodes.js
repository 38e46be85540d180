/** Forms within forms: objects with their fields, and lists that grow and shrink. */

import { make } from "../dom.js";
import { numberField, optionField, rawField, textField } from "./fields.js";
import { readable, readSchema, same, schemaOf } from "./schema.js";

const DEEPEST = 12;

/**
 * Build the form of a schema.
 * @param {{name: string, id: string, schema: any, root: any, required: boolean, depth?: number, bare?: boolean,
 *   title?: string}} place
 * @returns {import("./fields.js").FormNode}
 */
export function formNode({ name, id, schema, root, required, depth = 0, bare = false, title = "" }) {
  const shape = readSchema(schema, root);
  const place = { id, shape, required, title: title || shape.schema.title || readable(name) };
  if (shape.options || shape.type === "boolean") return optionField(place);
  if (shape.type === "string") return textField(place);
  if (shape.type === "number" || shape.type === "integer") return numberField(place);
  if (shape.type === "object" && depth < DEEPEST) return objectNode(place, root, depth, bare);
  if (shape.type === "array" && depth < DEEPEST) return listNode(place, root, depth, bare);
  return rawField(place);
}

function changedWithin(element) {
  element.dispatchEvent(new Event("input", { bubbles: true }));
}

function button(text, act, label = text, look = "small") {
  const element = make("button", { type: "button", class: `button ${look}`, "aria-label": label }, text);
  element.addEventListener("click", act);
  return element;
}

/** The frame of an object or a list: a group with its title, and a way to add or remove the whole where it may be absent. */
function group({ title, shape, required }, bare) {
  const element = make(bare ? "div" : "fieldset", { class: bare ? "form" : "form group" });
  if (!bare) element.append(make("legend", {}, title, required ? "" : make("span", { class: "optional" }, " optional")));
  if (shape.schema.description) element.append(make("p", { class: "help" }, shape.schema.description));
  const problem = make("p", { class: "problem", hidden: true });
  element.append(problem);
  const tell = (message) => {
    problem.textContent = message;
    problem.hidden = !message;
  };
  return { element, tell };
}

function objectNode(place, root, depth, bare) {
  const { id, shape, required, title } = place;
  const { properties = {}, required: needed = [], additionalProperties: more } = shape.schema;
  const { element, tell } = group(place, bare);
  const body = make("div", { class: "form" });
  /** @type {Map<string, import("./fields.js").FormNode>} */
  let fields = new Map();
  let there = false;
  const open = more === true || (more && typeof more === "object") || (more === undefined && !Object.keys(properties).length);

  function add(name, value, extra) {
    const schema = extra ? (more && typeof more === "object" ? more : schemaOf(value)) : properties[name];
    const nested = { name, id: `${id}.${name}`, schema, root, required: extra || needed.includes(name), depth: depth + 1 };
    const node = formNode(nested);
    node.fill(value);
    fields.set(name, node);
    const row = make("div", { class: "entry" }, node.element);
    if (extra) row.append(button("×", () => remove(name, row), `Remove ${readable(name)}`, "quiet remove"));
    return row;
  }

  function remove(name, row) {
    fields.delete(name);
    row.remove();
    changedWithin(element);
  }

  /** One more field: a button that asks for its name. */
  function adder() {
    const input = make("input", { type: "text", "aria-label": `Name of a further field of ${title}`, placeholder: "Its name" });
    const row = make("div", { class: "adder" });
    const ask = button("+ Field", () => {
      row.replaceChildren(input, button("Add", act, `Add the field to ${title}`));
      input.focus();
    }, `Add a field to ${title}`, "small quiet");
    const act = () => {
      const name = input.value.trim();
      if (!name || fields.has(name)) return;
      row.before(add(name, "", true));
      input.value = "";
      row.replaceChildren(ask);
      fields.get(name).focus();
      changedWithin(element);
    };
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      act();
    });
    row.append(ask);
    return row;
  }

  /** Draw the fields of a value; only what begins empty gets the schema's defaults. */
  function draw(value, fresh = false) {
    there = value !== undefined;
    const initial = (name) => (Object.hasOwn(value, name) ? value[name] : fresh ? properties[name]?.default : undefined);
    fields = new Map();
    body.replaceChildren();
    if (!there) {
      body.append(button(`Add ${title.toLowerCase()}`, () => {
        draw({}, true);
        node.focus();
        changedWithin(element);
      }));
      return;
    }
    for (const name of Object.keys(properties)) body.append(add(name, initial(name), false));
    // By name, as in the text that is compared: the order in which they were stored means nothing.
    const others = Object.keys(value).filter((name) => !Object.hasOwn(properties, name)).sort();
    for (const name of others) body.append(add(name, value[name], true));
    if (open) body.append(adder());
    if (!required) body.append(button(`Remove ${title.toLowerCase()}`, () => {
      draw(undefined);
      changedWithin(element);
    }));
  }

  const node = {
    element,
    read() {
      if (!there) return undefined;
      const given = [...fields].map(([name, one]) => [name, one.read()]);
      return Object.fromEntries(given.filter(([, value]) => value !== undefined));
    },
    fill(value) {
      const object = value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
      draw(object || (required || bare ? {} : undefined), !object);
    },
    find: () => (there ? [...fields].flatMap(([name, one]) => within(name, one)) : required ? [{ path: [], message: "This is required." }] : []),
    show([name, ...rest], message) {
      if (fields.get(name)?.show(rest, message)) return true;
      tell(name ? `${name}: ${message}` : message);
      return true;
    },
    clear() {
      tell("");
      for (const one of fields.values()) one.clear();
    },
    focus: () => ([...fields.values()][0] || { focus: () => body.querySelector("button")?.focus() }).focus(),
  };
  element.append(body);
  draw(required || bare ? {} : undefined, true);
  return node;
}

function within(name, node) {
  return node.find().map(({ path, message }) => ({ path: [name, ...path], message }));
}

function listNode(place, root, depth, bare) {
  const { id, shape, required, title } = place;
  const { element, tell } = group(place, bare);
  const list = make("ol", { class: "form", role: "list" });
  /** @type {{node: import("./fields.js").FormNode, row: HTMLElement}[]} */
  let rows = [];
  let touched = false;
  let made = 0;

  function append(value) {
    const schema = shape.schema.prefixItems?.[rows.length] || shape.schema.items || schemaOf(value ?? "");
    const number = rows.length + 1;
    const read = readSchema(schema, root).schema;
    const named = `${read.title || title} ${number}`;
    const node = formNode({ name: "", title: named, id: `${id}.${made++}`, schema, root, required: true, depth: depth + 1 });
    node.fill(value === undefined ? read.default : value);
    const row = make("li", { class: "entry" }, node.element);
    const entry = { node, row };
    row.append(button("×", () => remove(entry), `Remove ${named}`, "quiet remove"));
    rows.push(entry);
    list.append(row);
    return node;
  }

  function remove(entry) {
    touched = true;
    const at = rows.indexOf(entry);
    const values = rows.filter((one) => one !== entry).map((one) => one.node.read());
    draw(values); // drawn anew, because the names of the rest have their numbers in them
    (rows[at] || rows[at - 1])?.node.focus();
    if (!rows.length) addButton.focus();
    changedWithin(element);
  }

  function draw(values) {
    rows = [];
    list.replaceChildren();
    for (const value of values) append(value);
  }

  const addButton = button("+ Add", () => {
    touched = true;
    append(undefined).focus();
    changedWithin(element);
  }, `Add to ${title}`);
  element.append(list, addButton);
  return {
    element,
    read: () => (rows.length || touched || required ? rows.map(({ node }) => node.read() ?? null) : undefined),
    fill(value) {
      touched = Array.isArray(value);
      draw(Array.isArray(value) ? value : []);
    },
    find() {
      const { minItems, maxItems } = shape.schema;
      const found = rows.flatMap(({ node }, at) => within(String(at), node));
      if (rows.length < minItems && (required || rows.length)) found.push({ path: [], message: `At least ${minItems} entries.` });
      if (rows.length > maxItems) found.push({ path: [], message: `At most ${maxItems} entries.` });
      return found;
    },
    show([at, ...rest], message) {
      if (rows[at]?.node.show(rest, message)) return true;
      tell(message);
      return true;
    },
    clear() {
      tell("");
      for (const { node } of rows) node.clear();
    },
    focus: () => (rows[0]?.node || addButton).focus(),
  };
}

/** Whether two values are the same whatever the order of their keys. */
export function equalValues(one, other) {
  const sorted = (value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
      : Array.isArray(value) ? value.map(sorted) : value;
  return same(sorted(one), sorted(other));
}
