"""
The one door to other systems' HTTP APIs.

A connector says what it wants (`Target`, `Request`); the transport sends it, judges the answer by one
table, tries again where that is safe and useful, measures every attempt and raises our own errors.
"""

from masterops.transport.budgets import Budget, Budgets, current_lane, in_lane
from masterops.transport.circuits import Circuits, Shut
from masterops.transport.oauth import OAuthApp, TokenStore
from masterops.transport.outcome import Problem, Reply, judge
from masterops.transport.probe import Page, Prober
from masterops.transport.reach import has_route, reaches
from masterops.transport.request import Content, Rate, Request, Target
from masterops.transport.transport import Transport

__all__ = [
    "Budget",
    "Budgets",
    "Circuits",
    "Content",
    "OAuthApp",
    "Page",
    "Prober",
    "Problem",
    "Rate",
    "Reply",
    "Request",
    "Shut",
    "Target",
    "TokenStore",
    "Transport",
    "current_lane",
    "has_route",
    "in_lane",
    "judge",
    "reaches",
]
