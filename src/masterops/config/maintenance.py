"""
The windows of maintenance that the file declares: `[[maintenance]]`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from masterops.config.check_keys import MAINTENANCE
from masterops.config.check_model import Maintenance
from masterops.config.kinds import quoted
from masterops.config.lists import Entry, entries
from masterops.config.reading import Source
from masterops.core.spelling import nearest
from masterops.core.weekly import EXPECTED, parse_weekly

TABLE = "maintenance"
APPLIES = "names of connections, services, checks or businesses, or `*`"
MOMENT = "a moment such as 2026-12-01T02:00+10:00"


def read_maintenance(source: Source, known: Collection[str]) -> tuple[Maintenance, ...]:
    """The windows, in the file's order; `known` is what they may apply to. Raises a ConfigError."""
    return tuple(_window(each, known) for each in entries(source, TABLE))


def _window(entry: Entry, known: Collection[str]) -> Maintenance:
    entry.check_names(each.key for each in MAINTENANCE)
    # TOML has moments of its own, which need no quotes.
    plain = {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in entry.values.items()
    }
    entry.values = plain
    values = {each.key: entry.value(each) for each in MAINTENANCE}
    for name in values["applies_to"]:
        if name not in known:
            guess = nearest(name, known)
            hint = f"Did you mean `{guess}`?" if guess else "`ops health-check` shows what there is."
            raise entry.wrong("applies_to", APPLIES, quoted(name), hint=hint)
    if values["weekly"] is not None:
        if values["from"] or values["until"]:
            raise entry.wrong("weekly", "alone, without `from` and `until`", "beside them")
        try:
            weekly = parse_weekly(values["weekly"])
        except ValueError as error:
            raise entry.wrong("weekly", EXPECTED, str(error)) from None
        return Maintenance(values["name"], values["applies_to"], weekly=weekly, zone=values["zone"])
    starts, ends = _moment(entry, "from", values["from"]), _moment(entry, "until", values["until"])
    if ends <= starts:
        raise entry.wrong("until", "later than `from`", quoted(values["until"]))
    return Maintenance(values["name"], values["applies_to"], starts, ends)


def _moment(entry: Entry, key: str, text: str | None) -> datetime:
    if text is None:
        raise entry.wrong(key, "there, or `weekly` in its place", "left out")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise entry.wrong(key, MOMENT, quoted(text)) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
