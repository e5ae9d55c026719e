// The present by the clock of the service: that of the machine on which the board is looked at may be wrong.

let ahead = Date.now() - performance.now();

/** An answer said when it was given, in whole seconds. @param {string | null} instant */
export function setClock(instant) {
  if (instant) ahead = Date.parse(instant) - performance.now();
}

/** Milliseconds since 1970. */
export function now() {
  return ahead + performance.now();
}

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const MINUTE = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** `14:03`, in the zone of whoever looks. */
export function minuteText(instant) {
  return MINUTE.format(new Date(instant));
}

/** `14:03:07`, with its date unless that is today. */
export function timeText(instant) {
  const date = new Date(instant);
  const time = TIME.format(date);
  return DATE.format(date) === DATE.format(now()) ? time : `${DATE.format(date)}, ${time}`;
}

/** How long ago something was: `3 s ago`, `12 min ago`. */
export function ageText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}
