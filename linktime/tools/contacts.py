"""Contacts: the people of the account."""

from __future__ import annotations

from typing import Annotated, Any, Required, TypedDict

from typing_extensions import Doc

from ..message import Request, delete, get, patch, post
from ._fields import CLEARABLE, Email, Ident, Limit, Page, Text
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
    return get("/contacts", search=search, page=page, limit=limit).tagged(CONTACTS, BOOKINGS)


@read("Get contact", returns=ContactProfile, open_world=True)
def get_contact(contact_id: ContactId) -> Request:
    """Get one contact's profile with all upcoming and past meetings."""
    return get("/contacts/{id}", contact_id).tagged(contact(contact_id), BOOKINGS, EVENT_TYPES).with_times()


@write("Create contact", returns=Contact, destructive=False, idempotent=False)
def create_contact(
    *,
    name: Name,
    email: Address,
    phone: Phone | None = None,
    company: Company | None = None,
    notes: Notes | None = None,
) -> Request:
    """Add a contact. It fails if the e-mail is already known; then use update_contact."""
    return post("/contacts", name=name, email=email, phone=phone, company=company, notes=notes).tagged(CONTACTS)


@write("Update contact", some_change, returns=Contact, destructive=True, idempotent=True)
def update_contact(
    contact_id: ContactId,
    *,
    name: Name | None = None,
    email: Address | None = None,
    phone: Annotated[Phone, CLEARABLE] | None = None,
    company: Annotated[Company, CLEARABLE] | None = None,
    notes: Annotated[Notes, CLEARABLE] | None = None,
) -> Request:
    """Change a contact. Give only the fields that change; each replaces the old value, notes too."""
    return patch(
        "/contacts/{id}", contact_id, name=name, email=email, phone=phone, company=company, notes=notes
    ).tagged(CONTACTS, contact(contact_id))


@write("Delete contact", returns=Success, destructive=True, idempotent=True, confirmation=CONTACT)
def delete_contact(contact_id: ContactId) -> Request:
    """Remove a contact for good. It can't be undone."""
    return delete("/contacts/{id}", contact_id).tagged(CONTACTS, contact(contact_id))
