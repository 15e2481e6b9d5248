"""
The sandbox as a process: `python -m masterops.sandbox --port 0 --business teelixir`.

Prints one line of JSON with its address when it is ready, and ends on SIGTERM or SIGINT. The variable
MASTEROPS_SANDBOX_DATABASE has the URL of a PostgreSQL for the tables of Supabase's twin.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import msgspec

from masterops import errors
from masterops.sandbox.server import DATABASE, Running, run


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; the exit code."""
    given = _parser().parse_args(arguments)
    try:
        run(
            given.host,
            given.port,
            businesses=given.business,
            state_dir=given.state_dir,
            seed=given.seed,
            ready=_announce,
            live=given.live,
            contacts=given.contacts,
            database=os.environ.get(DATABASE),
            until_stdin_closes=given.until_stdin_closes,
        )
    except errors.MasterOpsError as error:
        print(f"{error.message} [{error.code}]\n{error.advice}", file=sys.stderr)
        return error.exit_code
    return 0


def _announce(running: Running) -> None:
    print(msgspec.json.encode({"url": running.url, "pid": running.pid}).decode(), flush=True)


def _parser() -> argparse.ArgumentParser:
    name = "python -m masterops.sandbox"
    parser = argparse.ArgumentParser(prog=name, description="Run the twins of the services.")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--business", action="append", required=True, help="a slug; once for each business")
    parser.add_argument("--state-dir", type=Path, help="where faults are kept")
    parser.add_argument("--seed", type=int, default=1, help="another number makes other demo records")
    parser.add_argument("--contacts", type=int, help="how many contacts a business is seeded with")
    parser.add_argument("--live", action="store_true", help="let a record change every 20 seconds")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end when whoever started it has, even killed"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
