/** What an adjudicator wrote about cases that they left undecided: kept in the tab, and there when the case comes again. */

import { byId } from "../review/dom.js";

const MOST_UNDECIDED = 50;

/** Where it lies: whoever else signs in in this tab has a place of their own. */
function undecidedPlace() {
  const { slug, person } = byId("adjudication").dataset;
  return `adjudicate.undecided.${slug}.${person}`;
}

/** @typedef {{answers: Record<string, any>, reason: string}} Undecided */

/** @returns {[string, Undecided][]} the newest last */
const allUndecided = () => JSON.parse(sessionStorage.getItem(undecidedPlace()) || "[]");

/** @param {string} name @param {Undecided} written */
export function keepUndecided(name, written) {
  const others = allUndecided().filter(([other]) => other !== name);
  try {
    sessionStorage.setItem(undecidedPlace(), JSON.stringify([...others, [name, written]].slice(-MOST_UNDECIDED)));
  } catch {
    // Nothing more goes into this browser; the page goes on.
  }
}

/** @param {string} name @returns {Undecided | undefined} */
export function findUndecided(name) {
  return allUndecided().find(([other]) => other === name)?.[1];
}

/** @param {string} name */
export function forgetUndecided(name) {
  const others = allUndecided().filter(([other]) => other !== name);
  sessionStorage.setItem(undecidedPlace(), JSON.stringify(others));
}
