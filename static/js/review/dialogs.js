/** The page's questions to the person: why skip, what should be decided, sign in again, which label, which keys. */

import { byId, make } from "./dom.js";
import { isPlain, singleKeysOn } from "./keys.js";

/** @param {string} id */
function dialog(id) {
  return /** @type {HTMLDialogElement} */ (byId(id));
}

/** Wire the buttons that close a dialog. */
export function wireDialogs() {
  for (const one of document.querySelectorAll("dialog")) {
    one.addEventListener("click", (event) => {
      if (/** @type {HTMLElement} */ (event.target).closest("[data-close]")) one.close();
    });
  }
}

/**
 * Ask why an item is skipped; `then` gets the reason. Digits choose, Enter confirms, Escape goes back.
 * @param {(reason: string) => void} then
 */
export function askSkip(then) {
  const box = dialog("skip-dialog");
  const form = /** @type {HTMLFormElement} */ (box.querySelector("form"));
  const radios = [.../** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input[type=radio]"))];
  const words = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  form.reset();
  const confirm = () => {
    const said = words.value.trim();
    const chosen = radios.find((one) => one.checked)?.value || "other";
    box.close();
    then(said ? `${chosen}: ${said}` : chosen);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    confirm();
  };
  box.onkeydown = (event) => {
    if (!isPlain(event) || event.altKey) return;
    const inWords = event.target === words;
    if (event.key === "Enter" && (!inWords || event.ctrlKey || event.metaKey)) {
      if (/** @type {HTMLElement} */ (event.target).closest("button")) return;
      event.preventDefault();
      confirm();
    }
    const picked = radios[Number(event.key) - 1];
    if (!inWords && singleKeysOn() && !event.ctrlKey && !event.metaKey && picked) {
      event.preventDefault();
      picked.checked = true;
      picked.focus();
    }
  };
  box.showModal();
  (radios.find((one) => one.checked) || radios[0]).focus();
}

/** Ask what an adjudicator should decide; `then` gets the note. @param {(note: string) => void} then */
export function askEscalate(then) {
  const box = dialog("escalate-dialog");
  const form = /** @type {HTMLFormElement} */ (box.querySelector("form"));
  const note = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  const problem = byId("escalate-problem");
  const confirm = () => {
    const said = note.value.trim();
    problem.hidden = said !== "";
    note.setAttribute("aria-invalid", String(said === ""));
    if (!said) return note.focus();
    box.close();
    then(said);
  };
  form.reset();
  problem.hidden = true;
  note.removeAttribute("aria-invalid");
  form.onsubmit = (event) => {
    event.preventDefault();
    confirm();
  };
  box.onkeydown = (event) => {
    if (!isPlain(event) || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    confirm();
  };
  box.showModal();
  note.focus();
}

/**
 * Show labels to choose from; digits and Enter choose. `then` gets the place of the label.
 * @param {{external_id: string, said: string, at: string}[]} labels
 * @param {(at: number) => void} then
 */
export function askLabel(labels, then) {
  const box = dialog("history-dialog");
  const choose = (at) => {
    box.close();
    then(at);
  };
  const buttons = labels.map((label, at) => {
    const what = make("span", { class: "text" }, make("span", { class: "mono", dir: "auto" }, label.external_id), " ");
    what.append(make("span", { class: "muted small", dir: "auto" }, label.said));
    const key = make("kbd", { "aria-hidden": "true" }, String((at + 1) % 10));
    const button = make("button", { type: "button", class: "option" }, what, make("span", { class: "muted small" }, label.at), key);
    button.addEventListener("click", () => choose(at));
    return button;
  });
  byId("history-list").replaceChildren(...buttons.map((button) => make("li", {}, button)));
  box.onkeydown = (event) => {
    if (!isPlain(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const here = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const step = { ArrowDown: 1, ArrowUp: -1, j: -1, k: 1 }[event.key];
    if (step) {
      event.preventDefault();
      buttons[Math.max(0, Math.min(buttons.length - 1, here + step))].focus();
    } else if (singleKeysOn() && /^\d$/.test(event.key) && buttons[(Number(event.key) + 9) % 10]) {
      event.preventDefault();
      choose((Number(event.key) + 9) % 10);
    }
  };
  box.showModal();
  buttons[0].focus();
}

/**
 * Show the keys that mean something now.
 * @param {{title: string, keys: {keys: string[], does: string}[]}[]} groups
 */
export function showHelp(groups) {
  const parts = groups.flatMap(({ title, keys }) => {
    const list = make("dl", { class: "key-list" });
    for (const { keys: names, does } of keys) {
      list.append(make("dt", {}, ...names.map((name) => make("kbd", {}, name))), make("dd", { dir: "auto" }, does));
    }
    return keys.length ? [make("section", {}, make("h3", {}, title), list)] : [];
  });
  byId("help-keys").replaceChildren(...parts);
  dialog("help-dialog").showModal();
  byId("help-title").focus();
}

/** @type {Promise<void> | null} */
let signingIn = null;

/**
 * Ask the person to sign in in another tab; resolves when they say so, or come back to this one.
 * @param {import("./api.js").Refusal} refusal
 * @param {string} name whose page this is
 */
export function askSignIn(refusal, name) {
  const another = refusal.code === "signed_in_as_another";
  signingIn ??= new Promise((resolve) => {
    const box = dialog("sign-in-dialog");
    byId("sign-in-title").textContent = another ? `This page is ${name}'s` : "You have been signed out";
    byId("sign-in-words").textContent = another
      ? `Somebody else is signed in now. What ${name} answered stays on this machine, and is sent only as ${name}.`
      : "Nothing is lost: your answers stay here. Sign in in a new tab, then come back.";
    byId("sign-in-link").hidden = another;
    byId("sign-out-link").hidden = byId("sign-in-reload").hidden = !another;
    const back = () => {
      if (!document.hidden && box.open) box.close();
    };
    document.addEventListener("visibilitychange", back);
    box.addEventListener(
      "close",
      () => {
        document.removeEventListener("visibilitychange", back);
        signingIn = null;
        resolve();
      },
      { once: true },
    );
    box.showModal();
  });
  return signingIn;
}
