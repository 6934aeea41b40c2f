/** The calendar: the meetings of a week on a time grid, or as an agenda if it is narrow. */

import { blockOf } from "./block.js";
import { Book, rangeOf } from "./book.js";
import { announce, arrows, button, element, isNarrow, redraw } from "./dom.js";
import { closeOutside, details, put } from "./details.js";
import { sideBySide, visibleHours } from "./layout.js";
import {
  addDays,
  clocksChange,
  daysBetween,
  daysFrom,
  differ,
  instantOf,
  offset,
  place,
  wallOf,
  weekStart,
} from "./times.js";
import { open } from "./view.js";

const SHORTEST = 30; // minutes that a block is tall at least, so that its text fits
const MOST = 100; // meetings of one answer
const LOADING = "Loading the meetings…";

export class Calendar {
  static tool = "list_bookings";
  static title = "Meetings";
  static loading = LOADING;
  #context;
  #book = new Book();
  #args = {}; // of the model's call
  #first = ""; // the first visible day, or "" before the first answer
  #hours = { first: 0, last: 24 }; // the visible ones
  #open = null; // the meeting whose details are visible

  /** @param context the surroundings of the view: see main.js */
  constructor(context) {
    this.#context = context;
  }

  /** Take an answer of list_bookings, and show it. */
  answered(result, args) {
    const { user } = this.#context;
    this.#book.add(result, args, [user]);
    if (!this.#first) {
      this.#args = args;
      this.#first = this.#firstDay();
    }
    this.render();
    const count = this.#days.reduce((sum, day) => sum + this.#book.on(day).length, 0);
    announce(`${this.#title}: ${count} ${count === 1 ? "meeting" : "meetings"}.`);
  }

