"""A newcomer's machine: a clone of this project, the system's Python, and an empty home."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.programs import program, uv_settings

ROOT: Final = Path(__file__).parents[2]
NO_CHECKOUT: Final = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", "__pycache__", "*.egg-info", "build", "dist", "node_modules"
)
NETWORK: Final = ("PIP_", "SSL_", "REQUESTS_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
_HAS_VENV: Final = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))"


def clone(place: Path) -> Path:
    """Copy the files of this project that git tracks, or all sources if this is no checkout. Return the folder."""
    tree = place / "linktime-mcp"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
    )
    if listed.returncode:
        shutil.copytree(ROOT, tree, ignore=NO_CHECKOUT)
        return tree
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    return tree


def machine(place: Path, *programs: Path) -> dict[str, str]:
    """Return the environment: an empty home, the system's programs and these *programs*, and the way to the network."""
    home = place / "home"
    home.mkdir()
    python = system_python()
    path = os.pathsep.join(map(str, (*(program.parent for program in programs), python.parent, "/usr/bin", "/bin")))
    network = {name: value for name, value in os.environ.items() if name.upper().startswith(NETWORK)}
    lazy = {"PIP_COMPILE": "0"}  # the programs compile what they import; pip would compile everything, in half its time
    return network | lazy | {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8"}


def uv_machine(place: Path) -> dict[str, str]:
    """Return the environment of `machine`, with uv on the path."""
    settings = uv_settings(place / "cache")
    uv = Path(settings.pop("PATH").split(os.pathsep)[0]) / "uv"
    return machine(place, uv) | settings | {"UV_PYTHON": str(system_python())}


def program_machine(place: Path) -> tuple[dict[str, str], Path]:
    """Return the environment of a newcomer with pipx and uv, and the folder of the programs that these install."""
    env, programs = uv_machine(place), place / "programs"
    own = {
        "UV_TOOL_BIN_DIR": str(programs),
        "UV_TOOL_DIR": str(place / "tools"),
        "PIPX_BIN_DIR": str(programs),
        "PIPX_HOME": str(place / "pipx"),
    }
    return env | own | {"PATH": f"{Path(program('pipx')).parent}{os.pathsep}{env['PATH']}"}, programs


def system_python() -> Path:
    """Return the system's Python, or the one below this environment if the system has none with venv."""
    system = Path("/usr/bin/python3")
    if system.is_file() and not subprocess.run([system, "-c", _HAS_VENV], check=False, timeout=50).returncode:
        return system
    return Path(getattr(sys, "_base_executable", sys.executable))
