/** The codebook beside the notes: made, reworded, merged and published without leaving the page. */

import { askFor } from "../page/ask.js";
import { call } from "../review/api.js";
import { make } from "../review/dom.js";

const SETTLES_AFTER = 600;

export class Codebook {
  /** @param {HTMLElement} desk @param {import("./reader.js").Reader} reader */
  constructor(desk, reader) {
    this.desk = desk;
    this.reader = reader;
    this.place = /** @type {HTMLElement} */ (desk.querySelector("[data-codebook]"));
    this.form = /** @type {HTMLFormElement | null} */ (desk.querySelector("[data-new-mode]"));
    this.timer = 0;
    this.form?.addEventListener("submit", (event) => this.add(event));
    this.place.addEventListener("submit", (event) => this.submitted(event));
    this.place.addEventListener("click", (event) => this.clicked(event));
  }

  get nameField() {
    return /** @type {HTMLInputElement | null} */ (this.form?.elements.namedItem("name") ?? null);
  }

  name() {
    this.nameField?.focus();
    this.nameField?.select();
  }

  refreshSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), SETTLES_AFTER);
  }

  /** Draw the codebook anew, but not from under somebody's hands. */
  async refresh(anyway = false) {
    if (!anyway && this.place.contains(document.activeElement)) return;
    const open = [...this.place.querySelectorAll("[data-mode-row]:has(details[open])")].map((row) => row.getAttribute("data-mode-row"));
    const html = await askFor(this.place.dataset.url ?? "");
    if (html === null) return;
    this.place.innerHTML = html;
    for (const value of open) {
      this.place.querySelector(`[data-mode-row="${CSS.escape(value ?? "")}"] details`)?.setAttribute("open", "");
    }
    this.countRead();
  }

  countRead() {
    const count = this.place.querySelector("[data-read-now]")?.getAttribute("data-read-now");
    const place = this.desk.querySelector("[data-n-read]");
    if (count && place) place.textContent = count;
  }

  async loadGroups() {
    const place = /** @type {HTMLElement | null} */ (this.desk.querySelector("[data-groups]"));
    const html = place && (await askFor(place.dataset.url ?? ""));
    if (html) place.innerHTML = html;
  }

  /** @param {SubmitEvent} event */
  async add(event) {
    event.preventDefault();
    const field = this.nameField;
    const name = field?.value.trim();
    if (!field || !name) return;
    await this.try(this.form, async () => {
      const mode = await call("POST", this.reader.path, { name });
      field.value = "";
      this.reader.addMode(mode);
      this.reader.give(mode.value);
      this.reader.focus();
      await this.reader.sending;
      await this.refresh(true);
    });
  }

  /** @param {SubmitEvent} event */
  async submitted(event) {
    const form = /** @type {HTMLFormElement} */ (event.target);
    event.preventDefault();
    const data = new FormData(form);
    const { reword, merge } = form.dataset;
    await this.try(form, async () => {
      if (reword) {
        const { name, hotkey, description } = Object.fromEntries(data);
        await call(/** @type {any} */ ("PATCH"), `${this.reader.path}/${reword}`, { name, description, hotkey: hotkey || null });
      } else if (merge) {
        await call("POST", `${this.reader.path}/${merge}/merge`, { into: data.get("into") });
      } else if ("publish" in form.dataset) {
        const { version } = await call("POST", `${this.reader.path}/publish`, { follows: Number(form.dataset.follows) });
        this.reader.say(`Version ${version} of the rubric is published.`);
      }
      await this.refresh(true);
      if (reword || merge) await this.reader.show(location.href);
    });
  }

  /** @param {Event} event */
  async clicked(event) {
    const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-split]"));
    if (!button) return;
    await this.try(button.parentElement, async () => {
      await call("POST", `${this.reader.path}/${button.dataset.split}/merge`, { into: null });
      await this.refresh(true);
      await this.reader.show(location.href);
    });
  }

  /** Do it, or say at the place why not. @param {Element | null} place @param {() => Promise<void>} work */
  async try(place, work) {
    place?.querySelector("[data-problem]")?.replaceChildren();
    try {
      await work();
    } catch (error) {
      let problem = place?.querySelector("[data-problem]");
      if (!problem) {
        problem = make("p", { class: "problem", role: "alert", "data-problem": true });
        place?.append(problem);
      }
      problem.textContent = error.message;
    }
  }
}
