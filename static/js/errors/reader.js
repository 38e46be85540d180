/** The list of notes: which one is current, what each item shows, and the way back. */

import { askFor } from "../page/ask.js";
import { call, Unreachable } from "../review/api.js";
import { make } from "../review/dom.js";

const NEAR_THE_END = 5;

export class Reader {
  /** @param {HTMLElement} desk @param {boolean} mayEdit */
  constructor(desk, mayEdit) {
    this.desk = desk;
    this.mayEdit = mayEdit;
    this.path = `/projects/${desk.dataset.project}/failure-modes`;
    this.list = /** @type {HTMLElement} */ (desk.querySelector("[data-list]"));
    this.trouble = /** @type {HTMLElement} */ (desk.querySelector("[data-trouble]"));
    this.said = /** @type {HTMLElement} */ (desk.querySelector("[data-said]"));
    /** @type {{item: string, before: string[] | null}[]} */
    this.done = [];
    this.sending = Promise.resolve();
    this.changed = () => {};
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("submit", (event) => this.bulk(event));
    this.select(this.cards[0], false);
  }

  get cards() {
    return /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("[data-item]")]);
  }

  get current() {
    return /** @type {HTMLElement | null} */ (this.list.querySelector("[data-item].current"));
  }

  /** @param {HTMLElement | undefined} card */
  select(card, focus = true) {
    if (!card) return;
    this.current?.classList.remove("current");
    card.classList.add("current");
    if (focus) {
      card.focus({ preventScroll: true });
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      card.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    }
    if (this.cards.indexOf(card) >= this.cards.length - NEAR_THE_END) this.more();
  }

  focus() {
    this.select(this.current ?? this.cards[0]);
    return true;
  }

  /** @param {number} by */
  step(by) {
    const cards = this.cards;
    const here = this.current;
    this.select(here ? cards[cards.indexOf(here) + by] ?? here : cards[0]);
  }

  open() {
    const link = /** @type {HTMLAnchorElement | null} */ (this.current?.querySelector("[data-open]") ?? null);
    if (link) window.open(link.href, "_blank", "noopener");
  }

  /** Put another list into the page. @param {string} url */
  async show(url) {
    const address = new URL(url, location.href);
    history.replaceState(null, "", address);
    await this.fetchInto(address, (html) => {
      this.list.innerHTML = html;
      const words = /** @type {HTMLInputElement} */ (this.desk.querySelector("[name=words]"));
      words.value = address.searchParams.get("words") ?? "";
      this.say(this.list.querySelector("[data-meant]")?.textContent ?? "");
      this.select(this.cards[0]);
    });
  }

  async more() {
    const link = /** @type {HTMLAnchorElement | null} */ (this.list.querySelector("[data-more]:not([aria-busy])"));
    if (!link) return;
    link.setAttribute("aria-busy", "true");
    const arrived = await this.fetchInto(new URL(link.href), (html) => {
      const page = make("div");
      page.innerHTML = html;
      link.parentElement?.replaceWith(...page.querySelectorAll("[data-item], .errors-more"));
    });
    if (!arrived) link.removeAttribute("aria-busy");
  }

  /** @param {URL} address @param {(html: string) => void} use */
  async fetchInto(address, use) {
    address.searchParams.set("part", "list");
    const html = await askFor(address);
    if (html === null) this.complain("The notes could not be loaded. Reload the page.");
    else use(html);
    return html !== null;
  }

  /** @param {Event} event */
  clicked(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("[data-more]")) {
      event.preventDefault();
      this.more();
      return;
    }
    const card = /** @type {HTMLElement | null} */ (target.closest("[data-item]"));
    if (!card) return;
    if (card !== this.current) this.select(card, false);
    const button = /** @type {HTMLElement | null} */ (target.closest("[data-mode]"));
    if (button) this.press(card, button);
  }

  /** @param {string} key */
  pressKey(key) {
    const row = this.desk.querySelector(`[data-mode-row][data-hotkey="${CSS.escape(key)}"]`);
    const card = this.current;
    if (!row || !card) return false;
    const button = this.buttonOf(card, row.getAttribute("data-mode-row") ?? "");
    if (button) this.press(card, button);
    return true;
  }

  none() {
    const card = this.current;
    if (!card) return;
    this.set(card, []);
    this.step(1);
  }

  /** @param {HTMLElement} card @param {HTMLElement} button */
  press(card, button) {
    const value = button.dataset.mode ?? "";
    if (!value) {
      this.set(card, []);
      return;
    }
    const shown = this.modesOf(card) ?? [];
    this.set(card, shown.includes(value) ? shown.filter((each) => each !== value) : [...shown, value]);
  }

  /** Give an item a mode in addition. @param {string} value */
  give(value) {
    const card = this.current;
    if (card) this.set(card, [...new Set([...(this.modesOf(card) ?? []), value])]);
  }

  undo() {
    const last = this.done.pop();
    if (!last) {
      this.say("Nothing to undo.");
      return;
    }
    const card = this.cards.find((each) => each.dataset.item === last.item);
    if (card) this.select(card);
    this.send(last.item, last.before, card);
    this.say(`Undone: ${last.item}`);
  }

  /** @param {HTMLElement} card @param {string[]} modes */
  set(card, modes) {
    const item = card.dataset.item ?? "";
    this.done.push({ item, before: this.modesOf(card) });
    this.send(item, modes, card);
    const names = modes.map((value) => this.buttonOf(card, value)?.querySelector("span")?.textContent);
    this.say(names.length ? names.join(", ") : "Read, none applies");
  }

  /**
   * Show it at once, and send it behind what was sent before.
   * @param {string} item @param {string[] | null} modes @param {HTMLElement | undefined} card
   */
  send(item, modes, card) {
    const before = card ? this.modesOf(card) : null;
    if (card) this.draw(card, modes);
    this.sending = this.sending.then(async () => {
      try {
        await call("POST", `${this.path}/assign`, { external_ids: [item], modes });
        this.trouble.hidden = true;
      } catch (error) {
        if (card) this.draw(card, before);
        this.complain(`${item} is not saved: ${error instanceof Unreachable ? "the server cannot be reached. Try again." : error.message}`);
      }
      this.changed();
    });
  }

  /** @param {SubmitEvent} event */
  async bulk(event) {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!("bulk" in form.dataset)) return;
    event.preventDefault();
    const select = /** @type {HTMLSelectElement} */ (form.elements.namedItem("mode"));
    const fresh = select.selectedOptions[0]?.dataset.make;
    try {
      const mode = fresh ? (await call("POST", this.path, { name: fresh.slice(0, 100) })).value : select.value;
      await call("POST", `${this.path}/assign`, { external_ids: JSON.parse(form.dataset.bulk ?? "[]"), add: mode });
      await this.show(location.href);
      this.changed();
    } catch (error) {
      this.complain(error.message);
    }
  }

  /** @param {HTMLElement} card @returns {string[] | null} */
  modesOf(card) {
    if (!("read" in card.dataset)) return null;
    const pressed = /** @type {HTMLElement[]} */ ([...card.querySelectorAll("[data-mode][aria-pressed=true]")]);
    return pressed.map((button) => button.dataset.mode ?? "").filter(Boolean);
  }

  /** @param {HTMLElement} card @param {string[] | null} modes */
  draw(card, modes) {
    card.toggleAttribute("data-read", modes !== null);
    card.classList.toggle("read", modes !== null);
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-mode]"))) {
      const value = button.dataset.mode ?? "";
      button.setAttribute("aria-pressed", String(value ? Boolean(modes?.includes(value)) : modes?.length === 0));
    }
  }

  /** @param {HTMLElement} card @param {string} value @returns {HTMLElement | null} */
  buttonOf(card, value) {
    return card.querySelector(`[data-mode="${CSS.escape(value)}"]`);
  }

  /** Put a new mode's button on every card. @param {{value: string, name: string, hotkey: string | null}} mode */
  addMode(mode) {
    for (const card of this.cards) {
      const key = mode.hotkey ? [make("kbd", {}, mode.hotkey), " "] : [];
      const button = make(
        "button",
        { type: "button", class: "mode-button", "data-mode": mode.value, "aria-pressed": "false" },
        ...key,
        make("span", {}, mode.name),
      );
      card.querySelector(".mode-button.none")?.before(button);
    }
  }

  /** @param {string} words */
  say(words) {
    this.said.textContent = words;
  }

  /** @param {string} words */
  complain(words) {
    this.trouble.textContent = words;
    this.trouble.hidden = false;
  }
}
