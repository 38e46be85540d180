/** Parts of a page that the server draws anew: while a form is filled in, and while something is under way. */

import { askFor } from "./ask.js";
import { showLocalTimes } from "./times.js";

const WAIT = 350;
const EVERY = 1000;

/**
 * Wire every `form[data-live]`: what is typed is sent there, and the answer stands in the element `data-live-into`; with
 * `data-live-now` also before anything is typed.
 */
export function wireLiveForms() {
  for (const form of document.querySelectorAll("form[data-live]")) {
    let timer = 0;
    let running = new AbortController();
    const refresh = async () => {
      running.abort();
      running = new AbortController();
      const into = document.getElementById(form.dataset.liveInto);
      const answer = await askFor(form.dataset.live, { method: "POST", body: new FormData(form), signal: running.signal });
      if (into && answer !== null) into.innerHTML = answer;
    };
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, WAIT);
    };
    form.addEventListener("input", soon);
    form.addEventListener("filterchange", soon);
    if ("liveNow" in form.dataset) refresh();
  }
}

const isFilledIn = (field) => field === document.activeElement || field.value !== field.defaultValue;

/** Draw a part anew; whoever stands on a button in it stands there still. */
function redraw(place, answer) {
  const controls = () => [...place.querySelectorAll("a, button, summary")];
  const at = controls().indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const words = controls()[at]?.textContent;
  place.innerHTML = answer;
  showLocalTimes(place);
  if (controls()[at]?.textContent === words) controls()[at]?.focus();
}

/** Refresh every `[data-poll]` each second, until its answer says `data-poll-end`; not under what somebody writes in it. */
export function pollFragments() {
  for (const place of document.querySelectorAll("[data-poll]")) {
    const poll = async () => {
      const answer = document.hidden ? null : await askFor(place.dataset.poll);
      const typing = [...place.querySelectorAll("input, textarea")].some(isFilledIn);
      if (answer !== null && !typing) {
        redraw(place, answer);
        if (place.querySelector("[data-poll-end]")) return;
      }
      setTimeout(poll, EVERY);
    };
    setTimeout(poll, EVERY);
  }
}

/** Say at once that a chosen file is too large, instead of after it was sent. */
export function wireFileLimits() {
  for (const field of document.querySelectorAll("input[type=file][data-max-bytes]")) {
    field.addEventListener("change", () => {
      const problem = document.getElementById("file-problem");
      const tooLarge = (field.files?.[0]?.size ?? 0) > Number(field.dataset.maxBytes);
      if (problem) problem.textContent = tooLarge ? problem.dataset.tooLarge : "";
      field.setCustomValidity(tooLarge ? problem?.dataset.tooLarge ?? "Too large" : "");
    });
  }
}
