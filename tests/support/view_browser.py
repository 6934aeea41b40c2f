"""A host of views in a headless browser: it opens a view, plays its client, and returns its messages."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from jsonschema import Draft202012Validator
from mcp_types import CallToolRequestParams

from linktime.protocol.views.page import page
from tests.support.programs import browser, need, program

NOW: Final = "2026-12-01T15:20:00Z"  # a Tuesday, 10:20 in New York
ABLE: Final[dict[str, Any]] = {
    "openLinks": {},
    "downloadFile": {},
    "serverTools": {},
    "message": {"text": {}},
    "updateModelContext": {"text": {}, "structuredContent": {}},
}
"""The capabilities of a host that can do everything."""

_ACCEPTED: Final = ("ui/message", "ui/update-model-context", "ui/open-link", "ui/download-file")
_PLAIN: Final = str.maketrans({"\u202f": " ", "\u2009": " ", "\u2013": "-"})
_DRIVER: Final = Path(__file__).with_name("view_driver.mjs")

Json = dict[str, Any]


class ViewBrowser:
    """One browser, with one view at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._schema = Schema()
        self._is_open = False

    def open(
        self,
        view: Literal["calendar", "slots"],
        result: Json | None = None,
        arguments: Json | None = None,
        *,
        capabilities: Mapping[str, Any] = ABLE,
        context: Mapping[str, Any] = {},
        calls: Sequence[Json] = (),
        refusal: Json | None = None,
        first: Sequence[Json] = (),
        width: int = 900,
        zone: str = "America/New_York",
        locale: str = "en-US",
        time: str = NOW,
        **options: Any,
    ) -> None:
        """Open *view* with the *result* of the model's call, if there is one, and wait for it.

        Args:
            capabilities: Those of the host.
            context: The host's context.
            calls: The results of the calls of the view, in order, or objects with an `error`.
            refusal: The host's error for the view itself.
            first: Messages that the host sends before it answers the view.
            width: Of the view, in pixels.
            zone: The browser's IANA zone.
            locale: The browser's locale.
            time: The time on the browser's clock.
            options: Further options of the browser's context.
        """
        self.check()
        accepted: Json = {name: [{"result": {}}] for name in _ACCEPTED}
        greeting = {
            "protocolVersion": "2026-01-26",
            "hostInfo": {"name": "test", "version": "0"},
            "hostCapabilities": capabilities,
            "hostContext": {"theme": "light", "locale": locale, "timeZone": zone, **context},
        }
        on_ready: list[Json] = [{"method": "ui/notifications/tool-input", "params": {"arguments": arguments or {}}}]
        if result is not None:
            on_ready.append({"method": "ui/notifications/tool-result", "params": result})
        self.do(
            "open",
            {
                "html": page(view),
                "replies": {
                    **accepted,
                    "ui/initialize": [{"error": refusal} if refusal else {"result": greeting}],
                    "tools/call": [each if "error" in each else {"result": each} for each in calls],
                },
                "first": [*first],
                "onReady": on_ready,
                "viewport": {"width": width, "height": 700},
                "timezoneId": zone,
                "locale": locale,
                "time": time,
                **options,
            },
        )
        self._is_open = True
        self.do("heard", "ui/initialize" if refusal else "ui/notifications/initialized")
        if result is not None:
            self.wait("document.getElementById('view').ariaBusy === 'false'")

    def check(self) -> None:
        """Check that each message of the open view is valid, that nothing left the page, and that no error occurred."""
        if not self._is_open:
            return
        self._is_open = False
        for message in self.messages():
            self._schema.check(message)
        assert self.do("outside") == []

    def do(self, command: str, argument: Any = None) -> Any:
        """Run a command of the driver. Return its value."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the driver has ended"}')
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def wait(self, expression: str) -> None:
        """Wait until a JavaScript expression is true in the view."""
        self.do("wait", expression)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the view."""
        return self.do("evaluate", expression)

    def text(self, selector: str = "body") -> str:
        """Return the visible text of an element, with plain spaces and hyphens."""
        text: str = self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return text.translate(_PLAIN)

    def texts(self, selector: str, attribute: str = "innerText") -> list[str]:
        """Return a property of each element, with plain spaces and hyphens."""
        values: list[str] = self.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => "
            f"each[{json.dumps(attribute)}] ?? each.getAttribute({json.dumps(attribute)}))"
        )
        return [value.translate(_PLAIN) for value in values]

    def click(self, selector: str) -> None:
        """Click an element of the view."""
        self.do("click", selector)

    def press(self, key: str) -> None:
        """Press a key."""
        self.do("press", key)

    def send(self, method: str, params: Json, **fields: Any) -> None:
        """Send a message of the host."""
        self.do("post", {"method": method, "params": params, **fields})

    def sent(self, method: str) -> list[Json]:
        """Wait for a message of the view. Return the parameters of all messages with this *method*."""
        self.do("heard", method)
        return [message["params"] for message in self.messages() if message.get("method") == method]

    def messages(self) -> list[Json]:
        """Return all messages of the view."""
        messages: list[Json] = self.do("messages")
        return messages


class Schema:
    """The published schema of the messages between a view and its host."""

    def __init__(self) -> None:
        package = modules() / "@modelcontextprotocol" / "ext-apps"
        schema = json.loads((package / "dist" / "src" / "generated" / "schema.json").read_text(encoding="utf-8"))
        messages = [
            each for each in schema["$defs"].values() if "const" in each.get("properties", {}).get("method", {})
        ]
        self._validators = {each["properties"]["method"]["const"]: Draft202012Validator(each) for each in messages}

    def check(self, message: Json) -> None:
        """Check a message of the view."""
        method = message.get("method")
        if method is None:  # an answer to the host
            assert set(message) == {"jsonrpc", "id", "result"} or message["error"]["code"] == -32601
        elif method == "tools/call":
            CallToolRequestParams.model_validate(message["params"])
        else:
            body = {name: value for name, value in message.items() if name not in {"jsonrpc", "id"}}
            self._validators[method].validate(body)
        assert message["jsonrpc"] == "2.0"


@contextmanager
def view_browser() -> Iterator[ViewBrowser]:
    """Run a browser. Skip the test if it, or a module that drives it, is missing."""
    command = [program("node"), str(_DRIVER), str(modules()), browser()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield ViewBrowser(process)
        finally:
            assert process.stdin
            process.stdin.close()  # the driver then closes the browser
            process.wait(30)


def modules() -> Path:
    """Return the directory of the Node modules for tests. Skip the test if one of them is missing."""
    place = Path(os.environ.get("LINKTIME_TEST_CLIENTS", ".")).parent
    for name in ("playwright-core", "axe-core", "@modelcontextprotocol/ext-apps"):
        need(name, is_there=(place / name).exists())
    return place
