"""The other systems: their jobs in the workflow, and code that they can import."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
TEXTS = {
    file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
    for folder in ("linktime", "tests")
    for file in sorted((ROOT / folder).rglob("*.py"))
}
POSIX_IMPORT = re.compile(
    r"^(?:import|from) (crypt|fcntl|grp|posix|pty|pwd|resource|syslog|termios|tty)\b", re.MULTILINE
)
PROGRAM = re.compile(r'"{3}.*?"{3}', re.DOTALL)
POSSESSIVE = re.compile(r"[*+?}]\+|\(\?>")  # or an atomic group
RUNNING = re.compile(r"\b(?:sys\.platform|os\.name)\b *(?:[=!]=|in\b|not in\b|\.startswith)")
DECISIVE = re.compile("WINDOWS|MACOS|NotImplementedError|Signals|win32|darwin|getwindowsversion|attr\\(")
PROBED = {"clocks", "module", "os", "select", "signal", "socket", "sys", "time"}  # modules that differ between systems
BRANCHES = {
    "cli.py:_sandbox": "sandbox/test_sandbox_server.py:test_greeting_uses_the_syntax_of_powershell_on_windows",
    "commands/clients.py:": "commands/test_clients_places.py:test_files_of_each_client_on_each_system",
    "commands/demo/host/browser.py:has_display": "commands/test_homes.py:test_windows_and_macos_have_a_display",
    "commands/doctor/versions.py:system": "commands/test_waits.py:test_version_of_windows_is_read_from_python",
    "commands/install/files.py:is_shared": "commands/test_homes.py:test_mode_of_a_file_on_windows_means_nothing",
    "commands/install/target.py:": "commands/test_homes.py:test_backup_of_a_project_is_in_the_state_of_the_system",
    "commands/locations.py:Environment._native": "commands/test_homes.py:test_home_is_understood_in_every_spelling",
    "commands/locations.py:Environment._root": "commands/test_homes.py:test_missing_appdata_is_below_the_home",
    "commands/locations.py:Environment.protects": (
        "commands/test_doctor_clients.py:test_path_that_macos_protects_is_a_warning"
    ),
    "commands/locations.py:System.called": "commands/test_homes.py:test_home_is_understood_in_every_spelling",
    "commands/locations.py:": "commands/test_homes.py:test_missing_home_is_named",
    "commands/missing_key.py:key_advice": "commands/test_homes.py:test_key_is_set_in_the_syntax_of_the_shell",
    "commands/terminal.py:has_user": "commands/test_terminal.py:test_only_a_console_has_a_user",
    "commands/terminal.py:prepare_streams": "commands/test_terminal.py:test_consoles_understand_escape_sequences",
    "front.py:Front.begin": "test_front.py:test_nothing_answers_early_on_windows",
    "pipeline/clock.py:clock_of": "pipeline/test_system.py:test_windows_counts_the_milliseconds_since_the_start",
    "pipeline/ledger/factory.py:Places.former": "pipeline/test_ledger_place.py:test_upgrade_starts_with_a_share",
    "pipeline/rest/connector.py:": "pipeline/test_system.py:test_bytes_of_a_socket_are_seen_with_and_without_poll",
    "pipeline/rest/trust.py:": "pipeline/test_trust.py:test_only_the_store_of_the_system_is_trusted",
    "pipeline/system.py:account_home": "pipeline/test_system.py:test_windows_knows_the_home_of_the_account",
    "pipeline/system.py:is_same_file": "pipeline/test_system.py:test_windows_compares_pipes_by_their_handles",
    "pipeline/system.py:know_name": "commands/test_waits.py:test_windows_is_known_without_a_question",
    "pipeline/system.py:named_home": "pipeline/test_system.py:test_environment_names_a_home",
    "pipeline/system.py:reader_check": "pipeline/test_system.py:test_windows_knows_the_state_of_a_pipe",
    "protocol/stdio/descriptors.py:_can_be_polled": "protocol/test_transports.py:test_no_frame_is_lost_or_overtaken",
    "protocol/stdio/endings.py:ending_signals": (
        "protocol/test_threads.py:test_windows_has_one_more_signal_that_ends_a_session"
    ),
    "protocol/stdio/endings.py:on_signals": ("protocol/test_transports.py:test_one_signal_ends_it_while_stdin_is_open"),
    "protocol/stdio/endings.py:restore_signals": ("protocol/test_transports.py:test_a_second_signal_ends_it_at_once"),
    "protocol/stdio/endings.py:when_orphaned": "protocol/test_threads.py:test_windows_does_not_watch_its_parent",
    "sandbox/server.py:_stop_event": "sandbox/test_sandbox_server.py:test_ctrl_c_ends_it_on_a_loop_without_handlers",
}
"""The test that runs the branch for Windows, or for macOS, by the function that decides. A table has no function."""

NAMES = {"commands/environment.py:", "pipeline/system.py:"}  # the words themselves, and a flag that is 0 on Windows


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    return loaded


def test_regular_expressions_work_in_every_python_3_11() -> None:
    """Before 3.11.5 a possessive quantifier after a group can match the wrong text. Debian 12 has 3.11.2."""
    literals = [
        (path, node.value)
        for path, text in TEXTS.items()
        if path.startswith("linktime/")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]

    assert [(path, literal) for path, literal in literals if POSSESSIVE.search(literal)] == []


def test_nothing_imports_what_windows_lacks() -> None:
    """A function may import it, because a marked test runs on POSIX only. So may a program in a string."""
    codes = {path: PROGRAM.sub("", text) for path, text in TEXTS.items()}

    assert {path: names for path, code in codes.items() if (names := POSIX_IMPORT.findall(code))} == {}


def test_platform_is_an_argument() -> None:
    """A branch for Windows that asks for the running system cannot run in a test elsewhere."""
    comparing = {path for path, text in TEXTS.items() if path.startswith("linktime/") and RUNNING.search(text)}

    assert comparing == {"linktime/cli.py"}  # it chooses the words of a text


def test_every_decision_about_the_system_has_a_test() -> None:
    codes = {path: ast.parse(text) for path, text in TEXTS.items() if "linktime/" in path and DECISIVE.search(text)}
    deciding = {f"{path.removeprefix('linktime/')}:{name}" for path, code in codes.items() for name in deciders(code)}
    named = [f"tests/{test}".rpartition(":") for test in BRANCHES.values()]

    assert deciding == BRANCHES.keys() | NAMES
    assert [
        test for file, _, test in named if not re.search(rf"^(async )?def {test}\(", TEXTS[file], re.MULTILINE)
    ] == []


def deciders(node: ast.AST, name: str = "") -> Iterator[str]:
    """Yield the name of each function in which a name of a system or a probe of a module stands."""
    for child in ast.iter_child_nodes(node):
        inner = name
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{name}.{child.name}".removeprefix(".")
        if _decides(child):
            yield inner
        yield from deciders(child, inner)


def _decides(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="WINDOWS" | "MACOS" | "NotImplementedError", ctx=ast.Load()):
            return True
        case ast.Attribute(attr="WINDOWS" | "MACOS" | "Signals"):
            return True
        case ast.Constant(value="win32" | "darwin" | "getwindowsversion"):
            return True
        case ast.Call(
            func=ast.Name(id="getattr" | "hasattr"), args=[ast.Name(id=module), ast.Constant(value=str(name)), *_]
        ):
            return module in PROBED and not name.startswith("__")
    return False


def test_workflow_runs_every_python_of_the_classifiers(workflow: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [text for each in project["classifiers"] if re.fullmatch(r"3\.\d+", text := each.split(" :: ")[-1])]

    assert versions
    assert project["requires-python"] == f">={versions[0]}"
    assert {name: job["strategy"]["matrix"]["python"] for name, job in workflow["jobs"].items()} == dict.fromkeys(
        workflow["jobs"], versions
    )


def test_workflow_runs_everything_once_and_the_rest_on_windows_and_macos(workflow: dict[str, Any]) -> None:
    everything, portable = workflow["jobs"]["everything"], workflow["jobs"]["portable"]
    commands = [step["run"] for step in portable["steps"] if "pytest" in step.get("run", "")]
    [odd] = portable["strategy"]["matrix"]["include"]

    assert everything["runs-on"].startswith("ubuntu-")
    assert any(".ci/run" in step.get("run", "") for step in everything["steps"])
    assert portable["strategy"]["matrix"]["os"] == ["windows-latest", "macos-latest"]
    assert len(commands) == 2
    assert all('pytest -m "not posix"' in command for command in commands)
    assert odd["os"] == "windows-latest"
    assert " " in odd["home"]
    assert not odd["home"].isascii()


def test_workflow_is_pinned_bounded_and_reads_only(workflow: dict[str, Any]) -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    uses = re.findall(r"uses: (.*)", text)

    assert uses
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in uses)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    assert all(job["timeout-minutes"] <= 60 and "permissions" not in job for job in workflow["jobs"].values())
    checkouts = [
        step for job in workflow["jobs"].values() for step in job["steps"] if "checkout" in step.get("uses", "")
    ]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
