"""
HubSpot's paths: which action answers a request.

The order of version and name differs between dated and legacy paths; both are brought to one family here,
so that no action knows which of them was used.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from masterops.sandbox.answer import Answer
from masterops.sandbox.hubspot import batch, objects, portal, problems, schema, search
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call

Action = Callable[[Account, Call], Answer]
DATED = ("2026-03", "2026-09")
LEGACY = "v3"
LONGEST_URL = 8_192

# Family and the fixed and variable parts behind it; `*` stands for any one part.
SHAPES: dict[tuple[str, ...], dict[str, Action]] = {
    ("objects", "*"): {"GET": objects.listed, "POST": objects.created},
    ("objects", "*", "search"): {"POST": search.search},
    ("objects", "*", "*"): {"GET": objects.fetched, "PATCH": objects.changed, "DELETE": objects.archived},
    ("objects", "*", "batch", "read"): {"POST": batch.read},
    ("objects", "*", "batch", "create"): {"POST": batch.create},
    ("objects", "*", "batch", "update"): {"POST": batch.update},
    ("objects", "*", "batch", "upsert"): {"POST": batch.upsert},
    ("objects", "*", "batch", "archive"): {"POST": batch.archive},
    ("properties", "*"): {"GET": schema.listed, "POST": schema.created},
    ("properties", "*", "groups"): {"GET": schema.groups, "POST": schema.group_created},
    ("properties", "*", "*"): {"GET": schema.fetched, "PATCH": schema.changed, "DELETE": schema.archived},
    ("owners",): {"GET": portal.owners},
    ("owners", "*"): {"GET": portal.owner},
    ("account-info", "details"): {"GET": portal.details},
    ("account-info", "api-usage", "daily", "private-apps"): {"GET": portal.usage},
}


def family(path: str) -> tuple[str, ...] | None:
    """The family and the parts behind it, or None when no path of HubSpot's starts like this."""
    parts = tuple(unquote(part) if "%" in part else part for part in path.strip("/").split("/"))
    if parts[0] == "account-info" and len(parts) > 2 and parts[1] in (*DATED, LEGACY):
        return ("account-info", *parts[2:])
    if parts[0] != "crm" or len(parts) < 3:
        return None
    if parts[1] == LEGACY:
        return parts[2:]
    return (parts[1], *parts[3:]) if parts[2] in DATED else None


def found(method: str, path: str) -> tuple[Action, tuple[str, ...]]:
    """The action for a request and the variable parts of its path. Raises Refusal: 404 or 405."""
    parts = family(path)
    methods = _methods(parts) if parts else None
    if parts is None or methods is None:
        raise problems.Refusal(404, "resource not found", "OBJECT_NOT_FOUND")
    action = methods.get(method)
    if action is None:
        headers = {"Allow": ", ".join(methods)}
        raise problems.Refusal(405, "HTTP 405 Method Not Allowed", "METHOD_NOT_ALLOWED", headers=headers)
    return action, parts[1:]


def is_search(path: str) -> bool:
    """Whether a path has the limit of searches instead of the usual one."""
    return path.rstrip("/").endswith("/search")


def _methods(parts: tuple[str, ...]) -> dict[str, Action] | None:
    start = (parts[0], "*") if parts[0] in ("objects", "properties") and len(parts) > 1 else (parts[0],)
    rest = parts[len(start) :]
    return SHAPES.get((*start, *rest)) or (SHAPES.get((*start, "*")) if len(rest) == 1 else None)
