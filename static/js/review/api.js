/** Calls to the JSON API with the session's cookie, and what can go wrong with them. */

const BASE = "/api/v1";

/** The server answered and refused: the code is for this program, the message for people. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, message?: string, fields?: {path: string, message: string}[]}} error
   * @param {number} retryAfter seconds to wait where the server named them, else 0
   */
  constructor(status, error, retryAfter) {
    super(error.message || "The server refused this.");
    this.status = status;
    this.code = error.code || "";
    this.fields = error.fields || [];
    this.retryAfter = retryAfter;
  }
}

/** No answer, or one that says the server is in trouble: worth trying again. */
export class Unreachable extends Error {}

let clockAhead = 0;

/** The server's time in milliseconds, as its last answer told: leases end on its clock, not on ours. */
export function serverNow() {
  return Date.now() + clockAhead;
}

/** The token is read anew each time, because signing in again in another tab changes it. */
function csrfToken() {
  const found = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/);
  return found ? decodeURIComponent(found[1]) : "";
}

/**
 * Call the API and return the parsed answer.
 * @param {"POST" | "PUT"} method
 * @param {string} path below /api/v1
 * @param {object} body
 * @param {{keepalive?: boolean}} [options]
 * @returns {Promise<any>}
 */
export async function call(method, path, body, options = {}) {
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      body: JSON.stringify(body),
      credentials: "same-origin",
      keepalive: Boolean(options.keepalive),
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "Item-View": "html", // items as HTML beside their values
        "X-CSRFToken": csrfToken(),
      },
    });
  } catch {
    throw new Unreachable("The server cannot be reached.");
  }
  const said = Date.parse(response.headers.get("Date") || "");
  // The header has whole seconds; only a difference that shows is worth correcting.
  if (!Number.isNaN(said)) clockAhead = Math.abs(said - Date.now()) > 2000 ? said - Date.now() : 0;
  if (response.status >= 500) throw new Unreachable(`The server is in trouble (${response.status}).`);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refusal(response.status, answer.error || {}, Number(response.headers.get("Retry-After")) || 0);
  }
  return answer;
}
