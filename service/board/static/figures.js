import { minuteText, timeText } from "./clock.js";
import { Plot } from "./plot.js";

/** What only the service can count: signals a minute, and refusals by code. */
export class FiguresView {
  #plot;
  #elements;

  constructor(document) {
    const element = (id) => document.getElementById(id);
    this.#plot = new Plot(element("plot"), element("minute"));
    this.#elements = {
      minutes: element("minutes-summary"),
      minutesShown: element("minutes-shown"),
      minutesTable: element("minutes-table"),
      refusals: element("refusals-summary"),
      refusalsTable: element("refusals"),
    };
  }

  /**
   * @param {{since: string, signals: {minute: string, count: number}[] | null, refusals: Record<string, number> | null}} overview
   */
  show({ since, signals, refusals }) {
    this.#showMinutes(since, signals);
    this.#showRefusals(since, refusals);
  }

  #showMinutes(since, minutes) {
    this.#elements.minutesShown.hidden = !minutes;
    if (!minutes) {
      this.#elements.minutes.textContent = "Not counted for the producers that this token is for.";
      return;
    }
    const most = minutes.reduce((one, other) => (other.count > one.count ? other : one));
    const last = minutes.at(-2) ?? minutes.at(-1);
    this.#elements.minutes.textContent =
      `${last.count} in the last minute, at most ${most.count} (at ${minuteText(most.minute)}). ` +
      `Stored by this machine, which was started at ${timeText(since)}; the filter does not count here.`;
    this.#plot.show(minutes);
    fill(this.#elements.minutesTable, minutes.toReversed().map(({ minute, count }) => [minuteText(minute), count]));
  }

  #showRefusals(since, refusals) {
    const { refusals: summary, refusalsTable: table } = this.#elements;
    const counts = Object.entries(refusals ?? {}).sort(([, one], [, other]) => other - one);
    table.hidden = counts.length === 0;
    fill(table, counts.map(([code, count]) => [explained(code), count]));
    if (!refusals) summary.textContent = "Only readers of everything see them.";
    else if (!counts.length) summary.textContent = `None by this machine, which was started at ${timeText(since)}.`;
    else summary.textContent = `By this machine, which was started at ${timeText(since)}.`;
  }
}

function fill(table, rows) {
  table.tBodies[0].replaceChildren(
    ...rows.map((cells) => {
      const row = document.createElement("tr");
      for (const content of cells) row.insertCell().append(typeof content === "number" ? content.toLocaleString("en") : content);
      return row;
    }),
  );
}

function explained(code) {
  const link = document.createElement("a");
  Object.assign(link, { href: `/docs/errors#${code}`, target: "_blank", rel: "noopener", textContent: code });
  return link;
}
