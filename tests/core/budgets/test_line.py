"""
Who goes next.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from masterops.core.budgets import BULK, INTERACTIVE, NEVER, Lane, Line, Waiter


class Room:
    """
    So many permits, of which some are kept for a lane.
    """

    def __init__(self, permits: int, kept_for: Lane = "", kept: int = 0) -> None:
        self.permits, self.kept_for, self.kept = permits, kept_for, kept

    def take(self, weight: int, lane: Lane) -> int:
        kept = 0 if lane == self.kept_for else self.kept
        if weight + kept > self.permits:
            return 7
        self.permits -= weight
        return 0


def line_of(*waiters: tuple[int, Lane]) -> Line[Waiter]:
    line: Line[Waiter] = Line()
    for weight, lane in waiters:
        line.join(Waiter(weight, lane))
    return line


def numbers(line: Line[Waiter], room: Room) -> list[int]:
    return [each.number for each in line.serve(room.take)[0]]


def test_first_come_first_served_and_a_person_before_bulk_work() -> None:
    """
    Numbers are those of their coming.
    """
    line = line_of((1, BULK), (1, BULK), (1, INTERACTIVE), (1, INTERACTIVE))

    assert [3, 4, 1] == numbers(line, Room(3))
    assert ([], 7) == line.serve(Room(0).take)
    assert [2] == numbers(line, Room(5))
    assert ([], NEVER) == line.serve(Room(5).take)


def test_bulk_work_has_every_tenth_turn() -> None:
    """
    However many persons wait.
    """
    line = line_of(*[(1, INTERACTIVE)] * 40, *[(1, BULK)] * 5)

    served = [number > 40 for number in numbers(line, Room(30))]

    assert [9, 19, 29] == [place for place, bulk in enumerate(served) if bulk]


def test_nobody_lighter_passes_one_who_waits_for_room() -> None:
    """
    A heavy call would never come.
    """
    line = line_of((5, INTERACTIVE), (1, INTERACTIVE), (1, BULK))

    assert [] == numbers(line, Room(4))
    assert [1] == numbers(line, Room(5))


def test_a_lane_with_a_reservation_passes_one_that_may_not_have_it() -> None:
    """
    The last two are kept for the end of the month.
    """
    line = line_of((1, BULK), (1, "month-end"))

    assert [2] == numbers(line, Room(2, "month-end", 2))


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("join"), st.integers(1, 3), st.sampled_from([BULK, INTERACTIVE])),
            st.tuples(st.just("leave"), st.integers(0, 99), st.just("")),
            st.tuples(st.just("serve"), st.integers(0, 5), st.just("")),
        ),
        max_size=150,
    )
)
def test_everybody_is_served_once_in_order_unless_he_left(steps: list[tuple[str, int, str]]) -> None:
    """
    In each lane; those who left take no place, and weights add up.
    """
    line: Line[Waiter] = Line()
    waiting: list[Waiter] = []
    for name, number, lane in steps:
        if name == "join":
            waiting.append(Waiter(number, lane))
            line.join(waiting[-1])
        elif name == "leave" and waiting:
            line.leave(waiting.pop(number % len(waiting)))
        elif name == "serve":
            for each in line.serve(Room(number).take)[0]:
                assert each is next(other for other in waiting if other.lane == each.lane)
                waiting.remove(each)

        assert (len(waiting), sum(each.weight for each in waiting)) == (len(line), line.weight())
    assert [each.number for each in waiting if each.lane == BULK] == [
        each.number for each in line if each.lane == BULK
    ]
