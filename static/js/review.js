/** The reviewer's screen: wires the desk to the page. */

import { followTheme } from "./page/theme.js";
import { actFor, call, serverNow } from "./review/api.js";
import { Decisions } from "./review/decisions.js";
import { Desk } from "./review/desk.js";
import { askEscalate, askLabel, askSignIn, askSkip, showHelp, wireDialogs } from "./review/dialogs.js";
import { byId } from "./review/dom.js";
import { Guidelines } from "./review/guidelines.js";
import { History, shortTime } from "./review/history.js";
import { listenForKeys, setSingleKeys, singleKeysOn } from "./review/keys.js";
import { announce, say } from "./review/notices.js";
import { listKeys, markButtons } from "./review/key_list.js";

const root = byId("review");
const slots = byId("slots");
const saving = byId("saving");
const lease = byId("lease");
const undoButton = byId("undo-button");
const { project, person, name } = root.dataset;
/** @type {(() => boolean | void)[]} */
const waitingKeys = [];
let leaseNoticed = false;
actFor(person);
setSingleKeys(root.dataset.singleKeys === "on");

/** Change a number on the page. @param {string} id @param {number} by */
function countUp(id, by) {
  byId(id).textContent = String(Math.max(0, Number(byId(id).textContent) + by));
}

const view = {
  place: (slot) => slots.append(slot.element),
  painted(slot) {
    for (const nothing of document.querySelectorAll("[data-why]")) nothing.hidden = true;
    byId("waiting").hidden = slot !== null;
    byId("actions").hidden = slot === null;
    byId("escalate-button").hidden = Boolean(slot?.task.kind);
    if (slot) {
      guidelines.follow(slot.task.rubric.version);
      markButtons(slot.form.claimed);
    }
    tick();
  },
  nothing(why, { until = "", message = "" } = {}) {
    byId("waiting").hidden = true;
    byId("actions").hidden = true;
    for (const section of document.querySelectorAll("[data-why]")) {
      const fits = section.dataset.why === why;
      if (fits && section.hidden) announce(section.querySelector("h2").textContent);
      section.hidden = !fits;
      for (const place of section.querySelectorAll("[data-until]")) {
        place.hidden = !until;
        if (until) place.querySelector("time").textContent = new Date(until).toLocaleTimeString([], { timeStyle: "short" });
      }
      for (const place of section.querySelectorAll("[data-message]")) place.textContent = message;
    }
  },
  say: (text, kind, answers) => say(text, kind, { answers }),
  count(change) {
    countUp("today", change);
    countUp("left", -change);
  },
  left: ({ open, leased }) => (byId("left").textContent = String(open + leased)),
  saving(waiting, late) {
    saving.classList.toggle("late", late);
    saving.textContent = waiting ? `${waiting} saving${late ? ": not saved yet, trying again" : ""}…` : "";
  },
  signIn: (refusal) => askSignIn(refusal, name),
  offer({ task, external_id, updated_at }) {
    const text = `You began ${external_id} on another machine (${shortTime(updated_at)}).`;
    say(text, "offer", { button: "Continue it here", act: () => desk.goOnWith(task) });
  },
  reveal: (label) => history.reveal(label),
};

const settings = {
  project,
  person,
  name,
  leaseSeconds: Number(root.dataset.leaseSeconds),
  undoSeconds: Number(root.dataset.undoSeconds),
  madeAt: Date.parse(root.dataset.madeAt),
  reveals: root.dataset.reveals === "on",
};
const desk = new Desk(settings, view);
const decisions = new Decisions(desk);
const history = new History(project, decisions.outbox, {
  place: (element) => slots.append(element),
  away(away) {
    byId("desk").classList.toggle("looking-back", away);
    desk.look(away);
    if (!away) desk.current?.show();
  },
  say,
  trouble(problem) {
    if (problem.wantsSignIn) view.signIn(problem);
    else say(problem.message, "warn");
  },
});

const guidelines = new Guidelines(() => (history.page || desk.current)?.heading);

/** What changes with time alone: the lease's end, and whether there is something to undo. */
function tick() {
  if (document.hidden) return;
  desk.tick();
  undoButton.firstChild.textContent = decisions.canUndo ? "Undo " : "History ";
  const slot = desk.current;
  const soon = slot !== null && slot.endsSoon;
  lease.hidden = !soon;
  if (!soon) {
    leaseNoticed = false;
    return;
  }
  const seconds = Math.max(0, Math.ceil((slot.expires - serverNow()) / 1000));
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  byId("lease-text").textContent = seconds ? `Yours for ${clock} more` : "Your time is over; others may take it";
  if (!leaseNoticed) announce("This item will soon go back to the queue. Press x to keep it.");
  leaseNoticed = true;
}

function extend() {
  if (desk.current) desk.renew(desk.current).then(tick);
}

function skip() {
  const slot = desk.current;
  if (slot) askSkip((reason) => decisions.passOn(slot, "skip", { reason }, "Skipped."));
}

function escalate() {
  const slot = desk.current;
  if (!slot || slot.task.kind) return;
  const { draft: answers, comment } = slot.form;
  askEscalate((note) => decisions.passOn(slot, "escalate", { note, answers, comment }, "Escalated: an adjudicator decides."));
}

