/** What the plan would mean, asked of the server whenever the form changes, and put in place when it answers. */

const PAUSE_MS = 350;

/**
 * Keep the preview up to date with the form; returns the function that tells of changes no event tells of.
 * @param {HTMLFormElement} form
 */
export function followPlan(form) {
  const outlook = /** @type {HTMLElement} */ (form.querySelector("[data-outlook]"));
  const status = /** @type {HTMLElement} */ (form.querySelector("[data-outlook-status]"));
  /** @type {HTMLElement} */ (form.querySelector("[data-preview-button]")).hidden = true;
  let timer = 0;
  let asked = planText(form);
  /** @type {AbortController | null} */
  let running = null;

  async function ask() {
    const text = planText(form);
    if (text === asked) return;
    asked = text;
    running?.abort();
    running = new AbortController();
    outlook.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(/** @type {string} */ (form.dataset.previewUrl), {
        method: "POST",
        body: new URLSearchParams(text),
        signal: running.signal,
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      outlook.innerHTML = await response.text(); // a fragment of ours, escaped by its template
      status.textContent = outlook.querySelector("[data-outlook-summary]")?.dataset.outlookSummary ?? "";
    } catch (error) {
      if (error.name === "AbortError") return; // a later change is asked about already
      asked = "";
      outlook.textContent = "The preview cannot be had just now. Change something, or reload the page, to try again.";
    }
    outlook.removeAttribute("aria-busy");
  }

  function changed() {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("filterchange", changed);
  return changed;
}

/** The form as it would be sent, one text for one state. */
function planText(form) {
  return new URLSearchParams(/** @type {any} */ (new FormData(form))).toString();
}
