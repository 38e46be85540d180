/** How many items there are is asked after the page is there: counting may take longer than showing. */

import { askForJson } from "../page/ask.js";

export async function refineCount() {
  const place = document.getElementById("count");
  const url = place?.dataset.countUrl;
  if (!url) return;
  const answer = await askForJson(url);
  if (answer) /** @type {HTMLElement} */ (place.querySelector("strong")).textContent = answer.words;
}
