/** The details of one meeting, with its actions. An action asks the assistant and never changes anything itself. */

import { arrows, button, element, foreign, isNarrow, toType } from "./dom.js";
import { inWords } from "./dates.js";
import { differ, place, wallOf } from "./times.js";
import { calendarFile } from "./ics.js";

/** Return the times of a meeting in words: on the clocks of the account, of its guest and of the user. */
export function clocksOf(meeting, { account, user, dates }) {
  const { start, end, zone } = meeting;
  const times = (clock) => {
    const day = wallOf(start, clock).day;
    const isOther = day !== wallOf(start, account).day;
    return `${isOther ? `${dates.short(day)}, ` : ""}${dates.times(start, end, clock)} (${place(clock)})`;
  };
  const isOther = (clock) => clock && differ(account, clock, [start, end]);
  const rows = [["When", `${dates.long(wallOf(start, account).day)}, ${times(account)}`]];
  if (isOther(zone)) rows.push(["For the guest", times(zone)]);
  if (isOther(user) && (!zone || differ(user, zone, [start, end]))) rows.push(["For you", times(user)]);
  return rows;
}

/** Make the card of a meeting. */
export function details(meeting, context, close) {
  const { chat } = context;
  const answer = element("div", { role: "status" });
  const rows = [
    ...clocksOf(meeting, context).map(([name, value]) => row(name, element("span", {}, value))),
    meeting.guest && row("Guest", foreign("span", meeting.guest), meeting.email && foreign("small", meeting.email)),
    meeting.location && row("Where", foreign("span", title(meeting.location))),
    meeting.link && !chat.canOpen(meeting.link) && row("Link", foreign("span", meeting.link)),
    !meeting.id && row("Changes", element("span", {}, "This meeting has no id. Ask the assistant to change it.")),
    meeting.notes && row("Notes", foreign("span", meeting.notes)),
    meeting.status && meeting.status !== "CONFIRMED" && row("Status", foreign("span", title(meeting.status))),
  ];
  return card(
    foreign("h2", meeting.type),
    close,
    element("dl", {}, ...rows.filter(Boolean)),
    element("p.actions", {}, ...actions(meeting, context, answer)),
    answer,
  );
}

/**
 * Make the card that lists meetings.
 * @param {(meeting: object) => void} choose takes the meeting that the user presses
 */
export function listing(meetings, { account, dates }, choose, close) {
  const line = (meeting) => {
    const press = button("", () => choose(meeting), { class: meeting.status === "CANCELLED" ? "cancelled" : null });
    const time = element("time", {}, dates.time(meeting.start, account));
    press.append(time, " ", foreign("b", meeting.type), " ", foreign("span", meeting.guest));
    return element("li", {}, press);
  };
  const list = element("ul", {}, ...meetings.map(line));
  arrows(list, () => [[...list.querySelectorAll("button")]], () => true);
  return card(foreign("h2", `${meetings.length} more meetings`), close, list);
}

function card(heading, close, ...content) {
  heading.id = "details-title";
  return element(
    "section.details",
    { role: "dialog", "aria-labelledby": heading.id, tabindex: -1, keydown: ({ key }) => key === "Escape" && close() },
    element("header", {}, heading, button("×", close, { class: "icon", "aria-label": "Close the details" })),
    ...content,
  );
}

function row(name, ...values) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, ...values));
}

function actions(meeting, context, answer) {
  const { chat, now } = context;
  const report = async (done, success, failure) => {
    answer.replaceChildren(element("p", {}, (await done) ? success : failure));
  };
  const join = () =>
    report(chat.open(meeting.link), "The link was opened.", `The client did not open ${meeting.link}.`);
  const file = () =>
    report(
      chat.download("meeting.ics", "text/calendar", calendarFile(meeting, now())),
      "The file was saved.",
      "The client did not save the file.",
    );
  const isOpen = meeting.status !== "CANCELLED" && meeting.end > now() && meeting.id;
  return [
    chat.canOpen(meeting.link) && meeting.end > now() && button("Join", join, { class: "primary" }),
    isOpen && button("Reschedule…", () => ask(meeting, context, "reschedule", "Show me free times first.", answer)),
    isOpen && button("Cancel…", () => ask(meeting, context, "cancel", "Ask me before you do it.", answer)),
    chat.canDownload && button("Save .ics", file),
  ];
}

/** Ask the assistant. The message has no text of the guest, because it counts as the words of the user. */
async function ask(meeting, { chat, account }, verb, request, answer) {
  const time = `${inWords(meeting.start, account)} (${place(account)})`;
  const words = `I want to ${verb} my meeting of ${time}. ${request}`;
  const facts = { bookingId: meeting.id, startTime: new Date(meeting.start).toISOString() };
  const isSent = await chat.say(words, facts);
  answer.replaceChildren(isSent ? element("p", {}, "The assistant has your request.") : toType(words));
}

function title(code) {
  if (!/^[A-Z][A-Z_]*$/.test(code)) return code;
  return code
    .split("_")
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join(" ");
}

/** Close the details at a click beside them. */
export function closeOutside({ target, currentTarget }) {
  if (!target.closest(".meeting, .more, .details")) currentTarget.querySelector(".details header button")?.click();
}

/** Put a card beside its block, inside the week. */
export function put(card, block) {
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
