"""The output of .ci/bundle: the official tool, the schema of the registry, and a client accept it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
from jsonschema import Draft7Validator

from linktime import __version__
from linktime.config import Settings
from linktime.protocol.prompts import PROMPTS
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.process import Child, child, environ
from tests.support.programs import program, run, uv_settings

# They start many processes and run .ci/bundle, a script with a shebang.
pytestmark = [pytest.mark.slow, pytest.mark.posix]

ROOT: Final = Path(__file__).parent.parent
SCHEMA: Final = json.loads((ROOT / "tests/registry/server.schema.json").read_text(encoding="utf-8"))
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def build(place: Path, tree: Path = ROOT) -> list[Path]:
    command = [sys.executable, str(tree / ".ci" / "bundle"), str(place)]
    return [Path(line) for line in subprocess.check_output(command, text=True, timeout=50).splitlines()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture
def bundle(built: list[Path]) -> Path:
    return built[0]


@pytest.fixture
def entry(built: list[Path]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(built[1].read_text(encoding="utf-8"))
    return content


@pytest.fixture
def folder(bundle: Path, tmp_path: Path) -> Path:
    """Unpack the bundle as a client does."""
    place = tmp_path / "extension with a space"
    with ZipFile(bundle) as archive:
        archive.extractall(place)
    return place


@pytest.fixture
def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture
def uv(tmp_path: Path) -> dict[str, str]:
    return uv_settings(tmp_path / "cache")


def substituted(manifest: dict[str, Any], folder: Path, **answers: str | bool) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment of a manifest, filled in with the user's *answers* as a client does."""
    options = {
        name: about["default"] for name, about in manifest["user_config"].items() if "default" in about
    } | answers
    values = {
        f"user_config.{name}": str(value).lower() if value in {True, False} else value
        for name, value in options.items()
    }
    values["__dirname"] = str(folder)

    def filled(text: str) -> str:
        return re.sub(r"\$\{(.+?)\}", lambda variable: values[variable[1]], text)

    config = manifest["server"]["mcp_config"]
    command = [config["command"], *map(filled, config["args"])]
    return command, {name: filled(value) for name, value in config["env"].items()}


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def listed(server: Child, what: str) -> list[dict[str, Any]]:
    return [
        {"name": each["name"], "description": each["description"]}
        for each in (await server.result(server.ask(f"{what}/list")))[what]
    ]


def test_same_tree_gives_the_same_bytes(built: list[Path], tmp_path: Path) -> None:
    again = build(tmp_path / "not yet there")

    assert [path.name for path in again] == [f"linktime-mcp-{__version__}.mcpb", "server.json"]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in built]


def test_bundle_has_the_package_and_its_build_files(bundle: Path) -> None:
    with ZipFile(bundle) as archive:
        names = archive.namelist()

    package = {str(path.relative_to(ROOT)) for path in (ROOT / "linktime").rglob("*.*") if path.suffix != ".pyc"}
    assert set(names) == package | {"LICENSE", "README.md", "main.py", "manifest.json", "pyproject.toml"}
    assert names == sorted(names)


def test_stray_files_stay_out_of_the_bundle(bundle: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "linktime", tree / "linktime", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".ci/bundle", "pyproject.toml", "README.md", "LICENSE"):
        (tree / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    for name in (".env", "notes.md", "tools/cli.py.orig", "pipeline/budget.sqlite3", ".DS_Store"):
        (tree / "linktime" / name).write_text("a secret")

    built, _ = build(tmp_path / "dist", tree)

    assert built.read_bytes() == bundle.read_bytes()


def test_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    place = tmp_path / "dist"
    place.touch()

    ended = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "bundle"), str(place)],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert [str(place) in line for line in ended.stderr.splitlines()] == [True]


