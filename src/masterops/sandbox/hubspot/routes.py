"""
HubSpot's paths: which action answers a request.

The order of version and name differs between dated and legacy paths; both are brought to one family here,
so that no action knows which of them was used.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from masterops.sandbox.answer import Answer
from masterops.sandbox.hubspot import (
    associations,
    batch,
    custom,
    exports,
    imports,
    labels,
    lists,
    objects,
    portal,
    problems,
    schema,
    search,
    stages,
    webhooks,
)
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call

Action = Callable[[Account, Call], Answer]
DATED = ("2026-03", "2026-09")
LEGACY = ("v3", "v4")
LONGEST_URL = 8_192

# Family and the parts behind it; `*` stands for any one part, which becomes one of the call's parts.
TABLE: tuple[tuple[str, dict[str, Action]], ...] = (
    ("objects/*", {"GET": objects.listed, "POST": objects.created}),
    ("objects/*/search", {"POST": search.search}),
    ("objects/*/merge", {"POST": objects.merged}),
    ("objects/contacts/gdpr-delete", {"POST": objects.forgotten}),
    ("objects/*/*", {"GET": objects.fetched, "PATCH": objects.changed, "DELETE": objects.archived}),
    ("objects/*/batch/read", {"POST": batch.read}),
    ("objects/*/batch/create", {"POST": batch.create}),
    ("objects/*/batch/update", {"POST": batch.update}),
    ("objects/*/batch/upsert", {"POST": batch.upsert}),
    ("objects/*/batch/archive", {"POST": batch.archive}),
    ("objects/*/*/associations/*", {"GET": associations.listed}),
    ("objects/*/*/associations/*/*", {"PUT": associations.put, "DELETE": associations.removed}),
    ("objects/*/*/associations/default/*/*", {"PUT": associations.put_default}),
    ("associations/*/*/batch/read", {"POST": associations.read}),
    ("associations/*/*/batch/create", {"POST": associations.create}),
    ("associations/*/*/batch/associate/default", {"POST": associations.create_default}),
    ("associations/*/*/batch/archive", {"POST": associations.archive}),
    ("associations/*/*/batch/labels/archive", {"POST": associations.archive_labels}),
    ("associations/*/*/labels", {"GET": labels.listed, "POST": labels.created, "PUT": labels.changed}),
    ("associations/*/*/labels/*", {"DELETE": labels.removed}),
    ("properties/*", {"GET": schema.listed, "POST": schema.created}),
    ("properties/*/batch/read", {"POST": schema.batch_read}),
    ("properties/*/batch/create", {"POST": schema.batch_created}),
    ("properties/*/batch/archive", {"POST": schema.batch_archived}),
    ("properties/*/groups", {"GET": schema.groups, "POST": schema.group_created}),
    (
        "properties/*/groups/*",
        {"GET": schema.group, "PATCH": schema.group_changed, "DELETE": schema.group_archived},
    ),
    ("properties/*/*", {"GET": schema.fetched, "PATCH": schema.changed, "DELETE": schema.archived}),
    ("pipelines/*", {"GET": stages.listed, "POST": stages.created}),
    (
        "pipelines/*/*",
        {"GET": stages.fetched, "PATCH": stages.changed, "PUT": stages.replaced, "DELETE": stages.removed},
    ),
    ("pipelines/*/*/stages", {"GET": stages.steps, "POST": stages.step_created}),
    (
        "pipelines/*/*/stages/*",
        {"GET": stages.step, "PATCH": stages.step_changed, "DELETE": stages.step_removed},
    ),
    ("schemas", {"GET": custom.listed, "POST": custom.created}),
    ("schemas/*", {"GET": custom.fetched, "PATCH": custom.changed, "DELETE": custom.archived}),
    (
        "webhooks/*/settings",
        {"GET": webhooks.settings, "PUT": webhooks.settings_put, "DELETE": webhooks.settings_removed},
    ),
    ("webhooks/*/subscriptions", {"GET": webhooks.listed, "POST": webhooks.created}),
    ("webhooks/*/subscriptions/*", {"PATCH": webhooks.changed, "DELETE": webhooks.removed}),
    ("lists", {"GET": lists.some, "POST": lists.created}),
    ("lists/search", {"POST": lists.search}),
    ("lists/*", {"GET": lists.fetched, "DELETE": lists.removed}),
    ("lists/object-type-id/*/name/*", {"GET": lists.named}),
    ("lists/records/*/*/memberships", {"GET": lists.of_record}),
    ("lists/*/memberships", {"GET": lists.members}),
    ("lists/*/memberships/add", {"PUT": lists.added}),
    ("lists/*/memberships/remove", {"PUT": lists.taken}),
    ("lists/*/memberships/add-and-remove", {"PUT": lists.exchanged}),
    ("imports", {"GET": imports.listed, "POST": imports.started}),
    ("imports/*", {"GET": imports.fetched}),
    ("imports/*/cancel", {"POST": imports.cancelled}),
    ("imports/*/errors", {"GET": imports.errors}),
    ("exports/export/async", {"POST": exports.started}),
    ("exports/export/async/tasks/*/status", {"GET": exports.status}),
    ("exports/export/*", {"GET": exports.fetched}),
    ("owners", {"GET": portal.owners}),
    ("owners/*", {"GET": portal.owner}),
    ("account-info/details", {"GET": portal.details}),
    ("account-info/api-usage/daily/private-apps", {"GET": portal.usage}),
)


def family(path: str) -> tuple[str, tuple[str, ...]] | None:
    """The version, the family and the parts behind it; None when no path of HubSpot's starts like this."""
    parts = tuple(unquote(part) if "%" in part else part for part in path.strip("/").split("/"))
    if parts[0] == "account-info" and len(parts) > 2 and parts[1] in (*DATED, *LEGACY):
        return parts[1], ("account-info", *parts[2:])
    if parts[0] == "crm-object-schemas" and len(parts) > 2 and parts[1] in (*DATED, *LEGACY):
        return parts[1], parts[2:]
    if parts[0] in ("webhooks", "app-webhooks") and len(parts) > 2 and parts[1] in (*DATED, *LEGACY):
        return parts[1], ("webhooks", *parts[2:])
    if parts[0] != "crm" or len(parts) < 3:
        return None
    if parts[1] in LEGACY:
        return parts[1], parts[2:]
    return (parts[2], (parts[1], *parts[3:])) if parts[2] in DATED else None


