/** The page of one item: its readings and search, and the keys that go along the list. */

import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";
import { wireCopying } from "./page/copy.js";
import { wirePopovers } from "./items/popovers.js";
import { ItemViewer } from "./item/viewer.js";

followTheme();
showLocalTimes();
wireCopying();
wirePopovers();
const content = /** @type {HTMLElement} */ (document.querySelector("[data-item-view]"));
const viewer = new ItemViewer(content);
if (content.dataset.words) viewer.search.show(content.dataset.words);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/** @type {Element} */ (event.target).closest("input, textarea, select, dialog")) return;
  if (event.key === "r") viewer.toggleWritten();
  else if (event.key === "/") viewer.search.open();
  else {
    const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`));
    if (!link) return;
    link.click();
  }
  event.preventDefault();
});
