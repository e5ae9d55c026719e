/**
 * JSON whose numbers keep what was written: as a number of JavaScript `1950.50` is `1950.5`, and a long one loses its
 * last digits. Such a number becomes a raw one, which JSON.stringify writes as it was read (JSON.parse source text
 * access, ECMAScript 2026).
 * @param {string} text
 */
export function parse(text) {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === "number" && String(value) !== source ? JSON.rawJSON(source) : value,
  );
}
