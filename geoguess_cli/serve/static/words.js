// Formats numbers and places for the page; no line breaks between a number and its unit.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A share as a percentage, with two significant digits. */
export function percent(share) {
  if (share > 0 && share < 5e-5) return "<\u00a00.01\u00a0%";
  const digits = share >= 0.0995 || share === 0 ? 0 : share >= 0.00995 ? 1 : 2;
  return `${(100 * share).toFixed(digits)}\u00a0%`;
}

/** A distance in kilometres as text, with two significant digits or more. */
export function kilometres(distance) {
  if (distance >= 9.95) return `${whole.format(distance)}\u00a0km`;
  return `${distance.toFixed(distance < 0.995 ? 2 : 1)}\u00a0km`;
}

/** A latitude and longitude as text, in degrees. */
export function coordinates({ latitude, longitude }, digits = 2) {
  const east = ((((longitude + 180) % 360) + 360) % 360) - 180;
  const ns = latitude >= 0 ? "N" : "S";
  const ew = east >= 0 ? "E" : "W";
  return `${Math.abs(latitude).toFixed(digits)}° ${ns}, ${Math.abs(east).toFixed(digits)}° ${ew}`;
}

/** The latitude and longitude of a text such as "45.68, -111.04"; null if it is malformed. */
export function readCoordinates(text) {
  const parts = text.trim().split(/[\s,;]+/).map(Number);
  if (parts.length !== 2 || parts.some((part) => !Number.isFinite(part))) return null;
  const [latitude, longitude] = parts;
  if (Math.abs(latitude) > 90 || longitude < -180 || longitude > 360) return null;
  return { latitude, longitude };
}

/** A GeoScore as text. */
export function points(geoscore) {
  return whole.format(geoscore);
}

/** A text as a sentence: with a capital letter and a full stop. */
export function sentence(text) {
  const end = /[.!?]$/.test(text) ? "" : ".";
  return text.charAt(0).toUpperCase() + text.slice(1) + end;
}

/** A number of bytes in megabytes, as text. */
export function megabytes(bytes) {
  return `${Number((bytes / 1e6).toPrecision(4))} MB`;
}
