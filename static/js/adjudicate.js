/** The adjudicator's page: one case at a time, decided by keyboard. */

import { Case } from "./adjudicate/case.js";
import { followTheme } from "./page/theme.js";
import { actFor, call, Refusal } from "./review/api.js";
import { byId, make } from "./review/dom.js";
import { listenForKeys, setSingleKeys } from "./review/keys.js";
import { announce, say } from "./review/notices.js";

const KEEP_EVERY = 120_000;
const page = byId("adjudication");
const places = byId("slots");
const decidedLine = byId("decided");
const { slug, person } = page.dataset;
const base = `/p/${slug}/adjudicate`;
const asideName = `adjudicate.later.${slug}`;
const about = {
  errorTypes: JSON.parse(byId("error-types").textContent),
  longest: Number(page.dataset.longestUnclear),
  say: announce,
};
/** @type {Case | null} */
let current = null;
let wanted = page.dataset.item || "";
let lastDecided = "";
let busy = false;
let asking = false;
let worked = false;
actFor(person);
setSingleKeys(page.dataset.singleKeys === "on");

/** Tasks that were put aside in this tab. @returns {number[]} */
const aside = () => JSON.parse(sessionStorage.getItem(asideName) || "[]");

function trouble(problem) {
  if (problem instanceof Refusal && problem.wantsSignIn) return say("You have been signed out. Sign in again in another tab, then go on here.", "warn");
  say(problem.message, "warn");
}

/** Give the case to whoever asks next. */
function giveBack() {
  const task = current?.found.task;
  if (task) call("POST", `${base}/${task}/leave`, {}).catch(() => {});
}

/** Take the case off the page; what was written about it comes again with it. */
function clear() {
  current?.keep();
  current?.element.remove();
  current = null;
  byId("actions").hidden = true;
}

function showWaiting({ escalations, disagreements }) {
  byId("escalations").textContent = String(escalations);
  byId("disagreements").textContent = String(disagreements);
}

/** Ask for the next case, or for the item that is wanted by name; what is wanted meanwhile is asked for afterwards. */
async function next() {
  if (asking) return;
  asking = true;
  await ask();
  while (wanted) {
    giveBack();
    await ask();
  }
  asking = false;
}

async function ask() {
  clear();
  for (const nothing of document.querySelectorAll("[data-why]")) nothing.hidden = true;
  byId("waiting").hidden = false;
  const item = wanted;
  wanted = "";
  try {
    const answer = await call("POST", `${base}/next`, item ? { item } : { later: aside() });
    showWaiting(answer.waiting);
    byId("waiting").hidden = true;
    if (answer.case) place(new Case(answer.case, about));
    else nothing(aside().length ? "aside" : "done");
  } catch (problem) {
    byId("waiting").hidden = true;
    nothing("trouble", problem.message);
    if (problem instanceof Refusal) trouble(problem);
  }
}

function nothing(why, message = "") {
  const section = document.querySelector(`[data-why="${why}"]`);
  section.hidden = false;
  const words = section.querySelector("[data-message]");
  if (words && message) words.textContent = message;
  announce(section.querySelector("h2").textContent);
}

/** @param {Case} found */
function place(found) {
  current = found;
  places.append(found.element);
  byId("actions").hidden = false;
  byId("later-button").hidden = found.found.task === null;
  found.show();
}

async function decide() {
  if (!current || busy || current.form.showWrong()) return;
  busy = true;
  try {
    const answer = await call("POST", `${base}/decide`, current.decision);
    lastDecided = answer.external_id;
    current.settle();
    const who = answer.people.map(({ who, name }) => (answer.hidden ? `${who} was ${name}` : name)).join(", ");
    decidedLine.replaceChildren(make("strong", {}, answer.external_id), ` is decided${who ? `; ${who}` : ""}.`);
    byId("again-button").hidden = false;
    announce(decidedLine.textContent);
    busy = false;
    await next();
  } catch (problem) {
    busy = false;
    if (problem instanceof Refusal && ["case_decided", "case_taken"].includes(problem.code)) {
      const { answers, note, unclear } = current.decision;
      const written = { answers, reason: note || undefined, unclear: unclear || undefined };
      say(`${current.found.external_id}: ${problem.message}`, "warn", { answers: written });
      next();
    } else if (problem instanceof Refusal && problem.fields.some(({ path }) => path.startsWith("answers."))) {
      current.form.showRefusal(problem.fields);
    } else trouble(problem);
  }
}

