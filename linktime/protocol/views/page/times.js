/** Times on the clocks of any zone, by the zone data of the browser. */

const MINUTE = 60_000; // ms
const LOCAL = /^\w{3} (\d{4}-\d\d-\d\d) (\d\d):(\d\d) ([+-]\d\d:\d\d)$/; // Tue 2026-12-01 10:00 -05:00

const DATE = /^\d{4}-\d\d-\d\d$/;

/** The days that a range without a start or an end has. Their neighbours still have years of four digits. */
export const EVER = ["0001-01-01", "9998-12-31"];

const formats = new Map();

/** Return a formatter, made once, because making it is slow. */
export function format(locale, options) {
  const key = JSON.stringify([locale, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, { calendar: "gregory", ...options }));
  return formats.get(key);
}

export function isZone(zone) {
  try {
    return typeof zone === "string" && zone !== "" && Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

/**
 * Return the day and the minutes after its midnight that the clocks of a zone show.
 * @param {number} instant ms since 1970, UTC
 * @returns {{day: string, minutes: number}}
 */
export function wallOf(instant, zone) {
  const numeric = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };
  const parts = format("en-US", { timeZone: zone, hourCycle: "h23", ...numeric }).formatToParts(instant);
  const { year, month, day, hour, minute } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return { day: `${year.padStart(4, "0")}-${month}-${day}`, minutes: Number(hour) * 60 + Number(minute) };
}

/** Return the minutes that a zone is ahead of UTC at an instant. */
export function offset(instant, zone) {
  const wall = wallOf(instant, zone);
  return (Date.parse(wall.day) - Math.floor(instant / MINUTE) * MINUTE) / MINUTE + wall.minutes;
}

/** Return the instant of a wall-clock time. A time that the clocks skip is as far after the jump. */
export function instantOf(day, minutes, zone) {
  const wall = Date.parse(day) + minutes * MINUTE;
  const near = wall - offset(wall, zone) * MINUTE;
  return wall - offset(near, zone) * MINUTE;
}

/** Return whether a value is a day that exists: 2026-02-29 does not. */
export function isDay(value) {
  if (typeof value !== "string" || !DATE.test(value) || value < EVER[0] || value > EVER[1]) return false;
  const instant = Date.parse(value);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(value);
}

export function addDays(day, count) {
  return new Date(Date.parse(day) + count * 1440 * MINUTE).toISOString().slice(0, 10);
}

/** Return the number of days from one day to another one. */
export function daysBetween(first, last) {
  return (Date.parse(last) - Date.parse(first)) / (1440 * MINUTE);
}

/** Return a number of days in order, from the first one. */
export function daysFrom(first, count) {
  return Array.from({ length: count }, (_, number) => addDays(first, number));
}

/** Return the first day of the week of a day. The first weekday is 1 for Monday to 7 for Sunday. */
export function weekStart(day, firstWeekday) {
  return addDays(day, -((new Date(day).getUTCDay() - firstWeekday + 14) % 7));
}

/** Return whether the clocks of a zone change on a day. */
export function clocksChange(day, zone) {
  return offset(instantOf(day, 0, zone), zone) !== offset(instantOf(addDays(day, 1), 0, zone), zone);
}

/** Return whether two zones show different times at one of the instants. */
export function differ(zone, other, instants) {
  return instants.some((instant) => offset(instant, zone) !== offset(instant, other));
}

/**
 * Return the zone of the account: the first candidate that agrees with all of the account's local times.
 *
 * A host may leave out the note with its name. Then the offset of the first local time serves.
 * @param {unknown[]} candidates
 * @param {Array<{instant: number, local: unknown}>} times
 */
export function accountZone(candidates, times) {
  const locals = times.flatMap(({ instant, local }) => {
    const [, day, hour, minute, zone] = LOCAL.exec(local) ?? [];
    return day ? [{ instant, day, minutes: Number(hour) * 60 + Number(minute), zone }] : [];
  });
  const agrees = (zone) =>
    locals.every(({ instant, day, minutes }) => {
      const wall = wallOf(instant, zone);
      return wall.day === day && wall.minutes === minutes;
    });
  return (
    candidates.find((zone) => isZone(zone) && agrees(zone)) ?? locals.map(({ zone }) => zone).find(isZone) ?? "UTC"
  );
}

/** Return the place in the name of a zone: New York for America/New_York. */
export function place(zone) {
  return /^[+-]/.test(zone) ? `UTC${zone}` : zone.split("/").at(-1).replaceAll("_", " ");
}
