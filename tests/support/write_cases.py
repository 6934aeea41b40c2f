"""How every write of the tools shows afterwards, by LinkTime's documents."""

from __future__ import annotations

from typing import Any, NamedTuple

from linktime.errors import OutcomeUnknown, Rejected, Unavailable
from linktime.message import Request, get
from linktime.tools import TOOLS

NEW = {"createdAt": "2026-03-01T12:00:00.100Z"}
CLOSE = {"createdAt": "2026-03-01T11:59:59.000Z"}  # by clocks that may differ a little
OLD = {"createdAt": "2026-02-01T12:00:00.000Z"}
UNTOUCHED = {"updatedAt": "2026-02-01T12:00:00.000Z"}
TOUCHED = {"updatedAt": "2026-03-01T12:00:00.100Z"}

ANSWERED = OutcomeUnknown("LinkTime answered 500.", answered=True)
LOST = OutcomeUnknown("The connection broke.", answered=False)
MISSING = Rejected("not_found", 'LinkTime says "not found".', status=404, proves_absence=True)
TAKEN = Rejected("conflict", 'LinkTime says "taken". Look.', status=409)
DENIED = Rejected("forbidden", "no", status=403)
BROKEN = Unavailable("LinkTime answered 502; try again later.", sent=True)


NOTE = (
    "The signing secret was in the answer that was lost, and can't be shown again. If you don't have it, delete this "
    "webhook and create it anew."
)


class Case(NamedTuple):
    """One write, the *read* that shows it, and answers by what they prove of it.

    *proofs* show it as requested, and it *answers* the first. *disproofs* show the state before, or an absence.
    Anything else leaves it *open*. *former* is a read that shows the state before, and *as_former* is that state again.
    """

    tool: str
    arguments: dict[str, Any]
    read: Request
    proofs: tuple[Any, ...]
    answer: Any
    disproofs: tuple[Any, ...]
    open: tuple[Any, ...] = ()
    former: tuple[Request, Any] | None = None
    as_former: tuple[Any, ...] = ()

    @property
    def request(self) -> Request:
        """The write as the tool builds it."""
        return TOOLS[self.tool].request(self.arguments)


