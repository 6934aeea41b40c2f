-- The account. Columns have the names of the API's fields, so a row is a response.
-- store.py converts BOOLEAN and JSON to Python values. Times are UTC text that sorts in the order of time.

CREATE TABLE IF NOT EXISTS account (
    id TEXT NOT NULL, key TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL, username TEXT NOT NULL,
    plan TEXT NOT NULL, effectivePlan TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS settings (
    timezone TEXT NOT NULL, timeFormat TEXT NOT NULL, dateFormat TEXT NOT NULL,
    bufferBefore INTEGER NOT NULL, bufferAfter INTEGER NOT NULL, maxMeetingsPerDay INTEGER,
    minGapMinutes INTEGER NOT NULL, focusTimeEnabled BOOLEAN NOT NULL, focusTimeBlocks JSON NOT NULL
);

CREATE TABLE IF NOT EXISTS eventTypes (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL, description TEXT, durationMinutes INTEGER NOT NULL,
    locationType TEXT NOT NULL, price NUMERIC NOT NULL, currency TEXT NOT NULL,
    bufferBefore INTEGER, bufferAfter INTEGER, minimumNotice INTEGER NOT NULL, maxBookingsPerDay INTEGER,
    isActive BOOLEAN NOT NULL, isDeleted BOOLEAN NOT NULL DEFAULT 0, createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL
);
-- A deleted event type stays, because bookings refer to it. Its slug becomes free.
CREATE UNIQUE INDEX IF NOT EXISTS slugs ON eventTypes (slug) WHERE NOT isDeleted;

CREATE TABLE IF NOT EXISTS contacts (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, phone TEXT, company TEXT, jobTitle TEXT,
    notes TEXT, createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS bookings (
    id TEXT PRIMARY KEY, eventTypeId TEXT NOT NULL, contactId TEXT, startTime TEXT NOT NULL, endTime TEXT NOT NULL,
    status TEXT NOT NULL, inviteeName TEXT NOT NULL, inviteeEmail TEXT NOT NULL, inviteeTimezone TEXT NOT NULL,
    notes TEXT, location TEXT NOT NULL, meetingLink TEXT, cancelReason TEXT,
    isRecurring BOOLEAN NOT NULL DEFAULT 0, recurringGroupId TEXT, createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bookingTimes ON bookings (startTime);
CREATE INDEX IF NOT EXISTS bookingContacts ON bookings (contactId);

CREATE TABLE IF NOT EXISTS emailLogs (
    id TEXT PRIMARY KEY, bookingId TEXT NOT NULL, type TEXT NOT NULL, recipient TEXT NOT NULL, status TEXT NOT NULL,
    sentAt TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS emailBookings ON emailLogs (bookingId);

-- A booking in the shape of the API. Columns named "group.field" become an object.
CREATE VIEW IF NOT EXISTS meetings AS
SELECT
    b.id, b.startTime, b.endTime, b.status, b.inviteeName, b.inviteeEmail, b.inviteeTimezone, b.notes, b.location,
    b.meetingLink, b.cancelReason, b.isRecurring, b.recurringGroupId, b.createdAt, b.updatedAt,
    e.id AS "eventType.id", e.name AS "eventType.name", e.slug AS "eventType.slug",
    e.durationMinutes AS "eventType.durationMinutes", e.locationType AS "eventType.locationType",
    c.id AS "contact.id", c.name AS "contact.name", c.email AS "contact.email", c.company AS "contact.company"
FROM bookings b JOIN eventTypes e ON e.id = b.eventTypeId LEFT JOIN contacts c ON c.id = b.contactId;

CREATE TABLE IF NOT EXISTS rules (dayOfWeek INTEGER NOT NULL, startTime TEXT NOT NULL, endTime TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS overrides (
    id TEXT PRIMARY KEY, date TEXT NOT NULL UNIQUE, isBlocked BOOLEAN NOT NULL, startTime TEXT, endTime TEXT, reason TEXT
);

CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, channel TEXT NOT NULL, contactId TEXT, contactName TEXT, phone TEXT NOT NULL,
    lastMessageAt TEXT NOT NULL, messages JSON NOT NULL
);

CREATE TABLE IF NOT EXISTS calls (
    id TEXT PRIMARY KEY, direction TEXT NOT NULL, status TEXT NOT NULL, durationSeconds INTEGER NOT NULL,
    agentName TEXT NOT NULL, phone TEXT NOT NULL, startedAt TEXT NOT NULL, summary TEXT, bookingId TEXT
);

CREATE TABLE IF NOT EXISTS integrations (
    provider TEXT NOT NULL, category TEXT NOT NULL, connected BOOLEAN NOT NULL, accountEmail TEXT
);

CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, events JSON NOT NULL, secret TEXT NOT NULL,
    isActive BOOLEAN NOT NULL, deliveryCount INTEGER NOT NULL DEFAULT 0, failureCount INTEGER NOT NULL DEFAULT 0,
    lastDeliveryAt TEXT, createdAt TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS workflows (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, trigger TEXT NOT NULL, triggerOffsetMinutes INTEGER, actions JSON NOT NULL,
    eventTypeIds JSON NOT NULL, isEnabled BOOLEAN NOT NULL, executionCount INTEGER NOT NULL DEFAULT 0,
    createdAt TEXT NOT NULL
);
