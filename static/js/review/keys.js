/** Single keys: never while somebody types, composes, holds a key down or holds a modifier; and they can be turned off. */

let singleKeys = true;

/** Whether single keys act. */
export function singleKeysOn() {
  return singleKeys;
}

/** @param {boolean} on */
export function setSingleKeys(on) {
  singleKeys = on;
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

/** The key as it is printed on the page, whatever the layout and Caps Lock make of it. @param {KeyboardEvent} event */
export function printedKey(event) {
  const { key, code, shiftKey } = event;
  if (key.length !== 1) return key;
  if (key.charCodeAt(0) > 0x7f && code.startsWith("Key")) return code.slice(3).toLowerCase();
  return shiftKey ? key : key.toLowerCase();
}

/** Whether a key press is nothing but that: not a composition, not a key held down, not somebody else's. */
export function isPlain(event) {
  return !(event.isComposing || event.keyCode === 229 || event.repeat || event.defaultPrevented);
}

/**
 * Listen for keys. `press` gets the key and tells whether it meant something; `submit` is Enter, also Control+Enter
 * from within a field; `leave` is Escape, told whether it was pressed within a field.
 * @param {{press: (key: string) => boolean, submit: () => void, leave: (typing: boolean) => boolean}} on
 */
export function listenForKeys(on) {
  document.addEventListener("keydown", (event) => {
    if (!isPlain(event) || document.querySelector("dialog[open]")) return;
    const typing = isTyping(event.target);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      on.submit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (on.leave(typing)) event.preventDefault();
      return;
    }
    if (typing || !singleKeys) return;
    if (event.key === "Enter") {
      if (hasOwnEnter(event.target)) return;
      event.preventDefault();
      on.submit();
    } else if (event.key.length === 1 && on.press(printedKey(event))) {
      event.preventDefault();
    }
  });
}
