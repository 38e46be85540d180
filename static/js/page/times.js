/** Times are sent in UTC and shown as the reader's clock has them. */

const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function showLocalTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = new Date(time.getAttribute("datetime") || "");
    if (!Number.isNaN(at.valueOf())) time.textContent = FORMAT.format(at);
  }
}
