/** Functions of the views that need no document. */

import assert from "node:assert/strict";
import { test } from "node:test";

const page = new URL("../../../linktime/protocol/views/page/", import.meta.url);
const load = (name) => import(new URL(`${name}.js`, page));
const [times, layout, dates, ics, answer, book] = await Promise.all(
  ["times", "layout", "dates", "ics", "answer", "book"].map(load),
);
const NEW_YORK = "America/New_York";
const at = (text) => Date.parse(text);

/** Return a function that returns the next number below its argument. Equal seeds give equal numbers. */
function randomFrom(seed) {
  return (most) => (seed = (seed * 48271) % 2147483647) % most;
}

/** Return up to *most* spans of minutes. */
function randomSpans(random, most) {
  return Array.from({ length: random(most) }, () => {
    const start = random(1400);
    return { start, end: start + 15 + random(200) };
  });
}

test("wall clocks of many zones, with half hours and quarters", () => {
  assert.deepEqual(times.wallOf(at("2026-12-01T15:00Z"), NEW_YORK), { day: "2026-12-01", minutes: 600 });
  assert.deepEqual(times.wallOf(at("2026-12-01T20:00Z"), "Asia/Kathmandu"), { day: "2026-12-02", minutes: 105 });
  assert.deepEqual(times.wallOf(at("2026-12-01T00:00Z"), "Pacific/Marquesas"), { day: "2026-11-30", minutes: 870 });
  assert.equal(times.offset(at("2026-12-01T00:00Z"), "Asia/Kolkata"), 330);
});

