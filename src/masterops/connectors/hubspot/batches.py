"""
Which input of a batch an error means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from masterops.connectors.batches import Answered, Inputs, RowError
from masterops.connectors.hubspot.problems import lenient, texts
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.wire import BatchAnswer, BatchError

R = TypeVar("R", bound=CrmRecord[Any])


@dataclass(frozen=True, slots=True)
class Places:
    """
    Where the inputs of one piece stand in it. Ids and trace ids are kept apart, because an id
    may look like a trace; an id may have been given more than once.
    """

    traces: dict[str, list[int]] = field(default_factory=dict)
    ids: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, inputs: Inputs) -> Places:
        """The places of `inputs`."""
        places = cls()
        for index, each in enumerate(inputs):
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


def taken_apart(answer: BatchAnswer[R], inputs: Inputs) -> Answered[R]:
    """What HubSpot did with each of `inputs`."""
    places = Places.of(inputs)
    entries = [lenient(BatchError, each) for each in answer.errors or []]
    failed = [
        RowError(index, entry.message, entry.category) for entry in entries for index in places.meant(entry)
    ]
    return Answered(answer.results, failed)


def last_of_each(ids: Sequence[str]) -> tuple[list[int], list[int]]:
    """
    The places of the last of each id, in order, and those of the ones before it. HubSpot refuses a batch
    with the same id twice, whether in capitals or not.
    """
    last = {id.lower(): number for number, id in enumerate(ids)}
    kept = sorted(last.values())
    return kept, sorted(set(range(len(ids))) - set(kept))
