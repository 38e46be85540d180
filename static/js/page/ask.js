/** Asking the server for something on the side, where the page goes on without an answer. */

/**
 * Return the whole of an answer; null where there is none, where it was cut off on its way, where it refuses, and where
 * it leads elsewhere, as a page does that wants somebody to sign in.
 * @param {string | URL} url
 * @param {RequestInit} [options]
 * @returns {Promise<string | null>}
 */
export async function askFor(url, options) {
  try {
    const answer = await fetch(url, options);
    return answer.ok && !answer.redirected ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** The same for an answer in JSON. @param {string | URL} url @param {RequestInit} [options] @returns {Promise<any>} */
export async function askForJson(url, options) {
  const answer = await askFor(url, { headers: { Accept: "application/json" }, ...options });
  try {
    return JSON.parse(answer ?? "null");
  } catch {
    return null; // cut off, on a line where nobody noticed
  }
}
