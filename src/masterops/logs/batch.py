"""
A piece of one segment: its lines as rows, and those that are none with the reason.

The details of a record are carried on as the JSON that they are: nobody looks into them on the way, and the
server checks them when it stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar, cast

import msgspec

from masterops.logs.record import ApiMetric, LogRecord, Row

SMALLEST_BYTES = 256 * 1024
LARGEST_BYTES = 2 * 1024 * 1024
LONGEST_BYTES = 16 * 1024 * 1024  # of one line, sixteen times what a logger writes at most
KEPT_BYTES = 64 * 1024  # of one that is longer

# Rows are many and short-lived, and hold nothing that could be part of a cycle.
Carried = msgspec.defstruct(
    "Carried",
    [("details_json", msgspec.Raw, msgspec.Raw(b"{}"))],
    bases=(LogRecord,),
    tag_field="to",
    tag=str(LogRecord.__struct_config__.tag),
    frozen=True,
    gc=False,
)
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Carried | ApiMetric)

R = TypeVar("R")  # what a line of a spool stands for


@dataclass(frozen=True, slots=True)
class Batch(Generic[R]):
    """
    What lies between two offsets of one segment. `places` are the offsets of the rows, where they are known.
    """

    segment: str
    start: int
    end: int
    rows: tuple[R, ...]
    rejects: tuple[tuple[int, str, str], ...]  # offset, line, reason
    places: tuple[int, ...] = ()


def decode_carried(line: bytes) -> Row:
    """
    The row in one line, its details left as they are.

    Raises msgspec.DecodeError or ValidationError, UnicodeDecodeError or RecursionError.
    """
    row: Row = _decoder.decode(line)
    return row


# Only readers of the spool of logs leave out how a line is read.
OF_LOGS = cast("Callable[[bytes], Any]", decode_carried)


def next_size(size: int, taken: int) -> int:
    """
    How many bytes to read after a reading of `size` that found `taken`: twice as many while there is more,
    the least again when there was not.
    """
    # The last line of a full reading is mostly cut and left for the next.
    return min(LARGEST_BYTES, 2 * size) if 2 * taken > size else SMALLEST_BYTES


def read_batch(
    path: Path,
    start: int,
    *,
    complete: bool,
    most: int = LARGEST_BYTES,
    end: int | None = None,
    decode: Callable[[bytes], R] = OF_LOGS,
) -> Batch[R] | None:
    """
    The next whole lines from `start`, about `most` bytes of them, or None at the end. `end` is where a seal
    stands.

    A torn last line of a finished segment (the process was killed inside a write) is a reject; of a
    growing one it is left for the next pass.
    """
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(most)
        if data and b"\n" not in data:
            data = _longer(file, data)
        if len(data) > LONGEST_BYTES and b"\n" not in data:
            return _reject_endless(path.name, start, data, _line_end(file), complete=complete, end=end)
    if end is not None:
        data = data[: max(0, end - start)]
    whole = data.rfind(b"\n") + 1
    if whole == 0 and not (complete and data):
        return None
    body = data[:whole] if whole else data
    return _batch(path.name, start, body, decode)


def _longer(file: BinaryIO, data: bytes) -> bytes:
    """As much more as it takes to the end of the line, or to where it is too long for one."""
    parts, size = [data], len(data)
    while size <= LONGEST_BYTES and (more := file.read(LARGEST_BYTES)):
        parts.append(more)
        size += len(more)
        if b"\n" in more:
            break
    return b"".join(parts)


def _line_end(file: BinaryIO) -> tuple[int, bool]:
    """Where the line ends that was read up to here, and whether by a newline; it is not kept in memory."""
    while chunk := file.read(LARGEST_BYTES):
        found = chunk.find(b"\n")
        if found >= 0:
            return file.tell() - len(chunk) + found + 1, True
    return file.tell(), False


def _reject_endless(
    segment: str, start: int, head: bytes, line_end: tuple[int, bool], *, complete: bool, end: int | None
) -> Batch[R] | None:
    """A line that no logger writes: its beginning is kept, and how long it was."""
    found, whole = line_end
    if not (whole or complete):
        return None
    found = found if end is None else min(found, end)
    reason = f"not a record: a line of {found - start:,} bytes, of which this is the beginning"
    line = head[:KEPT_BYTES].decode("utf-8", "backslashreplace")
    return Batch(segment, start, found, (), ((start, line, reason),))


def _batch(segment: str, start: int, body: bytes, decode: Callable[[bytes], R]) -> Batch[R]:
    rows: list[R] = []
    places: list[int] = []
    rejects: list[tuple[int, str, str]] = []
    legible = _is_text(body)
    for offset, line in _lines(body, start):
        try:
            if not legible:
                line.decode()
            rows.append(decode(line))
            places.append(offset)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            rejects.append((offset, line.decode("utf-8", "backslashreplace"), f"not a record: {error}"))
    return Batch(segment, start, start + len(body), tuple(rows), tuple(rejects), tuple(places))


def _is_text(body: bytes) -> bool:
    """Asked once for all lines: what is carried on unread is not checked by the decoder."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines(body: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    offset = start
    for line in body.split(b"\n"):
        if line:
            yield offset, line
        offset += len(line) + 1
