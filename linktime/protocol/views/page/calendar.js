/** The calendar: the meetings of a week on a time grid, or as an agenda if it is narrow. */

import { axis } from "./axis.js";
import { blockOf, moreOf } from "./block.js";
import { Book, rangeOf } from "./book.js";
import { announce, arrows, button, element, isNarrow, redraw } from "./dom.js";
import { displayButton } from "./display.js";
import { closeOutside, details, listing, put } from "./details.js";
import { blockSpan, inLanes, visibleHours } from "./layout.js";
import {
  addDays,
  clocksChange,
  daysBetween,
  daysFrom,
  differ,
  instantOf,
  isDay,
  offset,
  place,
  wallOf,
  weekStart,
} from "./times.js";
import { open } from "./view.js";

const LANES = 3; // overlapping meetings beside each other
const MOST = 100; // meetings of one answer
const LOADING = "Loading the meetings…";

export class Calendar {
  static tool = "list_bookings";
  static rows = "data";
  static title = "Meetings";
  static loading = LOADING;
  #context;
  #book = new Book();
  #args = {}; // of the model's call
  #first = ""; // the first visible day, or "" before the first answer
  #hours = { first: 0, last: 24 }; // the visible ones
  #open = null; // the meeting whose details are visible, or the meetings that are listed

