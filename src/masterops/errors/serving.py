"""What answers over HTTP here: the twins, and the pages and pings that we serve ourselves."""

from __future__ import annotations

from typing import ClassVar

from masterops.errors.base import Category, MasterOpsError


class SandboxError(MasterOpsError):
    """The sandbox failed: {reason}"""

    code = "SBX000"
    hint = "`ops sandbox serve` in another terminal shows what it says."


class PortTaken(SandboxError):
    """Port {port} on {host} is in use by another program"""

    code = "SBX001"
    exit_code = 2
    hint = "Stop that program or choose another port with --port (0 picks a free one)."


class SandboxFailed(SandboxError):
    """The sandbox did not come up: {reason}"""

    code = "SBX003"


class SandboxState(SandboxError):
    """The sandbox's state in {path} cannot be used: {reason}"""

    code = "SBX004"
    exit_code = 2
    hint = "Mend or delete that file, or give the folder to the user that runs the sandbox."


class WebError(MasterOpsError):
    """HTTP cannot be served: {reason}"""

    code = "WEB000"
    category = "configuration"
    exit_code = 2
    hint = "Look at the settings of [web]: `ops config show`."


class AddressTaken(WebError):
    """Port {port} on {host} is in use, so HTTP is not served here"""

    code = "WEB001"
    hint = "Another `ops up` or `ops web` may be serving there already; else choose another port: `web.port`."


class AddressUnusable(WebError):
    """HTTP cannot be served on {host}, port {port}: {reason}"""

    code = "WEB002"
    hint = "Set `web.host` to an address of this machine, and `web.port` to a port that this user may open."


class RequestError(MasterOpsError):
    """The request cannot be answered"""

    code = "WEB010"
    category: ClassVar[Category] = "validation"
    status: ClassVar[int] = 500
    hint = ""


class BadRequest(RequestError):
    """The request is not a right one: {reason}"""

    code = "WEB011"
    status: ClassVar[int] = 400


class NoSuchPage(RequestError):
    """There is nothing at this address"""

    code = "WEB012"
    category: ClassVar[Category] = "not_found"
    status: ClassVar[int] = 404
    hint = "Check the address. That of a heartbeat is told once, by `ops heartbeat add` or `rotate`."


class WrongMethod(RequestError):
    """This address does not take the method {method}"""

    code = "WEB013"
    status: ClassVar[int] = 405
    hint = "It takes {allowed}."


class BodyTooLarge(RequestError):
    """The body is larger than {most} bytes"""

    code = "WEB014"
    status: ClassVar[int] = 413
    hint = "Send less, or set `web.body_limit_kb`. Of a ping's body 10,000 bytes are kept."


class TooManyPings(RequestError):
    """This heartbeat has sent more than {most} pings a minute"""

    code = "WEB015"
    category: ClassVar[Category] = "rate_limit"
    recovery = "retry"
    status: ClassVar[int] = 429
    hint = "Wait as long as Retry-After says, or set `web.pings_per_minute`."


class PingNotKept(RequestError):
    """The ping could not be kept: {reason}"""

    code = "WEB016"
    category: ClassVar[Category] = "internal"
    recovery = "retry"
    status: ClassVar[int] = 503
    hint = "Send it again: it was not counted. `ops doctor` and /readyz say what is wrong."


class NotReady(RequestError):
    """The platform cannot answer this now: {reason}"""

    code = "WEB017"
    category: ClassVar[Category] = "database"
    recovery = "retry"
    status: ClassVar[int] = 503
    hint = "Ask again later; `ops doctor` looks for the cause."


class RequestFailed(RequestError):
    """The request met a fault of ours"""

    code = "WEB018"
    category: ClassVar[Category] = "internal"
    status: ClassVar[int] = 500
    hint = "`ops logs --errors-only` has the traceback: please report it."
