/** Bringing a place of an item before the eyes. */

/** Open whatever folds an element away. @param {Element} element */
export function showAncestors(element) {
  for (let fold = element.closest("details:not([open])"); fold; fold = fold.parentElement?.closest("details:not([open])") || null) {
    fold.setAttribute("open", "");
  }
}

/** Bring a range into view. Where layout was put off, its block is brought there first. @param {Range} range */
export function reveal(range) {
  const element = /** @type {Element} */ (range.startContainer.parentElement);
  showAncestors(element);
  element.closest(".chunk")?.scrollIntoView({ block: "nearest" });
  const box = range.getBoundingClientRect();
  let scroller = element.parentElement;
  while (scroller && !/auto|scroll/.test(getComputedStyle(scroller).overflowY)) scroller = scroller.parentElement;
  const view = scroller ? scroller.getBoundingClientRect() : { top: 0, bottom: innerHeight };
  if (box.top < view.top + 80 || box.bottom > view.bottom - 80) {
    (scroller || document.scrollingElement)?.scrollBy(0, box.top - (view.top + view.bottom) / 2);
  }
}
