"""
A twin made of data: records, limits and settings, whatever is asked of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from masterops import errors
from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.clock import HandClock
from masterops.sandbox.records import Kind, RecordTwin
from masterops.sandbox.service import Ask, Caller


def parcel(number: int, chance: Random) -> dict[str, Any]:
    return {"weight": chance.randint(1, 9)}


class Parcels(RecordTwin):
    """
    The whole list on one page.
    """

    name = "parcels"
    kinds = (Kind("/parcels", parcel),)
    calls, seconds = 2, 1.0

    def credential(self, headers: Mapping[str, str], query: str) -> str:
        return headers.get("Key", "")

    def page(self, rows: Sequence[dict[str, Any]], asked: Mapping[str, str], address: str) -> Answer:
        return json_answer(200, rows[: self.number(asked, "limit", 100)])

    def refusal(self, status: int, message: str) -> Answer:
        return json_answer(status, {"message": message})


CLOCK = HandClock(datetime(2026, 11, 26, tzinfo=UTC))


@pytest.fixture
def twin() -> Parcels:
    return Parcels(["teelixir", "red-hill-fresh"], CLOCK, records=3)


def asked(twin: Parcels, method: str, path: str, query: str = "", body: object = None) -> tuple[int, Any]:
    """Status and what the body says."""
    sent = b"" if body is None else json.dumps(body).encode()
    ask = Ask(twin, Caller("teelixir"), method, path, query, sent, "application/json", "http://twin")
    answer = twin.perform(ask)
    return answer.status, json.loads(answer.body) if answer.body else None


def test_a_record_is_made_read_changed_and_removed(twin: Parcels) -> None:
    """
    Its id and moment are the twin's, whatever was sent.
    """
    status, made = asked(twin, "POST", "/parcels", body={"weight": 7, "id": "mine"})
    _, changed = asked(twin, "PATCH", f"/parcels/{made['id']}", body={"weight": 8})
    gone, _ = asked(twin, "DELETE", f"/parcels/{made['id']}")

    assert (201, "4", 7) == (status, made["id"], made["weight"])
    assert (8, "4") == (changed["weight"], changed["id"])
    assert (204, 404) == (gone, asked(twin, "GET", "/parcels/4")[0])


def test_a_list_is_in_the_order_of_ids_and_told_since_when(twin: Parcels) -> None:
    """
    What changed before is left out.
    """
    CLOCK.move(60)
    since = twin.moment(CLOCK.now())
    asked(twin, "PATCH", "/parcels/2", body={"weight": 1})

    assert ["1", "2", "3"] == [row["id"] for row in asked(twin, "GET", "/parcels")[1]]
    assert ["2"] == [
        row["id"] for row in asked(twin, "GET", "/parcels", f"updated_since={since.replace('+', '%2B')}")[1]
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/letters", None, 404),
        ("GET", "/parcelsx", None, 404),
        ("GET", "/parcels/99", None, 404),
        ("GET", "/parcels/a%2Fb", None, 404),
        ("DELETE", "/parcels", None, 405),
        ("POST", "/parcels/1", None, 405),
        ("POST", "/parcels", ["no", "object"], 400),
        ("PATCH", "/parcels/1", "text", 400),
    ],
)
def test_what_there_is_not_is_refused_in_the_service_s_words(
    twin: Parcels, method: str, path: str, body: object, status: int
) -> None:
    """
    And counted.
    """
    got, said = asked(twin, method, path, body=body)

    assert status == got
    assert said["message"]
    assert 1 == twin.state("teelixir")["refused"]


@pytest.mark.parametrize("limit", ["", "x", "-1", "0", "9" * 30, "\u0664"])
def test_a_number_that_is_none_is_the_usual_one(twin: Parcels, limit: str) -> None:
    """
    Whatever a client sends.
    """
    assert 100 == twin.number({"limit": limit}, "limit", 100)


def test_a_credential_opens_its_own_account_alone(twin: Parcels) -> None:
    """
    Any other is refused.
    """
    refused = twin.caller_of({"Key": "sandbox-parcels-nobody"}, "")

    assert Caller("teelixir") == twin.caller_of({"Key": "sandbox-parcels-teelixir"}, "")
    assert isinstance(refused, Answer)
    assert (401, 401) == (refused.status, twin.caller_of({}, "").status)  # type: ignore[union-attr]


def test_the_limit_holds_in_any_window_and_can_be_set(twin: Parcels) -> None:
    """
    A slip in a setting is told and changes nothing.
    """
    caller = Caller("teelixir")
    spent = [isinstance(twin.spend(caller, "/parcels"), Answer) for _ in range(3)]
    CLOCK.move(1.0)
    after = isinstance(twin.spend(caller, "/parcels"), Answer)
    twin.set("teelixir", {"calls": 0})

    assert ([False, False, True], False) == (spent, after)
    assert isinstance(twin.spend(caller, "/parcels"), Answer)
    for wrong in ({"call": 1}, {"calls": "many"}, {"calls": -1}, {"latency_ms": -1}):
        with pytest.raises(errors.UsageError):
            twin.set("teelixir", wrong)
    assert {"calls": 0, "latency_ms": 0.0} == twin.settings("teelixir")


def test_the_same_seed_makes_the_same_records(twin: Parcels) -> None:
    """
    Another business has others; a reset brings them back.
    """
    before = asked(twin, "GET", "/parcels")[1]
    asked(twin, "DELETE", "/parcels/1")
    assert "parcels: /parcels" in twin.happen("teelixir", Random(1))
    twin.reset("teelixir")

    assert [row["weight"] for row in before] == [row["weight"] for row in asked(twin, "GET", "/parcels")[1]]