SUCCESS = {"success": True}
GUEST = {"inviteeName": "Ada", "inviteeEmail": "Ada@Example.com", "inviteeTimezone": "Europe/London"}
BOOKING = {
    "id": "b1",
    "startTime": "2026-03-01T15:00:00+01:00",
    "status": "CONFIRMED",
    "inviteeEmail": "ada@example.com",
    "eventType": {"slug": "intro"},
    **NEW,
}
ELSEWHERE = [
    BOOKING | {"id": "b2", "startTime": "2026-03-01T18:00:00.000Z"} | OLD,
    BOOKING | {"id": "b3", "inviteeEmail": "bob@example.com"},
    BOOKING | {"id": "b5", "status": "CANCELLED"} | OLD,
]
BOOK = {"eventTypeSlug": "intro", "startTime": "2026-03-01T14:00:00Z", **GUEST}
AROUND = {"limit": 100, "status": "all", "from_": "2026-03-01", "to": "2026-03-02"}
ADA = {"id": "c1", "name": "Ada", "email": "ada@example.com", "company": None}
TYPE = {"id": "e1", "name": "Intro", "slug": "intro", "durationMinutes": 30, "locationType": "ZOOM", "price": 25.0}
NEW_TYPE = {"name": "Intro", "slug": "Intro", "durationMinutes": 30, "locationType": "ZOOM", "price": 25}
HOOK = {"id": "w1", "name": "crm", "url": "https://a.example/x", "events": ["contact.created", "booking.created"]}
NEW_HOOK = {"url": "https://a.example/x", "events": ["booking.created", "contact.created"]}
DAY_OFF = {"id": "o1", "date": "2026-03-01T00:00:00.000Z", "isBlocked": True, "startTime": None, "endTime": None}
HOURS = {"dayOfWeek": 1, "startTime": "09:00", "endTime": "17:00"}
FLOW = {
    "id": "f1",
    "name": "Mail",
    "trigger": "BOOKING_CREATED",
    "actions": [{"type": "SEND_EMAIL", "config": {"body": "Thanks"}}],
}
UNREADABLE = (None, "<html>", 7, {"data": {"a": 1}}, ["x"], {"data": [None]})
PARTIAL = {"data": [], "pagination": {"totalPages": 9}}


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a row that does not show some of its fields."""
    return {name: value for name, value in row.items() if name not in names}


CASES = [
    Case(
        "create_booking",
        BOOK,
        get("/bookings", **AROUND),
        (
            {"data": [*ELSEWHERE, BOOKING]},
            [BOOKING, BOOKING | {"id": "b9"} | OLD],
            [BOOKING | {"inviteeName": " ADA "}],
            [without(BOOKING, "eventType")],
        ),
        {"bookingId": "b1"},
        ({"data": ELSEWHERE}, [], [BOOKING | OLD], [BOOKING | {"startTime": "2026-03-01T13:30:00Z"} | OLD]),
        (
            [BOOKING, BOOKING | {"id": "b9"}],
            [BOOKING | CLOSE],
            [without(BOOKING, "createdAt")],
            [without(BOOKING, "inviteeEmail")],
            [without(BOOKING, "status")],
            [BOOKING | {"status": "PENDING"}],
            [BOOKING | {"status": "CANCELLED"}],
            [BOOKING | {"startTime": "2026-03-01T14:00:30Z"}],
            [BOOKING | {"startTime": "2026-03-01T13:45:00Z"}],
            [BOOKING | {"eventType": {"slug": "demo"}}],
            [BOOKING | {"inviteeName": "Grace"}],
            [BOOKING | {"inviteeEmail": "ada+x@example.com"}],
            [BOOKING | {"startTime": "soon"}],
            [BOOKING | {"startTime": 1_772_373_600}],
            [BOOKING | {"startTime": "2026-03-01T14:00:00"}],
            [BOOKING | {"id": 7}],
            [{}] * 100,
            {"data": [], "pagination": {"total": 101}},
        ),
        (get("/bookings"), [without(BOOKING, "createdAt")]),
        ([without(BOOKING, "createdAt")],),
    ),
    Case(
        "cancel_booking",
        {"bookingId": "b1"},
        get("/bookings/{id}", "b1"),
        ({"data": BOOKING | {"status": "cancelled"}},),
        SUCCESS,
        (BOOKING,),
        (BOOKING | {"status": "PENDING"}, BOOKING | {"id": "b2"}, without(BOOKING, "status"), MISSING),
    ),
    Case(
        "reschedule_booking",
        {"bookingId": "b1", "newStartTime": "2026-03-01T14:00:00Z"},
        get("/bookings/{id}", "b1"),
        (BOOKING,),
        SUCCESS,
        (BOOKING | {"startTime": "2026-03-01T15:00:00.000Z"} | UNTOUCHED,),
        (
            BOOKING | {"startTime": "2026-03-01T14:00:30Z"} | TOUCHED,
            BOOKING | {"startTime": "2026-03-01T15:00:00.000Z"},
            BOOKING | {"status": "CANCELLED"},
            BOOKING | {"id": "b2"},
            MISSING,
        ),
        (get("/bookings"), [BOOKING | {"startTime": "2026-03-02T15:00:00.000Z"}]),
        (BOOKING | {"startTime": "2026-03-02T16:00:00+01:00"},),
    ),
    Case(
        "create_contact",
        {"name": "Ada", "email": "ADA@example.com", "company": ""},
        get("/contacts", search="ada@example.com", limit=100),
        (
            {"data": [ADA | {"email": "lada@example.com", "name": "L"}, ADA | NEW], "pagination": {"total": 2}},
            [ADA | {"name": " ada"} | NEW],
            [without(ADA, "company") | NEW],
        ),
        ADA | NEW,
        ([ADA | OLD], [ADA | {"email": "lada@example.com"} | OLD], []),
        (
            [ADA],
            [ADA | CLOSE],
            [ADA | {"name": "Bob"} | NEW],
            [ADA | {"email": "a.da+x@example.com"}],
            [ADA | {"email": None}, {}],
            [ADA | NEW, ADA | {"id": "c2"} | NEW],
        ),
        (get("/contacts"), [ADA]),
        ([ADA],),
    ),
    Case(
        "update_contact",
        {"contactId": "c1", "name": "Ada", "email": "ada@example.COM"},
        get("/contacts/{id}", "c1"),
        (ADA, {"data": ADA}),
        ADA,
        (ADA | {"name": None} | UNTOUCHED, ADA | {"name": "Eve"} | UNTOUCHED),
        (
            ADA | {"name": "ADA"} | TOUCHED,
            ADA | {"name": "Eve"},
            ADA | {"name": None} | TOUCHED,
            {"id": "c1", "name": "Ada"},
            ADA | {"id": "c2"},
            without(ADA, "id"),
            MISSING,
        ),
        (get("/contacts"), [ADA | {"name": "Eve"}]),
        (ADA | {"name": "Eve"},),
    ),
    Case(
        "delete_contact",
        {"contactId": "c1"},
        get("/contacts/{id}", "c1"),
        (MISSING,),
        SUCCESS,
        (ADA,),
        (ADA | {"isActive": False}, ADA | {"deletedAt": "2026-03-01T12:00:00Z"}, ADA | {"id": "c2"}),
    ),
    Case(
        "create_event_type",
        NEW_TYPE,
        get("/event-types"),
        ({"data": [TYPE | {"slug": "intro-2"} | OLD, TYPE | NEW]}, [TYPE | {"price": "25.00"} | NEW]),
        TYPE | NEW,
        ({"data": [TYPE | {"slug": "intro-2"} | OLD]}, [TYPE | {"slug": "other", "name": "Other"}], [TYPE | OLD]),
        (
            [TYPE],
            [TYPE | CLOSE],
            [TYPE | {"slug": "intro-2"} | NEW],
            [TYPE | {"slug": "intro-2"}],
            [TYPE | {"durationMinutes": 35} | NEW],
            [{"id": "e1"}],
        ),
        (get("/event-types"), [TYPE]),
        ([TYPE],),
    ),
    Case(
        "update_event_type",
        {"eventTypeId": "e1", "durationMinutes": 37, "currency": "eur"},
        get("/event-types/{id}", "e1"),
        (TYPE | {"durationMinutes": 37, "currency": "EUR"},),
        TYPE | {"durationMinutes": 37, "currency": "EUR"},
        (TYPE | {"currency": "USD"} | UNTOUCHED,),
        (TYPE | {"durationMinutes": 35, "currency": "EUR"}, TYPE | {"durationMinutes": 37}, TYPE, MISSING),
        (get("/event-types"), [TYPE | {"currency": "USD"}]),
        (TYPE | {"currency": "USD"},),
    ),
    Case(
        "delete_event_type",
        {"eventTypeId": "e1"},
        get("/event-types/{id}", "e1"),
        (Rejected("gone", "gone", status=410, proves_absence=True),),
        SUCCESS,
        (TYPE,),
        (TYPE | {"isActive": False}, TYPE | {"isDeleted": True}),
    ),
    Case(
        "create_webhook",
        NEW_HOOK,
        get("/webhooks"),
        (
            {"data": [HOOK | {"id": "w2", "url": "https://b.example/x"} | NEW, HOOK | NEW]},
            [HOOK, HOOK | {"id": "w3"} | NEW],
        ),
        HOOK | NEW | {"secretNote": NOTE},
        ({"data": []}, [HOOK | OLD], [HOOK | {"url": "https://b.example/x"}]),
        (
            [HOOK],
            [HOOK | CLOSE],
            [without(HOOK, "events")],
            [HOOK | NEW, HOOK | {"id": "w2"} | NEW],
            [HOOK | {"events": ["booking.created"]} | NEW],
            [HOOK | {"url": "https://a.example/x/"}],
            [HOOK | {"url": "https://a.example:443/x"} | NEW],
        ),
        (get("/webhooks"), [HOOK]),
        ([HOOK],),
    ),
    Case(
        "update_webhook",
        {"webhookId": "w1", "isActive": True},
        get("/webhooks"),
        ([HOOK | {"id": "w2"}, HOOK | {"isActive": True}],),
        HOOK | {"isActive": True},
        ([HOOK | {"isActive": False}],),
        ([], [HOOK], [HOOK | {"isActive": None}]),
    ),
    Case(
        "delete_webhook",
        {"webhookId": "w1"},
        get("/webhooks"),
        ({"data": [HOOK | {"id": "w2"}]}, []),
        SUCCESS,
        ({"data": [HOOK]},),
        ([{}], [HOOK | {"deletedAt": "2026-03-01T12:00:00Z"}]),
    ),
    Case(
        "create_availability_override",
        {"date": "2026-03-01"},
        get("/availability/overrides", from_="2026-03-01", to="2026-03-01"),
        ({"data": [DAY_OFF]},),
        DAY_OFF,
        ({"data": []}, [DAY_OFF | {"date": "2026-03-02"}]),
        ([DAY_OFF | {"isBlocked": False}], [{"id": "o1"}], [without(DAY_OFF, "isBlocked")]),
        (get("/availability/overrides"), [DAY_OFF | {"isBlocked": False}]),
        ([DAY_OFF | {"isBlocked": False}],),
    ),
    Case(
        "delete_availability_override",
        {"overrideId": "o1"},
        get("/availability/overrides"),
        ([], [DAY_OFF | {"id": "o2"}]),
        SUCCESS,
        ([DAY_OFF],),
    ),
    Case(
        "update_availability_rules",
        {"rules": [HOURS, HOURS | {"dayOfWeek": 2}]},
        get("/availability/rules"),
        ({"data": [HOURS | {"dayOfWeek": 2, "endTime": "17:00:00"}, HOURS | {"startTime": "9:00"}]},),
        {"data": [HOURS | {"dayOfWeek": 2, "endTime": "17:00:00"}, HOURS | {"startTime": "9:00"}]},
        (),
        ({"data": [HOURS]}, [{"day": 1}], [HOURS | {"startTime": 9}], []),
        (get("/availability/rules"), {"timezone": "UTC", "data": [HOURS]}),
        ({"data": [HOURS]},),
    ),
    Case(
        "update_settings",
        {"maxMeetingsPerDay": 0, "bufferBefore": 0, "focusTimeBlocks": [HOURS]},
        get("/settings"),
        ({"maxMeetingsPerDay": None, "bufferBefore": 0, "focusTimeBlocks": [HOURS | {"id": "h1"}]},),
        {"maxMeetingsPerDay": None, "bufferBefore": 0, "focusTimeBlocks": [HOURS | {"id": "h1"}]},
        ({"maxMeetingsPerDay": 5, "bufferBefore": 0, "focusTimeBlocks": [HOURS]} | UNTOUCHED,),
        (
            {"maxMeetingsPerDay": 5, "bufferBefore": 0, "focusTimeBlocks": [HOURS]},
            {"maxMeetingsPerDay": None, "bufferBefore": None, "focusTimeBlocks": [HOURS]},
            {"maxMeetingsPerDay": None, "bufferBefore": 0},
            MISSING,
        ),
        (get("/settings"), {"data": {"maxMeetingsPerDay": 5, "bufferBefore": 0, "focusTimeBlocks": []}}),
        ({"maxMeetingsPerDay": 5, "bufferBefore": 0, "focusTimeBlocks": []},),
    ),
    Case(
        "create_workflow",
        without(FLOW, "id") | {"eventTypeIds": ["e1", "e2"]},
        get("/workflows"),
        ({"data": [FLOW | {"name": "Text"}, FLOW | {"eventTypeIds": ["e2", "e1"]} | NEW]}, [FLOW | NEW]),
        FLOW | {"eventTypeIds": ["e2", "e1"]} | NEW,
        ({"data": [FLOW | {"name": "Text"}]}, [FLOW | OLD]),
        (
            [FLOW],
            [FLOW | {"actions": [*FLOW["actions"], *FLOW["actions"]]} | NEW],
            [FLOW | {"actions": [{"type": "SEND_SMS", "config": {}}]} | NEW],
            [FLOW | {"name": "Mail (2)"} | NEW],
        ),
        (get("/workflows"), [FLOW]),
        ([FLOW],),
    ),
]
