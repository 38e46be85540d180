/** Single keys: never while somebody types, composes, holds a key down or holds a modifier; and they can be turned off. */

const SINGLE_KEYS = "review.single-keys";

/** Whether the person wants single keys. */
export function singleKeysOn() {
  return localStorage.getItem(SINGLE_KEYS) !== "off";
}

/** @param {boolean} on */
export function setSingleKeys(on) {
  localStorage.setItem(SINGLE_KEYS, on ? "on" : "off");
}

function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.getAttribute("aria-readonly") === "true") return false; // has a caret, and takes no text
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input:not([type=radio], [type=checkbox])");
}

/** Controls on which Enter already means something of their own. */
function hasOwnEnter(target) {
  return target instanceof HTMLElement && target.closest("button:not([data-enter-submits]), a, summary, select") !== null;
}

/**
 * Listen for keys. `press` gets the key and tells whether it meant something; `submit` is Enter, also Control+Enter
 * from within a field; `leave` is Escape within a field.
 * @param {{press: (key: string) => boolean, submit: () => void, leave: () => void}} on
 */
export function listenForKeys(on) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.repeat || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const typing = isTyping(event.target);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      on.submit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing) {
      if (event.key === "Escape") on.leave();
      return;
    }
    if (!singleKeysOn()) return;
    if (event.key === "Enter") {
      if (hasOwnEnter(event.target)) return;
      event.preventDefault();
      on.submit();
    } else if (event.key.length === 1 && on.press(event.key)) {
      event.preventDefault();
    }
  });
}
