/** The slot picker: free times as buttons, by day and by part of the day. */

import { dataOf, slotsOf, zoneOf } from "./answer.js";
import { inWords } from "./dates.js";
import { announce, arrows, button, element, foreign, redraw, spoken, toType } from "./dom.js";
import { displayButton } from "./display.js";
import { addDays, daysBetween, daysFrom, differ, instantOf, isDay, isZone, place, wallOf } from "./times.js";
import { open } from "./view.js";

const MOST_DAYS = 35; // the first days of a longer call
const FRESH = 60_000; // ms; a choice from an older answer is checked before the assistant gets it
const PARTS = [
  [300, "Night"],
  [720, "Morning"],
  [1020, "Afternoon"],
  [1320, "Evening"],
  [1440, "Night"],
]; // ends in minutes

export class Slots {
  static tool = "check_availability";
  static rows = "slots";
  static title = "Free times";
  static loading = "Loading the free times…";
  #context;
  #args = {}; // of the last answer
  #answer = null; // its data, slots, zone and time, and the number of its rows that could not be read
  #chosen = null; // the slot that the user pressed
  #isConfirming = false; // whether the choice waits for a fresh answer
  #outcome = null; // the element that states whether the assistant has the choice, or null before that
  #taken = ""; // a slot that was free before the last answer, in words

  /** @param context the surroundings of the view: see view.js */
  constructor(context) {
    this.#context = context;
  }

