/* global uPlot */
import { minuteText } from "./clock.js";

const HEIGHT = 150;

/** Signals a minute as bars, in the colours of the page, as wide as its place. */
export class Plot {
  #place;
  #reading;
  #plot;
  #data = [[], []];

  /** @param {HTMLElement} place @param {HTMLElement} reading Where the minute under the pointer is told. */
  constructor(place, reading) {
    this.#place = place;
    this.#reading = reading;
    new ResizeObserver(() => this.#plot?.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** @param {{minute: string, count: number}[]} minutes */
  show(minutes) {
    this.#data = [minutes.map(({ minute }) => Date.parse(minute) / 1000), minutes.map(({ count }) => count)];
    if (this.#plot) this.#plot.setData(this.#data);
    else if (this.#place.clientWidth) this.#draw();
  }

  #draw() {
    this.#plot?.destroy();
    const style = getComputedStyle(this.#place);
    const [ink, line, bar] = ["--muted", "--line", "--accent"].map((name) => style.getPropertyValue(name));
    const axis = { stroke: ink, font: `12px ${style.fontFamily}`, ticks: { show: false }, grid: { stroke: line, width: 1 } };
    this.#plot = new uPlot(
      {
        width: this.#place.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { x: { range: () => this.#minutes() }, y: { range: (_, __, most) => [0, Math.max(5, most * 1.1)] } },
        axes: [
          { ...axis, size: 28, grid: { show: false }, values: (_, splits) => splits.map((second) => minuteText(second * 1000)) },
          { ...axis, size: 44, incrs: [1, 2, 5].flatMap((digit) => Array.from({ length: 7 }, (_, zeros) => digit * 10 ** zeros)).sort((one, other) => one - other) },
        ],
        series: [{}, { fill: bar, stroke: bar, width: 0, paths: uPlot.paths.bars({ size: [0.8, 40] }), points: { show: false } }],
        hooks: { setCursor: [(plot) => this.#read(plot.cursor.idx)] },
      },
      this.#data,
      this.#place,
    );
  }

  /** What is shown: an hour at least. Of a single minute the library would make a day. */
  #minutes() {
    const [minutes] = this.#data;
    const newest = minutes.at(-1) ?? Date.now() / 1000;
    return [Math.min(minutes[0] ?? newest, newest - 3540) - 30, newest + 30];
  }

  #read(index) {
    const [minutes, counts] = this.#data;
    this.#reading.textContent = index == null ? "" : `${minuteText(minutes[index] * 1000)}: ${counts[index]}`;
  }
}
