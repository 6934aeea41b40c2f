"""The scenes of the demo by their numbers: the conversations, and last the guarantees."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from . import guarantees
from .conversations import CONVERSATIONS, Conversation

Conversations = Mapping[int, tuple[str, Conversation]]

ALL_CONVERSATIONS: Final[Conversations] = MappingProxyType(dict(enumerate(CONVERSATIONS, 1)))
"""The title of each conversation, and the conversation."""

SCENES: Final = dict(enumerate([*(title for title, _ in CONVERSATIONS), guarantees.TITLE], 1))
"""The title of each scene."""

LAST: Final = len(SCENES)
"""The number of the scene with the guarantees."""


class UnknownScene(Exception):
    """A scene that does not exist. The message lists the scenes."""


def scene_number(text: str) -> int:
    """Return the number of a scene.

    Raises:
        UnknownScene: There is no such scene.
    """
    if not (text.isdecimal() and int(text) in SCENES):
        raise UnknownScene(f"there is no scene {text}. Choose one of these:\n{scene_list()}")
    return int(text)


def scene_list() -> str:
    """Return the scenes, one in a line."""
    return "".join(f"{number}. {title}\n" for number, title in SCENES.items())
