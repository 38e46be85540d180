/** `ranking`: candidates from best to worst, by keys in that order, by buttons, or by dragging. */

import { keysOf } from "../answer_keys.js";
import { make } from "../dom.js";
import { changed, keyMark } from "./option_list.js";

/** @type {import("../questions.js").Build} */
export function buildRanking(question, tools) {
  const names = new Map(tools.order.map((value) => [value, `Answer ${tools.numberOf(value)}`]));
  const keys = keysOf(tools.order.map((value) => ({ value, place: tools.numberOf(value) })), tools.claimed);
  const count = tools.order.length;
  const list = make("ol", { class: "ranking", role: "list" });
  /** @type {string[]} */
  let ranked = [];
  let dropped = false; // a click that ends a drag is none
  const rows = new Map(tools.order.map((value) => [value, row(value)]));

  function row(value) {
    const place = make("span", { class: "place" });
    const grip = make("span", { class: "grip", "aria-hidden": "true" }, "⠿");
    const pick = make("button", { type: "button", class: "pick" }, grip, place, make("span", { class: "text" }, names.get(value)), keyMark(keys, value));
    const up = make("button", { type: "button", class: "button quiet", "aria-label": `${names.get(value)} up` }, "↑");
    const down = make("button", { type: "button", class: "button quiet", "aria-label": `${names.get(value)} down` }, "↓");
    const element = make("li", { class: "rank" }, pick, up, down);
    pick.addEventListener("click", () => dropped || toggle(value));
    up.addEventListener("click", () => move(value, -1));
    down.addEventListener("click", () => move(value, 1));
    element.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      if (event.altKey) move(value, step);
      else (step < 0 ? element.previousElementSibling : element.nextElementSibling)?.querySelector(".pick").focus();
    });
    element.addEventListener("pointerdown", (event) => drag(event, value));
    return { element, place, pick, up, down };
  }

  /** Show the ranked ones first, then the rest in the order of the screen. */
  function show() {
    const focused = document.activeElement;
    const order = [...ranked, ...tools.order.filter((value) => !ranked.includes(value))];
    if (order.some((value, at) => list.children[at] !== rows.get(value).element)) {
      list.append(...order.map((value) => rows.get(value).element));
    }
    for (const [value, { element, place, pick, up, down }] of rows) {
      const at = ranked.indexOf(value);
      element.classList.toggle("ranked", at >= 0);
      place.textContent = at >= 0 ? String(at + 1) : "–";
      pick.setAttribute("aria-label", `${names.get(value)}, ${at >= 0 ? `${at + 1} of ${count}` : "not ranked yet"}`);
      // On a whole ranking Enter submits; Space still begins a new one.
      pick.toggleAttribute("data-enter-submits", ranked.length === count);
      up.setAttribute("aria-disabled", String(at === 0));
      down.setAttribute("aria-disabled", String(at < 0 || at === ranked.length - 1));
    }
    if (list.contains(focused) && focused !== document.activeElement) focused.focus();
  }

  /** Rank a candidate at a place among the ranked; the last one left follows by itself. */
  function put(value, at) {
    const rest = ranked.filter((one) => one !== value);
    rest.splice(at, 0, value);
    ranked = rest;
    if (ranked.length === count - 1) ranked.push(tools.order.find((one) => !ranked.includes(one)));
    show();
    changed(list);
    tools.say(`${names.get(value)} is ${ranked.indexOf(value) + 1} of ${count}.`);
  }

  /** Give a candidate the next place, or take it out; on a whole ranking begin a new one with it. */
  function toggle(value) {
    if (ranked.length === count) ranked = [];
    if (!ranked.includes(value)) return put(value, ranked.length);
    ranked = ranked.filter((one) => one !== value);
    show();
    changed(list);
    tools.say(`${names.get(value)} is not ranked.`);
  }

  function move(value, step) {
    const at = ranked.indexOf(value);
    const to = at < 0 ? (step < 0 ? ranked.length : -1) : at + step;
    if (to >= 0 && (at < 0 || to < ranked.length)) put(value, to);
  }

  /** Follow the pointer: the place under it is the place to be. Clicks and touches that scroll are left alone. */
  function drag(event, value) {
    if (event.button !== 0 || event.target.closest(".button")) return;
    if (event.pointerType === "touch" && !event.target.closest(".grip")) return;
    const { element } = rows.get(value);
    const from = event.clientY;
    const follow = (moved) => {
      if (!element.classList.contains("dragged") && Math.abs(moved.clientY - from) < 5) return;
      element.classList.add("dragged");
      const others = [...list.children].filter((one) => one !== element);
      const behind = others.find((one) => moved.clientY < one.getBoundingClientRect().top + one.offsetHeight / 2);
      if (behind !== element.nextElementSibling) list.insertBefore(element, behind || null);
    };
    const drop = () => {
      removeEventListener("pointermove", follow);
      if (!element.classList.contains("dragged")) return;
      element.classList.remove("dragged");
      dropped = true;
      setTimeout(() => (dropped = false));
      put(value, Math.min([...list.children].indexOf(element), ranked.filter((one) => one !== value).length));
    };
    addEventListener("pointermove", follow);
    addEventListener("pointerup", drop, { once: true });
    addEventListener("pointercancel", drop, { once: true });
  }

  show();
  return {
    element: make("div", {}, make("p", { class: "rule" }, "Best first"), list),
    keys,
    read: () => (ranked.length === count ? [...ranked] : undefined),
    draft: () => (ranked.length ? [...ranked] : undefined),
    fill(answer) {
      ranked = (answer || []).filter((value) => rows.has(value));
      show();
    },
    press(value) {
      toggle(value);
      return ranked.length === count;
    },
    find: () => (ranked.length && ranked.length < count ? [{ path: [], message: "Rank all of them." }] : []),
    focus: () => list.querySelector(".pick").focus(),
  };
}
