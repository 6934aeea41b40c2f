/** A meeting as a file for calendars: iCalendar, RFC 5545. */

const LINE = 75; // octets of a line at most

/** Return the text of a file with one meeting. */
export function calendarFile(meeting, now) {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//linktime-mcp//EN",
    "BEGIN:VEVENT",
    `UID:${escaped(meeting.id)}@linktime.io`,
    `DTSTAMP:${stamp(now)}`,
    `DTSTART:${stamp(meeting.start)}`,
    `DTEND:${stamp(meeting.end)}`,
    `SUMMARY:${escaped([meeting.type, meeting.guest].filter(Boolean).join(" – "))}`,
    ...(meeting.notes ? [`DESCRIPTION:${escaped(meeting.notes)}`] : []),
    ...(meeting.link ? [`LOCATION:${escaped(meeting.link)}`] : []),
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
  const lines = text.replace(/\r\n?/g, "\n").replace(/[\u0000-\u0009\u000b-\u001f\u007f]/g, " ");
  return lines.replace(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n");
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
