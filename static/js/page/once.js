/** A form that is on its way is not sent again: what a double click asks for would be made twice. */

const UNTIL_AGAIN = 5000;

export function sendFormsOnce() {
  /** @type {Set<EventTarget | null>} */
  const onTheirWay = new Set();
  addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented || form.method !== "post") return;
    if (onTheirWay.has(form)) return event.preventDefault();
    onTheirWay.add(form);
    // Where the answer is no page, or never comes, it may be sent once more.
    setTimeout(() => onTheirWay.delete(form), UNTIL_AGAIN);
  });
  addEventListener("pageshow", () => onTheirWay.clear());
}