  /** Take an answer of check_availability, and show it. */
  answered(result, args) {
    const { user, now } = this.#context;
    const data = dataOf(result, Slots.rows);
    const { slots, unread } = slotsOf(data);
    const zone = zoneOf(result, data, slots, [user]);
    this.#args = args;
    this.#answer = { data, slots, unread, zone, at: now() };
    const chosen = this.#chosen && slots.find(({ startTime }) => startTime === this.#chosen.startTime);
    const isConfirmed = this.#isConfirming && chosen;
    this.#taken = this.#isConfirming && !chosen ? this.#words(this.#chosen) : "";
    this.#isConfirming = false;
    this.#outcome = null;
    this.#chosen = chosen;
    this.render();
    if (isConfirmed) this.#send();
    else announce(this.#taken ? `${this.#taken} was taken. ${this.#count}` : this.#count);
  }

  render() {
    if (!this.#answer) return;
    const { root, status } = this.#context;
    const groups = this.#groups();
    const days = element("div.days", {}, ...groups.map((group) => this.#group(group)));
    redraw(root, this.#bar(), status.box, ...this.#notices(), this.#clocks(), days, ...this.#notes());
    arrows(
      days,
      () => [...days.querySelectorAll(".day")].map((day) => [...day.querySelectorAll(".slot")]),
      () => false,
    );
    document.title = `Free times – LinkTime`;
  }

  /** Remove the slots that have passed. */
  tick() {
    const shown = this.#context.root.querySelectorAll(".slot").length;
    if (this.#answer && shown !== this.#free.length) this.render();
  }

  /** The slots that have not passed, on the days that are shown. */
  get #free() {
    const { slots } = this.#answer;
    const range = daysOf(this.#args);
    const end = range?.isCut ? instantOf(addDays(range.last, 1), 0, this.#clock) : Infinity;
    return slots.filter(({ start }) => this.#context.now() < start && start < end);
  }

  /** The zone of the days that the call was for. */
  get #clock() {
    const { timezone } = this.#args;
    return isZone(timezone) ? timezone : this.#answer.zone;
  }

  get #count() {
    const count = this.#free.length;
    return count ? `${count} free ${count === 1 ? "time" : "times"}.` : "No free times.";
  }

  /** The zone of the second clock: the guest's that was asked for, or else the user's, if it differs. */
  get #second() {
    const zones = [this.#args.timezone, this.#answer.data.timezone, this.#context.user];
    const starts = this.#answer.slots.map(({ start }) => start);
    return zones.find((zone) => isZone(zone) && differ(this.#answer.zone, zone, starts)) ?? null;
  }

  /** Return the days with their slots, and each run of days without slots as one group. */
  #groups() {
    const byDay = Map.groupBy(this.#free, ({ start }) => wallOf(start, this.#answer.zone).day);
    const groups = [];
    for (const day of [...new Set([...byDay.keys(), ...this.#wholeDays()])].sort()) {
      const slots = byDay.get(day) ?? [];
      const last = groups.at(-1);
      if (last && !slots.length && !last.slots.length && addDays(last.last, 1) === day) last.last = day;
      else groups.push({ day, last: day, slots });
    }
    return groups;
  }

  /** Return the days that the answer covers from midnight to midnight on the account's clocks. */
  #wholeDays() {
    const range = daysOf(this.#args);
    if (!range) return [];
    const { zone } = this.#answer;
    const [start, end] = [range.first, addDays(range.last, 1)].map((day) => instantOf(day, 0, this.#clock));
    const days = daysFrom(range.first, daysBetween(range.first, range.last) + 1);
    return days.filter((day) => start <= instantOf(day, 0, zone) && instantOf(addDays(day, 1), 0, zone) <= end);
  }

  #bar() {
    const range = daysOf(this.#args);
    const { chat, dates, now } = this.#context;
    const name = String(this.#answer.data.eventTypeSlug ?? "").replace(/[-_]+/g, " ");
    const step = (label, sign, days) => {
      const [from, to] = [range.first, range.last].map((day) => addDays(day, days));
      const isPossible = isDay(from) && isDay(to) && to >= wallOf(now(), this.#answer.zone).day;
      return button(sign, () => this.#load({ from, to }), {
        class: "icon",
        "data-key": days < 0 ? "back" : "next",
        "aria-label": label,
        disabled: !isPossible,
      });
    };
    const heading = element("h1", {}, Slots.title, name && foreign("small", name[0].toUpperCase() + name.slice(1)));
    const display = displayButton(this.#context);
    if (!chat.canCall || !range) return element("header.bar", {}, heading, display);
    const refresh = button("↻", () => this.#load({}), {
      class: "icon",
      "aria-label": "Refresh",
      "data-key": "refresh",
    });
    const count = daysBetween(range.first, range.last) + 1;
    const steps = [step("Earlier days", "‹", -count), refresh, step("Later days", "›", count), display];
    const label = dates.days(range.first, range.last);
    return element("header.bar", {}, heading, element("nav", { "aria-label": label }, ...steps));
  }

  #group({ day, last, slots }) {
    const { dates } = this.#context;
    if (!slots.length) {
      const days = day === last ? dates.short(day) : dates.shortDays(day, last);
      return element(
        "section.none",
        {},
        element("h2", { lang: dates.locale }, days),
        element("p", {}, this.#answer.unread ? "No readable free times" : "No free times"),
      );
    }
    const parts = Map.groupBy(slots, ({ start }) => partOf(wallOf(start, this.#answer.zone).minutes));
    const lists = [...parts].flatMap(([part, starts]) => [
      element("h3", {}, part),
      element("ul", {}, ...starts.flatMap((slot) => this.#slot(slot))),
    ]);
    return element(
      "section.day",
      {},
      element("h2", { lang: dates.locale, "aria-label": dates.long(day) }, dates.short(day)),
      ...lists,
    );
  }

  #slot(slot) {
    const { zone } = this.#answer;
    const { dates } = this.#context;
    const isChosen = slot === this.#chosen;
    const second = this.#second && [element("small", {}, this.#otherTime(slot)), spoken(` (${place(this.#second)})`)];
    const label = { class: "slot", "aria-pressed": String(isChosen), "data-key": slot.startTime };
    const time = element("time", { datetime: slot.startTime }, dates.time(slot.start, zone));
    const press = button("", () => this.#choose(isChosen ? null : slot), label);
    const day = dates.long(wallOf(slot.start, zone).day);
    press.append(spoken(`${day}, `), time, spoken(` (${place(zone)})${second ? ", " : ""}`), ...(second || []));
    return [element("li", {}, press), isChosen && this.#confirmation(slot)].filter(Boolean);
  }

  /** Return the time of a slot on the second clock, with the day if it is another one. */
  #otherTime({ start }) {
    const { dates } = this.#context;
    const [own, other] = [wallOf(start, this.#answer.zone).day, wallOf(start, this.#second).day];
    const time = dates.time(start, this.#second);
    return own === other ? time : `${dates.weekday(other)} ${time}`;
  }

  #words(slot) {
    const { dates } = this.#context;
    const { zone } = this.#answer;
    const day = dates.long(wallOf(slot.start, zone).day);
    const second = this.#second ? `, ${this.#otherTime(slot)} (${place(this.#second)})` : "";
    return `${day}, ${dates.time(slot.start, zone)} (${place(zone)})${second}`;
  }

  #choose(slot) {
    this.#chosen = slot;
    this.#isConfirming = false;
    this.#outcome = null;
    this.render();
    announce(slot ? `Selected: ${this.#words(slot)}. Press Tab to choose it.` : "Nothing is selected.");
  }

  #confirmation(slot) {
    const words = element("p", {}, this.#words(slot));
    return element(
      "li.choice",
      {},
      words,
      this.#outcome ?? button("Choose", () => this.#confirm(), { class: "primary" }),
    );
  }

  /** Send the choice, or first check a choice from an old answer. */
  async #confirm() {
    const { chat, now } = this.#context;
    this.#isConfirming = chat.canCall && now() - this.#answer.at > FRESH;
    if (this.#isConfirming) this.#load({});
    else await this.#send();
  }

  async #send() {
    const { chat } = this.#context;
    const { zone, data } = this.#answer;
    const { startTime, start } = this.#chosen;
    const words = `I choose ${inWords(start, zone)} (${place(zone)})`;
    const slug = typeof data.eventTypeSlug === "string" ? { eventTypeSlug: data.eventTypeSlug } : {};
    const isSent = await chat.say(words, { startTime, ...slug });
    if (this.#chosen?.startTime !== startTime) return;
    this.#outcome = isSent ? element("p.sent", { tabindex: -1 }, "✓ The assistant has your choice.") : toType(words);
    this.render();
    (this.#outcome.querySelector("code") ?? this.#outcome).focus();
    announce(isSent ? "The assistant has your choice." : `Type this in the chat: ${words}`);
  }

  #load(days) {
    this.#context.loader.load({ ...this.#args, ...days }, Slots.loading);
  }

  #notices() {
    const taken = this.#taken && element("p.panel", {}, `${this.#taken} was taken meanwhile. ${this.#count}`);
    const { unread } = this.#answer;
    const free = unread ? "No readable free times on these days." : "No free times on these days.";
    const none = !taken && this.#free.length === 0 && element("p.panel", {}, free);
    return [taken, none].filter(Boolean);
  }

  #clocks() {
    const second = this.#second ? ` The second time is that of ${place(this.#second)}.` : "";
    return element("p.clocks", {}, `All times are those of ${place(this.#answer.zone)}.${second}`);
  }

  #notes() {
    const { data } = this.#answer;
    const leftOut = Number(data.leftOut) || 0;
    const hours = `${leftOut} more free ${leftOut === 1 ? "time is" : "times are"} outside the hours of the question.`;
    const truncated = data.truncated && "More free times exist. Ask for fewer days to see them.";
    const { unread } = this.#answer;
    const rows = `${unread} ${unread === 1 ? "time" : "times"} of the answer could not be read. Ask the assistant.`;
    const range = daysOf(this.#args);
    const cut = range?.isCut && `The call was for more days. These are the first ${MOST_DAYS}.`;
    const notes = [leftOut > 0 && hours, truncated, cut, unread > 0 && rows].filter(Boolean);
    return notes.map((text) => element("p.note", {}, text));
  }
}

function partOf(minutes) {
  return PARTS.find(([end]) => minutes < end)[1];
}

/** Return the first and the last shown day of a call, or null if its arguments do not state days exactly. */
function daysOf({ from, to }) {
  if (!isDay(from) || !isDay(to) || to < from) return null;
  const isCut = daysBetween(from, to) >= MOST_DAYS;
  return { first: from, last: isCut ? addDays(from, MOST_DAYS - 1) : to, isCut };
}

open(Slots);
