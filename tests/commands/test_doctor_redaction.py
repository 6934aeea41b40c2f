"""The doctor's report has no key, secret, e-mail address or user name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linktime.commands.doctor.finding import Finding
from linktime.commands.doctor.guard import guarded
from linktime.commands.doctor.redaction import redacted, without_keys

HOME = "/home/ada"


def redact(text: str, home: str = HOME) -> str:
    [finding] = redacted({"clients": [Finding(text, "good", text)]}, home)["clients"]
    assert finding.subject == finding.message
    return finding.message


@pytest.mark.parametrize(
    ("text", "expected"),
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
def test_keys_and_secrets_are_redacted(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from ada.l+x@mail.example.com, or grace@example.org.", "from [e-mail], or [e-mail]."),
        ("/mnt/Drive-ada@example.com/x", "/mnt/[e-mail]/x"),
        ("ada%40example.com", "[e-mail]"),
        ("zoë@größe.example", "[e-mail]"),
        pytest.param("/home/ada/src/@acme/app", "~/src/@acme/app", marks=pytest.mark.posix),
        ("/opt/homebrew/opt/python@3.12/bin/python3", "/opt/homebrew/opt/python@3.12/bin/python3"),
        ("uvx linktime-mcp@latest", "uvx linktime-mcp@latest"),
    ],
)
def test_email_addresses_are_redacted_and_paths_stay(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("text", "home", "expected"),
    [
        pytest.param(
            "/home/ada/.claude.json and /home/ada: no", "/home/ada", "~/.claude.json and ~: no", marks=pytest.mark.posix
        ),
        pytest.param("/home/ada/x", "/home/ada/", "~/x", marks=pytest.mark.posix),
        pytest.param("/home/ada/x", "/home/../home/ada", "~/x", marks=pytest.mark.posix),
        pytest.param("/home/../home/ada/x", "/home/../home/ada", "~/x", marks=pytest.mark.posix),
        pytest.param("/home/ada@example.com/x", "/home/ada@example.com", "~/x", marks=pytest.mark.posix),
        pytest.param("/Home/Ada/x", "/home/ada", "~/x", marks=pytest.mark.posix),  # one folder on macOS
        ("/home/adam/x and /home/ada.l/x", "/home/ada", "/home/adam/x and /home/ada.l/x"),
        ("/etc/x", "/", "/etc/x"),
        ("~/x", "~", "~/x"),
        (r"C:\Users\Ada\.cursor\mcp.json", r"C:\Users\Ada", r"~\.cursor\mcp.json"),
        (r"c:\users\ada\x", r"C:\Users\Ada", r"~\x"),
        ("C:/Users/Ada/x", r"C:\Users\Ada", "~/x"),
        (r"C:\\Users\\Ada\\x", r"C:\Users\Ada", r"~\\x"),
        ("/c/Users/Ada/x", r"C:\Users\Ada", "~/x"),
        ("file:///C:/Users/Ada/x", "C:/Users/Ada", "file:///~/x"),
        (r"C:\Users\Adam\x and C:\Windows", r"C:\Users\Ada", r"C:\Users\Adam\x and C:\Windows"),
        (r"C:\x", "C:\\", r"C:\x"),
    ],
)
def test_every_spelling_of_the_home_folder_is_shortened(text: str, home: str, expected: str) -> None:
    assert redact(text, home) == expected


@pytest.mark.posix  # POSIX paths
def test_home_behind_a_link_is_shortened(tmp_path: Path) -> None:
    home = tmp_path / "link"
    home.symlink_to(tmp_path / "ada")

    assert redact(f"{tmp_path}/ada/x {home}/y", str(home)) == "~/x ~/y"


def test_hidden_characters_are_removed() -> None:
    assert redact("a\x1b\u202eb\n c") == "ab c"


def test_known_keys_are_redacted_unless_they_are_short() -> None:
    findings = without_keys(
        {"clients": [Finding("sesame-51", "good", "starts sesame-51.c and sesame, too")]}, {"sesame-51", "t"}
    )

    assert findings == {"clients": [Finding("[key]", "good", "starts [key].c and sesame, too")]}


async def test_unexpected_exception_shows_only_its_class() -> None:
    async def check() -> Any:
        raise LookupError("lt_live_51f0c3d9")

    [finding] = await guarded("place", check(), list)

    assert (finding.subject, finding.state, finding.code) == ("place", "fault", "check_failed")
    assert "LookupError" in finding.message
    assert "lt_live_" not in repr(finding)
