"""Schemathesis sends seeded requests to the sandbox. Every answer is documented, and none is a server error."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from linktime.sandbox import Sandbox

LIMIT = 240  # s; bounds the run on a busy machine
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.slow
@pytest.mark.timeout(LIMIT + 30)
async def test_sandbox_keeps_the_contract_for_any_request(sandbox: Sandbox, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{sandbox.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {sandbox.key}", "--checks", CHECKS),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "22", "--workers", "1"),
        *("--generation-database", "none", "--no-color"),
        stdout=PIPE,
        stderr=STDOUT,
        cwd=tmp_path,
    )
    async with asyncio.timeout(LIMIT):
        output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()[-8000:]
    assert len(sandbox.requests) > 500
    assert {entry.status for entry in sandbox.requests} >= {200, 201, 400, 404}
