// Prints the files for calendars of meetings as a JSON list: node ics_files.mjs ROWS

const page = new URL("../../../linktime/protocol/views/page/", import.meta.url);
const { meetingsOf } = await import(new URL("answer.js", page));
const { calendarFile } = await import(new URL("ics.js", page));

const { meetings } = meetingsOf({ data: JSON.parse(process.argv[2]) });
console.log(JSON.stringify(meetings.map((meeting) => calendarFile(meeting, Date.parse("2026-12-01T12:00:00Z")))));
