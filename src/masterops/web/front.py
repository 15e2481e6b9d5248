"""
The front of everything that we serve: every request comes through here, whatever answers it.

It keeps bodies within their limit, gives every answer its headers, makes a problem of every error, and leaves
a log record: of what was refused or failed always, of the rest a share. What is logged of an address is its
template, because an address may be a secret.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from masterops import errors
from masterops.core import clock
from masterops.logs import Logger
from masterops.web.asgi import Application, Message, Receive, Scope, Send
from masterops.web.bodies import Gone, limited, refuse_announced
from masterops.web.callers import Callers
from masterops.web.headers import secured
from masterops.web.pings import OK, OK_HEADERS, PREFIX, TEMPLATE, Pings
from masterops.web.problems import answer, of_error


class Front:
    """
    An ASGI application: pings first, `pages` for the rest. `chance` draws the share that is logged.
    """

    def __init__(
        self,
        pings: Pings,
        pages: Application,
        callers: Callers,
        log: Logger,
        *,
        most_bytes: int,
        log_share: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._pings = pings
        self._pages = pages
        self._callers = callers
        self._log = log
        self._most_bytes = most_bytes
        self._log_share = log_share
        self._chance = chance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # there are no web sockets, and nothing waits for us to start
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        begin = clock.ticks()
        try:
            if scope["path"].startswith(PREFIX):
                status, error = await self._ping(scope, receive, send)
            else:
                status, error = await self._page(scope, receive, send)
        except Gone:
            return
        if error is not None or status >= 400 or self._chance() < self._log_share:
            self._record(scope, status, error, (clock.ticks() - begin) * 1000)

    async def _ping(
        self, scope: Scope, receive: Receive, send: Send
    ) -> tuple[int, errors.RequestError | None]:
        try:
            await self._pings.take(scope, receive)
        except errors.MasterOpsError as error:
            return await self._refuse(scope, send, of_error(error))
        except Gone:
            raise
        except Exception:  # one bad request must not show a traceback to whoever sent it
            self._log.exception("web.crashed", service="web", path=TEMPLATE)
            return await self._refuse(scope, send, errors.RequestFailed())
        await send({"type": "http.response.start", "status": 200, "headers": OK_HEADERS})
        await send({"type": "http.response.body", "body": OK})
        return 200, None

    async def _page(
        self, scope: Scope, receive: Receive, send: Send
    ) -> tuple[int, errors.RequestError | None]:
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": secured(message.get("headers", []))}
            await send(message)

        try:
            refuse_announced(scope, self._most_bytes)
            await self._pages(scope, limited(receive, self._most_bytes), sent)
        except errors.MasterOpsError as error:
            return (status, of_error(error)) if status else await self._refuse(scope, send, of_error(error))
        except Exception:  # as above; what has begun to be answered cannot be taken back
            self._log.exception("web.crashed", service="web", path=_template(scope))
            return (status, None) if status else await self._refuse(scope, send, errors.RequestFailed())
        return status, None

    async def _refuse(
        self, scope: Scope, send: Send, error: errors.RequestError
    ) -> tuple[int, errors.RequestError]:
        status, headers, body = answer(error)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return status, error

    def _record(self, scope: Scope, status: int, error: errors.RequestError | None, took_ms: float) -> None:
        say = self._log.info if status < 400 else self._log.warn
        facts = {"code": error.code, "error": error.message} if error else {}
        say(
            "web.request",
            service="web",
            method=scope["method"][:20],
            path=_template(scope),
            status_code=status,
            duration_ms=round(took_ms, 3),
            remote=self._callers.of(scope),
            **facts,
        )


def _template(scope: Scope) -> str:
    """An address without what may be secret in it: below /ping/ nothing, of others only the beginning."""
    if scope["path"].startswith(PREFIX):
        return TEMPLATE
    path: str = scope["path"]
    return "/" + path.split("/")[1][:40]
