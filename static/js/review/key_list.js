/** Which keys mean something now, for the list of keys. */

/**
 * @typedef {{title: string, keys: {keys: string[], does: string}[]}} Group
 * @param {{desk: import("./desk.js").Desk, decisions: import("./decisions.js").Decisions,
 *   history: import("./history.js").History}} parts
 * @returns {Group[]}
 */
export function listKeys({ desk, decisions, history }) {
  const form = history.isOpen ? history.editing && history.page.form : desk.current?.form;
  const left = ({ keys: [key] }) => !(form && form.claimed.has(key));
  const page = (history.isOpen ? pastKeys(history) : workKeys(desk, decisions)).filter(left);
  return [
    ...(form ? answerKeys(form) : []),
    { title: history.isOpen ? "This label" : "This item", keys: page },
    {
      title: "Anywhere",
      keys: [
        { keys: ["g"], does: "guidelines" },
        { keys: ["?"], does: "this list" },
      ].filter(left),
    },
  ];
}

/** Show beside the buttons the keys that do what they do; those that the rubric claims answer. @param {Set<string>} claimed */
export function markButtons(claimed) {
  for (const mark of document.querySelectorAll("#actions kbd, #lease kbd, #guidelines-button kbd")) {
    mark.hidden = claimed.has(mark.textContent);
    if (mark.hidden) mark.parentElement.removeAttribute("aria-keyshortcuts");
  }
}

/** The keys that answer, by question. @param {import("./questions.js").QuestionForm} form @returns {Group[]} */
function answerKeys(form) {
  const keyed = form.shown.filter((block) => block.widget.keys);
  const groups = keyed.map(({ question, widget }) => {
    const names = new Map((question.options || question.tags || []).map(({ value, label }) => [String(value), label]));
    const keys = [...widget.keys.byKey].map(([key, value]) => ({ keys: [key], does: names.get(value) || value }));
    return { title: question.title, keys };
  });
  if (form.shown.length > 1) {
    groups.push({ title: "Between questions", keys: [{ keys: [",", "."], does: "the question before, the next one" }] });
  }
  return groups;
}

function workKeys(desk, decisions) {
  const undo = { keys: ["z"], does: decisions.canUndo ? "undo the last submit" : "your last labels, to change one" };
  const back = { keys: ["k"], does: "look back at your last label" };
  const slot = desk.current;
  if (!slot) return [undo, back];
  return [
    { keys: ["Enter"], does: "submit; from within a field with Ctrl" },
    { keys: ["s"], does: "skip, with a reason" },
    { keys: ["f"], does: "escalate to an adjudicator, with a note" },
    undo,
    back,
    ...(slot.form.shown.some(({ question }) => question.kind === "text") ? [{ keys: ["n"], does: "write the first text answer; Esc leaves the field" }] : []),
    { keys: ["e"], does: "write the comment; Esc leaves the field" },
    { keys: ["r"], does: "the item as it was written, or as it reads best" },
    { keys: ["/"], does: "find in the item" },
    ...(slot.endsSoon ? [{ keys: ["x"], does: "keep the item longer" }] : []),
  ];
}

function pastKeys(history) {
  if (history.editing) {
    return [
      { keys: ["Enter"], does: "save the change; from within a field with Ctrl" },
      { keys: ["e"], does: "write the comment" },
      { keys: ["Esc"], does: "leave it as it was" },
    ];
  }
  return [
    { keys: ["k"], does: "the label before" },
    { keys: ["j"], does: "the label after, and back to work" },
    { keys: ["z"], does: "change it, with a reason" },
    { keys: ["r"], does: "the item as it was written, or as it reads best" },
    { keys: ["/"], does: "find in the item" },
    ...(history.page?.shown.former ? [{ keys: ["d"], does: "what it said before the change" }] : []),
    { keys: ["Enter"], does: history.onLeave ? "next item" : "back to work" },
  ];
}
