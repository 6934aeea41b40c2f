"""Contacts: the people of the account."""

from __future__ import annotations

from typing import Annotated, Any, Required, TypedDict

from typing_extensions import Doc

from ..answers import PAGE
from ..message import Request, delete, get, patch, post
from ..pipeline import routes
from ..pipeline.outcome.checks import gone, gone_among, updated
from ..pipeline.outcome.conflict import after_contact
from ..pipeline.outcome.new_rows import made, made_unless_capitals
from ..pipeline.outcome.verification import Verification, Way, Write, read_row
from ._fields import Email, Ident, Limit, Page, Text
from ._marks import CLEARABLE
from ._shapes import Pagination, Success
from ._tags import BOOKINGS, CONTACTS, EVENT_TYPES, contact
from ._tool import read, some_change, write
from .confirmations import CONTACT

ContactId = Annotated[Ident, Doc("id from list_contacts.")]
Name = Annotated[Text, Doc("Full name.")]
Address = Annotated[Email, Doc("E-mail, unique among contacts.")]
Phone = Annotated[str, Doc("Phone number.")]
Company = Annotated[str, Doc("Company.")]
Notes = Annotated[str, Doc("Private notes.")]


class Contact(TypedDict, total=False):
    """One person."""

    id: str
    name: Any
    email: Any
    phone: Any
    company: Any
    notes: Any


class CountedContact(Contact, total=False):
    """One person, and how often you met."""

    meetingCount: Any


class ContactProfile(Contact, total=False):
    """One person, and the meetings with them."""

    upcomingMeetings: list[Any]
    pastMeetings: list[Any]


class Contacts(TypedDict, total=False):
    """A page of people."""

    data: Required[list[CountedContact]]
    pagination: Pagination


@read("List contacts", returns=Contacts, open_world=True)
def list_contacts(
    *,
    search: Annotated[str, Doc("Part of a name, e-mail or company.")] | None = None,
    page: Page | None = None,
    limit: Limit | None = None,
) -> Request:
    """Search contacts by name, e-mail or company, with meeting counts."""
    return get(routes.CONTACTS, search=search, page=page, limit=limit).tagged(CONTACTS, BOOKINGS)


@read("Get contact", returns=ContactProfile, open_world=True)
def get_contact(contact_id: ContactId) -> Request:
    """Get one contact's profile with all upcoming and past meetings."""
    return get(routes.CONTACT, contact_id).tagged(contact(contact_id), BOOKINGS, EVENT_TYPES).with_times()


def _like(write: Write) -> Request:
    return get(routes.CONTACTS, search=write.body["email"].partition("+")[0], limit=PAGE)  # LinkTime may drop a tag


def _like_lower(write: Write) -> Request:
    return get(routes.CONTACTS, search=write.body["email"].partition("+")[0].lower(), limit=PAGE)


def _all(_: Write) -> Request:
    return get(routes.CONTACTS, limit=PAGE)  # without a search: the e-mail may have changed


@write(
    "Create contact",
    returns=Contact,
    destructive=False,
    idempotent=False,
    verification=Verification(
        (Way(_like_lower, made_unless_capitals("email", "name")), Way(_like, made("email", "name"))),
        "use list_contacts and search for the e-mail",
        detail=routes.CONTACT,
        advise=after_contact,
    ),
)
def create_contact(
    *,
    name: Name,
    email: Address,
    phone: Phone | None = None,
    company: Company | None = None,
    notes: Notes | None = None,
) -> Request:
    """Add a contact. It fails if the e-mail is already known; then use update_contact."""
    return post(routes.CONTACTS, name=name, email=email, phone=phone, company=company, notes=notes).tagged(CONTACTS)


@write(
    "Update contact",
    some_change,
    returns=Contact,
    destructive=True,
    idempotent=True,
    verification=Verification(
        (Way(read_row(routes.CONTACT), updated),), "use get_contact and compare the fields", advise=after_contact
    ),
)
def update_contact(
    contact_id: ContactId,
    *,
    name: Name | None = None,
    email: Address | None = None,
    phone: Annotated[Phone, CLEARABLE, Doc('Phone number; "" clears it.')] | None = None,
    company: Annotated[Company, CLEARABLE, Doc('Company; "" clears it.')] | None = None,
    notes: Annotated[Notes, CLEARABLE, Doc('All private notes; "" clears them.')] | None = None,
) -> Request:
    """Change a contact. Give only the fields that change; each replaces the old value, notes too; null keeps it."""
    return patch(routes.CONTACT, contact_id, name=name, email=email, phone=phone, company=company, notes=notes).tagged(
        CONTACTS, contact(contact_id)
    )


@write(
    "Delete contact",
    returns=Success,
    destructive=True,
    idempotent=True,
    verification=Verification(
        (Way(read_row(routes.CONTACT), gone), Way(_all, gone_among)),
        "use get_contact; not_found means that it is gone",
    ),
    confirmation=CONTACT,
)
def delete_contact(contact_id: ContactId) -> Request:
    """Remove a contact for good. It can't be undone."""
    return delete(routes.CONTACT, contact_id).tagged(CONTACTS, contact(contact_id))
