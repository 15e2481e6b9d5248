"""
Look at every n8n for workflows that are no longer what was deployed.
"""

from __future__ import annotations

from collections.abc import Sequence

from masterops import errors
from masterops.connectors.n8n import N8n
from masterops.core.budgets import BULK
from masterops.db import Pool
from masterops.health import Patient
from masterops.logs import Logger, bind
from masterops.transport import in_lane
from masterops.workflows.code import note_drift


async def note_drifts(patients: Sequence[Patient], pool: Pool, log: Logger) -> None:
    """
    One look at each. One that does not answer keeps the findings that it has, and stops no other. Raises
    DatabaseError.
    """
    for patient in patients:
        connection, n8n = patient.connection, patient.connector
        if not isinstance(n8n, N8n):
            continue
        with bind(connection=connection.id, business=connection.slug), in_lane(BULK):
            try:
                await note_drift(n8n, pool, log)
            except errors.RemoteError as error:
                log.warn("workflows.drift.unread", error=error.message)
