/** The way back: the row that was opened is marked and focused when its list is shown again; keys go along the rows. */

const KEY = "items:opened";

function rowLinks() {
  return /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll(".item-link")]);
}

export function rememberPlace() {
  const opened = sessionStorage.getItem(KEY);
  for (const link of rowLinks()) {
    link.addEventListener("click", () => sessionStorage.setItem(KEY, link.href));
    if (link.href === opened) link.closest("tr")?.classList.add("visited");
  }
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (back && opened) rowLinks().find((link) => link.href === opened)?.focus({ preventScroll: true });
  document.addEventListener("keydown", moveByKey);
}

function moveByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/** @type {Element} */ (event.target).closest("input, textarea, select, dialog, details[open]")) return;
  const links = rowLinks();
  const at = links.indexOf(/** @type {any} */ (document.activeElement));
  if (event.key === "j") links[Math.min(at + 1, links.length - 1)]?.focus();
  else if (event.key === "k") links[Math.max(at - 1, 0)]?.focus();
  else if (event.key === "/") document.getElementById("q")?.focus();
  else return;
  event.preventDefault();
}