def test_manifest_repeats_the_project_metadata(manifest: dict[str, Any]) -> None:
    metadata = {name: manifest[name] for name in ("name", "version", "description", "license", "keywords", "author")}

    assert metadata == {
        "name": PROJECT["name"],
        "version": __version__,
        "description": PROJECT["description"],
        "license": PROJECT["license"],
        "keywords": PROJECT["keywords"],
        "author": PROJECT["authors"][0],
    }
    assert manifest["compatibility"]["runtimes"]["python"] == PROJECT["requires-python"]
    assert [prompt["arguments"] for prompt in manifest["prompts"]] == [
        [argument.name for argument in prompt.arguments] for prompt in PROMPTS.values()
    ]


def test_only_the_key_is_required_and_it_is_secret(manifest: dict[str, Any]) -> None:
    options = manifest["user_config"]
    key = options.pop("api_key")
    defaults = {str(Settings.model_fields[name].alias): str(about["default"]) for name, about in options.items()}

    assert (key["required"], key["sensitive"]) == (True, True)
    assert Settings.from_environ(defaults) == Settings.from_environ({})
    assert set(manifest["server"]["mcp_config"]["env"]) == {"LINKTIME_API_KEY", *defaults}


async def test_official_tool_accepts_the_bundle(bundle: Path, folder: Path, tmp_path: Path) -> None:
    mcpb, env, out = program("mcpb"), environ(), tmp_path / "by the tool"

    assert await run(mcpb, "validate", str(folder / "manifest.json"), env=env) == (
        0,
        "Manifest schema validation passes!\n",
    )
    for status, output in [
        await run(mcpb, "info", str(bundle), env=env),
        await run(mcpb, "unpack", str(bundle), str(out), env=env),
    ]:
        assert status == 0, output

    assert contents(out) == contents(folder)


@pytest.mark.timeout(300)  # uv fetches all that the server needs
async def test_bundle_starts_as_a_client_starts_it(
    sandbox: Sandbox, folder: Path, manifest: dict[str, Any], uv: dict[str, str]
) -> None:
    answers = {"api_key": sandbox.key, "base_url": sandbox.url}
    command, env = substituted(manifest, folder, **answers)

    status, output = await run(*command, env=environ(**uv, **env))  # its stdin is empty, so it ends when it is ready
    assert status == 0, output

    async with child(*command, **uv, **env) as server:
        greeting = await server.greet()
        tools, prompts = await listed(server, "tools"), await listed(server, "prompts")
        me = await server.result(server.call("get_me"))
    command, env = substituted(manifest, folder, **answers, read_only=True)
    async with child(*command, **uv, **env) as server:
        await server.greet()
        reading = await listed(server, "tools")

    assert greeting["serverInfo"]["version"] == __version__
    assert tools == manifest["tools"]
    assert prompts == [{name: each[name] for name in ("name", "description")} for each in manifest["prompts"]]
    assert me["structuredContent"]["username"]
    assert [tool["name"] for tool in reading] == [tool.name for tool in TOOLS.values() if tool.reads]


def test_entry_fits_the_schema_of_the_registry(entry: dict[str, Any]) -> None:
    assert entry["$schema"] == SCHEMA["$id"]
    assert list(Draft7Validator(SCHEMA).iter_errors(entry)) == []


def test_entry_names_the_package_and_the_bundle(entry: dict[str, Any], bundle: Path) -> None:
    package, download = entry["packages"]

    assert (entry["version"], package["version"], download["version"]) == (__version__,) * 3
    assert package["identifier"] == PROJECT["name"]
    assert package["identifier"] in PROJECT["scripts"]  # since uvx runs the program of that name
    assert Path(download["identifier"]).name == bundle.name
    assert download["fileSha256"] == sha256(bundle.read_bytes()).hexdigest()


def test_entry_has_the_settings_with_a_secret_key(entry: dict[str, Any]) -> None:
    key, *rest = entry["packages"][0]["environmentVariables"]

    assert (key["name"], key["isRequired"], key["isSecret"]) == ("LINKTIME_API_KEY", True, True)
    assert Settings.from_environ({each["name"]: each["default"] for each in rest}) == Settings.from_environ({})


def test_readme_ends_with_the_name_in_the_registry(entry: dict[str, Any]) -> None:
    description = (ROOT / PROJECT["readme"]).read_text(encoding="utf-8")

    assert description.endswith(f"\n\n<!-- mcp-name: {entry['name']} -->\n")
