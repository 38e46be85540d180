/** Who was right: one key for each finding, n for the note, z to take the last one back; never while writing. */

import { sendFormsOnce } from "./page/once.js";
import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";
import { ItemViewer } from "./item/viewer.js";

followTheme();
sendFormsOnce();
showLocalTimes();
const content = /** @type {HTMLElement | null} */ (document.querySelector("[data-item-view]"));
if (content) new ItemViewer(content);

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("input, textarea, select, summary")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (document.querySelector("[data-single-keys]") === null) return;
  const meant = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!(meant instanceof HTMLElement)) return;
  event.preventDefault();
  if (meant.matches("textarea")) meant.focus();
  else meant.click();
});
