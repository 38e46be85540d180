/** The page's questions to the person: why skip, sign in again, which keys there are. */

import { setSingleKeys, singleKeysOn } from "./keys.js";
import { byId } from "./dom.js";

/** @param {string} id */
function dialog(id) {
  return /** @type {HTMLDialogElement} */ (byId(id));
}

/** Wire the buttons that close a dialog, and a click beside it. */
export function wireDialogs() {
  for (const one of document.querySelectorAll("dialog")) {
    one.addEventListener("click", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (target.closest("[data-close]")) one.close();
    });
  }
  const single = /** @type {HTMLInputElement} */ (byId("single-keys"));
  single.checked = singleKeysOn();
  single.addEventListener("change", () => setSingleKeys(single.checked));
}

/** Show the keys. */
export function showHelp() {
  dialog("help-dialog").showModal();
}

/** Ask why an item is skipped; `then` gets the reason. Digits choose, Enter confirms, Escape goes back. */
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
    if (event.isComposing || event.repeat || event.altKey) return;
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

/** @type {Promise<void> | null} */
let signingIn = null;

/** Ask the person to sign in in another tab; resolves when they say so, or come back to this one. */
export function askSignIn() {
  signingIn ??= new Promise((resolve) => {
    const box = dialog("sign-in-dialog");
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