/** Take the last submit back; after its time, show the last labels to choose one that is to be changed. */
async function undo() {
  if (decisions.canUndo) return decisions.undo();
  try {
    const labels = await history.list();
    if (!labels.length) return say("You have no labels here yet.");
    const said = labels.map(({ external_id, answers, created_at }) => ({
      external_id,
      said: Object.values(answers).map((answer) => (typeof answer === "string" ? answer : JSON.stringify(answer))).join(" · ").slice(0, 80),
      at: shortTime(created_at),
    }));
    askLabel(said, (at) => history.change(at));
  } catch (problem) {
    if (problem.wantsSignIn) view.signIn(problem);
    else say(problem.message, "warn");
  }
}

/** @type {Record<string, () => void>} */
const ANYWHERE = { g: () => guidelines.toggle(), "?": help };
/** @type {Record<string, () => void>} */
const AT_WORK = {
  ...ANYWHERE,
  s: skip,
  f: escalate,
  z: undo,
  k: () => history.older(),
  n: () => desk.current?.form.focusNote(),
  e: () => desk.current?.form.focusComment(),
  d: () => desk.current?.form.difference(),
  x: extend,
  r: () => desk.current?.viewer.toggleWritten(),
  m: () => desk.current?.form.mark(),
  "/": () => desk.current?.viewer.search.open(),
};
/** @type {Record<string, () => void>} */
const LOOKING_BACK = {
  ...ANYWHERE,
  z: () => history.edit(),
  k: () => history.older(),
  j: () => history.newer(),
  d: () => history.compare(),
  r: () => history.page?.viewer.toggleWritten(),
  "/": () => history.page?.viewer.search.open(),
};
/** @type {Record<string, () => void>} */
const CHANGING = {
  ...ANYWHERE,
  n: () => history.page.form.focusNote(),
  e: () => history.page.form.focusComment(),
  d: () => history.page.form.difference(),
  m: () => history.page.form.mark(),
  r: () => history.page.viewer.toggleWritten(),
  "/": () => history.page.viewer.search.open(),
};

/** What the keys mean now. */
function pageKeys() {
  if (!history.isOpen) return AT_WORK;
  return history.editing ? CHANGING : LOOKING_BACK;
}

function help() {
  showHelp(listKeys({ desk, decisions, history }));
}

function enter() {
  if (!history.isOpen) desk.current?.form.moveOn() || decisions.submit();
  else if (history.editing) history.save();
  else history.leave();
}

function press(key) {
  const form = history.isOpen ? history.editing && history.page.form : desk.current?.form;
  if (form && form.press(key)) return true;
  const act = pageKeys()[key];
  act?.();
  return Boolean(act);
}

/** Escape: out of a field, out of a change, out of the history. */
function leave(typing) {
  if (typing) (history.page || desk.current)?.heading.focus();
  else if (history.editing) history.cancel();
  else if (history.isOpen) history.leave();
  else return false;
  return true;
}

/** Do what a key says; while a label is fetched, once it is there. @param {() => boolean | void} what */
function inTurn(what) {
  if (!history.opening && !waitingKeys.length) return Boolean(what());
  waitingKeys.push(what);
  if (waitingKeys.length === 1) drain();
  return true;
}

async function drain() {
  while (waitingKeys.length) {
    await history.opened;
    waitingKeys[0]();
    waitingKeys.shift();
  }
}

listenForKeys({
  press: (key) => inTurn(() => press(key)),
  submit: () => void inTurn(enter),
  leave: (typing) => inTurn(() => leave(typing)),
});

slots.addEventListener("say", (event) => say(/** @type {CustomEvent} */ (event).detail));
slots.addEventListener("name-step", (event) => {
  const form = history.isOpen ? history.editing && history.page.form : desk.current?.form;
  form && form.write(/** @type {CustomEvent} */ (event).detail);
});
const single = /** @type {HTMLInputElement} */ (byId("single-keys"));
single.checked = singleKeysOn();
single.addEventListener("change", () => {
  setSingleKeys(single.checked);
  call("PUT", `/p/${project}/review/keys`, { single_keys: single.checked }).catch(() => {
    say("That could not be saved; it holds until you leave this page.", "warn");
  });
});

/** @type {Record<string, () => void>} */
const BUTTONS = {
  "submit-button": () => decisions.submit(),
  "skip-button": skip,
  "escalate-button": escalate,
  "undo-button": undo,
  "help-button": help,
  "lease-button": extend,
  "past-older": () => history.older(),
  "past-newer": () => history.newer(),
  "past-edit": () => history.edit(),
  "past-difference": () => history.compare(),
  "past-leave": () => history.leave(),
  "past-save": () => history.save(),
  "past-cancel": () => history.cancel(),
  "sign-in-reload": () => location.reload(),
};
for (const [id, act] of Object.entries(BUTTONS)) byId(id).addEventListener("click", act);
for (const again of document.querySelectorAll("[data-again]")) {
  again.addEventListener("click", () => {
    decisions.outbox.wake?.();
    desk.claim();
  });
}

for (const sign of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"]) {
  addEventListener(sign, () => desk.active(), { passive: true });
}
addEventListener("beforeunload", (event) => {
  if (decisions.outbox.waiting) event.preventDefault();
});
addEventListener("pagehide", () => desk.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // its leases were given back when it went away
});
document.addEventListener("visibilitychange", () => {
  desk.look(document.hidden || history.isOpen);
  if (document.hidden) for (const slot of desk.slots) slot.saveDraft();
  else if (desk.slots.length) tick();
  else desk.claim();
});

wireDialogs();
followTheme();
setInterval(tick, 1000);
decisions.open().then(() => desk.open(JSON.parse(root.dataset.unfinished || "[]")));
