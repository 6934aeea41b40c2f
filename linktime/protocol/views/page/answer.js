/** Answers of the server's tools, as far as a view needs them. Every field may be missing or have another type. */

import { accountZone, isZone } from "./times.js";

const FAILURE = /^([a-z][a-z_]{2,40}): ([\s\S]+)$/i; // the error word, and the text for people
const WAIT = /\bin (\d{1,5}) s\b/;

/**
 * Return the error of a result, or null.
 * @returns {{word: string, text: string, wait: number | null} | null} the wait is in seconds
 */
export function errorOf(result) {
  if (!result.isError) return null;
  const text = textOf(result) || "The call failed.";
  const [, word = "", message = text] = FAILURE.exec(text) ?? [];
  const wait = word.toLowerCase() === "rate_limited" ? WAIT.exec(message) : null;
  return { word, text: message[0].toUpperCase() + message.slice(1), wait: wait && Number(wait[1]) };
}

/** Return the data of a result. Some hosts keep only its text. */
export function dataOf(result) {
  const data = result.structuredContent ?? parsed(textOf(result));
  return isObject(data) ? data : {};
}

/**
 * Return the meetings in an answer of list_bookings.
 * @typedef {{id: string, start: number, end: number, local: unknown, type: string, guest: string, email: string,
 *   zone: string, status: string, location: string, link: string, notes: string}} Meeting
 * @returns {Meeting[]}
 */
export function meetingsOf(data) {
  return objects(data.data)
    .map(meeting)
    .filter(({ start, end }) => end >= start);
}

/** Return the starts of the slots in an answer of check_availability, in order: their own text, and ms. */
export function slotsOf(data) {
  const slots = objects(data.slots).map(({ startTime, startTimeLocal }) => {
    return { startTime, start: Date.parse(startTime), local: startTimeLocal };
  });
  return slots.filter(({ start }) => !Number.isNaN(start)).sort((a, b) => a.start - b.start);
}

/** Return the account's zone, by the note of the server or else by the local times in the answer. */
export function zoneOf(result, rows, others) {
  const named = [result._meta?.["linktime/timezone"], dataOf(result).timezone, ...others];
  return accountZone(
    named,
    rows.map(({ start, local }) => ({ instant: start, local })),
  );
}

function meeting(row) {
  const type = isObject(row.eventType) ? row.eventType : { name: row.eventType };
  const start = Date.parse(row.startTime);
  const minutes = Number(type.durationMinutes) || 30;
  const end = Date.parse(row.endTime);
  return {
    id: text(row.id),
    start,
    end: Number.isNaN(end) ? start + minutes * 60_000 : end,
    local: row.startTimeLocal,
    type: text(type.name) || "Meeting",
    guest: text(row.inviteeName),
    email: text(row.inviteeEmail),
    zone: isZone(row.inviteeTimezone) ? row.inviteeTimezone : "",
    status: text(row.status),
    location: text(row.location) || text(type.locationType),
    link: text(row.meetingLink),
    notes: text(row.notes),
  };
}

function textOf(result) {
  return objects(result.content)
    .map((block) => text(block.text))
    .join("\n")
    .trim();
}

function objects(value) {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value) {
  return typeof value === "string" ? value : "";
}

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}
