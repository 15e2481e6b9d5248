"""
Whether it is this machine that has no network, pure.

Before services are blamed: when most of the hosts that were asked cannot be reached at the same time, the one
thing that they share is we. Nobody is asked for it whom the settings do not name: the services' own hosts are
the witnesses, and `health.anchors` where somebody wants others.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from masterops import errors
from masterops.health.evaluate import Verdict

CATEGORIES = frozenset({"network", "timeout"})
LEAST_HOSTS = 2


@dataclass(frozen=True, slots=True)
class Witnesses:
    """
    What is known about the way out: the hosts that were asked and whether each could be reached, the anchors
    likewise, and whether this machine has a way to anywhere at all (None: not known).
    """

    hosts: Mapping[str, bool]
    anchors: Mapping[str, bool]
    route: bool | None = None


def offline(found: Witnesses) -> bool:
    """Whether no verdict about others can be trusted."""
    asked = {host: reached for host, reached in found.hosts.items() if not is_near(host)}
    failed = sum(1 for reached in asked.values() if not reached)
    if not failed:
        return False
    if found.anchors:
        return not any(found.anchors.values())
    if found.route is False:
        return True
    return len(asked) >= LEAST_HOSTS and failed * 2 > len(asked)


def blame(verdict: Verdict, category: str | None, *, away: bool) -> Verdict:
    """A verdict that blames nobody for what this machine cannot do."""
    if not away or verdict.state != "down" or category not in CATEGORIES:
        return verdict
    return Verdict("unknown", False, f"this machine seems offline ({verdict.reason})")


def reach_category(category: str | None, code: str | None) -> str | None:
    """The category of an error as a witness: a certificate that is refused was sent by somebody."""
    return "certificate" if code == errors.TlsFailed.code else category


def is_near(host: str) -> bool:
    """Whether a host is this machine itself, which says nothing about the network."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
