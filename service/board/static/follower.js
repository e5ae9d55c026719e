import { serverSentEvents } from "./events.js";
import { parse } from "./json.js";
import { takePlace } from "./places.js";
import { Refused } from "./service.js";

const SILENT_MS = 10_000; // two heartbeats
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 30_000;
const ASK_MS = 1_000;
const PAGE = 1_000;

/** Follows the feed until it is stopped, over as many connections as it takes, without a gap or a repeat. */
export class Follower {
  #service;
  #filter;
  #tell;
  #stopped = false;
  #connection = new AbortController();
  #wake = () => {};
  #retryMs = RETRY_MS;
  #failures = 0;

  /**
   * @param {import("./service.js").Service} service
   * @param {string[][]} filter Parameters of the feed.
   * @param {string | undefined} cursor Where to go on; `tell.begin` says from where when there is none.
   * @param {{begin: (abort: AbortSignal) => Promise<string>, signal: (signal: object) => void,
   *   status: (change: object) => void, connecting: () => void,
   *   connected: () => void, lost: (waitMs: number) => void, refused: (why: Refused) => void}} tell
   *   Nothing is told after `refused`, nor after `stop()`.
   */
  constructor(service, filter, cursor, tell) {
    this.#service = service;
    this.#filter = filter;
    this.#tell = tell;
    this.cursor = cursor;
  }

  stop() {
    this.#stopped = true;
    this.#connection.abort();
    this.#wake();
  }

  /** Try again now, if it waits to. */
  hurry() {
    this.#wake();
  }

  async run() {
    while (!this.#stopped) {
      this.#tell.connecting();
      const failure = await this.#connect().catch((error) => error);
      if (this.#stopped) return;
      if (failure instanceof Refused && failure.final) {
        this.#tell.refused(failure);
        return;
      }
      await this.#retryLater(failure);
    }
  }

  async #connect() {
    this.#connection = new AbortController();
    const { signal: abort } = this.#connection;
    const watch = new Watch(this.#connection);
    let giveBack;
    try {
      this.cursor ??= await this.#tell.begin(abort);
      while (!(giveBack = await takePlace())) {
        await this.#ask(abort);
        watch.alive();
      }
      await this.#stream(abort, watch);
    } finally {
      watch.end();
      giveBack?.();
    }
  }

  async #stream(abort, watch) {
    const headers = { "Last-Event-ID": this.cursor };
    const { body } = await this.#service.get("/api/v1/feed/live", this.#filter, { signal: abort, headers });
    for await (const { event, id, data, retry } of serverSentEvents(body, () => watch.alive())) {
      if (abort.aborted) return;
      if (retry) this.#retryMs = Number(retry);
      if (event === "signal" || event === "status") this.#tell[event](parse(data));
      if (id) this.cursor = id;
      this.#connected();
    }
  }

  /** What a stream would tell, by a page and a pause. */
  async #ask(abort) {
    const page = await this.#service.page([...this.#filter, ["after", this.cursor], ["limit", PAGE]], abort);
    if (abort.aborted) return;
    for (const told of page.events) {
      if (told.event === "signal") this.#tell.signal(told.signal);
      if (told.event === "status") this.#tell.status(told);
    }
    this.cursor = page.cursor;
    this.#connected();
    if (!page.more) await this.#pause(ASK_MS);
  }

  #connected() {
    this.#failures = 0;
    this.#tell.connected();
  }

  async #retryLater(failure) {
    const backoff = Math.min(this.#retryMs * 2 ** this.#failures, RETRY_MAX_MS) * (0.75 + Math.random() / 2);
    const ms = Math.max(backoff, 1000 * (failure?.waitSeconds ?? 0));
    if (failure?.lost) this.cursor = undefined;
    this.#failures += 1;
    this.#tell.lost(ms);
    await this.#pause(ms);
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A connection over which nothing comes is none, though nobody has closed it: then this aborts it. */
class Watch {
  #connection;
  #timer;

  constructor(connection) {
    this.#connection = connection;
    this.alive();
  }

  alive() {
    this.end();
    this.#timer = setTimeout(() => this.#connection.abort(), SILENT_MS);
  }

  end() {
    clearTimeout(this.#timer);
  }
}
