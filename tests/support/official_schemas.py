"""The official schema.json of each revision of the protocol, out of the official conformance suite.

The suite has them as literals in its only file, and exports none of them.
"""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.protocols import Validator

from tests.support.programs import need, program

SUITE: Final = "@modelcontextprotocol/conformance"
_EXTRACT: Final = r"""
const source = require("fs").readFileSync(process.argv[1], "utf8");
const end = (start) => {
  for (let at = start, depth = 0, quote = ""; ; at++) {
    const sign = source[at];
    if (sign === "\\") at++;
    else if (quote) quote = sign === quote ? "" : quote;
    else if ("`'\"".includes(sign)) quote = sign;
    else if (sign === "{") depth++;
    else if (sign === "}" && --depth === 0) return at + 1;
  }
};
const heads = source.matchAll(/\{\$schema:`https?:\/\/json-schema\.org\/[^`]*`,(?:definitions|\$defs):\{Annotations:/g);
const schemas = [...heads].map(({ index }) => eval(`(${source.slice(index, end(index))})`));
console.log(JSON.stringify(schemas));
"""


def suite() -> Path:
    """Return the file of the conformance suite that .ci/run installs. Skip the test if it is missing."""
    file = Path(os.environ.get("LINKTIME_TEST_CLIENTS", ".")).parent / SUITE / "dist" / "index.js"
    need(SUITE, is_there=file.exists())
    return file


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of each revision."""
    command = [program("node"), "-e", _EXTRACT, str(suite())]
    output = subprocess.run(command, check=True, capture_output=True, timeout=50).stdout
    return {_revision(schema): schema for schema in json.loads(output)}


def _revision(schema: dict[str, Any]) -> str:
    """Return the revision of a schema, by a definition that the earlier ones do not have."""
    known = schema.get("$defs") or schema["definitions"]
    marks = {"DiscoverResult": "2026-07-28", "ElicitRequestFormParams": "2025-11-25", "ElicitRequest": "2025-06-18"}
    return next((revision for mark, revision in marks.items() if mark in known), "2025-03-26")


@cache
def validator(revision: str, *names: str) -> Validator:
    """Return a validator for a value that has one of the definitions with these *names*."""
    schema = schemas()[revision]
    key, kind = ("$defs", Draft202012Validator) if "$defs" in schema else ("definitions", Draft7Validator)
    return kind({key: schema[key], "anyOf": [{"$ref": f"#/{key}/{name}"} for name in names]})