/** Put the case aside: others may take it, and it comes again when it is asked for. */
async function later() {
  const task = current?.found.task;
  if (!task || busy) return;
  busy = true;
  sessionStorage.setItem(asideName, JSON.stringify([...aside(), task].slice(-200)));
  await call("POST", `${base}/${task}/leave`, {}).catch(() => {});
  busy = false;
  say("Put aside.");
  next();
}

function fetchAside() {
  sessionStorage.removeItem(asideName);
  next();
}

/** Decide the last one anew. */
function again() {
  if (!lastDecided || busy) return;
  giveBack();
  wanted = lastDecided;
  next();
}

function toggleGuidelines() {
  const panel = byId("guidelines");
  panel.hidden = !panel.hidden;
  byId("guidelines-button").setAttribute("aria-expanded", String(!panel.hidden));
  (panel.hidden ? byId("guidelines-button") : panel.querySelector("h2")).focus();
}

const help = () => /** @type {HTMLDialogElement} */ (byId("help-dialog")).showModal();

/** @type {Record<string, () => void>} */
const KEYS = {
  g: toggleGuidelines,
  "?": help,
  s: later,
  z: again,
  j: () => current?.opinions.takeNext(),
  u: () => current?.sayUnclear(),
  n: () => current?.form.focusNote(),
  e: () => current?.form.focusComment(),
  d: () => current?.form.difference(),
  m: () => current?.form.mark(),
  r: () => current?.viewer.toggleWritten(),
  "/": () => current?.viewer.search.open(),
};

listenForKeys({
  press(key) {
    if (current?.form.press(key)) return true;
    KEYS[key]?.();
    return Boolean(KEYS[key]);
  },
  submit: () => void (current?.form.moveOn() || decide()),
  leave(typing) {
    if (typing) current?.heading.focus();
    return typing;
  },
});

for (const [id, act] of Object.entries({
  "decide-button": decide,
  "later-button": later,
  "unclear-button": KEYS.u,
  "take-button": KEYS.j,
  "again-button": again,
  "help-button": help,
  "guidelines-button": toggleGuidelines,
  "guidelines-close": toggleGuidelines,
  "aside-button": fetchAside,
})) {
  byId(id).addEventListener("click", act);
}
for (const button of document.querySelectorAll("[data-again]")) button.addEventListener("click", next);
byId("help-dialog").addEventListener("click", (event) => {
  if (/** @type {HTMLElement} */ (event.target).closest("[data-close]")) /** @type {HTMLDialogElement} */ (byId("help-dialog")).close();
});
places.addEventListener("say", (event) => say(/** @type {CustomEvent} */ (event).detail));
places.addEventListener("name-step", (event) => current?.form.write(/** @type {CustomEvent} */ (event).detail));

for (const sign of ["pointerdown", "keydown", "wheel"]) addEventListener(sign, () => (worked = true), { passive: true });
setInterval(() => {
  const task = current?.found.task;
  if (!task || !worked || document.hidden) return;
  worked = false;
  call("POST", `${base}/${task}/keep`, {}).catch((problem) => problem instanceof Refusal && trouble(problem));
}, KEEP_EVERY);
addEventListener("pagehide", () => {
  current?.keep();
  const task = current?.found.task;
  if (task) call("POST", `${base}/${task}/leave`, {}, { keepalive: true }).catch(() => {});
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

followTheme();
next();
