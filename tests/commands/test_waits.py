"""The program while the operating system does not answer: no wait on it holds up the session or its end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from types import SimpleNamespace

import orjson
import pytest

from linktime.commands.doctor.versions import system
from linktime.pipeline.system import know_name
from linktime.sandbox import Sandbox
from tests.support.process import PATIENCE, child, environ

HANGING = (
    "import sys, time\n"
    "def hang(event, arguments):\n"
    "    if event in {events} or event == 'import' and arguments[0] in {modules}:\n"
    "        sys.stderr.write('HANGS\\n')\n"
    "        sys.stderr.flush()\n"
    "        time.sleep(600)\n"
    "sys.addaudithook(hang)\n"
    "from linktime.cli import main\n"
    "main({arguments})\n"
)
LOOKUPS = [f"socket.{name}" for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")]
PROCESSES = ["subprocess.Popen", "os.system", "os.posix_spawn", "_wmi.exec_query"]
SETTINGS = {"LINKTIME_API_KEY": "lt_live_x", "LINKTIME_BASE_URL": "https://linktime.test", "LINKTIME_TIMEOUT": "1"}


def hanging(*events: str, modules: tuple[str, ...] = (), arguments: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the command of a program in which these audit events and imports never end."""
    program = HANGING.format(events=events, modules=modules, arguments=list(arguments))
    return sys.executable, "-c", program


async def test_call_is_answered_despite_a_hanging_import() -> None:
    async with child(*hanging(*PROCESSES, modules=("aiohttp",)), **SETTINGS) as server:
        await server.greet()

        answer = await server.result(server.call("get_me"))

    assert answer["content"][0]["text"].startswith("unavailable: ")


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [hanging(*LOOKUPS, *PROCESSES), hanging(modules=("aiohttp",))], ids=["lookup", "import"]
)
async def test_session_goes_on_and_ends_despite_a_hanging_call(command: tuple[str, ...]) -> None:
    async with child(*command, **SETTINGS | {"LINKTIME_TIMEOUT": "600", "LINKTIME_DEADLINE": "3600"}) as server:
        await server.greet()
        call = server.call("get_me")
        await server.said("HANGS")

        assert await server.result(server.ask("ping")) == {}
        assert await server.close() == 0
        assert (await server.result(call))["isError"] is True


async def test_doctor_reports_despite_a_hanging_import(sandbox: Sandbox) -> None:
    settings = SETTINGS | {"LINKTIME_API_KEY": sandbox.key, "LINKTIME_BASE_URL": sandbox.url}
    process = await asyncio.create_subprocess_exec(
        *hanging(modules=("aiohttp",), arguments=("doctor", "--json")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environ(**settings),
    )
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()

    report = orjson.loads(out)
    assert process.returncode == 1
    assert "unreachable" in orjson.dumps(report).decode()


def test_windows_is_known_without_a_question() -> None:
    module = SimpleNamespace(system=lambda: "asked")
    know_name("linux", module)
    assert module.system() == "asked"

    know_name("win32", module)
    assert module.system() == "Windows"


def test_version_of_windows_is_read_from_python() -> None:
    module = SimpleNamespace(getwindowsversion=lambda: (10, 0, 22631, 2, ""))
    assert system(module) == "Windows 10.0.22631"


@pytest.mark.slow
@pytest.mark.parametrize("module", ["linktime.sandbox", "linktime.commands.demo", "linktime.commands.doctor.api"])
def test_no_command_asks_windows_for_its_name(module: str) -> None:
    """`platform.uname` asks a service of Windows, which may never answer."""
    program = (
        "import platform\n"
        "from linktime.pipeline.system import know_name\n"
        "know_name('win32')\n"
        "platform.uname = lambda: exit('asked')\n"
        f"import {module}, aiohttp.web\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=PATIENCE, check=False)

    assert (ended.returncode, ended.stderr) == (0, b"")
