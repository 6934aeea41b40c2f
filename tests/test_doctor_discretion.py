"""What the doctor leaves out of all that it tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linktime.doctor.discretion import discreet, without
from linktime.doctor.finding import Finding
from linktime.doctor.net import caught

HOME = "/home/ada"


def discreetly(text: str, home: str = HOME) -> str:
    told = discreet({"clients": [Finding(text, "good", text)]}, home)
    [finding] = told["clients"]
    assert finding.subject == finding.seen
    return finding.seen


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("env lt_live_51f0-c3.d9~x starts", "env [key] starts"),
        ("'lt_live_51f0' and more", "'[key]' and more"),
        ("env ACME_TOKEN=a-b.c x", "env ACME_TOKEN=[key] x"),
        ("npx --api-key=51f0 --secret_word=x", "npx --api-key=[key] --secret_word=[key]"),
        ("PASSWORD=lt_live_51f0", "PASSWORD=[key]"),
        ("does not begin with lt_live_", "does not begin with lt_live_"),
        ("LINKTIME_WORKERS=4", "LINKTIME_WORKERS=4"),
    ],
)
def test_keys_and_secrets_are_left_out(text: str, told: str) -> None:
    assert discreetly(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from ada.l+x@mail.example.com, or grace@example.org.", "from [e-mail], or [e-mail]."),
        ("/mnt/Drive-ada@example.com/x", "/mnt/[e-mail]/x"),
        ("ada%40example.com", "[e-mail]"),
        ("zoë@größe.example", "[e-mail]"),
        ("/home/ada/src/@acme/app", "~/src/@acme/app"),
        ("/opt/homebrew/opt/python@3.12/bin/python3", "/opt/homebrew/opt/python@3.12/bin/python3"),
        ("uvx linktime-mcp@latest", "uvx linktime-mcp@latest"),
    ],
)
def test_e_mail_addresses_are_left_out_and_paths_stay(text: str, told: str) -> None:
    assert discreetly(text) == told


@pytest.mark.parametrize(
    ("text", "home", "told"),
    [
        ("/home/ada/.claude.json and /home/ada: no", "/home/ada", "~/.claude.json and ~: no"),
        ("/home/ada/x", "/home/ada/", "~/x"),
        ("/home/ada/x", "/home/../home/ada", "~/x"),
        ("/home/../home/ada/x", "/home/../home/ada", "~/x"),
        ("/home/ada@example.com/x", "/home/ada@example.com", "~/x"),
        ("/home/adam/x and /home/ada.l/x", "/home/ada", "/home/adam/x and /home/ada.l/x"),
        ("/etc/x", "/", "/etc/x"),
        ("~/x", "~", "~/x"),
    ],
)
def test_a_home_is_shortened_however_it_is_written(text: str, home: str, told: str) -> None:
    assert discreetly(text, home) == told


def test_a_home_behind_a_link_is_shortened(tmp_path: Path) -> None:
    home = tmp_path / "link"
    home.symlink_to(tmp_path / "ada")

    assert discreetly(f"{tmp_path}/ada/x {home}/y", str(home)) == "~/x ~/y"


def test_what_cannot_be_seen_is_left_out() -> None:
    assert discreetly("a\x1b\u202eb\n c") == "ab c"


def test_keys_that_are_known_are_left_out_whatever_they_look_like_and_no_short_ones() -> None:
    told = without(
        {"clients": [Finding("sesame-51", "good", "starts sesame-51.c and sesame, too")]}, {"sesame-51", "t"}
    )

    assert told == {"clients": [Finding("[key]", "good", "starts [key].c and sesame, too")]}


async def test_a_fault_that_nobody_foresaw_is_told_by_its_name_alone() -> None:
    async def look() -> Any:
        raise LookupError("lt_live_51f0c3d9")

    told = await caught("place", look(), list)

    cure = "The fault is ours: please report it, with all that is told here."
    assert told == [Finding("place", "fault", "can't be examined: LookupError", cure)]
