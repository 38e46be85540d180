/** Saying things: to screen readers in the one polite region, and on the page where somebody has to act or know. */

import { byId, make } from "./dom.js";

const MOST_NOTICES = 4;

/** Say something to screen readers. @param {string} text */
export function announce(text) {
  byId("announce").textContent = "";
  // A frame later, so that the same words twice are two announcements.
  requestAnimationFrame(() => (byId("announce").textContent = text));
}

/**
 * Say something once to everybody. With a kind it stays on the page until dismissed.
 * @param {string} text
 * @param {string} [kind] warn or bad
 * @param {{answers?: object, button?: string, act?: () => void}} [more] what was typed and could not be kept, or an offer
 */
export function say(text, kind = "", { answers, button, act } = {}) {
  announce(text);
  if (!kind) return;
  const notices = byId("notices");
  for (const old of notices.children) if (/** @type {HTMLElement} */ (old).dataset.text === text) old.remove();
  while (notices.childElementCount >= MOST_NOTICES) notices.firstElementChild?.remove();
  const words = make("div", {}, text);
  if (answers && Object.keys(answers).length) {
    const kept = make("pre", { class: "object", dir: "auto" }, JSON.stringify(answers, null, 2));
    words.append(make("details", { class: "kept" }, make("summary", {}, "What you had written"), kept));
  }
  const close = make("button", { type: "button", class: "button quiet" }, act ? "Not now" : "Dismiss");
  const notice = make("div", { class: `notice ${kind}`, "data-text": text }, words);
  close.addEventListener("click", () => notice.remove());
  if (act) {
    const go = make("button", { type: "button", class: "button" }, button || "");
    go.addEventListener("click", () => {
      notice.remove();
      act();
    });
    notice.append(go);
  }
  notice.append(close);
  notices.append(notice);
}
