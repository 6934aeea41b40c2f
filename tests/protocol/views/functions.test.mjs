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
  const parts = layout.pieces(at("2026-12-02T04:00Z"), at("2026-12-02T06:00Z"), NEW_YORK);
  assert.deepEqual(parts, [
    { day: "2026-12-01", start: 1380, end: 1440 },
    { day: "2026-12-02", start: 0, end: 60 },
  ]);
  assert.equal(layout.pieces(at("2026-12-02T04:00Z"), at("2026-12-02T05:00Z"), NEW_YORK).length, 1);
  assert.equal(layout.pieces(at("2026-12-01T04:00Z"), at("2026-12-03T06:00Z"), NEW_YORK).length, 4);
});

test("a meeting in the hour that occurs twice keeps its duration", () => {
  const parts = layout.pieces(at("2026-11-01T05:30Z"), at("2026-11-01T06:30Z"), NEW_YORK);
  assert.deepEqual(parts, [{ day: "2026-11-01", start: 90, end: 150 }]);
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
  let seed = 7;
  const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let round = 0; round < 300; round += 1) {
    const spans = Array.from({ length: random(12) }, () => {
      const start = random(1400);
      return { start, end: start + 15 + random(200) };
    });
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
  const error = (text) => answer.errorOf({ isError: true, content: [{ type: "text", text }] });
  assert.deepEqual(error("rate_limited: the budget is spent. Call again in 12 s, or ask for less."), {
    word: "rate_limited",
    text: "The budget is spent. Call again in 12 s, or ask for less.",
    wait: 12,
  });
  assert.deepEqual(error("unavailable: no answer. Call again in 5 s."), {
    word: "unavailable",
    text: "No answer. Call again in 5 s.",
    wait: null,
  });
  assert.equal(error("").text, "The call failed.");
  assert.equal(answer.errorOf({ content: [] }), null);
});

test("answers of any shape are read", () => {
  for (const data of [null, [], 7, { data: null }, { data: [null, 7, { id: 3, startTime: [] }] }, { slots: [{}, 1] }]) {
    const read = answer.dataOf({ structuredContent: data });
    assert.deepEqual(answer.meetingsOf(read), []);
    assert.deepEqual(answer.slotsOf(read), []);
  }
  assert.deepEqual(answer.dataOf({ content: [{ type: "text", text: '{"data":[]}' }] }), { data: [] });
});

test("the days of an answer are known only if its arguments state them", () => {
  assert.deepEqual(book.rangeOf({ from: "2026-12-01", to: "2026-12-07" }), ["2026-12-01", "2026-12-07"]);
  assert.equal(book.rangeOf({ from: "tomorrow" }), null);
  assert.equal(book.rangeOf({ start: "2026-12-01" }), null);
  const known = new book.Book();
  known.add({ structuredContent: { data: [], pagination: { totalPages: 2, total: 30 } } }, {}, []);
  assert.equal(known.covers("2026-12-01"), false);
  known.add({ structuredContent: { data: [], pagination: { totalPages: 1 } } }, { from: "2026-12-01" }, []);
  assert.equal(known.covers("2026-12-01", "2030-01-01"), true);
  assert.equal(known.covers("2026-11-30", "2026-12-01"), false);
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
