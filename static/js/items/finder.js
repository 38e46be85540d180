/** The finder's form: an address without empty parts, and the facts there are as columns. */

import { askForJson } from "../page/ask.js";

export function tidyFinder() {
  const finder = document.getElementById("finder");
  finder?.addEventListener("formdata", (event) => {
    const data = /** @type {FormDataEvent} */ (event).formData;
    if (!String(data.get("q") ?? "").trim()) data.delete("q");
    const columns = data.getAll("columns").map(String).map((name) => name.trim()).filter(Boolean);
    data.delete("columns");
    if (columns.length && columns.join(",") !== finder.dataset.usualColumns) data.set("columns", columns.join(","));
  });
}

/** Offer the facts that the builder knows of for the field that takes any. */
export function offerColumns() {
  const list = document.getElementById("facts-to-show");
  const url = document.querySelector("[data-facts-url]")?.getAttribute("data-facts-url");
  const field = document.getElementById("another-column");
  if (!list || !url || !field) return;
  field.addEventListener("focus", async () => {
    const answer = await askForJson(url);
    for (const fact of answer?.facts ?? []) list.append(new Option("", fact.name));
  }, { once: true });
}
