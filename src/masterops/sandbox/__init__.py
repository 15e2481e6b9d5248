"""
Twins: local, stateful stand-ins for the services' APIs, over real HTTP, in a process of their own.

Nothing of the product but its errors and its core is used here, so that a bug of the product cannot agree
with itself.
"""

from masterops.sandbox.records import Kind, RecordTwin
from masterops.sandbox.server import DATABASE, Running, run, serve, serving
from masterops.sandbox.supabase.keys import ref_of as project_ref_for
from masterops.sandbox.tokens import SERVICES, demo_key, demo_token, service_key_for, token_for

__all__ = [
    "DATABASE",
    "SERVICES",
    "Kind",
    "RecordTwin",
    "Running",
    "demo_key",
    "demo_token",
    "project_ref_for",
    "run",
    "serve",
    "service_key_for",
    "serving",
    "token_for",
]
