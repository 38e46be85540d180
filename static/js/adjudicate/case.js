/** One case on the page: the item, everybody's answers, and the form that decides it. */

import { make } from "../review/dom.js";
import { layOut } from "../review/sheet.js";
import { Opinions } from "./opinions.js";
import { findUndecided, forgetUndecided, keepUndecided } from "./undecided.js";

const WHY = "case:why";
const UNCLEAR = "case:unclear";
const UNCLEAR_WHY = "guideline_unclear";

/** What is asked besides the rubric's questions. Their keys cannot be those of a rubric. */
function caseQuestions(errorTypes, longest) {
  return [
    { key: WHY, kind: "choice", title: "What led to this", required: false, options: errorTypes },
    {
      key: UNCLEAR,
      kind: "text",
      title: "What the guidelines leave unclear",
      help: "Goes on the rubric's to-do list.",
      max_length: longest,
      show_if: { question: WHY, in: [UNCLEAR_WHY] },
    },
  ];
}

/** A case as it is worked on. */
export class Case {
  /**
   * @param {any} found what the server tells of it
   * @param {{errorTypes: any[], longest: number, say: (text: string) => void}} page
   */
  constructor(found, { errorTypes, longest, say }) {
    this.found = found;
    this.isBegun = false;
    const questions = [...found.rubric.questions, ...caseQuestions(errorTypes, longest)];
    const sheet = layOut({ ...found, rubric: { ...found.rubric, questions } }, () => (this.isBegun = true));
    Object.assign(this, sheet);
    /** @type {HTMLElement} */
    this.element = sheet.element;
    this.form = sheet.form;
    this.viewer = sheet.viewer;
    this.heading = sheet.heading;
    const first = { answers: { ...found.prefill, [WHY]: found.former?.error_type || undefined }, reason: found.former?.note || "" };
    const { answers, reason } = findUndecided(this.name) || first;
    this.form.fill(answers, reason);
    this.nameReason();
    sheet.questions.prepend(this.about());
    this.opinions = new Opinions(found, this.form, say);
    const open = this.form.shown.filter(({ question, widget }) => widget.keys && !found.agreed.includes(question.key));
    this.form.activate(this.form.nextOpen(open) || open[0]);
  }

  /** The form's comment is the reason here: the reviewers read it. */
  nameReason() {
    const label = this.form.element.querySelector(`label[for="${this.form.commentBox.id}"]`);
    label.firstChild.textContent = "Reason, for the reviewers ";
  }

  /** Why it is here, and what people wrote about it. */
  about() {
    const { found } = this;
    const tags = [];
    if (found.former) tags.push("decided before");
    if (found.escalated) tags.push("escalated");
    if (found.differing.length) tags.push(`${found.differing.length} question${found.differing.length > 1 ? "s differ" : " differs"}`, `cost ${found.cost}`);
    const head = make("p", { class: "row" }, make("strong", { class: "mono" }, found.external_id), ...tags.map((tag) => make("span", { class: `tag${tag === "escalated" ? " on" : ""}` }, tag)));
    const words = found.opinions.flatMap(({ who, note, comment }) => [
      ...(note ? [quote(`${who} hands it on`, note)] : []),
      ...(comment ? [quote(`${who} comments`, comment)] : []),
    ]);
    const own = found.own ? [make("p", { class: "small own" }, "You have answered this item yourself.")] : [];
    return make("div", { class: "case-about stack" }, head, ...own, ...words);
  }

  /** The case as it was found: what was written about it is about nothing else. */
  get name() {
    const { external_id, rubric, former } = this.found;
    return JSON.stringify([external_id, rubric.version, former]);
  }

  /** Keep what was written for when the case comes again. */
  keep() {
    if (this.isBegun) keepUndecided(this.name, { answers: this.form.draft, reason: this.form.comment });
  }

  /** It is decided: nothing of it is kept. */
  settle() {
    this.isBegun = false;
    forgetUndecided(this.name);
  }

  /** The guidelines are to blame: say so, and go where it is written what is unclear. */
  sayUnclear() {
    this.isBegun = true;
    const block = this.form.blocks.find(({ question }) => question.key === WHY);
    block.widget.fill(UNCLEAR_WHY);
    this.form.refresh();
    this.form.blocks.find(({ question }) => question.key === UNCLEAR).widget.focus();
  }

  /** What is sent. */
  get decision() {
    const { [WHY]: error_type = "", [UNCLEAR]: unclear = "", ...answers } = this.form.answers;
    const { external_id, task } = this.found;
    return { external_id, task, answers, note: this.form.comment, error_type, unclear };
  }

  show() {
    this.element.hidden = false;
    this.heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

function quote(who, words) {
  return make("div", {}, make("p", { class: "small muted" }, who), make("p", { class: "quote", dir: "auto" }, words));
}
