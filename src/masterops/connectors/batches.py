"""
A batch of any length, sent in pieces that the service takes; and what became of each row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from masterops import errors

R = TypeVar("R")
T = TypeVar("T")
Inputs = Sequence[Mapping[str, Any]]

TOO_LARGE = 413


class RowError(msgspec.Struct, frozen=True):
    """
    One input of a batch that failed: its place in what was given, and why.
    `index` is None where the service does not say which input it means.
    """

    index: int | None
    reason: str
    category: str | None = None


class BatchResult(msgspec.Struct, Generic[R]):
    """
    What a batch of any length did. Rows that failed are in `errors`; check them, or `raise_for_errors`.
    `replaced` are the places of inputs that were not sent, because a later one is about the same record.
    """

    rows: list[R] = []
    errors: list[RowError] = []
    replaced: list[int] = []

    def raise_for_errors(self, connection: str) -> None:
        """Raise Invalid when any input failed."""
        if self.errors:
            first = self.errors[0]
            reason = f"{len(self.errors)} of the batch failed, first input {first.index}: {first.reason}"
            raise errors.Invalid(service=connection, reason=reason)


@dataclass(frozen=True, slots=True)
class Answered(Generic[R]):
    """
    What one piece did. The errors' places are those in the piece.
    """

    rows: Sequence[R]
    errors: Sequence[RowError] = field(default=())


async def in_pieces(
    send: Callable[[Inputs], Awaitable[Answered[R]]],
    inputs: Inputs,
    size: int,
    numbers: Sequence[int] | None = None,
) -> BatchResult[R]:
    """
    All inputs, `size` at a time; `numbers` are their places where those are not simply counted. A piece that
    fails whole is an error of each of its rows; when nothing at all succeeded, or never will, the error is
    raised. A conflict, or too large a body, may be one row's fault: such a piece is halved.

    Refused values are the fault of their piece. Any other error would meet the pieces behind it too, each
    after a minute of tries: they are not sent, and their rows say so.
    """
    result: BatchResult[R] = BatchResult()
    whole: errors.RemoteError | None = None
    down: errors.RemoteError | None = None
    places = numbers or range(len(inputs))
    waiting = deque(chunks(places, size))
    while waiting:
        start, indices = waiting.popleft()
        if down is not None:
            result.errors += [RowError(n, f"not sent: {down.message}", down.category) for n in indices]
            continue
        piece = inputs[start : start + len(indices)]
        try:
            answer = await send(piece)
        except errors.RemoteError as error:
            if halved(error) and len(piece) > 1:
                half = len(piece) // 2
                waiting.extendleft([(start + half, indices[half:]), (start, indices[:half])])
                continue
            if error.recovery == "stop" and not result.rows:
                raise
            whole, down = error, None if error.recovery == "skip" else error
            result.errors += [RowError(n, error.message, error.category) for n in indices]
            continue
        result.rows += answer.rows
        result.errors += [_placed(each, indices) for each in answer.errors]
    if whole is not None and not result.rows:
        raise whole
    return result


def halved(error: Exception) -> bool:
    """Whether a batch was refused whole for what one of its rows may have caused alone, or for its size."""
    return isinstance(error, errors.Conflict) or getattr(error, "status", None) == TOO_LARGE


def chunks(items: Sequence[T], size: int) -> Iterator[tuple[int, Sequence[T]]]:
    """`items` in pieces of at most `size`, each with the index of its first."""
    for start in range(0, len(items), size):
        yield start, items[start : start + size]


def _placed(error: RowError, indices: Sequence[int]) -> RowError:
    """The same error, its place that in what was given; a place that the piece does not have is none."""
    index = error.index
    known = index is not None and 0 <= index < len(indices)
    return msgspec.structs.replace(error, index=indices[index] if known and index is not None else None)
