import { now } from "./clock.js";

const SPANS_SECONDS = [3600, 600, 120, 20, 0];
const LIMIT = 200;

/**
 * Shows the latest signals, as far back as one page holds, and gives the cursor after them. Where even a short while
 * fills more than a page, none are shown: the next ones come at once.
 * @param {import("./service.js").Service} service
 * @param {string[][]} filter
 * @param {(signal: object) => void} show
 * @param {(change: object) => void} change
 * @param {AbortSignal} abort
 */
export async function latest(service, filter, show, change, abort) {
  let page;
  for (const seconds of SPANS_SECONDS) {
    const from = new Date(now() - 1000 * seconds).toISOString();
    page = await service.page([...filter, ["from", from], ["limit", LIMIT]], abort);
    if (!page.more) break;
  }
  for (const told of page.events) {
    if (told.event === "signal") show(told.signal);
    if (told.event === "status") change(told);
  }
  return page.cursor;
}