test("an instant of each minute around a clock change, and back", () => {
  for (const zone of [NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"]) {
    for (let minutes = 0; minutes < 1440; minutes += 15) {
      for (const day of ["2026-03-07", "2026-03-09", "2026-03-30", "2026-10-05", "2026-11-02"]) {
        const wall = times.wallOf(times.instantOf(day, minutes, zone), zone);
        assert.deepEqual(wall, { day, minutes }, `${zone} ${day} ${minutes}`);
      }
    }
  }
});

test("a time that the clocks skip is after the jump", () => {
  const instant = times.instantOf("2026-03-08", 150, NEW_YORK);
  assert.equal(times.wallOf(instant, NEW_YORK).day, "2026-03-08");
  assert.ok([at("2026-03-08T06:30Z"), at("2026-03-08T07:30Z")].includes(instant));
});

test("the days on which clocks change", () => {
  assert.equal(times.clocksChange("2026-11-01", NEW_YORK), true);
  assert.equal(times.clocksChange("2026-11-02", NEW_YORK), false);
  assert.equal(times.clocksChange("2026-03-29", "Europe/Berlin"), true);
});

test("a week begins on the first weekday of its locale", () => {
  assert.equal(times.weekStart("2026-12-01", 1), "2026-11-30");
  assert.equal(times.weekStart("2026-12-01", 7), "2026-11-29");
  assert.equal(times.weekStart("2026-12-01", 6), "2026-11-28");
  assert.equal(times.weekStart("2026-11-30", 1), "2026-11-30");
  assert.deepEqual(
    ["en-US", "de-DE", "ar-EG", "en-GB"].map((each) => new dates.Dates(each).firstWeekday),
    [7, 1, 6, 1],
  );
});

test("the account's zone is one that agrees with its local times", () => {
  const seen = [{ instant: at("2026-12-01T15:00Z"), local: "Tue 2026-12-01 10:00 -05:00" }];
  assert.equal(times.accountZone([NEW_YORK], seen), NEW_YORK);
  assert.equal(times.accountZone(["Europe/Berlin", "America/Toronto"], seen), "America/Toronto");
  assert.equal(times.accountZone([], [{ instant: 0, local: null }]), "UTC");
});

test("the place of a zone", () => {
  assert.deepEqual(["America/Argentina/Buenos_Aires", "UTC", "-05:00"].map(times.place), [
    "Buenos Aires",
    "UTC",
    "UTC-05:00",
  ]);
});

test("a meeting over midnight has a part on each day", () => {
  const pieces = (start, end) => {
    const span = layout.spanOf(at(start), at(end), NEW_YORK);
    return ["2026-11-30", "2026-12-01", "2026-12-02", "2026-12-03"].map((day) => layout.pieceOn(span, day));
  };
  const late = { start: 1380, end: 1440 };
  const whole = { start: 0, end: 1440 };
  assert.deepEqual(pieces("2026-12-02T04:00Z", "2026-12-02T06:00Z"), [null, late, { start: 0, end: 60 }, null]);
  assert.deepEqual(pieces("2026-12-02T04:00Z", "2026-12-02T05:00Z"), [null, late, null, null]);
  assert.deepEqual(pieces("2026-12-01T04:00Z", "2026-12-03T06:00Z"), [late, whole, whole, { start: 0, end: 60 }]);
  assert.deepEqual(pieces("2026-12-02T04:00Z", "9999-01-01T00:00Z"), [null, late, whole, whole]);
});

test("a meeting in the hour that occurs twice keeps its duration", () => {
  const span = layout.spanOf(at("2026-11-01T05:30Z"), at("2026-11-01T06:30Z"), NEW_YORK);
  assert.deepEqual(layout.pieceOn(span, "2026-11-01"), { start: 90, end: 150 });
});

test("overlapping meetings are side by side, and others have the whole width", () => {
  const spans = [
    [540, 600],
    [570, 660],
    [600, 630],
    [700, 730],
  ].map(([start, end]) => ({ start, end }));
  assert.deepEqual(layout.sideBySide(spans), [
    { column: 0, columns: 2 },
    { column: 1, columns: 2 },
    { column: 0, columns: 2 },
    { column: 0, columns: 1 },
  ]);
});

test("random meetings never cover each other", () => {
  const random = randomFrom(7);
  for (let round = 0; round < 300; round += 1) {
    const spans = randomSpans(random, 12);
    const places = layout.sideBySide(spans);
    for (const [a, one] of spans.entries()) {
      assert.ok(places[a].column < places[a].columns);
      for (const [b, other] of spans.entries()) {
        if (a === b || one.end <= other.start || other.end <= one.start) continue;
        assert.notEqual(places[a].column, places[b].column);
        assert.equal(places[a].columns, places[b].columns);
      }
    }
  }
});

test("a block is tall enough and ends within its day", () => {
  assert.deepEqual(layout.blockSpan({ start: 600, end: 605 }), { start: 600, end: 630 });
  assert.deepEqual(layout.blockSpan({ start: 600, end: 720 }), { start: 600, end: 720 });
  assert.deepEqual(layout.blockSpan({ start: 1435, end: 1440 }), { start: 1410, end: 1440 });
  assert.deepEqual(layout.blockSpan({ start: 1439, end: 1439 }), { start: 1410, end: 1440 });
});

test("random meetings beyond the lanes are all in one group of the last lane", () => {
  const random = randomFrom(11);
  for (let round = 0; round < 300; round += 1) {
    const spans = randomSpans(random, 60);
    const { places, groups } = layout.inLanes(spans, 3);
    const members = groups.flatMap((group) => group.members);
    assert.deepEqual(
      members.toSorted((a, b) => a - b),
      [...spans.keys()].filter((index) => places[index].isHidden),
    );
    const visible = [...spans.keys()].filter((index) => !places[index].isHidden);
    const drawn = [
      ...visible.map((index) => ({ ...spans[index], ...places[index] })),
      ...groups.map(({ start, end }) => ({ start, end, column: 2, columns: 3 })),
    ];
    for (const [a, one] of drawn.entries()) {
      assert.ok(one.column < one.columns && one.columns <= 3);
      for (const other of drawn.slice(a + 1)) {
        if (one.end <= other.start || other.end <= one.start) continue;
        assert.ok(one.column !== other.column && one.columns === other.columns);
      }
    }
    for (const { start, end, members: each } of groups) {
      assert.ok(each.length > 1);
      assert.ok(each.every((index) => start <= spans[index].start && spans[index].end <= end));
    }
  }
});

test("the visible hours hold the workday and all meetings", () => {
  assert.deepEqual(layout.visibleHours([]), { first: 9, last: 17 });
  assert.deepEqual(layout.visibleHours([{ start: 400, end: 1430 }]), { first: 6, last: 24 });
});

test("a file for calendars has folded lines and escaped text", () => {
  const meeting = {
    id: "clx1",
    start: at("2026-12-01T15:00Z"),
    end: at("2026-12-01T15:30Z"),
    type: "Intro; Call",
    guest: "Ä".repeat(60),
    notes: "a,b\\c\r\nBEGIN:VALARM\u0007",
    link: "https://meet.example/1",
    status: "CONFIRMED",
  };
  const text = ics.calendarFile(meeting, at("2026-12-01T12:00Z"));
  const lines = text.split("\r\n");
  assert.ok(lines.every((line) => new TextEncoder().encode(line).length <= 75));
  assert.ok(lines.includes("DTSTART:20261201T150000Z") && lines.includes("DTSTAMP:20261201T120000Z"));
  assert.ok(lines.includes("DESCRIPTION:a\\,b\\\\c\\nBEGIN:VALARM "));
  assert.ok(text.replaceAll("\r\n ", "").includes(`SUMMARY:Intro\\; Call – ${"Ä".repeat(60)}`));
  assert.equal(lines.filter((line) => line.startsWith("BEGIN:")).length, 2);
});

test("an error has its word, its text and its wait", () => {
  const error = (text) => answer.errorOf({ isError: true, content: [{ type: "text", text }] }, "data");
  assert.deepEqual(error("rate_limited: the budget is spent. Call again in 12 s, or ask for less."), {
    title: "No answer",
    word: "rate_limited",
    text: "The budget is spent. Call again in 12 s, or ask for less.",
    wait: 12,
  });
  assert.deepEqual(error("unavailable: no answer. Call again in 5 s."), {
    title: "No answer",
    word: "unavailable",
    text: "No answer. Call again in 5 s.",
    wait: null,
  });
  assert.equal(error("").text, "The call failed.");
  assert.equal(answer.errorOf({ structuredContent: { data: [] } }, "data"), null);
});

test("an answer without its list is an error with its text", () => {
  const shapes = [undefined, null, [], 7, "data", {}, { data: null }, { data: { a: 1 } }, { slots: [] }];
  for (const structuredContent of shapes) {
    const error = answer.errorOf({ structuredContent, content: [{ type: "text", text: "Three meetings." }] }, "data");
    assert.match(error.title, /could not be read/);
    assert.equal(error.text, "Three meetings.");
  }
  for (const content of [undefined, null, 7, [], [null, 7, { text: 7 }]]) {
    assert.ok(answer.errorOf({ content }, "data").text);
  }
  assert.equal(answer.errorOf({ content: [{ text: "x".repeat(9999) }] }, "data").text.length, 501);
  const text = [{ type: "text", text: '{"data":[]}' }];
  assert.deepEqual(answer.dataOf({ structuredContent: { data: 7 }, content: text }, "data"), { data: [] });
});

test("rows that are no meetings are counted", () => {
  const start = "2026-12-01T15:00:00Z";
  const reversed = { startTime: start, endTime: "2026-12-01" };
  const rows = [null, 7, [], {}, { id: 3, startTime: [] }, { startTime: 7 }, reversed];
  assert.deepEqual(answer.meetingsOf({ data: rows }), { meetings: [], unread: 7 });
  assert.deepEqual(answer.slotsOf({ slots: [null, {}, { startTime: "soon" }] }), { slots: [], unread: 3 });
  const { meetings, unread } = answer.meetingsOf({ data: [{ startTime: start, endTime: "later" }, {}] });
  assert.equal(unread, 1);
  assert.equal(meetings[0].end - meetings[0].start, 30 * 60_000);
});

test("meetings without an id or with the same id all stay", () => {
  const row = { startTime: "2026-12-01T15:00:00Z" };
  const rows = [row, row, { ...row, inviteeName: "A" }, { ...row, id: "b" }, { ...row, id: "b" }];
  const { meetings } = answer.meetingsOf({ data: rows });
  assert.equal(new Set(meetings.map(({ key }) => key)).size, 5);
  assert.deepEqual(answer.meetingsOf({ data: rows }).meetings, meetings);
});

test("times without end stay within the years of four digits", () => {
  const far = ["9999-12-31T23:59:59Z", "+275760-09-13T00:00:00Z", "9999"];
  for (const endTime of far) {
    const { meetings } = answer.meetingsOf({ data: [{ startTime: "2026-12-01T15:00:00Z", endTime }] });
    assert.equal(times.wallOf(meetings[0].end, "Pacific/Kiritimati").day.length, 10);
  }
  const { unread } = answer.meetingsOf({ data: [...far, "-000001-01-01T00:00Z"].map((startTime) => ({ startTime })) });
  assert.equal(unread, 4);
  const endless = { startTime: "2026-12-01T15:00:00Z", eventType: { durationMinutes: 1e300 } };
  assert.equal(answer.meetingsOf({ data: [endless] }).unread, 0);
});

test("random answers and arguments never throw", () => {
  const random = randomFrom(13);
  const texts = ["", "2026-12-01", "2026-99-99", "9998-12-31", "0001-01-01", "12h", "\ud83d"];
  const instants = ["2026-12-01T15:00:00Z", "9999-12-31T23:59:59Z", "-000001-01-01T00:00:00Z"];
  const values = [null, undefined, 7, -1e300, true, [], {}, [[]], ...texts, ...instants];
  values.push("Tue 2026-12-01 10:00 -05:00", NEW_YORK, "Mars/Phobos");
  const value = () => values[random(values.length)];
  const record = (...names) => Object.fromEntries(names.filter(() => random(4)).map((name) => [name, value()]));
  const row = () => {
    const fields = record("id", "startTime", "startTimeLocal", "endTime", "status", "inviteeName", "inviteeTimezone");
    const eventType = random(2) ? record("name", "durationMinutes", "locationType") : value();
    return random(9) ? { ...fields, eventType } : value();
  };
  for (let round = 0; round < 1500; round += 1) {
    const rows = Array.from({ length: random(6) }, row);
    const data = { ...record("pagination", "truncated", "timezone"), data: rows, slots: rows };
    const result = { structuredContent: data, _meta: random(2) ? { "linktime/timezone": value() } : value() };
    const known = new book.Book();
    const args = record("from", "to", "status", "limit");
    known.add(result, args, [value(), value()]);
    for (const day of ["0001-01-01", "2026-12-01", "9998-12-31", ...known.days]) {
      const spans = known.on(day).map(layout.blockSpan);
      assert.ok(spans.every(({ start, end }) => 0 <= start && start < end && end <= 1440));
      layout.inLanes(spans, 3);
      known.covers(day);
    }
    const read = [answer.meetingsOf(data).meetings, answer.slotsOf(data).slots];
    assert.ok(read.flat().every(({ start }) => Number.isFinite(start)));
    for (const { start, end } of read[0]) new dates.Dates(value(), value()).times(start, end, known.zone);
  }
});

test("a day exists or not", () => {
  const days = ["2026-12-01", "2028-02-29", "0001-01-01", "9998-12-31"];
  assert.ok(days.every(times.isDay));
  const others = ["2026-99-99", "2026-02-30", "2027-02-29", "2026-12-1", "9999-01-01", "0000-01-01", ["2026-12-01"], 7];
  assert.deepEqual([...others, null, undefined, {}].filter(times.isDay), []);
});

test("the days of an answer are known only if its arguments state them", () => {
  assert.deepEqual(book.rangeOf({ from: "2026-12-01", to: "2026-12-07" }), ["2026-12-01", "2026-12-07"]);
  assert.equal(book.rangeOf({ from: "tomorrow" }), null);
  assert.equal(book.rangeOf({ start: "2026-12-01" }), null);
  assert.equal(book.rangeOf({ from: "2026-99-99", to: "2026-99-99" }), null);
  assert.equal(book.rangeOf({ from: "2026-12-07", to: "2026-12-01" }), null);
  const known = new book.Book();
  known.add({ structuredContent: { data: [], pagination: { totalPages: 2, total: 30 } } }, {}, []);
  assert.equal(known.covers("2026-12-01"), false);
  known.add({ structuredContent: { data: [], pagination: { totalPages: 1 } } }, { from: "2026-12-01" }, []);
  assert.equal(known.covers("2026-12-01", "2030-01-01"), true);
  assert.equal(known.covers("2026-11-30", "2026-12-01"), false);
});

test("the unread rows belong to the latest answer for these days", () => {
  const known = new book.Book();
  const add = (data, args) => known.add({ structuredContent: { data } }, args, []);
  add([7], { from: "2026-12-01", to: "2026-12-07" });
  add([7, 8], { from: "2026-12-08", to: "2026-12-14" });
  assert.deepEqual([known.unread("2026-12-01", "2026-12-07"), known.unread("2026-12-14")], [1, 2]);
  assert.equal(known.unread("2026-12-15"), 0);
  add([], { from: "2026-12-01", to: "2026-12-07" });
  assert.equal(known.unread("2026-12-01", "2026-12-07"), 0);
});

test("times have the format of the account, or else of the locale", () => {
  const noon = at("2026-12-01T20:30Z");
  const formatted = (locale, timeFormat) => {
    const each = new dates.Dates(locale, timeFormat);
    return [each.time(noon, NEW_YORK), each.clock(900), each.clock(0)].map((text) => text.replace(/\s/g, " "));
  };
  assert.deepEqual(formatted("en-US", "24h"), ["15:30", "15:00", "00:00"]);
  assert.deepEqual(formatted("en-GB", "12h"), ["3:30 pm", "3 pm", "12 am"]);
  for (const unknown of [undefined, "36h", 24]) assert.equal(formatted("en-US", unknown)[0], "3:30 PM");
});

test("a range of times over more than a week has the date of its end", () => {
  const english = new dates.Dates("en-GB");
  assert.match(english.times(at("2026-12-01T15:00Z"), at("9998-01-01T00:00Z"), NEW_YORK), /31 Dec 9997/);
  assert.match(english.times(at("2026-12-01T15:00Z"), at("2026-12-03T15:00Z"), NEW_YORK), /Thu 10:00/);
});

test("times of a day with a clock change have their offset", () => {
  const english = new dates.Dates("en-GB");
  assert.match(english.time(at("2026-11-01T05:30Z"), NEW_YORK), /GMT-4/);
  assert.match(english.time(at("2026-11-01T06:30Z"), NEW_YORK), /GMT-5/);
  assert.doesNotMatch(english.time(at("2026-12-01T06:30Z"), NEW_YORK), /GMT/);
});

test("a time in words for the assistant is English and has the year", () => {
  assert.equal(dates.inWords(at("2026-12-01T15:00Z"), NEW_YORK), "Tue 1 Dec 2026, 10:00");
  assert.equal(dates.inWords(at("2026-11-01T05:30Z"), NEW_YORK), "Sun 1 Nov 2026, 01:30 GMT-4");
  assert.equal(dates.inWords(at("2026-11-01T06:30Z"), NEW_YORK), "Sun 1 Nov 2026, 01:30 GMT-5");
  const repeated = new dates.Dates("en-GB").times(at("2026-11-01T05:30Z"), at("2026-11-01T06:00Z"), NEW_YORK);
  assert.equal(repeated, "01:30 GMT-4 – 01:00 GMT-5");
});

test("an invalid locale falls back", () => {
  for (const locale of [undefined, "", "not a locale", 7]) assert.ok(new dates.Dates(locale).long("2026-12-01"));
});
