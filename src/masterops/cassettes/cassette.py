"""
One recording as a file: the exchanges of one capability, in order.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from masterops import errors


class Exchange(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    A request and its answer, scrubbed. `path` is what `template` became, below the connection's base URL;
    `body` is the answer as JSON, or `text` where it is none.
    """

    method: str
    template: str
    path: str
    status: int
    query: dict[str, str] = {}
    sent: Any = None
    headers: dict[str, str] = {}
    body: Any = None
    text: str | None = None


class Cassette(msgspec.Struct, frozen=True):
    """
    What a capability asked of a service, and was answered.
    """

    service: str
    capability: str
    recorded: date
    exchanges: list[Exchange]


def write(folder: Path, cassette: Cassette) -> Path:
    """Keep a cassette as `CAPABILITY.json`, wholly or not at all. Raises CassetteUnusable."""
    file = folder / f"{cassette.capability}.json"
    new = file.with_suffix(".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new.write_bytes(msgspec.json.format(msgspec.json.encode(cassette), indent=2) + b"\n")
        new.replace(file)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise errors.CassetteUnusable(file=file, reason=error.strerror or str(error)) from None
    return file


def read(file: Path) -> Cassette:
    """A cassette that was kept. Raises CassetteUnusable."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Cassette)
    except OSError as error:
        raise errors.CassetteUnusable(file=file, reason=error.strerror or str(error)) from None
    except msgspec.DecodeError as error:
        raise errors.CassetteUnusable(file=file, reason=str(error)) from None
