"""
Ids that sort by time.
"""

from __future__ import annotations

import copy
import pickle
import time
from uuid import UUID

from masterops.core.ids import uuid7


def test_is_a_version_7_uuid_of_this_millisecond() -> None:
    """
    The first 48 bits are the time in milliseconds; version and variant are those of RFC 9562.
    """
    before = time.time_ns() // 1_000_000
    id = uuid7()
    after = time.time_ns() // 1_000_000

    assert (7, 2) == (id.version, id.int >> 62 & 0x3)
    assert before <= id.int >> 80 <= after


def test_later_ones_sort_later_and_none_is_made_twice() -> None:
    """
    Ids of different milliseconds sort by them, and ten thousand of one burst differ.
    """
    first = uuid7()
    burst = {uuid7() for _ in range(10_000)}
    time.sleep(0.002)
    last = uuid7()

    assert 10_000 == len(burst)
    assert first < last
    assert max(burst) < last


def test_is_like_any_other_uuid() -> None:
    """
    It compares, hashes, prints and travels as one that was made the usual way.
    """
    id = uuid7()
    other = UUID(str(id))

    assert other == id
    assert hash(other) == hash(id)
    assert other.is_safe is id.is_safe
    assert id == pickle.loads(pickle.dumps(id)) == copy.deepcopy(id)
