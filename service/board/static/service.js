// What the board asks the service, and what it answers.
import { setClock } from "./clock.js";
import { parse } from "./json.js";

/** The service answered, and refused. */
export class Refused extends Error {
  /** @param {Response} response @param {{code?: string, detail?: any, oldest?: string}} answer */
  constructor(response, answer) {
    const { detail } = answer;
    super(Array.isArray(detail) ? detail.map((fault) => fault.msg).join("; ") : (detail ?? `Answered ${response.status}`));
    this.status = response.status;
    this.code = answer.code;
    this.waitSeconds = Number(response.headers.get("Retry-After")) || 0;
    /** Whether nothing but another token or another filter helps. */
    this.final = [401, 403, 422].includes(response.status);
    /** Whether the service has nothing at this cursor, or no such cursor. */
    this.lost = [400, 410].includes(response.status);
  }
}

/** Asks in the name of one reader. */
export class Service {
  /** @param {string} token Empty where reading is open to everybody. */
  constructor(token) {
    this.headers = token ? { Authorization: `Bearer ${token}` } : {};
  }

  /** The answer to a GET, once its head is there. @throws {Refused} @throws {TypeError} when there is no answer. */
  async get(path, parameters, { signal, headers } = {}) {
    const query = new URLSearchParams(parameters).toString();
    const response = await fetch(query ? `${path}?${query}` : path, {
      headers: { ...this.headers, ...headers },
      signal,
      cache: "no-store",
      redirect: "error",
    });
    setClock(response.headers.get("Date"));
    if (!response.ok) throw new Refused(response, await response.json().catch(() => ({})));
    return response;
  }

  /** Figures of the machine that answers. */
  async overview(signal) {
    return (await this.get("/api/v1/overview", [], { signal })).json();
  }

  /** Decide what becomes of a signal, if it is as it is shown. @param {{status: number, reason?: string}} wanted */
  async decide({ id, state_version: version }, wanted) {
    const response = await fetch(`/api/v1/signals/${id}/status`, {
      method: "POST",
      headers: { ...this.headers, "Content-Type": "application/json", "If-Match": `"${version}"` },
      body: JSON.stringify(wanted),
      cache: "no-store",
      redirect: "error",
    });
    if (!response.ok) throw new Refused(response, await response.json().catch(() => ({})));
  }

  /** A page of the feed. */
  async page(parameters, signal) {
    return parse(await (await this.get("/api/v1/feed", parameters, { signal })).text());
  }
}
