"""
The one door to PostgreSQL: the embedded server, connections, migrations, safe queries, the log store.
"""

from psycopg.types.json import Jsonb

from masterops.db.asking import ask_once
from masterops.db.budget_ledger import BudgetLedger
from masterops.db.connect import AsyncConnection, Pool, connect, connect_sync, explain, fetch, safe_url
from masterops.db.dead_letters import Replayed, letters_by_segment, replay
from masterops.db.described import Function, Relation, describe
from masterops.db.embedded import Embedded, EmbeddedStatus
from masterops.db.explained import Connect, explained, raw_cursor
from masterops.db.log_store import LogStore
from masterops.db.migrate import Migration, Status, bundled, migrate, status
from masterops.db.oauth_tokens import OAuthTokens
from masterops.db.ping_store import Ping, PingStore, decode_ping, encode_ping
from masterops.db.query import Filter, Operator, Rows, TableQuery, run
from masterops.db.rolling import roll_up
from masterops.db.seed import seed
from masterops.db.upkeep import Dropped, Flaw, TableSize, clean_up, lint, sizes

__all__ = [
    "AsyncConnection",
    "BudgetLedger",
    "Connect",
    "Dropped",
    "Embedded",
    "EmbeddedStatus",
    "Filter",
    "Flaw",
    "Function",
    "Jsonb",
    "LogStore",
    "Migration",
    "OAuthTokens",
    "Operator",
    "Ping",
    "PingStore",
    "Pool",
    "Relation",
    "Replayed",
    "Rows",
    "Status",
    "TableQuery",
    "TableSize",
    "ask_once",
    "bundled",
    "clean_up",
    "connect",
    "connect_sync",
    "decode_ping",
    "describe",
    "encode_ping",
    "explain",
    "explained",
    "fetch",
    "letters_by_segment",
    "lint",
    "migrate",
    "raw_cursor",
    "replay",
    "roll_up",
    "run",
    "safe_url",
    "seed",
    "sizes",
    "status",
]
