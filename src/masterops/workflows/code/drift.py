"""
Workflows that are no longer what was deployed, as findings.
"""

from __future__ import annotations

from typing import Any

from masterops.connectors.n8n import N8n
from masterops.db import Jsonb, Pool
from masterops.logs import Logger
from masterops.workflows.code import journal
from masterops.workflows.code.diff import differences
from masterops.workflows.code.planning import Past, brief
from masterops.workflows.code.server import Live, look

RECORD = "SELECT * FROM ops.record_workflow_findings(%s, ARRAY['drift'], %s)"
MOST_KEPT = 50


async def note_drift(n8n: N8n, pool: Pool, log: Logger) -> int:
    """
    One look at one n8n; how many have drifted. Where nothing was ever deployed n8n is not asked. Raises
    RemoteError, and then what was found before stands.
    """
    past = await journal.past(pool, n8n.connection)
    found = drifted(past, await look(n8n, credentials=False)) if past else []
    await pool.fetch(RECORD, [n8n.connection, Jsonb(found)])
    log.debug("workflows.drift", service="n8n", operation="workflows.drift", drifted=len(found))
    return len(found)


def drifted(past: dict[str, Past], live: Live) -> list[dict[str, Any]]:
    """A finding for each workflow that differs from what was deployed, or is gone. Pure."""
    found = []
    for id, was in past.items():
        if id not in live.documents:
            reason, rows = "it was deployed, and was deleted or archived since", []
        else:
            rows = differences(was.document, live.documents[id])
            reason = f"changed since it was deployed: {brief(rows)}"
        if rows or id not in live.documents:
            folder, slash, _ = was.file.partition("/")
            found.append(
                {
                    "workflow_id": id,
                    "workflow_name": was.document["name"],
                    "business_id": folder if slash and folder in was.document["tags"] else None,
                    "problem": "drift",
                    "severity": "warning",
                    "reason": reason,
                    "details_json": {
                        "file": was.file,
                        "differences": [each._asdict() for each in rows[:MOST_KEPT]],
                    },
                }
            )
    return found
