import { now } from "./clock.js";

const SPANS_SECONDS = [3600, 600, 120, 20];
const LIMIT = 200;

/**
 * Shows the latest signals, as far back as one page holds, and gives the cursor after them. Where even the shortest
 * span holds more than a page there is no need: the next ones come at once. Then the cursor is undefined.
 * @param {import("./service.js").Service} service
 * @param {string[][]} filter
 * @param {(signal: object) => void} show
 * @param {AbortSignal} abort
 */
export async function latest(service, filter, show, abort) {
  for (const seconds of SPANS_SECONDS) {
    const from = new Date(now() - 1000 * seconds).toISOString();
    const page = await service.page([...filter, ["from", from], ["limit", LIMIT]], abort);
    if (page.more) continue;
    for (const { event, signal } of page.events) if (event === "signal") show(signal);
    return page.cursor || undefined;
  }
  return undefined;
}