  /** @param context the surroundings of the view: see view.js */
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
    const count = new Set(this.#days.flatMap((day) => this.#book.on(day)).map(({ meeting }) => meeting)).size;
    announce([`${this.#title}: ${count} ${count === 1 ? "meeting" : "meetings"}.`, this.#unread].join(" ").trim());
  }

  render() {
    if (!this.#first) return;
    const { root, status, dates } = this.#context;
    const days = this.#days;
    this.#open = null;
    const hours = visibleHours(days.flatMap((day) => this.#book.on(day)).map(blockSpan));
    this.#hours = hours;
    const second = this.#secondZone();
    const week = element(
      "div.week",
      { "--first": hours.first * 60, "--minutes": (hours.last - hours.first) * 60, click: closeOutside },
      axis(second ? place(this.#book.zone) : "", hours, 0, dates),
      second && axis(place(second), hours, this.#ahead(days[0], second), dates),
      ...days.map((day) => this.#day(day)),
    );
    redraw(root, this.#bar(), status.box, week, ...this.#notes());
    const stops = (day) => [...week.querySelectorAll(`[data-day="${day}"] :is(.meeting, .more)`)];
    arrows(week, () => days.map((day) => stops(day).filter((each) => each.checkVisibility())), isNarrow);
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

  /** The number of the rows for these days that are not in the calendar, in words. */
  get #unread() {
    const count = this.#book.unread(this.#first, addDays(this.#first, 6));
    if (!count) return "";
    const [rows, are] = count === 1 ? ["1 meeting", "is"] : [`${count} meetings`, "are"];
    return `${rows} of the answer could not be read and ${are} not in the calendar. Ask the assistant.`;
  }

  get #today() {
    return wallOf(this.#context.now(), this.#book.zone).day;
  }

  /** Return the first day to show: that of a call for seven days, or else that of the week of the next meeting. */
  #firstDay() {
    const [from, to] = rangeOf(this.#args) ?? [];
    if (from && daysBetween(from, to) === 6) return from;
    // 1. The next meeting. 2. The last meeting. 3. Today, unless the call is for other days. 4. The first of those.
    const days = this.#book.days;
    const next = days.find((day) => day >= this.#today);
    const isOther = from && (this.#today < from || to < this.#today);
    const day = next ?? days.at(-1) ?? (isOther ? from : this.#today);
    return weekStart(day, this.#context.dates.firstWeekday);
  }

  #go(first) {
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
      const isKnown = this.#book.covers(first, addDays(first, 6));
      const isPossible = isDay(first) && isDay(addDays(first, 6)) && (this.#context.chat.canCall || isKnown);
      return button(sign, () => this.#go(first), { disabled: !isPossible, class: "icon", ...attributes });
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
        displayButton(this.#context),
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

  #day(day) {
    const { dates, now, user } = this.#context;
    const parts = this.#book.on(day);
    const spans = parts.map(blockSpan);
    const { places, groups } = inLanes(spans, LANES);
    const block = (part, index) => {
      const surroundings = { account: this.#book.zone, user, dates, now, colour: this.#book.colour(part.meeting.type) };
      return blockOf(part, spans[index], places[index], surroundings, (made) => this.#show(part.meeting, made));
    };
    const more = (group) => {
      const meetings = group.members.map((index) => parts[index].meeting);
      return moreOf(meetings, group, LANES, day, (made) => this.#list(meetings, made));
    };
    const blocks = parts.flatMap((part, index) => {
      return [...groups.filter(({ members }) => members[0] === index).map(more), block(part, index)];
    });
    const isToday = day === this.#today;
    const isKnown = this.#book.covers(day) || parts.length > 0;
    const heading = element(
      "h2",
      { id: `day-${day}`, lang: dates.locale, "aria-label": dates.long(day) + (isToday ? ", today" : "") },
      element("span", {}, dates.weekday(day)),
      " ",
      element("b", {}, dates.number(day)),
    );
    const track = element("ol.track", {}, ...blocks);
    const empty = !isKnown ? "Not loaded" : this.#book.unread(day) ? "No readable meetings" : "No meetings";
    return element(
      isToday ? "section.day.today" : isKnown ? "section.day" : "section.day.unknown",
      { "data-day": day, "aria-labelledby": heading.id },
      heading,
      parts.length ? null : element("p.none", {}, empty),
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

  /** Show the details of a meeting beside its block, or hide them. */
  #show(meeting, block) {
    const { chat, now, user, dates } = this.#context;
    const context = { chat, now, user, dates, account: this.#book.zone };
    this.#toggle(meeting, block, (close) => details(meeting, context, close));
  }

  /** List the meetings of a block that stands for all of them, or hide the list. */
  #list(meetings, block) {
    const context = { dates: this.#context.dates, account: this.#book.zone };
    const choose = (meeting) => this.#show(meeting, block);
    this.#toggle(meetings, block, (close) => listing(meetings, context, choose, close));
  }

  #toggle(subject, block, cardWith) {
    const { root } = this.#context;
    const isOpen = this.#open === subject;
    root.querySelector(".details")?.remove();
    root.querySelector("[aria-expanded=true]")?.setAttribute("aria-expanded", "false");
    this.#open = isOpen ? null : subject;
    if (isOpen) return;
    const close = () => {
      if (this.#open) this.#toggle(this.#open, block);
      block.focus();
    };
    const card = cardWith(close);
    block.setAttribute("aria-expanded", "true");
    block.closest("li").append(card);
    put(card, block);
    card.focus({ preventScroll: true });
  }

  /** Return whether the model's call was for these days and others. */
  #isPartOf(days) {
    const { from, to } = this.#args;
    const isLonger = from && to && rangeOf(this.#args) && daysBetween(from, to) > 6;
    return isLonger && from <= days[6] && days[0] <= to;
  }

  #notes() {
    const { chat, user, dates } = this.#context;
    const zone = this.#book.zone;
    const days = this.#days;
    const note = (text) => element("p.note", {}, text);
    const isWhole = this.#book.covers(days[0], days[6]);
    const load = chat.canCall && button("Load the whole week", () => this.#load(), { class: "link" });
    const missing = "This answer does not have all meetings of the week. ";
    const changes = days.filter((day) => clocksChange(day, zone)).map((day) => dates.long(day));
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
      this.#isPartOf(days) && note(`The answer is for ${dates.days(...rangeOf(this.#args))}. This is one week of it.`),
      this.#unread && note(this.#unread),
      !isWhole && element("p.note.partial", {}, missing, load || "Ask the assistant for them."),
    ].filter(Boolean);
  }
}

open(Calendar);
