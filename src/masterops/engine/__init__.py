"""
Durable jobs and schedules on PostgreSQL.

PgQueuer does the work and is not seen outside this package: jobs survive a killed worker, and a
schedule fires once however many workers run.
"""

from masterops.engine.engine import Engine, Job

__all__ = ["Engine", "Job"]
