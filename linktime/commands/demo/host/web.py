"""The web server of the host: on loopback only, and every address holds a random token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from importlib.resources import files
from secrets import token_urlsafe
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .server_client import ServerClient

_ADDRESS: Final = "127.0.0.1"
_NAMES: Final = (_ADDRESS, "localhost")
_GRACE: Final = 0.5  # s; calls in flight get this long at the end
# name, MIME type
_FILES: Final = {
    "host.css": "text/css",
    "host.js": "text/javascript",
    "bridge.js": "text/javascript",
}
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The policy that the extension sets for a view without `csp`, and the sandbox even if a user opens the view alone.
_VIEW_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "media-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": _PAGE_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",  # the address holds the token
        "X-Content-Type-Options": "nosniff",
    }
)


@dataclass(frozen=True, slots=True)
class _Site:
    """The pages of the *host*. A view gets a token of its own, because a script can read its own address."""

    host: ServerClient
    token: str = field(default_factory=token_urlsafe)
    view_token: str = field(default_factory=token_urlsafe)

    def application(self) -> web.Application:
        """Return the application."""
        app = web.Application(middlewares=[self._guarded])
        app.router.add_get("/{token}/", self._page)
        app.router.add_get("/{token}/scenes", self._scenes)
        app.router.add_post("/{token}/call", self._call)
        app.router.add_get("/{token}/views/{name}", self._view)
        app.router.add_get("/{token}/{name}", self._file)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse a request of another site or user. Add the headers of a page to every response."""
        # A foreign Host is a name that its owner let point to this machine: DNS rebinding.
        try:
            if not (_is_own(request) and self._has_token(request)):
                raise web.HTTPForbidden
            response = await handler(request)
        except web.HTTPException as fault:
            fault.headers.update(_HEADERS)
            raise
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def _has_token(self, request: web.Request) -> bool:
        first, _, rest = request.path.removeprefix("/").partition("/")
        token = self.view_token if rest.startswith("views/") else self.token
        return compare_digest(first.encode(), token.encode())

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=_text("index.html"), content_type="text/html")

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in _FILES:
            raise web.HTTPNotFound
        return web.Response(text=_text(name), content_type=_FILES[name])

    async def _scenes(self, _: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "title": scene.title,
                    "tool": scene.tool.model_dump(by_alias=True, mode="json", exclude_none=True),
                    "arguments": scene.arguments,
                    "page": f"/{self.view_token}/views/{name}",
                }
                for name, scene in self.host.scenes.items()
            ]
        )

    async def _view(self, request: web.Request) -> web.Response:
        scene = self.host.scenes.get(request.match_info["name"])
        if scene is None:
            raise web.HTTPNotFound
        headers = {"Content-Security-Policy": _VIEW_POLICY}
        return web.Response(text=scene.html, content_type="text/html", headers=headers)

    async def _call(self, request: web.Request) -> web.Response:
        match await _json(request):
            case {"name": str(name), "arguments": dict(arguments)}:
                return web.json_response(await self.host.call(name, arguments))
            case _:
                raise web.HTTPBadRequest


@asynccontextmanager
async def listening(host: ServerClient) -> AsyncIterator[str]:
    """Serve the page of *host* on a free port until the block ends. Yield its address."""
    site = _Site(host)
    runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        await web.TCPSite(runner, _ADDRESS, 0).start()
        port = runner.addresses[0][1]
        yield f"http://{_ADDRESS}:{port}/{site.token}/"
    finally:
        await runner.cleanup()


def _is_own(request: web.Request) -> bool:
    """Return whether the request names this server as its host."""
    _, port = request.get_extra_info("sockname", ("", 0))
    return request.host in {f"{name}:{port}" for name in _NAMES}


def _text(name: str) -> str:
    return files(__package__).joinpath("page", name).read_text(encoding="utf-8")


async def _json(request: web.Request) -> Any:
    # Another site can send a form, but no JSON, without the browser asking this server first.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        return await request.json()
    except ValueError:
        raise web.HTTPBadRequest from None
