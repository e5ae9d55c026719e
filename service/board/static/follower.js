import { serverSentEvents } from "./events.js";
import { Refused } from "./service.js";

const SILENT_MS = 10_000; // two heartbeats
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** Follows the live feed until it is stopped, over as many connections as it takes, without a gap or a repeat. */
export class Follower {
  #service;
  #filter;
  #tell;
  #stopped = new AbortController();
  #connection = new AbortController();
  #wake = () => {};
  #retryMs = RETRY_MS;
  #failures = 0;

  /**
   * @param {import("./service.js").Service} service
   * @param {string[][]} filter Parameters of the feed.
   * @param {{begin: (signal: AbortSignal) => Promise<string | undefined>, signal: (data: string) => void,
   *   connecting: () => void, connected: () => void, lost: (waitMs: number) => void,
   *   refused: (why: Refused) => void}} tell
   *   `begin` gives the cursor to start from; nothing is told after `refused`, nor after `stop()`.
   */
  constructor(service, filter, tell) {
    this.#service = service;
    this.#filter = filter;
    this.#tell = tell;
    this.cursor = undefined;
  }

  stop() {
    this.#stopped.abort();
    this.#connection.abort();
    this.#wake();
  }

  /** Try again now, if it waits to. */
  hurry() {
    this.#wake();
  }

  async run() {
    while (!this.#stopped.signal.aborted) {
      this.#tell.connecting();
      const failure = await this.#connect().catch((error) => error);
      if (this.#stopped.signal.aborted) return;
      if (failure instanceof Refused && failure.final) {
        this.#tell.refused(failure);
        return;
      }
      await this.#wait(failure);
    }
  }

  async #connect() {
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    const alive = this.#watch();
    try {
      this.cursor ??= await this.#tell.begin(signal);
      const headers = this.cursor ? { "Last-Event-ID": this.cursor } : {};
      const { body } = await this.#service.get("/api/v1/feed/live", this.#filter, { signal, headers });
      for await (const { event, id, data, retry } of serverSentEvents(body, alive)) {
        if (signal.aborted) return;
        this.#failures = 0;
        if (retry) this.#retryMs = Number(retry);
        if (event === "signal") this.#tell.signal(data);
        if (id) this.cursor = id;
        this.#tell.connected();
      }
    } finally {
      alive.end();
    }
  }

  /** A connection over which nothing comes is none, though nobody has closed it. */
  #watch() {
    const connection = this.#connection;
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => connection.abort(), SILENT_MS);
    };
    alive.end = () => clearTimeout(timer);
    alive();
    return alive;
  }

  async #wait(failure) {
    const backoff = Math.min(this.#retryMs * 2 ** this.#failures, RETRY_MAX_MS) * (0.75 + Math.random() / 2);
    const ms = Math.max(backoff, 1000 * (failure?.waitSeconds ?? 0));
    this.#failures += 1;
    this.#tell.lost(ms);
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
