/** A meeting as a file for calendars: iCalendar, RFC 5545. */

const LINE = 75; // octets of a line at most

/** Return the text of a file with one meeting. */
export function calendarFile(meeting, now) {
  const where = meeting.link || meeting.location;
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//linktime-mcp//EN",
    "BEGIN:VEVENT",
    `UID:${escaped(meeting.id || `${stamp(meeting.start)}-${stamp(meeting.end)}`)}@linktime.io`,
    `DTSTAMP:${stamp(now)}`,
    `DTSTART:${stamp(meeting.start)}`,
    // An end has to be after the start. Without one, the meeting ends when it begins.
    ...(meeting.end > meeting.start ? [`DTEND:${stamp(meeting.end)}`] : []),
    `SUMMARY:${escaped([meeting.type, meeting.guest].filter(Boolean).join(" – "))}`,
    ...(meeting.notes ? [`DESCRIPTION:${escaped(meeting.notes)}`] : []),
    ...(where ? [`LOCATION:${escaped(where)}`] : []),
    `STATUS:${meeting.status === "CANCELLED" ? "CANCELLED" : "CONFIRMED"}`,
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines
    .flatMap(folded)
    .map((line) => `${line}\r\n`)
    .join("");
}

function stamp(instant) {
  return new Date(instant).toISOString().replace(/[-:]|\.\d+/g, "");
}

function escaped(text) {
  // Parsers also end a line at the separators of Unicode. A half of a surrogate pair has no octets in UTF-8.
  const lines = text.toWellFormed().replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n");
  const plain = lines.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, " ");
  return plain.replace(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n");
}

/** Fold a line: each part has at most 75 octets, and no character is split. */
function folded(line) {
  const lines = [""];
  let size = 0;
  for (const character of line) {
    const octets = new TextEncoder().encode(character).length;
    if (size + octets > LINE) {
      lines.push(" ");
      size = 1;
    }
    lines[lines.length - 1] += character;
    size += octets;
  }
  return lines;
}
