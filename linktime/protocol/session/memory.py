"""Remembers the addresses that guests wrote, so that no call sends data to one of them without the user's own yes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from secrets import token_bytes
from typing import Any, Final

from ...tools.guest_text import GuestText
from .addresses import addresses, equivalents, spelled_addresses, strings

_MOST: Final = 30_000  # addresses; 16 bytes and a short source each
_MOST_TEXTS: Final = 10_000  # texts that are not searched twice; 8 bytes each
_DIGEST_SIZE: Final = 16  # bytes
_LONGEST: Final = 100_000  # characters of one text that are searched
_LONGEST_SOURCE: Final = 80  # characters
FULL: Final = "a text with more addresses than the server can remember"


class Memory:
    """The addresses in the guest-written text that a session has returned, as salted hashes with their source.

    If there are too many, every address counts as written by a guest. Otherwise a guest could evict an address by a
    flood of others.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._salt = token_bytes(_DIGEST_SIZE)
        self._most = most
        self._sources: dict[bytes, str] = {}  # by the hash of an address
        self._texts: set[int] = set()  # hashes of the texts that were searched, since a cached answer comes again
        self._full = False

    def read(self, texts: Iterable[GuestText]) -> None:
        """Record the addresses in *texts* of guests."""
        for each in texts:
            self.remember(each.text, each.source)

    def remember(self, text: str, source: str) -> None:
        """Record the addresses in *text*. *source* names the booking, contact or message, such as `booking clx1`."""
        if (seen := hash(text)) in self._texts:
            return
        if len(self._texts) < _MOST_TEXTS:
            self._texts.add(seen)
        self._full = self._full or len(text) > _LONGEST
        for address in spelled_addresses(text[:_LONGEST]):
            if len(self._sources) >= self._most:
                self._full = True
                return
            self._sources.setdefault(self._hash(address), source[:_LONGEST_SOURCE])

    def source_of(self, value: Any) -> str | None:
        """Return the source of the first address in the JSON *value* that a guest wrote, None if there is none."""
        targets = {address for text in strings(value) for address in addresses(text)}
        if targets and self._full:
            return FULL
        return next(self._sources_of(targets), None) if self._sources else None

    def _sources_of(self, targets: set[str]) -> Iterator[str]:
        for target in sorted(targets):
            for address in equivalents(target):
                if source := self._sources.get(self._hash(address)):
                    yield source

    def _hash(self, address: str) -> bytes:
        return blake2b(address.encode("utf-8", "replace"), key=self._salt, digest_size=_DIGEST_SIZE).digest()
