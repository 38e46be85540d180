/** Calls to the server with the session's cookie, and what can go wrong with them. */

const BASE = "/api/v1";
const PATIENCE = 20_000;
const MOST_KEPT_ALIVE = 60_000; // bytes: browsers refuse to send more than 64 KB that is to outlive its page

/** The server answered and refused: the code is for this program, the message for people. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, message?: string, fields?: {path: string, message: string}[]}} error
   * @param {number} retryAfter seconds to wait where the server named them, else 0
   */
  constructor(status, error, retryAfter = 0) {
    super(error.message || "The server refused this.");
    this.status = status;
    this.code = error.code || "";
    this.fields = error.fields || [];
    this.retryAfter = retryAfter;
  }

  /** Whether signing in, as the person this page belongs to, would help. */
  get wantsSignIn() {
    return this.status === 401 || this.code === "csrf_failed" || this.code === "signed_in_as_another";
  }
}

/** No answer, or one that says the server is in trouble: worth trying again. */
export class Unreachable extends Error {}

let clockAhead = 0;
let actingFor = "";

/** Name the person this page was made for: the server refuses what it sends once somebody else has signed in. */
export function actFor(id) {
  actingFor = id;
}

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
 * Call the server and return the parsed answer.
 * @param {"GET" | "POST" | "PUT" | "PATCH"} method
 * @param {string} path below /api/v1, or of the page itself where it begins with /p/
 * @param {object} [body]
 * @param {{keepalive?: boolean}} [options]
 * @returns {Promise<any>}
 */
export async function call(method, path, body, options = {}) {
  const sent = body && JSON.stringify(body);
  let response;
  try {
    response = await fetch(path.startsWith("/p/") ? path : BASE + path, {
      method,
      body: sent,
      credentials: "same-origin",
      redirect: "manual", // a page that wants somebody to sign in redirects
      keepalive: Boolean(options.keepalive) && new Blob([sent || ""]).size <= MOST_KEPT_ALIVE,
      // A line that was cut without a word never answers; whatever is sent again is recognised.
      signal: AbortSignal.timeout(PATIENCE),
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "Item-View": "html", // items as HTML beside their values
        "X-CSRFToken": csrfToken(),
        "X-Person": actingFor,
      },
    });
  } catch {
    throw new Unreachable("The server cannot be reached.");
  }
  if (response.type === "opaqueredirect") throw new Refusal(401, { message: "Sign in again." });
  const said = Date.parse(response.headers.get("Date") || "");
  // The header has whole seconds; only a difference that shows is worth correcting.
  if (!Number.isNaN(said)) clockAhead = Math.abs(said - Date.now()) > 2000 ? said - Date.now() : 0;
  if (response.status >= 500) throw new Unreachable(`The server is in trouble (${response.status}).`);
  const answer = await read(response);
  if (!response.ok) {
    throw new Refusal(response.status, answer.error || {}, Number(response.headers.get("Retry-After")) || 0);
  }
  return answer;
}

/** The body of an answer. One cut off on its way is no answer, whatever its status says. @param {Response} response */
async function read(response) {
  const text = await response.text().catch(() => null);
  try {
    if (text !== null) return JSON.parse(text);
  } catch {
    if (!response.ok) return {}; // a proxy's own page
  }
  throw new Unreachable("The answer was cut off.");
}
