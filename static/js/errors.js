/** Error analysis: notes read by keyboard, the codebook that grows beside them. */

import { followTheme } from "./page/theme.js";
import { showLocalTimes } from "./page/times.js";
import { actFor } from "./review/api.js";
import { listenForKeys } from "./review/keys.js";
import { Codebook } from "./errors/codebook.js";
import { Reader } from "./errors/reader.js";

followTheme();
showLocalTimes();

const desk = document.getElementById("errors");
if (desk) {
  actFor(desk.dataset.person || "");
  const mayEdit = "mayEdit" in desk.dataset;
  const reader = new Reader(desk, mayEdit);
  const codebook = new Codebook(desk, reader);
  reader.changed = () => codebook.refreshSoon();
  codebook.loadGroups();

  const finder = /** @type {HTMLFormElement} */ (desk.querySelector("[data-finder]"));
  finder.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = new URLSearchParams(/** @type {any} */ (new FormData(finder)));
    if (said.get("words")) said.set("state", "all");
    reader.show(`${location.pathname}?${said}`);
  });
  desk.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest("a[data-list-link]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    reader.show(/** @type {HTMLAnchorElement} */ (link).href);
  });

  const actions = {
    j: () => reader.step(1),
    k: () => reader.step(-1),
    o: () => reader.open(),
    "/": () => /** @type {HTMLElement} */ (finder.elements.namedItem("words")).focus(),
    ...(mayEdit ? { u: () => reader.undo(), 0: () => reader.none(), n: () => codebook.name() } : {}),
  };
  listenForKeys({
    press: (key) => {
      if (Object.hasOwn(actions, key)) actions[key]();
      else return mayEdit && reader.pressKey(key);
      return true;
    },
    submit: () => reader.step(1),
    leave: () => reader.focus(),
  });
}
