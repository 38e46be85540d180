/** One condition of a filter as a row: which fact, what is asked of it, and the value. */

import { make } from "../review/dom.js";
import { operatorsFor, takesNoValue, typeOf, typesOf } from "./operators.js";
import { valueField } from "./values.js";

const OTHER = "\u0000other";
const AFTER_CHOOSING = 800;

/**
 * A row: fact, operator, type and value, each in a holder of its own. A control is never replaced while somebody is
 * typing in it: what is typed letter by letter picks from its list.
 */
export function conditionRow(builder, condition, parent) {
  const holder = () => make("span", { class: "holder" });
  const [factPlace, operatorPlace, typePlace, valuePlace, removePlace] = [holder(), holder(), holder(), holder(), holder()];
  const facts = () => {
    const fact = builder.facts.get(condition.fact);
    const types = typesOf(fact);
    const hasValue = condition.value !== null && condition.value !== undefined;
    return { fact, types, type: hasValue && fact?.kind !== "time" ? typeOf(condition.value) : (condition.type ?? types[0]) };
  };
  const fillValue = () => {
    const { fact, type } = facts();
    valuePlace.replaceChildren();
    if (!condition.fact || takesNoValue(condition.op)) return;
    const given = { type, op: condition.op, value: condition.value, known: fact?.values ?? [], label: `Value of ${condition.fact}` };
    valuePlace.append(valueField(given, (value) => {
      condition.value = value;
      builder.write();
    }));
  };
  const fillType = () => {
    const { types, type } = facts();
    typePlace.replaceChildren();
    if (!condition.fact || takesNoValue(condition.op) || (types.length === 1 && types[0] === type)) return;
    typePlace.append(typeField(builder, condition, types, type, () => {
      fillOperator();
      fillValue();
    }));
  };
  const fillOperator = () => {
    const { fact, type } = facts();
    operatorPlace.replaceChildren();
    if (!condition.fact) return;
    operatorPlace.append(operatorField(builder, condition, fact, type, () => {
      fillType();
      fillValue();
    }));
  };
  const fillRest = () => {
    fillOperator();
    fillType();
    fillValue();
    removePlace.replaceChildren(builder.remover(condition, parent, `Remove the condition on ${condition.fact || "nothing yet"}`));
  };
  const fillFact = () => factPlace.replaceChildren(factField(builder, condition, fillRest, fillFact));
  fillFact();
  fillRest();
  return make("div", { class: "filter-condition" }, factPlace, operatorPlace, typePlace, valuePlace, removePlace);
}

/** Where the fact is picked; one that no item was seen with can be typed. */
function factField(builder, condition, fill, again) {
  const typed = condition.typing || (condition.fact && builder.facts.size && !builder.facts.has(condition.fact));
  const pick = (name) => {
    condition.fact = name;
    condition.value = null;
    condition.type = undefined;
    const fact = builder.facts.get(name);
    condition.op = operatorsFor(fact, typesOf(fact)[0], "")[0][0];
    builder.write();
  };
  if (typed) {
    const input = make("input", { type: "text", class: "mono", "aria-label": "Fact", placeholder: "metadata.key", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
    input.value = condition.fact;
    input.addEventListener("change", () => {
      condition.typing = false;
      pick(input.value.trim());
      fill();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // the condition is not finished: nothing to apply yet
      input.dispatchEvent(new Event("change"));
      builder.focusIn(condition, `What to ask of ${condition.fact}`);
    });
    builder.places.set(condition, input);
    return input;
  }
  const select = make("select", { "aria-label": "Fact" });
  select.append(make("option", { value: "" }, "choose a fact…"));
  const groups = new Map();
  for (const fact of builder.facts.values()) {
    if (!groups.has(fact.group)) groups.set(fact.group, make("optgroup", { label: fact.group }));
    groups.get(fact.group).append(make("option", { value: fact.name }, fact.name));
  }
  select.append(...groups.values());
  if (condition.fact && !builder.facts.has(condition.fact)) select.append(make("option", { value: condition.fact }, condition.fact));
  select.append(make("option", { value: OTHER }, "another, by name…"));
  select.value = condition.fact;
  select.addEventListener("change", () => {
    if (select.value !== OTHER) pick(select.value);
    else setTimeout(type, AFTER_CHOOSING);
    fill();
  });
  // Only once the choice is made: on the way through the list by letters one passes this entry too.
  const type = () => {
    if (select.value !== OTHER) return;
    condition.typing = true;
    condition.fact = "";
    again();
    fill();
    builder.places.get(condition)?.focus();
  };
  select.addEventListener("blur", type);
  select.addEventListener("click", type);
  select.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || select.value !== OTHER) return;
    event.preventDefault();
    type();
  });
  builder.places.set(condition, select);
  return select;
}

function operatorField(builder, condition, fact, type, fill) {
  const select = make("select", { "aria-label": `What to ask of ${condition.fact}` });
  for (const [op, words] of operatorsFor(fact, type, condition.op)) select.append(make("option", { value: op }, words));
  select.value = condition.op;
  select.addEventListener("change", () => {
    const [was, is] = [condition.op, select.value];
    condition.op = is;
    if (takesNoValue(is)) condition.value = null;
    else if (is === "in" && was !== "in") condition.value = condition.value === null ? null : [condition.value];
    else if (was === "in" && is !== "in") condition.value = condition.value?.[0] ?? null;
    builder.write();
    fill();
  });
  return select;
}

function typeField(builder, condition, types, type, fill) {
  const select = make("select", { "aria-label": `Type of the value of ${condition.fact}` });
  const words = { text: "text", number: "number", boolean: "true or false" };
  for (const each of new Set([...types, "text", "number", "boolean"])) {
    if (words[each]) select.append(make("option", { value: each }, words[each]));
  }
  select.value = type;
  select.addEventListener("change", () => {
    condition.type = select.value;
    condition.value = null;
    builder.write();
    fill();
  });
  return select;
}
