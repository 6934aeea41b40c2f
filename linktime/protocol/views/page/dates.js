/** Dates and times as text, in the language and by the habits of a locale and of the account. */

import { clocksChange, daysBetween, format, wallOf } from "./times.js";

/* The regions whose week does not begin on Monday, for browsers without that knowledge. */
const SUNDAY_FIRST = new Set(
  (
    "AG AS BR BS BW BZ CA CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MO MT MX MZ NI NP PA PE PH " +
    "PK PR PT PY SA SG SV TH TT TW US VE VI WS YE ZA ZW "
  ).split(" "),
);
const SATURDAY_FIRST = new Set("AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY".split(" "));
const CYCLES = new Map([
  ["12h", "h12"],
  ["24h", "h23"],
]);
const RIGHT_TO_LEFT = /^(ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)\b/;

/** The formats of one locale. A day is text, such as 2026-12-01, and an instant is a number of ms. */
export class Dates {
  #hours; // options for the account's time format, or none for the habits of the locale

  /**
   * @param {unknown} locale a BCP 47 tag; the browser's if it is not valid
   * @param {unknown} timeFormat 12h or 24h; that of the locale if it is neither
   */
  constructor(locale, timeFormat) {
    this.#hours = CYCLES.has(timeFormat) ? { hourCycle: CYCLES.get(timeFormat) } : {};
    this.locale = valid(locale) ?? valid(globalThis.navigator?.language) ?? "en";
    this.direction = RIGHT_TO_LEFT.test(this.locale) ? "rtl" : "ltr";
  }

  /** The first day of the week: 1 for Monday to 7 for Sunday. */
  get firstWeekday() {
    const locale = new Intl.Locale(this.locale);
    const known = (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay;
    const { region } = locale.maximize();
    return known ?? (SUNDAY_FIRST.has(region) ? 7 : SATURDAY_FIRST.has(region) ? 6 : 1);
  }

  weekday = (day) => this.#ofDay(day, { weekday: "short" });
  number = (day) => this.#ofDay(day, { day: "numeric" });
  short = (day) => this.#ofDay(day, { weekday: "short", day: "numeric", month: "short" });
  long = (day) => this.#ofDay(day, { weekday: "long", day: "numeric", month: "long" });

  /** Format a range of days without the year: Sat 5 – Sun 6 Dec. */
  shortDays(first, last) {
    const options = { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" };
    return format(this.locale, options).formatRange(Date.parse(first), Date.parse(last));
  }

  /** Format a range of days: 1 – 7 Dec 2026. */
  days(first, last) {
    const options = { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" };
    return format(this.locale, options).formatRange(Date.parse(first), Date.parse(last));
  }

  /** Format a time. It has the offset as well on a day on which the clocks change, when a time may occur twice. */
  time(instant, zone) {
    return format(this.locale, this.#timeOptions(instant, zone)).format(instant);
  }

  /** Format a range of times on the clocks of a zone, with the day or the date of its end if that is another one. */
  times(start, end, zone) {
    const first = wallOf(start, zone).day;
    const last = wallOf(end, zone).day;
    if (last !== first) {
      const day = daysBetween(first, last) < 7 ? this.weekday(last) : this.days(last, last);
      return `${this.time(start, zone)} – ${day} ${this.time(end, zone)}`;
    }
    // A range in one format drops the offsets.
    if (clocksChange(first, zone)) return `${this.time(start, zone)} – ${this.time(end, zone)}`;
    return format(this.locale, this.#timeOptions(start, zone)).formatRange(start, end);
  }

  /** Format minutes after midnight as a label of an axis: 9 AM, 9:30 AM or 09:00. */
  clock(minutes) {
    const hour = { timeZone: "UTC", hour: "numeric", ...this.#hours };
    const { hour12 } = format(this.locale, hour).resolvedOptions();
    const options = hour12 && minutes % 60 === 0 ? {} : { minute: "2-digit" };
    return format(this.locale, { ...hour, ...options }).format(minutes * 60_000);
  }

  #ofDay(day, options) {
    return format(this.locale, { timeZone: "UTC", ...options }).format(Date.parse(day));
  }

  #timeOptions(instant, zone) {
    const time = { timeZone: zone, hour: "numeric", minute: "2-digit", ...this.#hours };
    return { ...time, ...offsetOn(wallOf(instant, zone).day, zone) };
  }
}

/** Format an instant for a message to the assistant, in English: Tue 1 Dec 2026, 10:00. See `time` for its offset. */
export function inWords(instant, zone) {
  const options = { timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric" };
  const day = format("en-GB", options)
    .format(instant)
    .replace(/^(\w+),/, "$1");
  const named = offsetOn(wallOf(instant, zone).day, zone);
  return `${day}, ${format("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", ...named }).format(instant)}`;
}

function offsetOn(day, zone) {
  return clocksChange(day, zone) ? { timeZoneName: "shortOffset" } : {};
}

function valid(locale) {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(String(locale))[0];
  } catch {
    return undefined;
  }
}
