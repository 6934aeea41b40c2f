/** The calendar: the meetings of a week on a time grid, or as an agenda if it is narrow. */

import { Book, rangeOf } from "./book.js";
import { announce, arrows, button, element, foreign, spoken } from "./dom.js";
import { clocksOf, details } from "./details.js";
import { sideBySide, visibleHours } from "./layout.js";
import { addDays, clocksChange, daysBetween, daysFrom, differ, instantOf, offset, place, wallOf, weekStart } from "./times.js";
import { open } from "./view.js";

const SHORTEST = 30; // minutes that a block is tall at least, so that its text fits
const COLOURS = 6;
const MOST = 100; // meetings of one answer
const LOADING = "Loading the meetings…";

export class Calendar {
  static tool = "list_bookings";
  static loading = LOADING;
  #context;
  #book = new Book();
  #args = {}; // of the model's call
  #first = ""; // the first visible day, or "" before the first answer
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
    const { root, status, dates } = this.#context;
    const days = this.#days;
    const hours = visibleHours(days.flatMap((day) => this.#book.on(day)));
    const second = this.#secondZone();
    const week = element(
      "div.week",
      { "--first": hours.first * 60, "--minutes": (hours.last - hours.first) * 60 },
      this.#axis(this.#book.zone, hours, second),
      second && this.#axis(second, hours, second),
      ...days.map((day) => this.#day(day)),
    );
    root.replaceChildren(this.#bar(), status.box, week, ...this.#notes());
    arrows(week, () => days.map((day) => [...week.querySelectorAll(`[data-day="${day}"] .meeting`)]), isNarrow);
    document.title = `${this.#title} – LinkTime`;
    root.lang = dates.locale;
  }

  /** Move the line of the present. */
  tick() {
    const line = this.#context.root.querySelector(".now");
    const isToday = line?.closest("[data-day]").dataset.day === this.#today;
    if (isToday) line.style.setProperty("--at", wallOf(this.#context.now(), this.#book.zone).minutes);
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

  /** Return the first day to show: seven days that were asked for, or the week of the next meeting. */
  #firstDay() {
    const [from, to] = rangeOf(this.#args) ?? [];
    if (from && daysBetween(from, to) === 6) return from;
    const days = this.#book.days;
    const isOver = days.length > 0 && days.at(-1) < this.#today;
    const day = days.find((each) => each >= this.#today) ?? (isOver ? days.at(-1) : (this.#args.from && from) || this.#today);
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
    const week = weekStart(this.#today, this.#context.dates.firstWeekday);
    const step = (sign, first, attributes) => {
      const isPossible = this.#context.chat.canCall || this.#book.covers(first, addDays(first, 6));
      const press = () => this.#step(first, attributes["data-step"]);
      return button(sign, press, { disabled: !isPossible, class: "icon", ...attributes });
    };
    return element(
      "header.bar",
      {},
      element("h1", {}, this.#title),
      element(
        "nav",
        { "aria-label": "Weeks" },
        step("‹", addDays(this.#first, -7), { "data-step": "back", "aria-label": "Previous week" }),
        step("Today", week, { "data-step": "today" }),
        step("›", addDays(this.#first, 7), { "data-step": "next", "aria-label": "Next week" }),
      ),
    );
  }

  #step(first, step) {
    this.#show(first);
    this.#context.root.querySelector(`[data-step="${step}"]`).focus();
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
    return element("div.axis", { "aria-hidden": "true" }, element("b", {}, second ? place(zone) : ""), element("div.track", {}, ...labels));
  }

  #day(day) {
    const { dates, now } = this.#context;
    const parts = this.#book.on(day);
    const spans = parts.map(({ start, end }) => ({ start, end: Math.max(end, start + SHORTEST) }));
    const places = sideBySide(spans);
    const isToday = day === this.#today;
    const isKnown = this.#book.covers(day) || parts.length > 0;
    const heading = element(
      "h2",
      { id: `day-${day}`, "aria-label": dates.long(day) + (isToday ? ", today" : "") },
      element("span", {}, dates.weekday(day)),
      " ",
      element("b", {}, dates.number(day)),
    );
    const track = element("ol.track", {}, ...parts.map((part, index) => this.#block(part, spans[index], places[index])));
    const minutes = wallOf(now(), this.#book.zone).minutes;
    return element(
      isToday ? "section.day.today" : isKnown ? "section.day" : "section.day.unknown",
      { "data-day": day, "aria-labelledby": heading.id },
      heading,
      parts.length ? null : element("p.none", {}, isKnown ? "No meetings" : "Not loaded"),
      track,
      isToday && element("i.now", { "aria-hidden": "true", "--at": minutes }),
    );
  }

  #block(part, span, { column, columns }) {
    const { meeting, start } = part;
    const { dates, now, user } = this.#context;
    const isCancelled = meeting.status === "CANCELLED";
    const clocks = clocksOf(meeting, { account: this.#book.zone, user, dates });
    const others = clocks.slice(1).map(([name, value]) => `, ${name.toLowerCase()} ${value}`);
    const height = span.end - start >= 75 ? "tall" : span.end - start >= 45 ? "middle" : "short";
    const classes = ["meeting", height, isCancelled && "cancelled", meeting.end < now() && "past"];
    const block = button("", () => this.#toggle(meeting, block), {
      class: classes.filter(Boolean).join(" "),
      "aria-expanded": "false",
      "data-colour": this.#book.colour(meeting.type) % COLOURS,
    });
    block.append(
      spoken(`${clocks[0][1]}, `),
      foreign("b", meeting.type),
      foreign("span", meeting.guest),
      element("time", { "aria-hidden": "true" }, dates.time(meeting.start, this.#book.zone)),
      element("small", { "aria-hidden": "true" }, clocks[1]?.[1]),
      spoken([isCancelled && ", cancelled", ...others].filter(Boolean).join("")),
    );
    const box = { "--start": start, "--tall": span.end - start, "--column": column, "--columns": columns };
    return element("li", box, block);
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
    const note = (text, ...rest) => element("p.note", {}, text, ...rest);
    const isWhole = this.#book.covers(days[0], days[6]);
    const load = chat.canCall && button("Load the whole week", () => this.#load(), { class: "link" });
    const missing = this.#book.missing ? `${this.#book.missing} more meetings are not in this answer. ` : "Not all days of this week are loaded. ";
    const isFar = user && !this.#secondZone() && differ(zone, user, days.map((day) => instantOf(day, 720, zone)));
    return [
      note(`All times are those of ${place(zone)}.`),
      ...days.filter((day) => clocksChange(day, zone)).map((day) => note(`The clocks of ${place(zone)} change on ${this.#context.dates.long(day)}.`)),
      ...(isFar ? [note(`The difference to ${place(user)} changes in this week. The details of a meeting have both times.`)] : []),
      ...(isWhole ? [] : [note(missing, ...(load ? [load] : ["Ask the assistant for these days."]))]),
    ];
  }
}

function isNarrow() {
  return document.getElementById("view").clientWidth < 480;
}

/** Put a card beside its block, inside the week. */
function put(card, block) {
  if (isNarrow()) return;
  const week = block.closest(".week");
  week.style.minHeight = `${card.offsetHeight}px`;
  const box = week.getBoundingClientRect();
  const own = block.parentElement.getBoundingClientRect();
  const { width, height } = card.getBoundingClientRect();
  const right = own.right + 8 + width <= box.right ? own.right + 8 : own.left - 8 - width;
  const left = Math.max(box.left, Math.min(right, box.right - width));
  const top = Math.max(box.top, Math.min(own.top, box.bottom - height));
  card.style.setProperty("left", `${left - own.left}px`);
  card.style.setProperty("top", `${top - own.top}px`);
}

open(Calendar);
