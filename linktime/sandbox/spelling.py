"""The spelling of the API: its paths, and the names in queries, bodies and answers, as the contract has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from ..contract import Contract, Operation

CONTRACT: Final = web.AppKey("contract", Contract)
_OPERATION: Final = web.RequestKey("operation", Operation)


def routes_of(routes: Iterable[web.AbstractRouteDef], contract: Contract) -> Iterator[web.RouteDef]:
    """Yield the routes of a resource with the methods and paths of the contract."""
    for route in cast("Iterable[web.RouteDef]", routes):
        operation = contract.find(route.method, route.path)
        yield web.RouteDef(operation.wire_method, operation.wire_template, route.handler, route.kwargs)


@web.middleware
async def respell(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note the operation of a request, and put its answer into the spelling of the contract."""
    contract = request.app[CONTRACT]
    if request.match_info.http_exception is not None or not contract.spelling.differs:
        return await handler(request)
    request[_OPERATION] = operation = _operation(request, contract)
    response = await handler(request)
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        spelling = contract.spelling
        response.body = orjson.dumps(spelling.closed(spelling.to_wire(orjson.loads(response.body), operation.answer)))
    return response


def query_names(request: web.Request) -> Mapping[str, str]:
    """Return the contract's name of each query parameter by our name, or nothing if all names are equal."""
    return request[_OPERATION].query if _OPERATION in request else {}


def our_body(request: web.Request, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a body with the names of this package. Names that the contract lacks are dropped."""
    if _OPERATION not in request:
        return payload
    operation = request[_OPERATION]
    spelling = operation.spelling
    known = {spelling.wire(*field) for field in spelling.schemas.fields(operation.body).items()}
    fields: dict[str, Any] = spelling.from_wire(
        {name: value for name, value in payload.items() if name in known}, operation.body
    )
    return fields


def _operation(request: web.Request, contract: Contract) -> Operation:
    """Return the operation of a route that exists."""
    resource = request.match_info.route.resource
    template = resource.canonical.removeprefix("/api/v1") if resource else ""
    operation = contract.at(request.method, template)
    return operation or contract.find(request.method, template)
