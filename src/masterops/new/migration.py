"""
A new migration: the next number, the header that answers a person on call, and a table to begin with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from string import Template

from masterops import errors
from masterops.new.files import Made

LONGEST_TITLE, LONGEST_WORDS = 200, 60
STEP = 100


def migration(text: str, folder: Path, now: datetime) -> Made:
    """The file of a migration that does what `text` says. Raises BadValue or NotASource."""
    title = " ".join(text.split()).rstrip(".")
    words = "_".join(re.findall(r"[a-z0-9]+", title.lower()))[:LONGEST_WORDS].strip("_")
    if not words or len(title) > LONGEST_TITLE:
        reason = (
            f"say in at most {LONGEST_TITLE} letters what it does, like 'Remember which parcels were sent'."
        )
        raise errors.BadValue(kind="title of a migration", value=title, reason=reason)
    if not folder.is_dir():
        raise errors.NotASource(path=folder, reason="there is no such folder")
    number = next_number([each.name for each in folder.glob("*.sql")], now)
    template = files("masterops.new").joinpath("templates", "migration.sql.txt").read_text()
    table = re.sub(r"^[0-9]+_?", "", words)[:40].strip("_") or "records"
    made = Template(template).substitute(title=title[0].upper() + title[1:], table=table)
    return Made(folder / f"{number}_{words}.sql", made)


def next_number(names: Sequence[str], now: datetime) -> str:
    """Fourteen digits: those of today, and behind every migration that there is."""
    today = int(now.strftime("%Y%m%d000100"))
    known = [int(found[1]) for name in names if (found := re.match(r"([0-9]{14})_", name))]
    return str(max([today, *((each // STEP + 1) * STEP for each in known)]))
