import { now, timeText } from "./clock.js";

const WORDS = ["New", "Queued", "Closed"];

/** Whether a signal is good no longer, by the clock of the service. */
export function isExpired({ expired, expires_at: until }) {
  return expired || (until !== null && Date.parse(until) <= now());
}

/** Whether anything can be decided about it. */
export function isOpen(signal) {
  return signal.status !== 2 && !isExpired(signal);
}

/** What has become of a signal, and until when it is good. */
export function stateText(signal) {
  const { status, approval, reason, expires_at: until } = signal;
  if (status === 2) return reason ? `${WORDS[2]}: ${reason}` : WORDS[2];
  if (isExpired(signal)) return "Expired";
  const word = status === 0 && approval === "required" ? "Waits for approval" : WORDS[status];
  return until === null ? word : `${word}, until ${timeText(until)}`;
}
