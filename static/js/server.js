/** The participant's requests. A failure is either for good (`Refused`) or for now (`Unreachable`). */

const TIMEOUT_MS = 20000;
/** These say "later", not "never". */
const TEMPORARY = new Set([408, 421, 425, 429]);

/** The server understood and said no: trying again would change nothing. */
export class Refused extends Error {
  /** @param {number} status @param {string} reason @param {any} body */
  constructor(status, reason, body) {
    super(reason);
    this.status = status;
    this.body = body;
  }
}

/** No answer, a server error, or something in between that is not our server. */
export class Unreachable extends Error {
  /** @param {string} reason @param {number} [status]  Set where a 4xx came that is not ours. */
  constructor(reason, status = 0) {
    super(reason);
    this.status = status;
  }
}

/**
 * @typedef {object} Server
 * @property {() => Promise<any>} state
 * @property {(agree: boolean) => Promise<any>} consent
 * @property {(answer: object) => Promise<any>} answer
 * @property {(event: object) => Promise<any>} event
 * @property {() => Promise<any>} check
 * @property {(result: object) => Promise<any>} checked
 * @property {(answers: Record<string, string>) => Promise<any>} demographics
 * @property {() => Promise<any>} finish
 */

/**
 * @param {string} base  The visit's address, ending in a slash.
 * @param {string} secret
 * @returns {Server}
 */
export function connect(base, secret) {
  /** @param {string} name @param {object} [body] */
  const request = (name, body) =>
    exchange(new URL(name, base), secret, body && JSON.stringify(body), "application/json");
  return {
    state: () => request("state"),
    consent: (agree) => request("consent", { agree }),
    answer: (answer) => request("answers", answer),
    event: (event) => request("events", event),
    check: () => request("check"),
    checked: (result) => request("checked", result),
    demographics: (answers) => request("demographics", { answers }),
    finish: () => request("finish", {}),
  };
}

/**
 * Press Start. Sent again, it is the same visit.
 *
 * @param {string} address
 * @param {string} secret  Drawn for this visit.
 * @param {string} form  URL-encoded.
 * @returns {Promise<{visit: string}>} Its address.
 */
export function begin(address, secret, form) {
  return exchange(new URL(address), secret, form, "application/x-www-form-urlencoded");
}

/** @param {URL} url @param {string} secret @param {string} [body] @param {string} [type] */
async function exchange(url, secret, body, type) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: { "X-Visit-Secret": secret, ...(type && body !== undefined && { "Content-Type": type }) },
      body,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: abort.signal,
    });
    return await read(response);
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) {
      throw error;
    }
    throw new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response */
async function read(response) {
  const json = (response.headers.get("Content-Type") ?? "").includes("json");
  if (response.ok && json) {
    return response.json();
  }
  // A hotel's log-in page answers 200, a proxy 4xx, both in HTML: our server always speaks JSON.
  if (!json || response.status >= 500 || TEMPORARY.has(response.status)) {
    const foreign = response.status >= 400 && response.status < 500 && !TEMPORARY.has(response.status);
    throw new Unreachable(`${response.status}`, foreign ? response.status : 0);
  }
  const body = await response.json();
  throw new Refused(response.status, String(body.error ?? response.status), body);
}
