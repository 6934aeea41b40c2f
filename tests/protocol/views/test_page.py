"""The documents of the views, without a browser."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

import pytest

from linktime.protocol.views.page import View, page
from tests.support.process import environ
from tests.support.programs import program, run

SOURCES: Final = Path(__file__).parents[3] / "linktime" / "protocol" / "views" / "page"
MODULES: Final = sorted(SOURCES.glob("*.js"))
VIEWS: Final[tuple[View, ...]] = ("calendar", "slots")
UNSAFE: Final = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function\(|srcdoc|setHTMLUnsafe|createContextualFragment"
    r"|localStorage|sessionStorage|indexedDB|cookie|fetch\(|XMLHttpRequest|WebSocket|import\()"
)


@pytest.mark.parametrize("view", VIEWS)
def test_page_is_one_small_document(view: View) -> None:
    document = page(view)
    assert document.startswith("<!doctype html>")
    assert len(document.encode()) <= 60_000
    assert f'data-view="{view}"' in document
    assert "default-src 'none'" in document
    assert not re.search(
        r"https?://(?!\)|\w+\.example)|\bsrc=|<link|^import |^export |@import|url\(", document, re.MULTILINE
    )
    assert not re.search(r"\{(view|version)\}", document)


@pytest.mark.parametrize("view", VIEWS)
def test_pages_differ_only_in_their_view(view: View) -> None:
    assert page(view) is page(view)
    assert page("calendar") != page("slots")


def test_every_source_is_in_a_page() -> None:
    pages = "".join(map(page, VIEWS))
    for module in MODULES:
        names = re.findall(
            r"^export (?:async )?(?:class|function|const) (\w+)", module.read_text("utf-8"), re.MULTILINE
        )
        assert all(f" {name}" in pages for name in names), module.name


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_sources_are_short_and_make_no_markup(module: Path) -> None:
    text = module.read_text("utf-8")
    assert not UNSAFE.search(text)
    assert len(text.splitlines()) <= 300
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_imports_are_exports_of_other_modules(module: Path) -> None:
    # The page has all modules in one scope, so that a browser does not notice a wrong import.
    text = module.read_text("utf-8")
    for names, source in re.findall(r"^import \{([^}]+)\} from \"\./(\w+)\.js\";", text, re.MULTILINE):
        exports = re.findall(
            r"^export (?:async )?(?:class|function|const) (\w+)",
            (SOURCES / f"{source}.js").read_text("utf-8"),
            re.MULTILINE,
        )
        for name in re.findall(r"\w+", names):
            assert name in exports
            assert len(re.findall(rf"\b{name}\b", text)) > 1


@pytest.mark.posix  # .ci/run installs Node.js
async def test_functions_without_a_document() -> None:
    test = Path(__file__).with_name("functions.test.mjs")
    async with asyncio.timeout(50):
        status, output = await run(program("node"), "--test", str(test), env=environ())
    assert status == 0, output
