"""
n8n's paths: which action answers a request.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from masterops.sandbox.answer import Answer
from masterops.sandbox.n8n import executions, others, workflows
from masterops.sandbox.n8n.call import Call
from masterops.sandbox.n8n.instance import Instance
from masterops.sandbox.n8n.problems import NO_SUCH_PATH, Refusal

Action = Callable[[Instance, Call], Answer]

PREFIX = "/api/v1/"
NEWER = ("publish", "unpublish")  # came with 2.x

# Parts of the path; `*` stands for any one, which becomes one of the call's parts.
TABLE: dict[str, dict[str, Action]] = {
    "workflows": {"GET": workflows.listed, "POST": workflows.created},
    "workflows/*": {"GET": workflows.fetched, "PUT": workflows.changed, "DELETE": workflows.removed},
    "workflows/*/activate": {"POST": workflows.activated},
    "workflows/*/deactivate": {"POST": workflows.deactivated},
    "workflows/*/publish": {"POST": workflows.activated},
    "workflows/*/unpublish": {"POST": workflows.deactivated},
    "workflows/*/archive": {"POST": workflows.archived},
    "workflows/*/tags": {"GET": workflows.tags, "PUT": workflows.tagged},
    "executions": {"GET": executions.listed},
    "executions/stop": {"POST": executions.stopped_many},
    "executions/*": {"GET": executions.fetched, "DELETE": executions.removed},
    "executions/*/retry": {"POST": executions.retried},
    "executions/*/stop": {"POST": executions.stopped},
    "tags": {"GET": others.tags, "POST": others.tag_created},
    "tags/*": {"GET": others.tag, "PUT": others.tag_changed, "DELETE": others.tag_removed},
    "users": {"GET": others.users},
    "users/*": {"GET": others.user},
    "credentials": {"GET": others.credentials, "POST": others.credential_created},
    "credentials/*": {"DELETE": others.credential_removed},
    "credentials/schema/*": {"GET": others.schema},
    "variables": {"GET": others.variables, "POST": others.variable_created},
    "variables/*": {"PUT": others.variable_changed, "DELETE": others.variable_removed},
    "projects": {"GET": others.projects, "POST": others.project_created},
    "projects/*": {"PUT": others.project_renamed, "DELETE": others.project_removed},
    "audit": {"POST": others.audit},
    "discover": {"GET": others.discover},
}


def found(method: str, path: str, *, older: bool = False) -> tuple[Action, tuple[str, ...]]:
    """The action for a request and the variable parts of its path. Raises Refusal: 404 or 405."""
    row = _row(path)
    if row is None or (older and path.rpartition("/")[2] in NEWER):
        raise Refusal(404, NO_SUCH_PATH)
    methods, parts = row
    if method not in methods:
        raise Refusal(405, f"{method} method not allowed")
    return methods[method], parts


def is_known(path: str) -> bool:
    """Whether there is such a path at all."""
    return _row(path) is not None


def _row(path: str) -> tuple[dict[str, Action], tuple[str, ...]] | None:
    if not path.startswith(PREFIX):
        return None
    parts = [unquote(part) for part in path.removeprefix(PREFIX).split("/")]
    for shape, methods in TABLE.items():
        words = shape.split("/")
        pairs = list(zip(words, parts, strict=False))
        if len(words) == len(parts) and all(word in ("*", part) for word, part in pairs):
            return methods, tuple(part for word, part in pairs if word == "*")
    return None
