"""
With which variables an n8n of the stack runs.

Pure. Everything on loopback, nothing told to n8n's makers, no module that asks their servers.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from masterops.devstack.n8n_install import Installed

OFF = (
    "N8N_SECURE_COOKIE",
    "N8N_DIAGNOSTICS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_ENABLED",
    "N8N_TEMPLATES_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED",
    "N8N_PERSONALIZATION_ENABLED",
    "N8N_HIRING_BANNER_ENABLED",
    "N8N_DYNAMIC_BANNERS_ENABLED",
    "N8N_LICENSE_AUTO_RENEW_ENABLED",
    "N8N_COMMUNITY_PACKAGES_ENABLED",
    "N8N_MCP_ACCESS_ENABLED",
)
# Each of these would talk to a server of n8n's makers, or costs memory.
MODULES = (
    "mcp-registry,mcp,instance-ai,agents,agent-evals,chat-hub,workflow-builder,quick-connect,external-secrets"
)
DATABASE = ROLE = "n8n"


@dataclass(frozen=True, slots=True)
class Queue:
    """
    Redis, which holds n8n's queue.
    """

    port: int
    password: str


def basic(installed: Installed, folder: Path, *, port: int, broker: int, key: str) -> dict[str, str]:
    """Of every n8n: its data in `folder`, its credentials encrypted with `key`."""
    return {
        "PATH": f"{installed.node.parent}{os.pathsep}{os.defpath}",
        "HOME": str(installed.home),
        "NODE_ENV": "production",
        "N8N_USER_FOLDER": str(folder),
        "N8N_ENCRYPTION_KEY": key,
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_HOST": "127.0.0.1",
        "N8N_PORT": str(port),
        "N8N_PROTOCOL": "http",
        "N8N_RUNNERS_BROKER_PORT": str(broker),
        "N8N_RUNNERS_BROKER_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_PUBLIC_API_SWAGGERUI_DISABLED": "true",
        "N8N_DISABLED_MODULES": MODULES,
        "N8N_GRACEFUL_SHUTDOWN_TIMEOUT": "3",
        "GENERIC_TIMEZONE": "UTC",
        "TZ": "UTC",
        "EXECUTIONS_DATA_SAVE_ON_SUCCESS": "all",
        "EXECUTIONS_DATA_SAVE_ON_ERROR": "all",
        **dict.fromkeys(OFF, "false"),
    }


def queued(sockets: Path, queue: Queue) -> dict[str, str]:
    """Of one that keeps its data in PostgreSQL, behind the socket in `sockets`, and works by a queue."""
    return {
        "DB_TYPE": "postgresdb",
        "DB_POSTGRESDB_HOST": str(sockets),  # a folder: nobody but this user gets in, so no password
        "DB_POSTGRESDB_PORT": "5432",
        "DB_POSTGRESDB_DATABASE": DATABASE,
        "DB_POSTGRESDB_USER": ROLE,
        "EXECUTIONS_MODE": "queue",
        "OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS": "true",
        "QUEUE_BULL_REDIS_HOST": "127.0.0.1",
        "QUEUE_BULL_REDIS_PORT": str(queue.port),
        "QUEUE_BULL_REDIS_PASSWORD": queue.password,
    }


def worker(health: int) -> dict[str, str]:
    """Of a worker: it serves nothing but its health."""
    return {
        "QUEUE_HEALTH_CHECK_ACTIVE": "true",
        "QUEUE_HEALTH_CHECK_PORT": str(health),
        "N8N_WORKER_SERVER_ADDRESS": "127.0.0.1",
    }
