/** Ticked rows: how many there are, all at once, and the bar that appears with the first. */

export function wireTicks() {
  const bar = /** @type {HTMLElement | null} */ (document.querySelector("[data-send-bar]"));
  const all = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-tick-all]"));
  if (!bar || !all) return;
  const boxes = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("input[name=external_id][form=send]")]);
  const words = /** @type {HTMLElement} */ (bar.querySelector("[data-ticked]"));
  const button = /** @type {HTMLButtonElement} */ (document.querySelector("#send button"));
  const count = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    words.textContent = ticked ? `${ticked} ticked` : "Tick items";
    bar.classList.toggle("stuck", ticked > 0);
    button.textContent = ticked ? `Send ${ticked} to review` : "Send ticked to review";
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  document.getElementById("send")?.addEventListener("submit", (event) => {
    if (boxes.some((box) => box.checked)) return;
    event.preventDefault();
    words.textContent = "Tick at least one item";
    boxes[0]?.focus();
  });
  count();
}
