"""
The witnesses of `offline`, while looks go on.
"""

from __future__ import annotations

from collections.abc import Sequence

from masterops.core import clock
from masterops.core.together import together
from masterops.health.offline import CATEGORIES, Witnesses, offline
from masterops.transport import has_route, reaches

ANCHOR_SECONDS = 3.0
FRESH_SECONDS = 120.0
ASKED_AGAIN_SECONDS = 5.0


class Network:
    """
    Notes which hosts could be reached. `away` is whether this machine seems offline, as of the last `settle`.
    """

    def __init__(self, anchors: Sequence[str] = ()) -> None:
        self._anchors = tuple(anchors)
        self._hosts: dict[str, tuple[float, bool]] = {}
        self._settled_at: float | None = None
        self.away = False

    def note(self, host: str | None, category: str | None) -> None:
        """One look at a host, and the category of its error."""
        if host:
            self._hosts[host] = (clock.ticks(), category not in CATEGORIES)

    async def settle(self, category: str | None) -> None:
        """Find out whether it is us, if a look failed in a way that asks for it."""
        if category not in CATEGORIES:
            return
        now = clock.ticks()
        if self._settled_at is not None and now - self._settled_at < ASKED_AGAIN_SECONDS:
            return
        self._settled_at = now
        hosts = {host: well for host, (at, well) in self._hosts.items() if now - at < FRESH_SECONDS}
        anchors = await together(reaches(each, ANCHOR_SECONDS) for each in self._anchors)
        found = Witnesses(hosts, dict(zip(self._anchors, anchors, strict=True)), has_route())
        self.away = offline(found)
