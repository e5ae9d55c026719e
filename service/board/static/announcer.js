import { SIDES } from "./rows.js";

const EVERY_MS = 10_000;

/** Speaks to whoever listens instead of looking: changes of the connection at once, signals in one sentence a while. */
export class Announcer {
  #element;
  #count = 0;
  #newest;
  #timer;

  constructor(element) {
    this.#element = element;
  }

  say(text) {
    this.#element.textContent = text;
  }

  signal(signal) {
    this.#count += 1;
    this.#newest = signal;
    this.#timer ??= setTimeout(() => this.#sum(), EVERY_MS);
  }

  /** Nothing that has been counted is told any more. */
  hush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
  }

  #sum() {
    const { side, instrument } = this.#newest;
    const counted = this.#count === 1 ? "One new signal" : `${this.#count} new signals, the newest`;
    this.say(`${counted}: ${SIDES[side]} ${instrument}`);
    this.hush();
  }
}
