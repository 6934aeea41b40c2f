"""Requests in the service's spelling, which the contract knows."""

from __future__ import annotations

from dataclasses import replace

import orjson

from ...contract import Operation
from ...message import Request


def on_the_wire(request: Request, operation: Operation) -> Request:
    """Return *request* with the service's method, path and names."""
    if not operation.spelling.differs or not operation.name:
        return request
    body = request.body and orjson.dumps(operation.spelling.to_wire(orjson.loads(request.body), operation.body))
    return replace(
        request,
        method=operation.wire_method,
        template=operation.wire_template,
        query=tuple((operation.query.get(name, name), value) for name, value in request.query),
        body=body,
    )
