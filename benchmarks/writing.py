"""
Upserts in batches of a hundred, some of whose rows are given twice, refuse their batch, or are wrong.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import rivals
from benchmarks.fake_hubspot import TAKEN, WRONG
from benchmarks.measuring import Row, sized
from benchmarks.served import ROUNDS, server, taken, with_hub
from masterops.connectors.hubspot import HubSpot
from masterops.connectors.hubspot.wire import Upsert

RECORDS = sized(10_000, 100)
LATENCY_MS = 50
TWICE, WRONGS = RECORDS // 100, RECORDS // 200  # how many are given a second time, and are refused alone


def inputs() -> list[tuple[str, dict[str, str]]]:
    """What is written: ids and properties, spread over the batches."""
    found = []
    for number in range(RECORDS - TWICE):
        mark = WRONG if number % (RECORDS // WRONGS) == 7 else ""
        mark = TAKEN if number == RECORDS // 2 else mark
        properties = {"firstname": "Ann", "lastname": f"Example {number}", "phone": "+61 3 7010 0000"}
        found.append((f"order-{number}{mark}", properties))
    return found + [found[number * 50] for number in range(TWICE)]


def expected(given: list[tuple[str, dict[str, str]]]) -> int:
    """How many of them are written."""
    return sum(TAKEN not in id and WRONG not in id for id in dict(given))


async def upserts(hub: HubSpot) -> int:
    given = inputs()
    result = await hub.contacts.batch_upsert([Upsert(*each) for each in given], id_property="order_key")
    bad = {number for number, (id, _) in enumerate(given) if TAKEN in id or WRONG in id}
    assert bad - set(result.replaced) == {error.index for error in result.errors}
    return len(result.rows)


def rows() -> list[Row]:
    """Locally, and with some latency."""
    given = inputs()
    written, found = expected(given), []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inputs.json"
        file.write_text(json.dumps(given), "utf-8")
        for latency in (0, LATENCY_MS):
            with server(100, latency) as url:
                pairs = [
                    (taken(lambda: with_hub(url, upserts), written)[0], theirs(url, file, written))
                    for _ in range(ROUNDS)
                ]
            found.append(_row(latency, pairs))
    return found


def theirs(url: str, file: Path, written: int) -> float:
    """The seconds of the rival."""
    said = rivals.told(sys.executable, "write_client", url, file)
    assert said is not None, "hubspot-api-client failed"
    assert written == said["written"], f"it wrote {said['written']} instead of {written}"
    wall: float = said["wall"]
    return wall


def _row(latency: int, pairs: list[tuple[float, float]]) -> Row:
    mine, other = (median(each) for each in zip(*pairs, strict=True))
    where = f"{latency} ms" if latency else "local"
    what = f"{RECORDS:,} upserts, some twice, taken or wrong, {where} / hubspot-api-client"
    return Row(what, f"{mine:.2f} s", f"{other:.2f} s", mine / other, "<= 0.33")
