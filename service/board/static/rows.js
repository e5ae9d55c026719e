import { timeText } from "./clock.js";
import { isOpen, stateText } from "./states.js";

/** The sides, by number: told apart by word, form and colour. */
export const SIDES = ["Buy", "Sell"];

const ROWS_MAX = 200;
const RENDER_MS = 150;
const PREVIEW = 200;
const KEPT_MAX = 64 * 1024; // letters: so the payloads of all rows take some tens of megabytes at most

/** The table of the latest signals, newest first. It never holds more than ROWS_MAX, shown and waiting. */
export class Rows {
  #table;
  #template;
  #none;
  #pause;
  #waiting = [];
  #scheduled = false;
  #paused = false;
  #deciding;

  /** @param {Document} document @param {import("./deciding.js").Deciding} deciding */
  constructor(document, deciding) {
    this.#deciding = deciding;
    this.#table = document.getElementById("rows");
    this.#template = document.getElementById("row").content.firstElementChild;
    this.#none = document.getElementById("none");
    this.#pause = document.getElementById("pause");
    this.#pause.addEventListener("click", () => this.#toggle());
  }

  add(signal) {
    this.#waiting.push({ ...signal, payload: kept(signal) });
    if (this.#waiting.length > 2 * ROWS_MAX) this.#waiting.splice(0, ROWS_MAX);
    this.#schedule();
  }

  /** What has become of a signal that is shown, or is about to be. */
  change({ signal_id: id, status, state_version, reason }) {
    const change = { status, state_version, reason };
    const waiting = this.#waiting.find((signal) => signal.id === id);
    if (waiting) Object.assign(waiting, change);
    const row = this.#table.tBodies[0].querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (row) fillState(row, Object.assign(row.signal, change));
  }

  /** Whether whoever looks may decide. */
  set decides(may) {
    this.#table.toggleAttribute("data-decides", may);
  }

  /** Time has passed: some may have expired. */
  age() {
    for (const row of this.#table.tBodies[0].rows) if (row.signal.expires_at) fillState(row, row.signal);
  }

  clear() {
    this.#waiting = [];
    this.#table.tBodies[0].replaceChildren();
    this.#table.hidden = true;
    this.#none.hidden = false;
    this.#label();
  }

  #toggle() {
    this.#paused = !this.#paused;
    this.#pause.toggleAttribute("data-paused", this.#paused);
    this.#schedule();
  }

  /** However many arrive, the page is changed some times a second: nobody reads faster. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      if (!this.#paused) this.#show();
      this.#label();
    }, RENDER_MS);
  }

  #show() {
    const body = this.#table.tBodies[0];
    const latest = this.#waiting.splice(0).slice(-ROWS_MAX).reverse();
    body.prepend(...latest.map((signal) => this.#row(signal)));
    while (body.rows.length > ROWS_MAX) body.lastElementChild.remove();
    this.#table.hidden = body.rows.length === 0;
    this.#none.hidden = body.rows.length > 0;
  }

  #label() {
    const count = Math.min(this.#waiting.length, ROWS_MAX);
    const more = this.#waiting.length >= ROWS_MAX ? "or more " : "";
    this.#pause.textContent = this.#paused ? (count ? `Go on (${count} ${more}waiting)` : "Go on") : "Pause";
  }

  #row(signal) {
    const row = this.#template.cloneNode(true);
    row.dataset.id = signal.id;
    const cell = (name) => row.querySelector(name);
    instant(cell(".stored time"), signal.created_at);
    instant(cell(".time time"), signal.time);
    cell(".side span").textContent = SIDES[signal.side];
    cell(".side span").dataset.side = SIDES[signal.side];
    cell(".instrument").textContent = signal.instrument;
    cell(".producer").textContent = signal.producer_id ?? "unsigned";
    cell(".producer").classList.toggle("absent", signal.producer_id === null);
    fillPayload(cell(".payload"), signal.payload);
    row.signal = signal;
    cell(".approve").addEventListener("click", () => this.#deciding.approve(row.signal));
    cell(".reject").addEventListener("click", () => this.#deciding.close(row.signal));
    fillState(row, signal);
    return row;
  }
}

function fillState(row, signal) {
  row.querySelector(".state span").textContent = stateText(signal);
  row.querySelector(".approve").hidden = !isOpen(signal) || signal.status !== 0;
  row.querySelector(".reject").hidden = !isOpen(signal);
}

function instant(element, text) {
  element.dateTime = text;
  element.title = text;
  element.textContent = timeText(text);
}

/** The payload, or where it is to be had when it is too large to be kept. */
function kept({ id, payload }) {
  const { length } = JSON.stringify(payload);
  return length > KEPT_MAX ? `Too large to be kept here (${length} letters): GET /api/v1/signals/${id} shows it` : payload;
}

/** A payload stands on one line, as far as it fits; it can be opened to be read whole. */
function fillPayload(cell, payload) {
  if (payload === null) return;
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  // A letter may be made of two units, which are not to be parted.
  summary.textContent = JSON.stringify(payload).slice(0, PREVIEW).replace(/[\uD800-\uDBFF]$/, "");
  details.append(summary);
  details.addEventListener("toggle", () => {
    const whole = document.createElement("pre");
    whole.textContent = JSON.stringify(payload, null, 2);
    details.replaceChildren(summary, ...(details.open ? [whole] : []));
  });
  cell.append(details);
}
