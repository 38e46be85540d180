/** The reviewer's screen: wires the desk to the page. */

import { followTheme } from "./page/theme.js";
import { serverNow } from "./review/api.js";
import { Desk } from "./review/desk.js";
import { askSkip, showHelp, wireDialogs } from "./review/dialogs.js";
import { byId, make } from "./review/dom.js";
import { Guidelines } from "./review/guidelines.js";
import { listenForKeys } from "./review/keys.js";

const root = byId("review");
const slots = byId("slots");
const saving = byId("saving");
const lease = byId("lease");
const undoButton = byId("undo-button");
const today = byId("today");
const guidelines = new Guidelines();
let leaseNoticed = false;

/** Say something once to everybody: on the page where it matters, and to screen readers. */
function say(text, kind = "") {
  byId("announce").textContent = "";
  // A frame later, so that the same words twice are two announcements.
  requestAnimationFrame(() => (byId("announce").textContent = text));
  byId("notices").replaceChildren();
  if (!kind) return;
  const close = make("button", { type: "button", class: "button quiet" }, "Dismiss");
  const notice = make("div", { class: `notice ${kind}` }, make("div", {}, text), close);
  close.addEventListener("click", () => notice.remove());
  byId("notices").append(notice);
}

const view = {
  place: (slot) => slots.append(slot.element),
  painted(slot) {
    for (const nothing of document.querySelectorAll("[data-why]")) nothing.hidden = true;
    byId("waiting").hidden = slot !== null;
    byId("actions").hidden = slot === null;
    if (slot) guidelines.follow(slot.task.rubric.version);
    tick();
  },
  nothing(why, { until = "", message = "" } = {}) {
    byId("waiting").hidden = true;
    byId("actions").hidden = true;
    for (const section of document.querySelectorAll("[data-why]")) {
      const fits = section.dataset.why === why;
      if (fits && section.hidden) say(section.querySelector("h2").textContent);
      section.hidden = !fits;
      for (const place of section.querySelectorAll("[data-until]")) {
        place.hidden = !until;
        if (until) place.querySelector("time").textContent = new Date(until).toLocaleTimeString([], { timeStyle: "short" });
      }
      for (const place of section.querySelectorAll("[data-message]")) place.textContent = message;
    }
  },
  say,
  count(change) {
    today.textContent = String(Math.max(0, Number(today.textContent) + change));
  },
  saving(waiting, late) {
    saving.classList.toggle("late", late);
    saving.textContent = waiting ? (late ? `${waiting} not saved yet, trying again…` : `Saving ${waiting}…`) : "";
  },
};

const desk = new Desk(
  {
    project: root.dataset.project,
    leaseSeconds: Number(root.dataset.leaseSeconds),
    undoSeconds: Number(root.dataset.undoSeconds),
  },
  view,
);

/** What changes with time alone: the lease's end, and whether there is something to undo. */
function tick() {
  if (document.hidden) return;
  desk.tick();
  undoButton.setAttribute("aria-disabled", String(!desk.canUndo));
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
  if (!leaseNoticed) byId("announce").textContent = "This item will soon go back to the queue. Press x to keep it.";
  leaseNoticed = true;
}

function extend() {
  if (desk.current) desk.renew(desk.current).then(tick);
}

function skip() {
  if (desk.current) askSkip((reason) => desk.skip(reason));
}

/** @type {Record<string, () => void>} */
const PAGE_KEYS = {
  s: skip,
  z: () => desk.undo(),
  n: () => desk.current?.form.focusNote(),
  e: () => desk.current?.form.focusComment(),
  d: () => desk.current?.form.difference(),
  g: () => guidelines.toggle(),
  x: extend,
  r: () => desk.current?.viewer.toggleWritten(),
  m: () => desk.current?.form.mark(),
  "/": () => desk.current?.viewer.search.open(),
  j: () => desk.current?.itemPane.scrollBy(0, 120),
  k: () => desk.current?.itemPane.scrollBy(0, -120),
  "?": showHelp,
};

listenForKeys({
  press(key) {
    if (desk.current?.form.press(key)) return true;
    const act = PAGE_KEYS[key];
    act?.();
    return Boolean(act);
  },
  submit: () => desk.current?.form.moveOn() || desk.submit(),
  leave: () => desk.current?.heading.focus(),
});

slots.addEventListener("say", (event) => say(/** @type {CustomEvent} */ (event).detail));
slots.addEventListener("name-step", (event) => desk.current?.form.write(/** @type {CustomEvent} */ (event).detail));
byId("submit-button").addEventListener("click", () => desk.submit());
byId("skip-button").addEventListener("click", skip);
undoButton.addEventListener("click", () => desk.undo());
byId("help-button").addEventListener("click", showHelp);
byId("lease-button").addEventListener("click", extend);
for (const again of document.querySelectorAll("[data-again]")) again.addEventListener("click", () => desk.claim());

for (const sign of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"]) {
  addEventListener(sign, () => desk.active(), { passive: true });
}
addEventListener("beforeunload", (event) => {
  if (desk.outbox.waiting) event.preventDefault();
});
addEventListener("pagehide", () => desk.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // its leases were given back when it went away
});
document.addEventListener("visibilitychange", () => {
  desk.current?.watch(!document.hidden);
  if (document.hidden) for (const slot of desk.slots) slot.saveDraft();
  else if (desk.slots.length) tick();
  else desk.claim();
});

wireDialogs();
followTheme();
setInterval(tick, 1000);
desk.open();