def found(method: str, path: str) -> tuple[Action, tuple[str, ...], str]:
    """The action for a request, the variable parts of its path, its version. Raises Refusal: 404 or 405."""
    placed = family(path)
    shape = _shape(placed[1]) if placed else None
    if placed is None or shape is None:
        raise problems.Refusal(404, "resource not found", "OBJECT_NOT_FOUND")
    methods, places = shape
    action = methods.get(method)
    if action is None:
        headers = {"Allow": ", ".join(methods)}
        raise problems.Refusal(405, "HTTP 405 Method Not Allowed", "METHOD_NOT_ALLOWED", headers=headers)
    version, parts = placed
    return action, tuple(parts[place] for place in places), version


def is_search(path: str) -> bool:
    """Whether a path has the limit of searches instead of the usual one; a search for lists has not."""
    return path.rstrip("/").endswith("/search") and "/objects/" in path


def is_association(path: str) -> bool:
    """Whether a path has the limit of associations; one record's, under `objects`, have the usual one."""
    return "/associations/" in path and "/objects/" not in path


Shape = tuple[dict[str, Action], tuple[int, ...]]


def _shape(parts: tuple[str, ...]) -> Shape | None:
    """The row of the table that fits, fixed words before variable ones."""
    for words, row in SHAPES.get((parts[0], len(parts)), ()):
        if all(word == "*" or word == part for word, part in zip(words, parts, strict=True)):
            return row
    return None


def _shapes() -> dict[tuple[str, int], list[tuple[tuple[str, ...], Shape]]]:
    found: dict[tuple[str, int], list[tuple[tuple[str, ...], Shape]]] = {}
    for text, methods in TABLE:
        words = tuple(text.split("/"))
        places = tuple(place for place, word in enumerate(words) if word == "*")
        found.setdefault((words[0], len(words)), []).append((words, (methods, places)))
    for rows in found.values():
        rows.sort(key=lambda row: [word == "*" for word in row[0]])
    return found


SHAPES = _shapes()
