"""
What record number `number` of a stream says: the same for whoever asks, so that nobody has to write it down.
"""

from __future__ import annotations

from random import Random
from typing import Any

SOURCE = "proof"
LEVELS = ("info", "warn", "error")
# Nothing here may look like a secret: redaction is right to change those.
WORDS = (
    "order",
    "Grüße",
    "naïve",
    "日本",
    "🙂",
    "back\\slash",
    'quo"te',
    "line\nbreak",
    "tab\t",
    "plain",
    "{}",
)


def content(stream: str, number: int) -> tuple[str, str, dict[str, Any]]:
    """Level, message and facts of one record."""
    random = Random(f"{stream}/{number}")
    level = random.choice(LEVELS)
    # Many different names: a limit per event name is somebody else's promise.
    message = f"proof.{random.choice(WORDS)}.{number % 997}"
    facts: dict[str, Any] = {
        "number": number,
        "text": " ".join(random.choices(WORDS, k=random.randrange(8))),
        "nested": {"list": [random.randrange(1 << 40), None, True], "half": random.randrange(1000) / 2},
    }
    if random.random() < 0.005:  # longer than a pipe, a page and a block of the file system
        facts["long"] = random.choice("abc ") * random.randrange(60_000)
    if random.random() < 0.5:
        facts["duration_ms"] = random.randrange(4000) / 4
    return level, message, facts
