"""Who may ask: those who know a token, under one of our own names."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dreamface.service.users import OWNER, User, Users, asking

LONGEST_BODY = 2**20
"""Bytes of a request."""

TOO_LONG = "The request is too long: send at most 1 MB."

LONGEST_UPLOAD = 64 * 2**20
"""Bytes of a file that is sent ahead of a job."""

UPLOAD_TOO_LONG = "The file is too long: send at most 64 MB."

LONGEST_STYLE = 8 * 2**20
"""Bytes of a hair style: some thousand guides."""

STYLE_TOO_LONG = "The hair style is too long: send at most 8 MB, with fewer guides or fewer points of each."

LONGEST_STACK = 4 * 2**20
"""Bytes of a request that has a face's edits several times."""

STACK_TOO_LONG = "The edits are too long: send at most 4 MB."

_LONGER = {
    "/styles": (LONGEST_STYLE, STYLE_TOO_LONG),
    "/paint": (LONGEST_STACK, STACK_TOO_LONG),
    "/edits/carry": (LONGEST_STACK, STACK_TOO_LONG),
    "/talk": (LONGEST_STACK, STACK_TOO_LONG),
}
"""Paths whose requests may be longer than others: how long, and what to say where they are longer still."""

UPLOADS = "/uploads/"
"""What the paths of files that are sent ahead begin with."""


def limit_of(path: str) -> tuple[int, str]:
    """Return how many bytes a request to a path may have, and what to say where it has more."""
    if path.startswith(UPLOADS):
        return LONGEST_UPLOAD, UPLOAD_TOO_LONG
    return _LONGER.get(path, (LONGEST_BODY, TOO_LONG))


LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class Access:
    """ASGI middleware in front of everything, so that nothing can be forgotten.

    The Host check keeps a web page from reaching the backend under its own name, which DNS rebinding would allow. The
    port in it may be any: behind an SSH tunnel it is another than ours.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Collection[str] | None, users: Users) -> None:
        """Keep what is asked for.

        Args:
            app: what is behind it.
            token: the owner's: every request must carry it, or a user's.
            hosts: names that it may be asked by, besides this machine's own; None: any.
            users: who has a token of their own.
        """
        self._app = app
        self._token = token.encode()
        self._users = users
        self._hosts = None if hosts is None else LOOPBACK_NAMES | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        user = self._user(headers)
        refusal = self._refusal(headers, scope.get("path", ""), user)
        if refusal is not None:
            refusal.headers["Connection"] = "close"  # strangers keep no connection
        elif let_in := scope.get("state", {}).get("let_in"):
            let_in()
        asking.set(user or OWNER)  # each request is answered in a context of its own
        await (refusal or self._app)(scope, receive, send)

    def _user(self, headers: Headers) -> User | None:
        """Return whose token a request carries; None: nobody's."""
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind != "Bearer":
            return None
        if hmac.compare_digest(given.encode("latin-1", "replace"), self._token):
            return OWNER
        return self._users.of(given)

    def _refusal(self, headers: Headers, path: str, user: User | None) -> JSONResponse | None:
        name = _name(headers.get("host", ""))
        if self._hosts is not None and name not in self._hosts:
            said = f"the name {name}" if name else "that name"
            error = f"This backend does not go by {said}: use 127.0.0.1, or start it with --allow-host."
            return JSONResponse({"error": error}, 421)
        if user is None:
            error = "The token is missing or wrong: send the one that the backend was started with, or your own."
            return JSONResponse({"error": error}, 401, {"WWW-Authenticate": "Bearer"})
        length = headers.get("content-length", "0")
        longest, sentence = limit_of(path)
        if not length.isdecimal() or int(length) > longest:  # one that states no length is counted as it comes
            return JSONResponse({"error": sentence}, 413)
        return None


class BodyLimit:
    """ASGI middleware that counts what comes in: files may be longer than other requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and cut it off where it gets too long."""
        longest, _ = limit_of(scope.get("path", ""))
        await RequestBodyLimitMiddleware(self._app, longest)(scope, receive, send)


def _name(host: str) -> str:
    """The name in a Host header, without its port; "" where it is none."""
    try:
        return "" if "@" in host else urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
