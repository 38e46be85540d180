/** How many items there are is asked after the page is there: counting may take longer than showing. */

export async function refineCount() {
  const place = document.getElementById("count");
  const url = place?.dataset.countUrl;
  if (!url) return;
  const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!response?.ok) return;
  const { words } = await response.json();
  /** @type {HTMLElement} */ (place.querySelector("strong")).textContent = words;
}
