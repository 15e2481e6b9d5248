"""
A batch of any length, sent in pieces; and which input an error means.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from masterops import errors
from masterops.connectors.hubspot.problems import lenient, texts
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.wire import BatchAnswer, BatchError, BatchResult, RowError, chunks

R = TypeVar("R", bound=CrmRecord[Any])
Inputs = Sequence[Mapping[str, Any]]

TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Places:
    """
    Where the inputs of one piece stand in what was given. Ids and trace ids are kept apart, because an id
    may look like a trace; an id may have been given more than once.
    """

    traces: dict[str, list[int]] = field(default_factory=dict)
    ids: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, inputs: Inputs, numbers: Sequence[int]) -> Places:
        """The places of `inputs`, by their numbers."""
        places = cls()
        for index, each in zip(numbers, inputs, strict=True):
            if "objectWriteTraceId" in each:
                places.traces.setdefault(each["objectWriteTraceId"], []).append(index)
            if "id" in each:
                places.ids.setdefault(each["id"], []).append(index)
        return places

    def meant(self, error: BatchError) -> list[int | None]:
        """
        The inputs that an entry of `errors` means: HubSpot echoes the trace id of one, or names the ids of
        all that it is about. None stands for one that it does not name, or that nobody gave.
        """
        for trace in texts(error.context.get("objectWriteTraceId")):
            if trace in self.traces:
                return list(self.traces[trace])
        named = [id for name in ("ids", "id") for id in texts(error.context.get(name))]
        return [index for id in dict.fromkeys(named) for index in self.ids.get(id, [None])] or [None]


async def in_pieces(
    send: Callable[[Inputs], Awaitable[BatchAnswer[R]]],
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
        result.rows += answer.results
        result.errors += _row_errors(answer, Places.of(piece, indices))
    if whole is not None and not result.rows:
        raise whole
    return result


def halved(error: Exception) -> bool:
    """Whether a batch was refused whole for what one of its rows may have caused alone, or for its size."""
    return isinstance(error, errors.Conflict) or getattr(error, "status", None) == TOO_LARGE


def last_of_each(ids: Sequence[str]) -> tuple[list[int], list[int]]:
    """
    The places of the last of each id, in order, and those of the ones before it. HubSpot refuses a batch
    with the same id twice, whether in capitals or not.
    """
    last = {id.lower(): number for number, id in enumerate(ids)}
    kept = sorted(last.values())
    return kept, sorted(set(range(len(ids))) - set(kept))


def _row_errors(answer: BatchAnswer[Any], places: Places) -> list[RowError]:
    entries = [lenient(BatchError, each) for each in answer.errors or []]
    return [
        RowError(index, entry.message, entry.category) for entry in entries for index in places.meant(entry)
    ]
