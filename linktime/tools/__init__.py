"""The 32 tools, in the order in which the model sees them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from . import (
    availability,
    communication,
    contacts,
    context,
    event_types,
    meetings,
    scheduling,
    settings,
    webhooks,
    workflows,
)
from ._reading import Reading
from ._tool import Tool

DOMAINS: Final[Mapping[str, tuple[Tool, ...]]] = MappingProxyType(
    {
        "scheduling": (
            scheduling.list_event_types,
            scheduling.check_availability,
            scheduling.create_booking,
            scheduling.cancel_booking,
            scheduling.reschedule_booking,
        ),
        "meetings": (meetings.list_bookings, meetings.get_booking),
        "contacts": (
            contacts.list_contacts,
            contacts.get_contact,
            contacts.create_contact,
            contacts.update_contact,
            contacts.delete_contact,
        ),
        "communication": (communication.list_conversations, communication.list_call_history),
        "context": (context.get_me,),
        "event_types": (
            event_types.create_event_type,
            event_types.update_event_type,
            event_types.delete_event_type,
        ),
        "availability": (
            availability.get_availability_rules,
            availability.update_availability_rules,
            availability.list_availability_overrides,
            availability.create_availability_override,
            availability.delete_availability_override,
        ),
        "settings": (settings.get_settings, settings.update_settings, settings.list_integrations),
        "webhooks": (
            webhooks.list_webhooks,
            webhooks.create_webhook,
            webhooks.update_webhook,
            webhooks.delete_webhook,
        ),
        "workflows": (workflows.list_workflows, workflows.create_workflow),
    }
)
"""The registry: the tools by domain. LINKTIME_TOOLSETS has the same names."""

TOOLS: Final[Mapping[str, Tool]] = MappingProxyType({tool.name: tool for tools in DOMAINS.values() for tool in tools})
"""Every tool by its name."""


def switched_off(toolsets: Collection[str], *, read_only: bool) -> Mapping[str, str]:
    """Return the tools that are not offered, each with the setting that hides it. `all` stands for every toolset."""
    by_domain = {
        tool.name: "LINKTIME_TOOLSETS"
        for domain, tools in DOMAINS.items()
        for tool in tools
        if not {"all", domain} & set(toolsets)
    }
    # If both settings hide a tool, LINKTIME_READ_ONLY is the reason.
    return by_domain | {name: "LINKTIME_READ_ONLY" for name, tool in TOOLS.items() if read_only and not tool.reads}


__all__ = ["DOMAINS", "TOOLS", "Reading", "Tool", "switched_off"]
