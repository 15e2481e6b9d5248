"""
Whether the connection that hears of new jobs is believed to be deaf.
"""

from __future__ import annotations

import pytest
from pgqueuer.errors import FailingListenerError

from masterops.engine.engine import _asked_twice


class Listener:
    """
    One that does not hear the first questions.
    """

    def __init__(self, deaf: int) -> None:
        self.deaf, self.asked = deaf, 0

    async def healthy(self, timeout: float) -> float:
        self.asked += 1
        if self.asked <= self.deaf:
            raise FailingListenerError
        return timeout


async def test_a_question_that_came_before_anybody_listened_is_asked_again() -> None:
    """
    At its start PgQueuer may ask before it listens; that ended the work ten seconds later.
    """
    listener = Listener(deaf=1)

    assert 10.0 == await _asked_twice(listener.healthy)(timeout=10.0)
    assert 2 == listener.asked


async def test_a_listener_that_hears_nothing_twice_is_given_up() -> None:
    listener = Listener(deaf=2)

    with pytest.raises(FailingListenerError):
        await _asked_twice(listener.healthy)(timeout=10.0)
