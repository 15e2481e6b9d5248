"""
A batch of any length, sent in pieces that the service takes; and what became of each row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec

from masterops import errors
from masterops.core.together import together

R = TypeVar("R")
T = TypeVar("T")
Inputs = Sequence[Mapping[str, Any]]

TOO_LARGE = 413
NO_END = -1


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
    *,
    parallel: int = 1,
) -> BatchResult[R]:
    """
    All inputs, `size` at a time; `numbers` are their places where those are not simply counted. A piece that
    fails whole is an error of each of its rows; when nothing at all succeeded, or never will, the error is
    raised. A conflict, or too large a body, may be one row's fault: such a piece is halved.

    Refused values are the fault of their piece. Any other error would meet the pieces behind it too, each
    after a minute of tries: they are not sent, and their rows say so.

    `parallel` pieces are on their way at once, where it does not matter which comes first; the first one goes
    alone, because what is refused for good is refused with it.
    """
    pieces = Pieces(send, inputs, deque(chunks(numbers or range(len(inputs)), size)))
    await pieces.work(most=1)
    await together([pieces.work() for _ in range(min(parallel, len(pieces.waiting)))])
    return pieces.result()


class Pieces(Generic[R]):
    """
    The pieces of a batch: those that wait, and what became of the others by where they begin.
    """

    def __init__(
        self,
        send: Callable[[Inputs], Awaitable[Answered[R]]],
        inputs: Inputs,
        waiting: deque[tuple[int, Sequence[int]]],
    ) -> None:
        self._send = send
        self._inputs = inputs
        self.waiting = waiting
        self._rows: dict[int, Sequence[R]] = {}
        self._errors: dict[int, list[RowError]] = {}
        self._whole: errors.RemoteError | None = None  # of a piece that failed whole
        self._down: errors.RemoteError | None = None  # the same, if all others would fail, too

    async def work(self, most: int = NO_END) -> None:
        """Send one after the other."""
        while self.waiting and self._down is None and most:
            most -= 1
            await self._one(*self.waiting.popleft())

    def result(self) -> BatchResult[R]:
        """What all did. Raises the error of one that failed when none succeeded."""
        for start, indices in self.waiting:
            assert self._down is not None
            reason = f"not sent: {self._down.message}"
            self._errors[start] = [RowError(n, reason, self._down.category) for n in indices]
        failed = self._down or self._whole
        if failed is not None and not any(self._rows.values()):
            raise failed
        return BatchResult(
            [row for _, rows in sorted(self._rows.items(), key=itemgetter(0)) for row in rows],
            [each for _, found in sorted(self._errors.items(), key=itemgetter(0)) for each in found],
        )

    async def _one(self, start: int, indices: Sequence[int]) -> None:
        piece = self._inputs[start : start + len(indices)]
        try:
            answer = await self._send(piece)
        except errors.RemoteError as error:
            if halved(error) and len(piece) > 1:
                half = len(piece) // 2
                self.waiting.extendleft([(start + half, indices[half:]), (start, indices[:half])])
                return
            self._whole = error
            if error.recovery != "skip":
                self._down = error
            self._errors[start] = [RowError(n, error.message, error.category) for n in indices]
            return
        self._rows[start] = answer.rows
        self._errors[start] = [_placed(each, indices) for each in answer.errors]


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