  render() {
    if (!this.#first) return;
    const { root, status } = this.#context;
    const days = this.#days;
    this.#open = null;
    const hours = visibleHours(days.flatMap((day) => this.#book.on(day)));
    this.#hours = hours;
    const second = this.#secondZone();
    const week = element(
      "div.week",
      { "--first": hours.first * 60, "--minutes": (hours.last - hours.first) * 60, click: closeOutside },
      this.#axis(this.#book.zone, hours, second),
      second && this.#axis(second, hours, second),
      ...days.map((day) => this.#day(day)),
    );
    redraw(root, this.#bar(), status.box, week, ...this.#notes());
    arrows(week, () => days.map((day) => [...week.querySelectorAll(`[data-day="${day}"] .meeting`)]), isNarrow);
    document.title = `${this.#title} – LinkTime`;
  }

  /** Move the line of the present. */
  tick() {
    const line = this.#context.root.querySelector(".now");
    const isToday = line?.closest("[data-day]").dataset.day === this.#today;
    if (isToday) line.replaceWith(this.#now());
    else if (!this.#open) this.render();
  }

  get #days() {
    return daysFrom(this.#first, 7);
  }

  get #title() {
    return this.#context.dates.days(this.#first, addDays(this.#first, 6));
  }

  get #today() {
    return wallOf(this.#context.now(), this.#book.zone).day;
  }

  /** Return the first day to show: that of a call for seven days, or else that of the week of the next meeting. */
  #firstDay() {
    const [from, to] = rangeOf(this.#args) ?? [];
    if (from && daysBetween(from, to) === 6) return from;
    // 1. The next meeting. 2. The last meeting. 3. The first day of the call. 4. Today.
    const days = this.#book.days;
    const next = days.find((day) => day >= this.#today);
    const day = next ?? days.at(-1) ?? (this.#args.from ? from : null) ?? this.#today;
    return weekStart(day, this.#context.dates.firstWeekday);
  }

  #show(first) {
    this.#first = first;
    this.#open = null;
    this.#context.loader.stop();
    this.render();
    if (this.#book.covers(first, addDays(first, 6))) announce(this.#title);
    else this.#load();
  }

  #load() {
    const { status } = this.#args;
    const args = { from: this.#first, to: addDays(this.#first, 6), ...(status ? { status } : {}), limit: MOST };
    this.#context.loader.load(args, LOADING);
  }

  #bar() {
    const weeks = Math.floor(daysBetween(this.#first, this.#today) / 7);
    const step = (sign, count, attributes) => {
      const first = addDays(this.#first, 7 * count);
      const isPossible = this.#context.chat.canCall || this.#book.covers(first, addDays(first, 6));
      return button(sign, () => this.#show(first), { disabled: !isPossible, class: "icon", ...attributes });
    };
    return element(
      "header.bar",
      {},
      element("h1", { lang: this.#context.dates.locale }, this.#title),
      element(
        "nav",
        { "aria-label": "Weeks" },
        step("‹", -1, { "data-key": "back", "aria-label": "Previous week" }),
        step("Today", weeks, { "data-key": "today" }),
        step("›", 1, { "data-key": "next", "aria-label": "Next week" }),
      ),
    );
  }

  /** Return the zone of a second axis: the user's, if its clocks differ by the same time on all days. */
  #secondZone() {
    const { user } = this.#context;
    const zone = this.#book.zone;
    const ahead = this.#days.map((day) => this.#ahead(day, user));
    return user && user !== zone && ahead[0] && ahead.every((each) => each === ahead[0]) ? user : null;
  }

  #ahead(day, zone) {
    const noon = instantOf(day, 720, this.#book.zone);
    return zone ? offset(noon, zone) - offset(noon, this.#book.zone) : 0;
  }

  #axis(zone, { first, last }, second) {
    const ahead = this.#ahead(this.#first, zone);
    const label = (hour) => {
      const minutes = (((hour * 60 + ahead) % 1440) + 1440) % 1440;
      return element("span", { "--at": hour * 60 }, this.#context.dates.clock(minutes));
    };
    const labels = Array.from({ length: last - first - 1 }, (_, index) => label(first + index + 1));
    return element(
      "div.axis",
      { "aria-hidden": "true" },
      element("b", {}, second ? place(zone) : ""),
      element("div.track", {}, ...labels),
    );
  }

  #day(day) {
    const { dates } = this.#context;
    const parts = this.#book.on(day);
    const spans = parts.map(({ start, end }) => ({ start, end: Math.max(end, start + SHORTEST) }));
    const places = sideBySide(spans);
    const { now, user } = this.#context;
    const block = (part, index) => {
      const surroundings = { account: this.#book.zone, user, dates, now, colour: this.#book.colour(part.meeting.type) };
      return blockOf(part, spans[index], places[index], surroundings, (made) => this.#toggle(part.meeting, made));
    };
    const isToday = day === this.#today;
    const isKnown = this.#book.covers(day) || parts.length > 0;
    const heading = element(
      "h2",
      { id: `day-${day}`, lang: dates.locale, "aria-label": dates.long(day) + (isToday ? ", today" : "") },
      element("span", {}, dates.weekday(day)),
      " ",
      element("b", {}, dates.number(day)),
    );
    const track = element("ol.track", {}, ...parts.map(block));
    return element(
      isToday ? "section.day.today" : isKnown ? "section.day" : "section.day.unknown",
      { "data-day": day, "aria-labelledby": heading.id },
      heading,
      parts.length ? null : element("p.none", {}, isKnown ? "No meetings" : "Not loaded"),
      track,
      isToday && this.#now(),
    );
  }

  /** Make the line of the present. It is hidden outside the visible hours. */
  #now() {
    const { minutes } = wallOf(this.#context.now(), this.#book.zone);
    const isVisible = this.#hours.first * 60 <= minutes && minutes <= this.#hours.last * 60;
    return element("i.now", { "aria-hidden": "true", "--at": minutes, hidden: !isVisible });
  }

  #toggle(meeting, block) {
    const { root, chat, now, user, dates } = this.#context;
    const isOpen = this.#open === meeting;
    root.querySelector(".details")?.remove();
    root.querySelector("[aria-expanded=true]")?.setAttribute("aria-expanded", "false");
    this.#open = isOpen ? null : meeting;
    if (isOpen) return;
    const close = () => {
      if (this.#open) this.#toggle(meeting, block);
      block.focus();
    };
    const card = details(meeting, { chat, now, user, dates, account: this.#book.zone }, close);
    block.setAttribute("aria-expanded", "true");
    block.closest("li").append(card);
    put(card, block);
    card.focus({ preventScroll: true });
  }

  #notes() {
    const { chat, user } = this.#context;
    const zone = this.#book.zone;
    const days = this.#days;
    const note = (text) => element("p.note", {}, text);
    const isWhole = this.#book.covers(days[0], days[6]);
    const load = chat.canCall && button("Load the whole week", () => this.#load(), { class: "link" });
    const missing = "This answer does not have all meetings of the week. ";
    const changes = days.filter((day) => clocksChange(day, zone)).map((day) => this.#context.dates.long(day));
    const isFar =
      user &&
      !this.#secondZone() &&
      differ(
        zone,
        user,
        days.map((day) => instantOf(day, 720, zone)),
      );
    return [
      note(`All times are those of ${place(zone)}.`),
      ...changes.map((day) => note(`The clocks of ${place(zone)} change on ${day}.`)),
      isFar && note(`The difference to ${place(user)} changes in this week. The details of a meeting have both times.`),
      !isWhole && element("p.note.partial", {}, missing, load || "Ask the assistant for them."),
    ].filter(Boolean);
  }
}

open(Calendar);
