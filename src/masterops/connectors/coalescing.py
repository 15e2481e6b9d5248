"""
Calls that are in flight together travel as one request.

`Lineup` decides who travels with whom; it is pure. `Coalescer` is the loop around it: it waits a moment for
company, sends, and gives each caller its own answer. A call that finds nobody beside it and nothing on its
way goes out alone after one turn of the event loop, so that code which waits for each answer pays nothing.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")
E = TypeVar("E", bound=Exception)


@dataclass(frozen=True, slots=True)
class Coalescing:
    """
    How calls of one kind travel together: `most` in a request, `seconds` that the first waits for company,
    `parallel` requests at a time. With `shared` two that ask for the same travel as one; without, the second
    is only sent when the first has its answer.
    """

    most: int = 100
    seconds: float = 0.005
    parallel: int = 8
    shared: bool = True


@dataclass(eq=False, slots=True)
class Waiting(Generic[Q]):
    """
    A call that has no answer yet. Only calls of one `group` can share a request; `id` says what it is about.
    """

    group: Hashable
    id: str
    question: Q
    callers: int = 1
    key: tuple[Hashable, str] = field(init=False)  # what two calls have in common that are about the same

    def __post_init__(self) -> None:
        self.key = self.group, self.id


C = TypeVar("C", bound=Waiting[Any])


class Lineup(Generic[C]):
    """
    Who waits, in order of arrival, and who waits behind whom. Every operation takes the same time, however
    many wait.
    """

    def __init__(self, most: int, *, shared: bool) -> None:
        self._most = most
        self._shared = shared
        self._ready: dict[Hashable, deque[C]] = {}
        self._full: dict[Hashable, None] = {}
        self._first: dict[tuple[Hashable, str], C] = {}
        self._behind: dict[tuple[Hashable, str], deque[C]] = {}

    @property
    def full(self) -> bool:
        """Whether a whole request is waiting."""
        return bool(self._full)

    @property
    def waiting(self) -> bool:
        """Whether anybody can be sent now."""
        return bool(self._ready)

    @property
    def lone(self) -> bool:
        """Whether one call alone can be sent now."""
        return len(self._ready) == 1 and len(next(iter(self._ready.values()))) == 1

    def add(self, call: C) -> C:
        """The call that this one travels as: itself, or an earlier one that asks for the same."""
        first = self._first.get(call.key)
        if first is None:
            self._first[call.key] = call
            self._line_up(call)
            return call
        if self._shared:
            first.callers += 1
            return first
        self._behind.setdefault(call.key, deque()).append(call)
        return call

    def take(self, *, whole: bool = False) -> list[C]:
        """
        The next request's calls, the longest waiting first; with `whole` a full one or none. Groups take
        turns. A call that nobody waits for any more is left out.
        """
        while groups := self._full if whole else self._ready:
            group = next(iter(groups))
            taken = self._taken(group)
            if taken:
                return taken
        return []

    def landed(self, calls: Sequence[C]) -> None:
        """These have their answers: whoever waited behind one of them is next."""
        for call in calls:
            self._release(call)

    def _taken(self, group: Hashable) -> list[C]:
        queue = self._ready.pop(group)
        self._full.pop(group, None)
        taken: list[C] = []
        while queue and len(taken) < self._most:
            call = queue.popleft()
            if call.callers:
                taken.append(call)
                if self._shared:  # whoever asks from now on may want a newer answer
                    del self._first[call.key]
            else:
                self._release(call)
        behind = self._ready.pop(group, None)  # released just now
        queue.extend(behind or ())
        if queue:
            self._ready[group] = queue
            if len(queue) >= self._most:
                self._full[group] = None
        return taken

    def _line_up(self, call: C) -> None:
        queue = self._ready.setdefault(call.group, deque())
        queue.append(call)
        if len(queue) >= self._most:
            self._full[call.group] = None

    def _release(self, call: C) -> None:
        if self._first.get(call.key) is not call:
            return
        behind = self._behind.get(call.key)
        if not behind:
            del self._first[call.key]
            return
        following = self._first[call.key] = behind.popleft()
        if not behind:
            del self._behind[call.key]
        self._line_up(following)


@dataclass(eq=False, slots=True)
class _Asked(Waiting[Q], Generic[Q, A]):
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    futures: list[asyncio.Future[A]] = field(default_factory=list)
    flight: _Flight[Q, A] | None = None


@dataclass(eq=False, slots=True)
class _Flight(Generic[Q, A]):
    calls: list[_Asked[Q, A]]
    task: asyncio.Task[None] | None = None


class Coalescer(Generic[Q, A]):
    """
    The loop around a lineup.

    `alone` asks one question. `together` asks several of one group and answers in their order: an answer, the
    error of that one, or None where the service said nothing of it, which is then asked alone. `split` says
    whether an error of the whole may be the fault of a part: such a request is halved.
    """

    def __init__(
        self,
        rules: Coalescing,
        alone: Callable[[Q], Awaitable[A]],
        together: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception | None]]],
        *,
        split: Callable[[Exception], bool] = lambda error: False,
    ) -> None:
        self._rules = rules
        self._alone = alone
        self._together = together
        self._split = split
        self._lineup: Lineup[_Asked[Q, A]] = Lineup(rules.most, shared=rules.shared)
        self._flights: set[_Flight[Q, A]] = set()
        self._timer: asyncio.Handle | None = None

    async def ask(self, group: Hashable, id: str, question: Q) -> A:
        """The answer to `question`, or its error. A caller that is cancelled costs the others nothing."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        call = self._lineup.add(_Asked(group, id, question))
        call.futures.append(future)
        self._look()
        try:
            return await future
        finally:
            if future.cancelled():
                self._left(call)

    def _look(self) -> None:
        """Look after one turn of the event loop who is there; a whole request waits no longer than that."""
        if isinstance(self._timer, asyncio.TimerHandle) and self._lineup.full:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and self._lineup.waiting:
            self._timer = asyncio.get_running_loop().call_soon(self._looked)

    def _looked(self) -> None:
        self._timer = None
        if self._lineup.lone and not self._flights:
            self._launch()
        elif self._lineup.full:
            self._launch(whole=True)
        if self._lineup.waiting and len(self._flights) < self._rules.parallel:
            self._timer = asyncio.get_running_loop().call_later(self._rules.seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        self._launch()

    def _launch(self, *, whole: bool = False) -> None:
        while len(self._flights) < self._rules.parallel and (calls := self._lineup.take(whole=whole)):
            flight: _Flight[Q, A] = _Flight(calls)
            for call in calls:
                call.flight = flight
            self._flights.add(flight)
            # It carries what its first caller carries: its trace, its place in the budget.
            context = calls[0].context
            flight.task = asyncio.get_running_loop().create_task(self._fly(flight), context=context)

    async def _fly(self, flight: _Flight[Q, A]) -> None:
        calls = flight.calls
        try:
            answers = await self._answers([call.question for call in calls])
            for call, answer in zip(calls, answers, strict=True):
                self._deliver(call, answer)
        finally:
            for call in calls:
                for future in call.futures:
                    future.cancel()  # those without an answer: the loop is closing
            self._flights.discard(flight)
            self._lineup.landed(calls)
            self._look()

    async def _answers(self, questions: Sequence[Q]) -> list[A | Exception]:
        """An answer or an error for each; an error of the whole is one of each part."""
        if len(questions) == 1:
            return [await self._lone(questions[0])]
        try:
            found = await self._together(questions)
        except Exception as error:  # whatever it is, it belongs to the callers
            if not self._split(error):
                return [error] * len(questions)
            half = len(questions) // 2
            return await self._answers(questions[:half]) + await self._answers(questions[half:])
        return [
            await self._lone(question) if answer is None else answer
            for question, answer in zip(questions, found, strict=True)
        ]

    async def _lone(self, question: Q) -> A | Exception:
        try:
            return await self._alone(question)
        except Exception as error:  # it belongs to the caller
            return error

    def _deliver(self, call: _Asked[Q, A], answer: A | Exception) -> None:
        for future in call.futures:
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(_own(answer))
            else:
                future.set_result(answer)

    def _left(self, call: _Asked[Q, A]) -> None:
        """A caller went away. A request that nobody waits for any more is ended, as a lone one would be."""
        call.callers -= 1
        flight = call.flight
        if flight is None or flight.task is None or any(each.callers for each in flight.calls):
            return
        flight.task.cancel()


def _own(error: E) -> E:
    """The same error for one more caller: an exception that is raised in many places grows with each."""
    copy = type(error).__new__(type(error), *error.args)
    copy.__dict__.update(error.__dict__)
    copy.__cause__, copy.__traceback__ = error.__cause__, error.__traceback__
    return copy
