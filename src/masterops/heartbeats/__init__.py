"""
Heartbeats: what says regularly that it still runs, and what it means when it does not.
"""

from masterops.heartbeats.evaluate import Expected, Heard, Judgement, Listening, judge
from masterops.heartbeats.ingest import Ingest
from masterops.heartbeats.intake import Intake
from masterops.heartbeats.known import Heartbeats, Known
from masterops.heartbeats.looking import look
from masterops.heartbeats.registry import (
    Standing,
    add,
    check,
    declare,
    pause,
    pings_of,
    remove,
    resume,
    rotate,
    standing,
    standings,
)

__all__ = [
    "Expected",
    "Heard",
    "Heartbeats",
    "Ingest",
    "Intake",
    "Judgement",
    "Known",
    "Listening",
    "Standing",
    "add",
    "check",
    "declare",
    "judge",
    "look",
    "pause",
    "pings_of",
    "remove",
    "resume",
    "rotate",
    "standing",
    "standings",
]
