"""Protection from the process's environment: only LINKTIME_* settings may keep the server from starting.

`prepare` runs before any other import, so this module imports only modules that every Python has already imported.
"""

from __future__ import annotations

import os
import sys

_NEVER_IMPORTED = {"", "linktime", "docs", "examples", "scripts", "test", "tests"}  # which careless packages install
_INSTALLED_HERE = ".dist-info"
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # Windows has no pipes among its files


def prepare() -> list[str]:
    """Undo the changes that the environment made to Python. Return a line for each change."""
    lines = (*_search_others_last(), *_ignore_warnings(), *_ignore_unwritable_key_log())
    return [f"linktime-mcp: {line}" for line in lines]


def _search_others_last() -> list[str]:
    """Move folders of `sys.path` to its end if they hide an installed module.

    Such folders come from PYTHONPATH and from `python -m` in a folder that has a file like `mcp.py` or `logging.py`.
    """
    first = _standard_library()
    hiding = {folder: name for folder in sys.path[:first] if (name := _hidden(folder, sys.path[first:]))}
    sys.path[:] = [*(folder for folder in sys.path if folder not in hiding), *hiding]
    return [
        f"{folder or os.curdir} is searched last, because it hides the module {hiding[folder]}" for folder in hiding
    ]


def _standard_library() -> int:
    """Return the index of the standard library in `sys.path`, or 0 if it is elsewhere, as in a frozen program."""
    library = os.path.dirname(getattr(os, "__file__", ""))
    return next((n for n, folder in enumerate(sys.path) if folder == library), 0)


def _hidden(folder: str, installed: list[str]) -> str:
    """Return the name of a module in *installed* that *folder* hides, or an empty text.

    A folder with installed packages hides none.
    """
    try:
        with os.scandir(folder or os.curdir) as entries:
            modules = {_module(entry) for entry in entries} - _NEVER_IMPORTED
    except OSError:  # an archive, or a folder that is missing or may not be read
        return ""
    if _INSTALLED_HERE in modules:
        return ""
    return min((name for name in modules if name in sys.stdlib_module_names or _is_in(name, installed)), default="")


def _module(entry: os.DirEntry[str]) -> str:
    """Return the name of the module that *entry* is, if any. A folder without `__init__.py` hides nothing."""
    if entry.name.endswith(".dist-info"):
        return _INSTALLED_HERE
    if entry.name.endswith((".py", ".so", ".pyd")):
        return entry.name.partition(".")[0]
    return entry.name if entry.is_dir() and os.path.isfile(os.path.join(entry.path, "__init__.py")) else ""


def _is_in(module: str, folders: list[str]) -> bool:
    places = [os.path.join(folder, module) for folder in folders]
    return any(os.path.isdir(place) or os.path.isfile(f"{place}.py") for place in places)


def _ignore_warnings() -> list[str]:
    """Ignore warnings if PYTHONWARNINGS makes them errors."""
    actions = [option.strip() for option in os.environ.get("PYTHONWARNINGS", "").split(",")]
    if not any(action.startswith("e") for action in actions):
        return []
    import warnings  # noqa: PLC0415 - it is here already, and only then

    warnings.simplefilter("ignore")
    return ["PYTHONWARNINGS is ignored, so that no warning ends the program"]


def _ignore_unwritable_key_log() -> list[str]:
    """Unset SSLKEYLOGFILE if its file can't be written. Python's TLS would fail, and with it the import of aiohttp."""
    path = os.environ.get("SSLKEYLOGFILE")
    if not path:
        return []
    try:  # without waiting for the reader of a pipe
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_WAIT, 0o600))
    except OSError:
        del os.environ["SSLKEYLOGFILE"]
        return ["SSLKEYLOGFILE is ignored, because that file can't be written"]
    return []
