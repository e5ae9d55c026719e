// A browser keeps six connections to one host for all its pages together (HTTP/1.1): were all of them streams, the next
// page would wait for ever. So there are places for fewer, for all pages of the browser together.

const STREAMS_MAX = 4;

/**
 * Takes a place for a stream.
 * @returns {Promise<(() => void) | undefined>} Gives it back; undefined when all are taken.
 */
export async function takePlace() {
  if (!navigator.locks || protocol() !== "http/1.1") return () => {};
  for (let number = 1; number <= STREAMS_MAX; number += 1) {
    const giveBack = await lock(`signals-stream-${number}`);
    if (giveBack) return giveBack;
  }
  return undefined;
}

function protocol() {
  return performance.getEntriesByType("navigation")[0]?.nextHopProtocol;
}

function lock(name) {
  return new Promise((taken) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock) return new Promise((giveBack) => taken(giveBack));
      return taken(undefined);
    });
  });
}
